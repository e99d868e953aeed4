// What the journal is told by the queues of a shard, and what they get back after a restart.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/broker/broker.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core::test {
namespace {

class BrokerMessageLogTest : public ::testing::Test {
 protected:
  BrokerMessageLogTest() { shard_.durable = true; }

  Broker::Publish numbered(std::uint64_t number) const { return {nullptr, channel_.ref(), number}; }
  std::uint32_t live(std::uint32_t record) { return shard_.message_log.live.at(record); }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

TEST_F(BrokerMessageLogTest, OneRecordForAllQueuesOfAShard) {
  const QueueId a = shard_.declare("a");
  const QueueId b = shard_.declare("b");
  shard_.durable = false;
  shard_.declare("c");
  shard_.durable = true;
  for (const char* queue : {"a", "b", "c"}) shard_.bind("amq.fanout", queue, "");
  shard_.publish("amq.fanout", "", "x");
  EXPECT_EQ(shard_.message_log.records, 1U);
  ASSERT_EQ(shard_.message_log.entries.size(), 2U);
  EXPECT_EQ(live(1), 2U);
  EXPECT_NE(shard_.message_log.entries[0].at.queue, shard_.message_log.entries[1].at.queue);
  for (const auto& entry : shard_.message_log.entries)
    EXPECT_TRUE(entry.at.queue == a || entry.at.queue == b);
}

TEST_F(BrokerMessageLogTest, TransientMessagesAndQueuesAreNotRecorded) {
  shard_.declare("kept");
  shard_.durable = false;
  shard_.declare("passing");
  shard_.publish("", "kept", "x", numbered(1));
  shard_.durable = true;
  shard_.publish("", "passing", "x", numbered(2));
  EXPECT_EQ(shard_.message_log.records, 0U);
  shard_.message_log.slow = true;
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 1U) << "nothing to wait for";
  EXPECT_EQ(channel_.confirms[0].last, 2U);
}

TEST_F(BrokerMessageLogTest, TransactionsOfOtherShardsHoldTheBatch) {
  shard_.broker.apply(Transaction{true});
  shard_.broker.apply(Transaction{true});
  shard_.broker.apply(Transaction{false});
  EXPECT_TRUE(shard_.message_log.is_batch_kept_open);
  shard_.broker.apply(Transaction{false});
  EXPECT_FALSE(shard_.message_log.is_batch_kept_open);
  EXPECT_DEATH(shard_.broker.apply(Transaction{false}), "transactions_ > 0");
}

TEST_F(BrokerMessageLogTest, WhatNeedsNoRecordIsConfirmedBeforeTheBatch) {
  shard_.declare("kept");
  shard_.message_log.slow = true;
  shard_.publish("", "kept", "x", numbered(1));
  shard_.durable = false;
  shard_.publish("", "kept", "x", numbered(2));
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 1U);
  EXPECT_EQ(channel_.confirms[0].first, 2U);
  shard_.message_log.durable_up_to = 1;
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 2U);
  EXPECT_EQ(channel_.confirms[1].first, 1U);
}

TEST_F(BrokerMessageLogTest, EveryWayOutIsSettledOnce) {
  const QueueId queue = shard_.declare("q");
  const ConsumerHandle consumer = shard_.subscribe(channel_, {.queue = queue, .prefetch = 2});
  shard_.publish_each("q", "12345");
  shard_.pump();
  ASSERT_EQ(channel_.deliveries.size(), 2U);
  EXPECT_TRUE(shard_.message_log.settles.empty());
  shard_.settle(channel_.deliveries[0], consumer, Outcome::acknowledged);
  EXPECT_EQ(live(1), 0U);
  shard_.settle(channel_.deliveries[1], consumer, Outcome::requeued);
  EXPECT_EQ(live(2), 1U) << "requeued: still there";
  shard_.pump();
  shard_.settle(channel_.deliveries.back(), consumer, Outcome::rejected);
  shard_.broker.apply(Unsubscribe{queue, channel_.ref(), consumer});
  shard_.broker.apply(Get{queue, channel_.ref(), true});
  shard_.broker.apply(Purge{queue, channel_.ref()});
  shard_.pump();
  EXPECT_EQ(shard_.message_log.settles.size(), 4U);
  for (const std::uint32_t record : {1U, 3U, 4U, 5U}) EXPECT_EQ(live(record), 0U) << record;
  EXPECT_EQ(live(2), 1U) << "unacked: still there";
}

TEST_F(BrokerMessageLogTest, AQueueThatGoesNeedsNoSettles) {
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "123");
  shard_.delete_queue(queue);
  EXPECT_TRUE(shard_.message_log.settles.empty());
  for (std::uint32_t record = 1; record <= 3; ++record) EXPECT_EQ(live(record), 0U);
}

