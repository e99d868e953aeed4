// Messages that leave memory and come back, over a message log that is durable when told.
#include "core/queue/residency.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

using test::FakeMessageLog;
using test::FakeQueueHost;
using Fetched = Residency::Fetched;

class ResidencyTest : public ::testing::Test {
 protected:
  void make(const QueueArguments& arguments, bool durable, bool reads_back = true) {
    QueueSpec spec;
    spec.id = QueueId{4};
    spec.durable = durable;
    spec.parsed = arguments;
    info_ = std::make_unique<QueueInfo>(spec);
    records_ =
        std::make_unique<QueueRecords>(spec.id, RecordRule{durable, false}, backlog_, message_log_);
    residency_ = std::make_unique<Residency>(Residency::Parts{*info_, host_, backlog_, *records_},
                                             reads_back);
  }
  Sequence push(std::string_view body, bool persistent = true) {
    const MessageRef message = host_.message(body, persistent);
    if (records_->rule().covers(*message)) message->set_place(message_log_.append(*message, 1));
    residency_->note_resident();
    return backlog_.push(message);
  }
  /// What the message log was told is written.
  void write() { message_log_.flush(); }
  bool is_evicted(Sequence sequence) const { return backlog_.slot_at(sequence).is_evicted(); }
  /// The message log answers the oldest request with this.
  Fetched answer(MessageRef message) {
    const MessageLog::FetchRequest one = message_log_.fetches.front();
    message_log_.fetches.erase(message_log_.fetches.begin());
    return residency_->on_fetched(one.at.sequence, one.place, std::move(message));
  }

  FakeQueueHost host_;
  FakeMessageLog& message_log_ = host_.message_log_port;
  PriorityBacklog backlog_{0};
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<QueueRecords> records_;
  std::unique_ptr<Residency> residency_;
};

TEST_F(ResidencyTest, IsACandidateFromTheFirstMessageOn) {
  make({}, true);
  push("a");
  push("b");
  ASSERT_EQ(host_.candidates.size(), 1U);
  EXPECT_FALSE(host_.candidates[0].second);
  residency_->on_eviction_done();
  push("c");
  EXPECT_EQ(host_.candidates.size(), 2U);
}

TEST_F(ResidencyTest, APolicyMayBringALimit) {
  make({}, true);
  EXPECT_FALSE(residency_->has_own_limit());
  push("a");
  info_->effective.edit().max_in_memory_length = 3;
  residency_->on_policy_changed();
  EXPECT_TRUE(residency_->has_own_limit());
  ASSERT_EQ(host_.candidates.size(), 2U);
  EXPECT_TRUE(host_.candidates[1].second);
}

TEST_F(ResidencyTest, WithoutPressureTheHeadStays) {
  make({}, true);
  const Sequence sequence = push("a");
  write();
  EXPECT_FALSE(residency_->evict(false));
  EXPECT_FALSE(is_evicted(sequence));
  EXPECT_FALSE(residency_->is_engaged());
}

TEST_F(ResidencyTest, UnderPressureWhatIsWrittenLeavesMemory) {
  make({}, true);
  message_log_.slow = true;
  const Sequence sequence = push("a");
  write();
  EXPECT_FALSE(residency_->evict(true)) << "its record is not written";
  EXPECT_FALSE(is_evicted(sequence));
  message_log_.durable_up_to = 1;
  EXPECT_TRUE(residency_->evict(true));
  EXPECT_TRUE(is_evicted(sequence));
  EXPECT_TRUE(residency_->is_engaged());
  EXPECT_EQ(message_log_.paged, 0U);
}

TEST_F(ResidencyTest, WhatHasNoRecordIsSpilledFirst) {
  make({}, false);
  const Sequence first = push("a");
  const Sequence second = push("b");
  EXPECT_TRUE(residency_->evict(true));
  EXPECT_EQ(message_log_.paged, 2U);
  EXPECT_EQ(host_.written_awaited.size(), 1U);
  EXPECT_FALSE(is_evicted(first));
  EXPECT_TRUE(residency_->on_written()) << "not written yet";
  (void)backlog_.take(second);
  write();
  EXPECT_FALSE(residency_->on_written());
  EXPECT_TRUE(is_evicted(first));
  EXPECT_EQ(message_log_.live.at(1), 1U);
  EXPECT_EQ(message_log_.live.at(2), 0U) << "its message was gone by then";
}

