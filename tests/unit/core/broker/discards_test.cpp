// Purges and deletions of long queues: a bounded piece a turn, an answer at the end, and what is
// not theirs stays.
#include "core/broker/discards.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

constexpr std::size_t piece = limits::discards_per_turn_max;
constexpr std::size_t count = 2 * piece + 100;

class DiscardsTest : public ::testing::Test {
 protected:
  void fill(const char* queue) {
    for (std::size_t i = 0; i < count; ++i) shard_.publish("", queue, "x");
  }
  Queue::Counts counts(QueueId queue) const {
    return shard_.broker.topology().find_queue(queue)->local->counts();
  }
  std::uint64_t memory() { return shard_.broker.memory().message_bytes; }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

TEST_F(DiscardsTest, APurgeIsAnsweredWhenItIsDone) {
  const QueueId queue = shard_.declare("q");
  fill("q");
  shard_.broker.apply(Purge{queue, channel_.ref()});
  EXPECT_TRUE(channel_.replies.empty());
  shard_.publish("", "q", "new");
  EXPECT_TRUE(shard_.broker.has_work());
  EXPECT_EQ(shard_.inspect(queue).message_count, count - piece + 1);
  shard_.broker.flush();
  EXPECT_TRUE(channel_.replies.empty());
  shard_.broker.flush();
  ASSERT_EQ(channel_.replies.size(), 1U);
  EXPECT_EQ(channel_.replies[0].message_count, count);
  EXPECT_EQ(shard_.inspect(queue).message_count, 1U) << "what came later stays";
  shard_.broker.pump();
  EXPECT_FALSE(shard_.broker.has_work());
}

TEST_F(DiscardsTest, APurgeOfPrioritiesGoesInPiecesToo) {
  FieldTableWriter arguments;
  arguments.int64("x-max-priority", 3);
  TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, "q");
  made.arguments = arguments.take();
  shard_.change(made);
  const QueueId queue = shard_.master.find_queue(shard_.vhost, "q")->id;
  const auto publish = [&](std::uint8_t priority, std::size_t messages) {
    Queue* home = shard_.broker.topology().find_queue(queue)->local;
    for (std::size_t i = 0; i < messages; ++i) {
      MessageRef message =
          Message::create({"", "q", {}, 0, false, priority}, shard_.broker.memory());
      ASSERT_TRUE(home->push(std::move(message)));
    }
  };
  publish(0, piece);
  publish(2, piece);
  shard_.broker.apply(Purge{queue, channel_.ref()});
  EXPECT_TRUE(channel_.replies.empty());
  publish(3, 5);
  publish(2, 1);
  EXPECT_EQ(shard_.inspect(queue).message_count, piece + 6);
  shard_.broker.flush();
  ASSERT_EQ(channel_.replies.size(), 1U);
  EXPECT_EQ(channel_.replies[0].message_count, 2 * piece);
  EXPECT_EQ(shard_.inspect(queue).message_count, 6U) << "what came later stays, whatever its level";
}

TEST_F(DiscardsTest, WhatComesBackMeanwhileIsNotPurged) {
  const QueueId queue = shard_.declare("q");
  ConsumerSpec wish{};
  wish.queue = queue;
  wish.prefetch = 1;
  const ConsumerHandle consumer = shard_.subscribe(channel_, wish);
  channel_.replies.clear();
  fill("q");
  shard_.broker.pump();
  ASSERT_EQ(channel_.deliveries.size(), 1U);
  shard_.broker.apply(Purge{queue, channel_.ref()});
  EXPECT_TRUE(channel_.replies.empty());
  shard_.settle(channel_.deliveries[0], consumer, Outcome::requeued);
  EXPECT_TRUE(channel_.replies.empty()) << "it goes on a piece a turn";
  EXPECT_EQ(counts(queue).ready, count - piece);
  for (int i = 0; i < 10 && channel_.replies.empty(); ++i) shard_.broker.flush();
  ASSERT_EQ(channel_.replies.size(), 1U);
  EXPECT_EQ(channel_.replies[0].message_count, count - 1);
  EXPECT_EQ(counts(queue).ready, 1U);
  shard_.broker.pump();
  EXPECT_EQ(channel_.deliveries.size(), 2U) << "it is there again";
  EXPECT_EQ(channel_.deliveries[1].deliver.sequence, channel_.deliveries[0].deliver.sequence);
}

/// Those that came back before the purge are purged, those that come back later are not.
TEST_F(DiscardsTest, WhatCameBackBeforeIsPurged) {
  const QueueId queue = shard_.declare("q");
  ConsumerSpec spec{};
  spec.queue = queue;
  spec.prefetch = 4;
  const ConsumerHandle consumer = shard_.subscribe(channel_, spec);
  channel_.replies.clear();
  fill("q");
  shard_.broker.pump();
  ASSERT_EQ(channel_.deliveries.size(), 4U);
  shard_.broker.apply(ConsumerFlow{queue, consumer, true, false});
  shard_.settle(channel_.deliveries[0], consumer, Outcome::requeued);
  shard_.settle(channel_.deliveries[2], consumer, Outcome::requeued);
  shard_.broker.apply(Purge{queue, channel_.ref()});
  shard_.settle(channel_.deliveries[1], consumer, Outcome::requeued);
  shard_.settle(channel_.deliveries[3], consumer, Outcome::requeued);
  for (int i = 0; i < 10 && channel_.replies.empty(); ++i) shard_.broker.flush();
  ASSERT_EQ(channel_.replies.size(), 1U);
  EXPECT_EQ(channel_.replies[0].message_count, count - 2);
  shard_.broker.apply(ConsumerFlow{queue, consumer, false, false});
  shard_.broker.pump();
  ASSERT_EQ(channel_.deliveries.size(), 6U);
  EXPECT_EQ(channel_.deliveries[4].deliver.sequence, channel_.deliveries[1].deliver.sequence);
  EXPECT_EQ(channel_.deliveries[5].deliver.sequence, channel_.deliveries[3].deliver.sequence);
}

TEST_F(DiscardsTest, PurgesWaitForEachOther) {
  const QueueId first = shard_.declare("a");
  const QueueId second = shard_.declare("b");
  fill("a");
  fill("b");
  shard_.broker.apply(Purge{first, channel_.ref()});
  shard_.broker.apply(Purge{second, channel_.ref()});
  shard_.delete_queue(first);
  for (int i = 0; i < 10; ++i) shard_.broker.flush();
  ASSERT_EQ(channel_.replies.size(), 2U);
  EXPECT_EQ(channel_.replies[0].message_count, piece) << "until it was deleted";
  EXPECT_EQ(channel_.replies[1].message_count, count);
  EXPECT_EQ(memory(), 0U);
}

TEST_F(DiscardsTest, AQueueThatIsDeletedGivesItsMemoryBackInPieces) {
  shard_.durable = true;
  const QueueId queue = shard_.declare("q");
  fill("q");
  shard_.broker.flush();
  const std::uint64_t full = memory();
  shard_.delete_queue(queue);
  EXPECT_GT(memory(), 0U);
  EXPECT_LT(memory(), full);
  EXPECT_TRUE(shard_.broker.has_work());
  shard_.broker.flush();
  EXPECT_GT(memory(), 0U);
  shard_.broker.flush();
  EXPECT_EQ(memory(), 0U);
  EXPECT_FALSE(shard_.broker.has_work());
  for (const auto& [record, queues] : shard_.message_log.live) ASSERT_EQ(queues, 0U);
  EXPECT_TRUE(shard_.message_log.settles.empty()) << "nothing is written for it";
}

}  // namespace
}  // namespace lepus::core
