// What the ledger hears of the messages of a queue.
#include "core/queue/queue_records.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/limits.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeLedger;

class QueueRecordsTest : public ::testing::Test {
 protected:
  void make(bool durable, QueueType type = QueueType::classic) {
    QueueSpec spec;
    spec.id = QueueId{9};
    spec.durable = durable;
    spec.parsed.queue_type = type;
    info_ = std::make_unique<QueueInfo>(spec);
    records_ = std::make_unique<QueueRecords>(*info_, backlog_, ledger_);
  }
  MessageRef message(bool persistent) {
    MessageRef made = Message::create({"", "", {}, 0, persistent}, memory_);
    return made;
  }
  /// As the broker does it.
  Sequence push(const MessageRef& message) {
    if (records_->records(*message)) message->set_place(ledger_.append(*message, 1));
    return backlog_.push(message);
  }

  MemoryAccount memory_;
  FakeLedger ledger_;
  PriorityBacklog backlog_{0};
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<QueueRecords> records_;
};

TEST_F(QueueRecordsTest, ATransientQueueTellsNothing) {
  make(false);
  EXPECT_FALSE(records_->is_durable());
  EXPECT_FALSE(records_->records(*message(true)));
  const Sequence sequence = push(message(true));
  records_->announce(sequence);
  EXPECT_TRUE(records_->take(sequence));
  EXPECT_TRUE(ledger_.marks.empty());
  EXPECT_TRUE(ledger_.settles.empty());
}

TEST_F(QueueRecordsTest, OnlyPersistentMessagesOfAClassicQueueAreRecorded) {
  make(true);
  EXPECT_TRUE(records_->records(*message(true)));
  EXPECT_FALSE(records_->records(*message(false)));
  make(true, QueueType::quorum);
  EXPECT_TRUE(records_->records_all());
  EXPECT_TRUE(records_->records(*message(false)));
}

TEST_F(QueueRecordsTest, WhatIsTakenIsSettled) {
  make(true);
  const Sequence recorded = push(message(true));
  const Sequence transient = push(message(false));
  EXPECT_TRUE(records_->take(transient));
  EXPECT_TRUE(ledger_.settles.empty());
  EXPECT_TRUE(records_->take(recorded));
  ASSERT_EQ(ledger_.settles.size(), 1U);
  EXPECT_EQ(ledger_.settles[0].at.queue, QueueId{9});
  EXPECT_EQ(ledger_.settles[0].at.sequence, recorded);
  EXPECT_EQ(ledger_.live.at(1), 0U);
}

TEST_F(QueueRecordsTest, WhatOnlySavedMemoryIsDropped) {
  make(false);
  const Sequence sequence = push(message(false));
  const RecordLocation place = ledger_.append_paged(*message(false), {QueueId{9}, sequence});
  ASSERT_TRUE(backlog_.make_evicted(sequence, place, true));
  EXPECT_FALSE(records_->take(sequence)) << "it was on disk only";
  EXPECT_TRUE(ledger_.settles.empty());
  EXPECT_EQ(ledger_.live.at(1), 0U);
}

TEST_F(QueueRecordsTest, DeliveriesAreAnnouncedInPieces) {
  make(true);
  const Sequence first = push(message(true));
  const Sequence second = push(message(true));
  records_->announce(first);
  records_->announce(second);
  ASSERT_EQ(ledger_.marks.size(), 1U);
  EXPECT_EQ(ledger_.marks[0].sequence, first + limits::seen_ahead);
  records_->repeat_announced();
  ASSERT_EQ(ledger_.marks.size(), 2U);
  EXPECT_EQ(ledger_.marks[1].sequence, ledger_.marks[0].sequence);
}

TEST_F(QueueRecordsTest, AQueueThatGoesDropsItsRecords) {
  make(true);
  push(message(true));
  const Sequence evicted = push(message(true));
  push(message(false));
  ASSERT_TRUE(backlog_.make_evicted(evicted, FakeLedger::place_of(2), false));
  records_->drop_all();
  EXPECT_EQ(ledger_.live.at(1), 0U);
  EXPECT_EQ(ledger_.live.at(2), 0U);
  EXPECT_TRUE(ledger_.settles.empty());
}

TEST_F(QueueRecordsTest, FindsWhatHasARecord) {
  make(true);
  const Sequence recorded = push(message(true));
  const Sequence transient = push(message(false));
  const auto held = records_->find(recorded);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->place, FakeLedger::place_of(1));
  EXPECT_NE(held->message, nullptr);
  ASSERT_TRUE(backlog_.make_evicted(recorded, FakeLedger::place_of(1), false));
  EXPECT_EQ(records_->find(recorded)->message, nullptr);
  EXPECT_FALSE(records_->find(transient));
  EXPECT_FALSE(records_->find(77));
}

}  // namespace
}  // namespace lepus::core