TEST_F(ResidencyTest, AMessageLogThatIsBehindIsSpared) {
  make({}, false);
  push("a");
  message_log_.behind = true;
  (void)residency_->evict(true);
  EXPECT_EQ(message_log_.paged, 0U);
}

TEST_F(ResidencyTest, WhatIsSpilledAndNotWrittenIsDroppedWithTheQueue) {
  make({}, false);
  push("a");
  EXPECT_TRUE(residency_->evict(true));
  residency_->drop_pending();
  EXPECT_EQ(message_log_.live.at(1), 0U);
}

TEST_F(ResidencyTest, ALazyQueueNeedsNoPressure) {
  QueueArguments arguments;
  arguments.queue_mode = QueueMode::lazy;
  make(arguments, false);
  const Sequence sequence = push("a");
  EXPECT_TRUE(residency_->evict(false));
  write();
  EXPECT_FALSE(residency_->on_written());
  EXPECT_TRUE(is_evicted(sequence));
}

TEST_F(ResidencyTest, WhatIsNotReadBackIsNotSpilled) {
  make({}, false, false);
  push("a");
  (void)residency_->evict(true);
  EXPECT_EQ(message_log_.paged, 0U);
  EXPECT_FALSE(residency_->is_engaged());
}

// --- Back into memory

class ResidencyFetchTest : public ResidencyTest {
 protected:
  ResidencyFetchTest() {
    make({}, true);
    for (const char* body : {"a", "b", "c"}) push(body);
    write();
    CHECK(residency_->evict(true));
  }
};

TEST_F(ResidencyFetchTest, TheHeadIsAskedForOnce) {
  EXPECT_FALSE(residency_->obtain_head());
  EXPECT_FALSE(residency_->obtain_head());
  ASSERT_EQ(message_log_.fetches.size(), 1U);
  EXPECT_EQ(message_log_.fetches[0].at.queue, QueueId{4});
  EXPECT_EQ(message_log_.fetches[0].at.sequence, 0U);
  EXPECT_EQ(answer(host_.message("a")), Fetched::resident);
  EXPECT_TRUE(residency_->obtain_head());
  EXPECT_EQ(as_text(backlog_.slot_at(0).message()->inline_body()), "a");
  EXPECT_EQ(backlog_.slot_at(0).message()->place(), FakeMessageLog::place_of(1));
}

TEST_F(ResidencyFetchTest, ReadsAheadOnce) {
  residency_->read_ahead();
  EXPECT_EQ(message_log_.fetches.size(), 3U);
  residency_->read_ahead();
  EXPECT_EQ(message_log_.fetches.size(), 3U);
}

TEST_F(ResidencyFetchTest, ARecordThatMovedIsAskedForAgain) {
  residency_->request_fetch(1);
  backlog_.move(1, FakeMessageLog::place_of(9));
  EXPECT_EQ(answer(host_.message("b")), Fetched::ignored);
  ASSERT_EQ(message_log_.fetches.size(), 1U);
  EXPECT_EQ(message_log_.fetches[0].place, FakeMessageLog::place_of(9));
  EXPECT_EQ(answer(host_.message("b")), Fetched::resident);
}

TEST_F(ResidencyFetchTest, ADamagedRecordIsTold) {
  residency_->request_fetch(1);
  EXPECT_EQ(answer({}), Fetched::unreadable);
  EXPECT_EQ(backlog_.state(1), Slot::State::ready) << "the queue decides what becomes of it";
}

TEST_F(ResidencyFetchTest, WhatIsGoneMeanwhileIsIgnored) {
  residency_->request_fetch(1);
  (void)backlog_.take(1);
  EXPECT_EQ(answer(host_.message("b")), Fetched::ignored);
}

TEST_F(ResidencyFetchTest, IsReleasedWhenEverythingIsBack) {
  residency_->read_ahead();
  for (const char* body : {"a", "b"}) EXPECT_EQ(answer(host_.message(body)), Fetched::resident);
  residency_->release();
  EXPECT_TRUE(residency_->is_engaged());
  EXPECT_EQ(answer(host_.message("c")), Fetched::resident);
  residency_->release();
  EXPECT_FALSE(residency_->is_engaged());
}

}  // namespace
}  // namespace lepus::core