TEST_F(BrokerMessageLogTest, TheMessageLogIsToldWhoHoldsWhat) {
  const QueueId a = shard_.declare("a");
  const QueueId b = shard_.declare("b");
  shard_.durable = false;
  const QueueId passing = shard_.declare("passing");
  shard_.durable = true;
  for (const char* queue : {"a", "b", "passing"}) shard_.bind("amq.fanout", queue, "");
  shard_.publish("amq.fanout", "", "x");
  RecordOwner* holder = shard_.message_log.holder;
  ASSERT_NE(holder, nullptr);
  const auto held = [&](QueueId queue, Sequence sequence) -> Message* {
    const std::optional<LocatedRecord> found = holder->locate({queue, sequence});
    if (!found) return nullptr;
    EXPECT_EQ(found->place, found->message->place());
    return found->message;
  };
  Message* message = held(a, 0);
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(as_text(message->inline_body()), "x");
  EXPECT_EQ(held(b, 0), message) << "one block for all queues";
  EXPECT_EQ(held(passing, 0), nullptr) << "its messages have no records";
  EXPECT_EQ(held(a, 1), nullptr);
  EXPECT_EQ(held(a, Sequence{3} << 56), nullptr) << "a level it has not";
  EXPECT_EQ(held(QueueId{999}, 0), nullptr);
  // Settles and later moves of the record go by the new place.
  holder->on_moved({a, 0}, {9, 8, 8});
  shard_.broker.apply(Get{a, channel_.ref(), false});
  EXPECT_EQ(held(a, 0), message) << "unacked: still there";
  shard_.broker.apply(Settle{a, 0, 0, {}, Outcome::acknowledged});
  EXPECT_EQ(held(a, 0), nullptr);
  ASSERT_FALSE(shard_.message_log.settles.empty());
  EXPECT_EQ(shard_.message_log.settles.back().place.segment, 9U);
  EXPECT_EQ(held(b, 0), message);
}

TEST_F(BrokerMessageLogTest, DeliveriesAreAnnouncedAheadOnce) {
  const QueueId queue = shard_.declare("q");
  shard_.subscribe(channel_, {.queue = queue});
  shard_.publish_each("q", "12");
  shard_.pump();
  ASSERT_EQ(shard_.message_log.marks.size(), 1U);
  EXPECT_EQ(shard_.message_log.marks[0].sequence, limits::delivery_watermark_ahead);
  for (std::uint64_t i = 0; i < limits::delivery_watermark_ahead; ++i) shard_.publish("", "q", "x");
  shard_.pump();
  EXPECT_EQ(shard_.message_log.marks.size(), 2U);
}

TEST_F(BrokerMessageLogTest, ABarrierWaitsForTheOpenBatch) {
  const QueueId queue = shard_.declare("q");
  shard_.message_log.slow = true;
  shard_.publish("", "q", "x");
  shard_.broker.apply(Get{queue, channel_.ref(), true});
  shard_.broker.apply(Barrier{channel_.ref(), 7});
  shard_.broker.flush();
  EXPECT_TRUE(channel_.confirms.empty());
  shard_.message_log.durable_up_to = 1;
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 1U);
  EXPECT_EQ(channel_.confirms[0].first, 7U);
}

TEST_F(BrokerMessageLogTest, AMessageThatLeavesTheShardLeavesItsRecordBehind) {
  const QueueId queue = shard_.declare("q");
  shard_.publish("", "q", "x");
  shard_.broker.apply(Get{queue, {1, 1, 1}, true});  // Of a channel on shard 1.
  const auto reply = shard_.outbox.take<GetReply>();
  const MessageRef message = reply.message;
  EXPECT_FALSE(message->place());
  EXPECT_EQ(live(1), 0U);
}

/// Gives each kept queue two messages back.
class TwoEach final : public Restorer {
 public:
  RestoredQueue restore(const QueueSpec& queue) override {
    asked.push_back(queue.name);
    RestoredQueue found;
    found.next.push_back(100);
    found.delivered_below.push_back(11);
    for (const Sequence sequence : {Sequence{10}, Sequence{12}}) {
      const std::uint32_t record = sequence == 10 ? 10 : 11;
      found.runs.push_back({.first = sequence,
                            .place = FakeMessageLog::place_of(record),
                            .body_size = 1,
                            .redelivered = sequence == 10});
    }
    return found;
  }
  std::vector<std::string> asked;
};

TEST(BrokerRestore, MarksFromBeforeAreRepeatedToo) {
  TwoEach restorer;
  FakeShard shard{0, &restorer};
  shard.message_log.live = {{10, 1}, {11, 1}};
  shard.message_log.bodies = {{10, "a"}, {11, "b"}};
  shard.durable = true;
  const QueueId queue = shard.declare("kept");
  shard.broker.flush();
  EXPECT_TRUE(shard.message_log.marks.empty());
  // What is held is written again elsewhere; where the mark was is given up.
  ++shard.message_log.lost;
  shard.broker.flush();
  ASSERT_EQ(shard.message_log.marks.size(), 1U);
  EXPECT_EQ(shard.message_log.marks[0].queue, queue);
  EXPECT_EQ(shard.message_log.marks[0].sequence, 11U);
}

TEST(BrokerRestore, KeptQueuesGetTheirMessagesBack) {
  TwoEach restorer;
  FakeShard shard{0, &restorer};
  shard.message_log.live = {{10, 1}, {11, 1}};
  shard.message_log.bodies = {{10, "a"}, {11, "b"}};
  shard.declare("passing");
  shard.durable = true;
  const QueueId queue = shard.declare("kept");
  shard.declare("elsewhere", 1);
  EXPECT_EQ(restorer.asked, std::vector<std::string>{"kept"});
  FakeChannel channel{shard.broker};
  shard.publish("", "kept", "c");
  shard.subscribe(channel, {.queue = queue, .no_ack = true});
  shard.pump();
  EXPECT_EQ(channel.bodies(), "");
  EXPECT_EQ(shard.message_log.fetches.size(), 2U);
  shard.message_log.bring();
  shard.pump();
  EXPECT_EQ(channel.bodies(), "abc");
  EXPECT_TRUE(channel.deliveries[0].deliver.redelivered);
  EXPECT_FALSE(channel.deliveries[1].deliver.redelivered);
  EXPECT_EQ(channel.deliveries[2].deliver.sequence, 100U);
  EXPECT_EQ(shard.message_log.live[10], 0U);
  EXPECT_EQ(shard.message_log.live[11], 0U);
}

}  // namespace
}  // namespace lepus::core::test
