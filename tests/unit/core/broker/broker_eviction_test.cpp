// Messages that leave memory for the disk, and come back when somebody wants them.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core::test {
namespace {

class BrokerEvictionTest : public ::testing::Test {
 protected:
  BrokerEvictionTest() { shard_.durable = true; }

  QueueId declare(std::string_view name, FieldTableWriter& arguments) {
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, name);
    made.durable = shard_.durable;
    made.arguments = arguments.take();
    shard_.change(made);
    return shard_.master.find_queue(shard_.vhost, name)->id;
  }
  QueueId declare_lazy(std::string_view name) {
    FieldTableWriter arguments;
    arguments.text("x-queue-mode", "lazy");
    return declare(name, arguments);
  }
  void apply(const TopologyChange& change) {
    shard_.master.apply(change);
    auto changes = std::make_unique<TopologyChanges>();
    changes->list.push_back(change);
    shard_.broker.apply(TopologyApply{++shard_.version, std::move(changes)});
  }
  /// What is not recorded yet is in the first, and goes with the second.
  void flush() {
    shard_.broker.flush();
    shard_.broker.flush();
    shard_.broker.flush();
  }
  /// Until nobody asks for anything any more.
  void bring() {
    shard_.pump();
    while (!shard_.message_log.fetches.empty()) {
      shard_.message_log.bring();
      shard_.pump();
    }
  }
  std::uint64_t memory() { return shard_.broker.memory().message_bytes; }
  std::uint32_t live(std::uint32_t record) { return shard_.message_log.live.at(record); }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

TEST_F(BrokerEvictionTest, WhatIsRecordedLeavesMemoryWhenThatIsShort) {
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "abc");
  flush();
  EXPECT_GT(memory(), 0U);
  shard_.broker.set_memory_pressure_threshold(0);
  flush();
  EXPECT_EQ(memory(), 0U);
  EXPECT_EQ(shard_.inspect(queue).message_count, 3U);
  EXPECT_EQ(shard_.message_log.paged, 0U) << "it has a record";
  shard_.subscribe(channel_, {.queue = queue});
  bring();
  EXPECT_EQ(channel_.bodies(), "abc");
  EXPECT_FALSE(channel_.deliveries[0].deliver.redelivered);
}

TEST_F(BrokerEvictionTest, NothingLeavesBeforeItsRecordIsWritten) {
  shard_.declare("q");
  shard_.message_log.slow = true;
  shard_.broker.set_memory_pressure_threshold(0);
  shard_.publish_each("q", "abc");
  flush();
  EXPECT_GT(memory(), 0U);
  shard_.message_log.durable_up_to = 99;
  flush();
  EXPECT_EQ(memory(), 0U);
}

TEST_F(BrokerEvictionTest, TransientMessagesAreRecordedForItAndForgotten) {
  shard_.durable = false;
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "ab");
  shard_.broker.set_memory_pressure_threshold(0);
  flush();
  EXPECT_EQ(memory(), 0U);
  EXPECT_EQ(shard_.message_log.paged, 2U);
  shard_.subscribe(channel_, {.queue = queue, .no_ack = true});
  bring();
  EXPECT_EQ(channel_.bodies(), "ab");
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(live(2), 0U);
  EXPECT_TRUE(shard_.message_log.settles.empty()) << "after a restart they mean nothing";
}

TEST_F(BrokerEvictionTest, WhatIsTakenWhileItsRecordIsWrittenIsGivenUp) {
  shard_.durable = false;
  const QueueId queue = shard_.declare("q");
  shard_.message_log.slow = true;
  shard_.publish_each("q", "ab");
  shard_.broker.set_memory_pressure_threshold(0);
  flush();
  EXPECT_EQ(shard_.message_log.paged, 2U);
  shard_.subscribe(channel_, {.queue = queue, .no_ack = true});
  shard_.pump();
  EXPECT_EQ(channel_.bodies(), "ab");
  shard_.message_log.durable_up_to = 99;
  flush();
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(live(2), 0U);
}

