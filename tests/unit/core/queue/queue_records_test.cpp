// What the message log hears of the messages of a queue.
#include "core/queue/queue_records.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/limits.h"
#include "core/queue/classic/classic_kind.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeMessageLog;

class QueueRecordsTest : public ::testing::Test {
 protected:
  void make(bool durable, QueueType type = QueueType::classic) {
    const RecordRule rule{durable, classic_kind(type).records_all};
    records_ = std::make_unique<QueueRecords>(QueueId{9}, rule, backlog_, message_log_);
  }
  MessageRef message(bool persistent) {
    MessageRef made = Message::create({"", "", {}, 0, persistent}, memory_);
    return made;
  }
  /// As the broker does it.
  Sequence push(const MessageRef& message) {
    if (records_->rule().covers(*message)) message->set_place(message_log_.append(*message, 1));
    if (records_->rule().is_durable) records_->note_pushed(*message);
    return backlog_.push(message);
  }

  MemoryAccount memory_;
  FakeMessageLog message_log_;
  PriorityBacklog backlog_{0};
  std::unique_ptr<QueueRecords> records_;
};

TEST_F(QueueRecordsTest, ATransientQueueTellsNothing) {
  make(false);
  EXPECT_FALSE(records_->rule().is_durable);
  EXPECT_FALSE(records_->rule().covers(*message(true)));
  const Sequence sequence = push(message(true));
  records_->advance_watermark(sequence);
  EXPECT_TRUE(records_->take(sequence));
  EXPECT_TRUE(message_log_.marks.empty());
  EXPECT_TRUE(message_log_.settles.empty());
}

TEST_F(QueueRecordsTest, OnlyPersistentMessagesOfAClassicQueueAreRecorded) {
  make(true);
  EXPECT_TRUE(records_->rule().covers(*message(true)));
  EXPECT_FALSE(records_->rule().covers(*message(false)));
  make(true, QueueType::quorum);
  EXPECT_TRUE(records_->rule().records_all);
  EXPECT_TRUE(records_->rule().covers(*message(false)));
}

TEST_F(QueueRecordsTest, WhatIsTakenIsSettled) {
  make(true);
  const Sequence recorded = push(message(true));
  const Sequence transient = push(message(false));
  EXPECT_TRUE(records_->take(transient));
  EXPECT_TRUE(message_log_.settles.empty());
  EXPECT_TRUE(records_->take(recorded));
  ASSERT_EQ(message_log_.settles.size(), 1U);
  EXPECT_EQ(message_log_.settles[0].at.queue, QueueId{9});
  EXPECT_EQ(message_log_.settles[0].at.sequence, recorded);
  EXPECT_EQ(message_log_.live.at(1), 0U);
}

TEST_F(QueueRecordsTest, WhatOnlySavedMemoryIsDropped) {
  make(false);
  const Sequence sequence = push(message(false));
  const RecordLocation place = message_log_.append_paged(*message(false), {QueueId{9}, sequence});
  ASSERT_TRUE(backlog_.make_evicted(sequence, place, true));
  EXPECT_FALSE(records_->take(sequence)) << "it was on disk only";
  EXPECT_TRUE(message_log_.settles.empty());
  EXPECT_EQ(message_log_.live.at(1), 0U);
}

TEST_F(QueueRecordsTest, DeliveriesAreAnnouncedInPieces) {
  make(true);
  const Sequence first = push(message(true));
  const Sequence second = push(message(true));
  records_->advance_watermark(first);
  records_->advance_watermark(second);
  ASSERT_EQ(message_log_.marks.size(), 1U);
  EXPECT_EQ(message_log_.marks[0].sequence, first + limits::delivery_watermark_ahead);
  records_->repeat_watermarks();
  ASSERT_EQ(message_log_.marks.size(), 2U);
  EXPECT_EQ(message_log_.marks[1].sequence, message_log_.marks[0].sequence);
}

TEST_F(QueueRecordsTest, AQueueThatGoesDropsItsRecords) {
  make(true);
  push(message(true));
  const Sequence evicted = push(message(true));
  push(message(false));
  ASSERT_TRUE(backlog_.make_evicted(evicted, FakeMessageLog::place_of(2), false));
  std::size_t budget = 1;
  EXPECT_TRUE(records_->drop_next(budget));
  EXPECT_EQ(budget, 0U);
  EXPECT_EQ(message_log_.live.at(1), 0U);
  EXPECT_EQ(message_log_.live.at(2), 1U);
  budget = 5;
  EXPECT_FALSE(records_->drop_next(budget));
  EXPECT_EQ(budget, 3U);
  EXPECT_EQ(message_log_.live.at(2), 0U);
  EXPECT_EQ(backlog_.ready_count(), 0U);
  EXPECT_TRUE(message_log_.settles.empty());
}

TEST_F(QueueRecordsTest, WhatIsDroppedCountsByItsSize) {
  make(false);
  const MessageRef large = Message::create({"", "", {}, 10 * limits::discard_bytes}, memory_);
  const std::vector<std::uint8_t> body(10 * limits::discard_bytes);
  large->append_body(body);
  push(large);
  push(message(false));
  std::size_t budget = 2;
  EXPECT_TRUE(records_->drop_next(budget));
  EXPECT_EQ(budget, 0U);
  EXPECT_EQ(backlog_.ready_count(), 1U);
}

TEST_F(QueueRecordsTest, FindsWhatHasARecord) {
  make(true);
  const Sequence recorded = push(message(true));
  const Sequence transient = push(message(false));
  const auto held = records_->find(recorded);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->place, FakeMessageLog::place_of(1));
  EXPECT_NE(held->message, nullptr);
  ASSERT_TRUE(backlog_.make_evicted(recorded, FakeMessageLog::place_of(1), false));
  EXPECT_EQ(records_->find(recorded)->message, nullptr);
  EXPECT_FALSE(records_->find(transient));
  EXPECT_FALSE(records_->find(77));
}

}  // namespace
}  // namespace lepus::core
