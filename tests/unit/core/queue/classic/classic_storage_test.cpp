// Records and contents of a queue, asked by the message log.
#include "core/queue/classic/classic_storage.h"

#include <gtest/gtest.h>

#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class ClassicStorageTest : public test::QueuePartsTest {
 protected:
  ClassicStorage& with(StoreUse use = StoreUse::none) {
    Parts& parts = make({}, use, true);
    gets_ = std::make_unique<PendingGets>(parts.context, parts.residency);
    storage_ = std::make_unique<ClassicStorage>(
        parts.context, ClassicStorage::Parts{parts.residency, parts.forwarding, *gets_});
    return *storage_;
  }
  /// The disk does not give its record back.
  void make_unreadable(Sequence sequence) {
    std::vector<MessageLog::FetchRequest>& fetches = host_.message_log_port.fetches;
    fetches.clear();
    parts_->residency.request_fetch(sequence);
    ASSERT_EQ(fetches.size(), 1U);
    const RecordLocation place = fetches.at(0).place;
    EXPECT_TRUE(storage_->on_fetched(sequence, place, {}));
  }
  std::unique_ptr<PendingGets> gets_;
  std::unique_ptr<ClassicStorage> storage_;
};

TEST_F(ClassicStorageTest, RecordsAreLocatedAndMoved) {
  ClassicStorage& storage = with();
  const Sequence sequence = push("a");
  ASSERT_TRUE(storage.locate(sequence));
  EXPECT_NE(storage.locate(sequence)->message, nullptr);
  const RecordLocation moved{3, 8, 8};
  storage.on_moved(sequence, moved);
  EXPECT_EQ(storage.locate(sequence)->place, moved);
  EXPECT_FALSE(storage.locate(sequence + 1));
}

TEST_F(ClassicStorageTest, WhatComesBackSchedulesTheQueue) {
  ClassicStorage& storage = with();
  const Sequence sequence = push("a");
  host_.message_log_port.flush();
  EXPECT_TRUE(storage.evict(true));
  EXPECT_EQ(storage.resident_count(), 0U);
  parts_->residency.request_fetch(sequence);
  const RecordLocation place = host_.message_log_port.fetches.at(0).place;
  EXPECT_FALSE(storage.on_fetched(sequence, place, host_.message("a")));
  EXPECT_EQ(storage.resident_count(), 1U);
  EXPECT_TRUE(host_.is_scheduled());
}

TEST_F(ClassicStorageTest, AnUnreadableRecordParksItsMessage) {
  ClassicStorage& storage = with();
  const Sequence sequence = push("a");
  push("b");
  evict_all();
  make_unreadable(sequence);
  EXPECT_EQ(state(sequence), Slot::State::retained);
  EXPECT_EQ(parts_->messages.ready_count(), 1U) << "it counts no more";
  EXPECT_TRUE(host_.message_log_port.settles.empty()) << "the record stays";
  EXPECT_TRUE(storage.locate(sequence)) << "so that compaction knows whose it is";
  std::vector<UnreadableStats> rows;
  storage.describe_unreadable(10, rows);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].position, sequence);
  EXPECT_EQ(rows[0].place, storage.locate(sequence)->place);
  EXPECT_FALSE(rows[0].is_given_up);
}

TEST_F(ClassicStorageTest, AParkedMessageIsTriedAgainAtItsPlace) {
  ClassicStorage& storage = with();
  for (const char* body : {"a", "b", "c"}) push(body);
  evict_all();
  make_unreadable(1);
  EXPECT_EQ(storage.resolve_unreadable({.position = 0}, 10), 0U) << "another one";
  EXPECT_EQ(storage.resolve_unreadable({}, 10), 1U);
  EXPECT_EQ(state(1), Slot::State::ready);
  EXPECT_EQ(parts_->messages.ready_count(), 3U);
  EXPECT_EQ(parts_->messages.backlog().peek().sequence, 0U);
  EXPECT_EQ(storage.resolve_unreadable({}, 10), 0U);
  make_unreadable(0);
  (void)parts_->messages.take(1);
  EXPECT_EQ(parts_->messages.backlog().peek().sequence, 2U) << "the head went over it";
  EXPECT_EQ(storage.resolve_unreadable({}, 10), 1U);
  EXPECT_EQ(parts_->messages.backlog().peek().sequence, 0U) << "and it is first again";
}

TEST_F(ClassicStorageTest, AParkedMessageIsDroppedWhenItsOperatorSaysSo) {
  ClassicStorage& storage = with();
  for (const char* body : {"a", "b", "c"}) push(body);
  evict_all();
  for (const Sequence sequence : {0, 1, 2}) make_unreadable(sequence);
  EXPECT_EQ(storage.resolve_unreadable({.drops = true, .position = 1}, 10), 1U);
  EXPECT_EQ(state(1), Slot::State::gone);
  EXPECT_EQ(storage.resolve_unreadable({.drops = true}, 1), 1U) << "a piece";
  EXPECT_EQ(state(0), Slot::State::gone);
  EXPECT_EQ(state(2), Slot::State::retained);
  EXPECT_EQ(parts_->messages.backlog().tally->lost, 2U);
  EXPECT_EQ(host_.message_log_port.settles.size(), 2U);
}

TEST_F(ClassicStorageTest, WhatWasSetAsideLeavesTheQueueOnce) {
  ClassicStorage& storage = with();
  push("a");
  evict_all();
  make_unreadable(0);
  storage.lose(0);
  EXPECT_EQ(state(0), Slot::State::gone);
  EXPECT_EQ(parts_->messages.backlog().tally->lost, 1U);
  EXPECT_EQ(parts_->messages.backlog().tally->unreadable.count(), 0U);
}

TEST_F(ClassicStorageTest, WhatWasHeldIsThereAgain) {
  ClassicStorage& storage = with();
  storage.restore({.runs = {{.first = 3, .count = 2, .place = {1, 0, 8}, .body_size = 1}},
                   .next = {9},
                   .delivered_below = {}});
  EXPECT_EQ(parts_->messages.ready_count(), 2U);
  EXPECT_EQ(parts_->messages.backlog().end(), 9U);
  EXPECT_TRUE(parts_->residency.is_engaged());
  EXPECT_TRUE(host_.is_scheduled());
}

TEST_F(ClassicStorageTest, AQueueThatGoesDropsPieceByPieceAndAnswersWhoWaits) {
  ClassicStorage& storage = with();
  for (const char* body : {"a", "b", "c"}) push(body);
  evict_all();
  gets_->get({QueueId{6}, {0, 1, 1}, true});
  std::size_t budget = 2;
  EXPECT_TRUE(storage.drop_records(budget));
  EXPECT_EQ(host_.answers.size(), 1U);
  EXPECT_EQ(budget, 0U);
  budget = 2;
  EXPECT_FALSE(storage.drop_records(budget));
  EXPECT_EQ(budget, 1U);
  EXPECT_TRUE(host_.message_log_port.settles.empty());
}

TEST_F(ClassicStorageTest, NothingIsEvictedWhileAHistoryIsRead) {
  ClassicStorage& storage = with(StoreUse::history);
  push("a");
  evict_all();
  push("b");
  host_.message_log_port.flush();
  parts_->forwarding.replay({});
  EXPECT_FALSE(storage.evict(true));
  EXPECT_EQ(storage.resident_count(), 1U);
}

}  // namespace
}  // namespace lepus::core