TEST_F(BrokerEvictionTest, ALazyQueueKeepsNothingInMemory) {
  const QueueId queue = declare_lazy("q");
  shard_.publish_each("q", "abc");
  flush();
  EXPECT_EQ(memory(), 0U);
  shard_.broker.apply(Get{queue, channel_.ref(), true});
  EXPECT_TRUE(channel_.gets.empty()) << "it waits for the disk";
  shard_.broker.apply(Get{queue, channel_.ref(), true});
  bring();
  ASSERT_EQ(channel_.gets.size(), 2U);
  EXPECT_EQ(as_text(channel_.gets[0].second->inline_body()), "a");
  EXPECT_EQ(as_text(channel_.gets[1].second->inline_body()), "b");
  EXPECT_EQ(channel_.gets[1].first.message_count, 1U);
}

TEST_F(BrokerEvictionTest, AQueueKeepsInMemoryWhatItsArgumentsSay) {
  FieldTableWriter arguments;
  arguments.int32("x-max-in-memory-length", 2);
  declare("q", arguments);
  shard_.publish_each("q", "a");
  const std::uint64_t one = memory();
  shard_.publish_each("q", "bcdefghijk");
  flush();
  EXPECT_EQ(memory(), 2 * one);
  FieldTableWriter bytes;
  bytes.int64("x-max-in-memory-bytes", static_cast<std::int64_t>(3 * one));
  declare("p", bytes);
  shard_.publish_each("p", "bcdefghijk");
  flush();
  EXPECT_EQ(memory(), 5 * one);
}

TEST_F(BrokerEvictionTest, ADroppedMessageIsReadToBecomeADeadLetter) {
  const QueueId target = shard_.declare("dead");
  FieldTableWriter arguments;
  arguments.text("x-queue-mode", "lazy");
  arguments.int32("x-max-length", 1);
  arguments.text("x-dead-letter-exchange", "");
  arguments.text("x-dead-letter-routing-key", "dead");
  const QueueId queue = declare("q", arguments);
  shard_.publish_each("q", "a");
  flush();
  shard_.publish_each("q", "b");
  EXPECT_EQ(shard_.inspect(queue).message_count, 1U);
  EXPECT_EQ(shard_.inspect(target).message_count, 0U);
  EXPECT_EQ(live(1), 1U) << "until it is a dead letter";
  bring();
  EXPECT_EQ(live(1), 0U);
  shard_.broker.apply(Get{target, channel_.ref(), true});
  ASSERT_EQ(channel_.gets.size(), 1U);
  EXPECT_EQ(as_text(channel_.gets[0].second->inline_body()), "a");
}

/// While it is read the policy goes that said where dead letters go.
TEST_F(BrokerEvictionTest, ADroppedMessageMayHaveNowhereToGoWhenItIsHere) {
  const QueueId target = shard_.declare("dead");
  const QueueId queue = declare_lazy("q");
  PolicySpec policy;
  policy.vhost = "/";
  policy.name = "p";
  policy.pattern = "^q$";
  FieldTableWriter definition;
  definition.int32("max-length", 1);
  definition.text("dead-letter-exchange", "");
  definition.text("dead-letter-routing-key", "dead");
  policy.definition = definition.take();
  apply(PolicyPut{shard_.vhost, false, policy});
  shard_.publish_each("q", "a");
  flush();
  shard_.publish_each("q", "b");
  shard_.pump();
  ASSERT_EQ(shard_.message_log.fetches.size(), 1U);
  apply(PolicyRemoved{shard_.vhost, false, "/", "p"});
  bring();
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(shard_.inspect(target).message_count, 0U);
  EXPECT_EQ(shard_.inspect(queue).message_count, 1U);
}

TEST_F(BrokerEvictionTest, WhatExpiresAtRestMayBeOnDisk) {
  FieldTableWriter arguments;
  arguments.text("x-queue-mode", "lazy");
  arguments.int32("x-delayed-retry-min", 100);
  arguments.text("x-delayed-retry-type", "all");
  arguments.int32("x-message-ttl", 50);
  const QueueId queue = declare("q", arguments);
  shard_.publish_each("q", "ab");
  flush();
  const ConsumerHandle consumer = shard_.subscribe(channel_, {.queue = queue, .prefetch = 1});
  bring();
  shard_.settle(channel_.deliveries.front(), consumer, Outcome::requeued);
  channel_.deliveries.clear();
  bring();
  flush();
  shard_.broker.advance(60 * nanos_per_ms);
  bring();
  shard_.broker.advance(200 * nanos_per_ms);
  bring();
  EXPECT_EQ(shard_.inspect(queue).message_count, 0U);
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(live(2), 1U) << "the consumer has it";
}

TEST_F(BrokerEvictionTest, PurgeAndDeleteNeedNoContent) {
  const QueueId queue = declare_lazy("q");
  shard_.publish_each("q", "abc");
  flush();
  shard_.broker.apply(Purge{queue, channel_.ref()});
  EXPECT_EQ(channel_.replies.back().message_count, 3U);
  EXPECT_EQ(shard_.message_log.settles.size(), 3U);
  shard_.publish_each("q", "def");
  flush();
  shard_.broker.apply(Get{queue, channel_.ref(), true});
  shard_.delete_queue(queue);
  for (std::uint32_t record = 1; record <= 6; ++record) EXPECT_EQ(live(record), 0U) << record;
  ASSERT_EQ(channel_.gets.size(), 1U) << "who waited is told that there is nothing";
  EXPECT_EQ(channel_.gets[0].second.get(), nullptr);
  shard_.message_log.bring();
}

TEST_F(BrokerEvictionTest, ADamagedRecordIsParkedAndTheNextIsDelivered) {
  const QueueId queue = declare_lazy("q");
  shard_.publish("", "q", "damaged");
  shard_.publish("", "q", "b");
  flush();
  shard_.subscribe(channel_, {.queue = queue});
  bring();
  EXPECT_EQ(channel_.bodies(), "b");
  EXPECT_EQ(shard_.message_log.lost_count, 1U);
  EXPECT_EQ(live(1), 1U) << "its record stays";
  shard_.message_log.bodies[1] = "mended!";
  shard_.broker.apply(ResolveUnreadable{queue, channel_.ref(), {}});
  EXPECT_EQ(channel_.replies.back().message_count, 1U);
  bring();
  EXPECT_EQ(channel_.bodies(), "bmended!") << "it can be read again";
}

TEST_F(BrokerEvictionTest, WhatWasMovedWhileItWasReadIsReadAgain) {
  const QueueId queue = declare_lazy("q");
  shard_.publish_each("q", "a");
  flush();
  shard_.subscribe(channel_, {.queue = queue});
  shard_.pump();
  ASSERT_EQ(shard_.message_log.fetches.size(), 1U);
  shard_.message_log.bodies[9] = "a";
  shard_.message_log.live[9] = 1;
  shard_.message_log.holder->on_moved({queue, 0}, FakeMessageLog::place_of(9));
  shard_.message_log.bring();
  shard_.pump();
  EXPECT_EQ(channel_.bodies(), "");
  bring();
  EXPECT_EQ(channel_.bodies(), "a");
}

TEST_F(BrokerEvictionTest, AnUnackedMessageComesBackFromDisk) {
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "ab");
  const ConsumerHandle consumer = shard_.subscribe(channel_, {.queue = queue, .prefetch = 1});
  shard_.pump();
  const FakeChannel::Delivery first = channel_.deliveries.front();
  shard_.broker.set_memory_pressure_threshold(0);
  flush();
  shard_.settle(first, consumer, Outcome::requeued);
  bring();
  EXPECT_EQ(channel_.bodies(), "aa");
  EXPECT_TRUE(channel_.deliveries[1].deliver.redelivered);
  shard_.settle(channel_.deliveries[1], consumer, Outcome::acknowledged);
  bring();
  EXPECT_EQ(channel_.bodies(), "aab");
}

TEST_F(BrokerEvictionTest, AConsumerReadsAhead) {
  const QueueId queue = declare_lazy("q");
  for (int i = 0; i < 1000; ++i) shard_.publish("", "q", "x");
  flush();
  EXPECT_EQ(memory(), 0U);
  shard_.subscribe(channel_, {.queue = queue, .prefetch = 10});
  shard_.pump();
  EXPECT_EQ(shard_.message_log.fetches.size(), 1000U);
  bring();
  EXPECT_EQ(channel_.deliveries.size(), 10U);
}

}  // namespace
}  // namespace lepus::core::test
