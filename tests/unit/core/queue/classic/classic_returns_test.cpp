// Messages that come back: how often they may, and when they go out again.
#include <gtest/gtest.h>

#include <string>

#include "core/broker/broker.h"
#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

class QueueReturnsTest : public ::testing::Test {
 protected:
  void declare(FieldTableWriter& arguments, bool durable = false) {
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, "q");
    made.durable = durable;
    made.arguments = arguments.take();
    shard_.change(made);
    queue_ = shard_.master.find_queue(shard_.vhost, "q")->id;
  }
  /// Publishes one message with properties that can be decoded: dead lettering rewrites them.
  void publish(std::string_view body) {
    static constexpr std::array<std::uint8_t, 2> none{};
    MessageRef message = Message::create({"", "q", none, body.size()}, shard_.broker.memory());
    message->append_body(as_bytes(body));
    RouteResult route;
    shard_.broker.topology().route(*shard_.broker.topology().find_exchange(shard_.vhost, ""),
                                   {"q", {}, {}}, route);
    Broker::Publish publish{};
    publish.route = &route;
    shard_.broker.publish(publish, std::move(message));
    shard_.pump();
  }
  void consume() {
    ConsumerSpec request{};
    request.queue = queue_;
    consumer_ = shard_.subscribe(channel_, request);
    shard_.pump();
  }
  const Deliver& last() { return channel_.deliveries.back().deliver; }
  void give_back(Outcome outcome) {
    shard_.broker.apply(Settle{queue_, last().sequence, last().sequence, consumer_, outcome});
    shard_.pump();
  }
  void advance_ms(std::int64_t ms) {
    shard_.broker.advance(ms * nanos_per_ms);
    shard_.pump();
  }
  std::size_t deliveries() { return channel_.deliveries.size(); }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
  QueueId queue_;
  ConsumerHandle consumer_;
};

TEST_F(QueueReturnsTest, NobodyCountsUnasked) {
  FieldTableWriter none;
  declare(none);
  consume();
  publish("a");
  for (int i = 0; i < 100; ++i) give_back(Outcome::requeued);
  EXPECT_EQ(deliveries(), 101U);
  EXPECT_EQ(last().delivery_count, 0U);
}

TEST_F(QueueReturnsTest, OneReturnTooManyEndsAMessage) {
  shard_.declare("dead");
  FieldTableWriter arguments;
  arguments.int32("x-delivery-limit", 2);
  arguments.text("x-dead-letter-exchange", "");
  arguments.text("x-dead-letter-routing-key", "dead");
  declare(arguments);
  consume();
  publish("a");
  EXPECT_EQ(last().delivery_count, 0U);
  give_back(Outcome::undelivered);
  EXPECT_EQ(last().delivery_count, 0U) << "nobody had it";
  give_back(Outcome::requeued);
  EXPECT_EQ(last().delivery_count, 1U);
  give_back(Outcome::returned);
  EXPECT_EQ(last().delivery_count, 2U);
  EXPECT_EQ(deliveries(), 4U);
  give_back(Outcome::requeued);
  EXPECT_EQ(deliveries(), 4U);
  Get get{};
  get.queue = shard_.master.find_queue(shard_.vhost, "dead")->id;
  get.channel = channel_.ref();
  shard_.broker.apply(get);
  ASSERT_TRUE(channel_.gets.back().second);
  PropertiesView view;
  ASSERT_TRUE(decode_properties(channel_.gets.back().second->properties(), view));
  EXPECT_EQ(view.header_table().find("x-first-death-reason")->text(), "delivery_limit");
}

TEST_F(QueueReturnsTest, QuorumQueuesCountWithoutALimit) {
  FieldTableWriter arguments;
  arguments.text("x-queue-type", "quorum");
  declare(arguments, true);
  consume();
  publish("a");
  EXPECT_EQ(shard_.message_log.records, 1U) << "persistent or not, it is recorded";
  for (std::uint32_t i = 1; i < 5; ++i) {
    give_back(Outcome::requeued);
    EXPECT_EQ(last().delivery_count, i);
  }
  ShardCounts counts;
  shard_.broker.description().describe(counts);
  EXPECT_EQ(counts.delivery_count.buckets, (std::array<std::uint64_t, 9>{1, 1, 2}));
  EXPECT_EQ(counts.delivery_count.sum, 10U);
}

TEST_F(QueueReturnsTest, RetriesWaitLongerEachTime) {
  FieldTableWriter arguments;
  arguments.int32("x-delayed-retry-min", 100);
  arguments.int32("x-delayed-retry-max", 250);
  declare(arguments);
  consume();
  publish("a");
  advance_ms(1000);
  for (const std::int64_t delay_ms : {100, 200, 250, 250}) {
    const std::size_t before = deliveries();
    const Nanos now = shard_.broker.now();
    give_back(Outcome::requeued);
    EXPECT_EQ(shard_.broker.next_deadline(), now + delay_ms * nanos_per_ms);
    advance_ms(now / nanos_per_ms + delay_ms - 1);
    EXPECT_EQ(deliveries(), before);
    advance_ms(now / nanos_per_ms + delay_ms);
    EXPECT_EQ(deliveries(), before + 1);
  }
  const std::size_t before = deliveries();
  give_back(Outcome::returned);
  EXPECT_EQ(deliveries(), before + 1) << "nothing was wrong with it";
}

TEST_F(QueueReturnsTest, OthersOvertakeWhatRests) {
  FieldTableWriter arguments;
  arguments.int32("x-delayed-retry-min", 100);
  arguments.text("x-delayed-retry-type", "all");
  declare(arguments);
  consume();
  publish("a");
  give_back(Outcome::returned);
  publish("b");
  EXPECT_EQ(channel_.bodies(), "ab");
  EXPECT_EQ(shard_.inspect(queue_).message_count, 0U);
  advance_ms(100);
  EXPECT_EQ(channel_.bodies(), "aba");
  EXPECT_TRUE(last().redelivered);
}

TEST_F(QueueReturnsTest, WhatExpiresAtRestDoesNotComeBack) {
  FieldTableWriter arguments;
  arguments.int32("x-delayed-retry-min", 100);
  arguments.int32("x-message-ttl", 50);
  declare(arguments);
  consume();
  publish("a");
  give_back(Outcome::requeued);
  advance_ms(60);
  advance_ms(200);
  EXPECT_EQ(deliveries(), 1U);
  EXPECT_EQ(shard_.broker.memory().message_bytes,
            0U + channel_.deliveries[0].message->memory_size())
      << "the test's own reference is the last";
}

// --- A single active consumer

class SingleActiveTest : public QueueReturnsTest {
 protected:
  SingleActiveTest() {
    FieldTableWriter arguments;
    arguments.boolean("x-single-active-consumer", true);
    declare(arguments);
  }
  ConsumerHandle join(FakeChannel& channel, std::uint32_t number, std::int32_t priority = 0) {
    ConsumerSpec request{};
    request.queue = queue_;
    request.number = number;
    request.priority = priority;
    return shard_.subscribe(channel, request);
  }
  void leave(FakeChannel& channel, ConsumerHandle consumer) {
    shard_.broker.apply(Unsubscribe{queue_, channel.ref(), consumer});
    shard_.pump();
  }
  FakeChannel second_{shard_.broker};
};

TEST_F(SingleActiveTest, TheNextTakesOverWhenItGoes) {
  const ConsumerHandle first = join(channel_, 1);
  join(second_, 2);
  publish("a");
  publish("b");
  EXPECT_EQ(channel_.bodies(), "ab");
  EXPECT_EQ(channel_.active, 1U);
  EXPECT_EQ(second_.active, UINT32_MAX);
  leave(channel_, first);
  EXPECT_EQ(second_.active, 2U);
  publish("c");
  EXPECT_EQ(second_.bodies(), "c");
}

TEST_F(SingleActiveTest, OneOfHigherPriorityWaitsForTheOtherToFinish) {
  const ConsumerHandle first = join(channel_, 1);
  publish("a");
  join(second_, 2, 5);
  publish("b");
  EXPECT_EQ(channel_.bodies(), "a");
  EXPECT_EQ(second_.bodies(), "") << "b would overtake a";
  shard_.settle(channel_.deliveries[0], first, Outcome::acknowledged);
  shard_.pump();
  EXPECT_EQ(second_.bodies(), "b");
  EXPECT_EQ(second_.active, 2U);
  join(channel_, 3, 5);
  publish("c");
  EXPECT_EQ(second_.bodies(), "bc") << "an equal one does not take over";
}

TEST_F(SingleActiveTest, ItStaysWhenTheOneOfHigherPriorityGoes) {
  const ConsumerHandle first = join(channel_, 1);
  publish("a");
  const ConsumerHandle better = join(second_, 2, 5);
  publish("b");
  EXPECT_EQ(channel_.bodies(), "a");
  leave(second_, better);
  EXPECT_EQ(channel_.bodies(), "ab") << "nobody is waited for any more";
  shard_.settle(channel_.deliveries[0], first, Outcome::acknowledged);
  publish("c");
  EXPECT_EQ(channel_.bodies(), "abc");
}

TEST_F(SingleActiveTest, TheLastOneMayGoWhileItMakesRoom) {
  const ConsumerHandle first = join(channel_, 1);
  publish("a");
  const ConsumerHandle better = join(second_, 2, 5);
  leave(channel_, first);
  EXPECT_EQ(second_.active, 2U);
  leave(second_, better);
  publish("b");
  join(channel_, 3);
  shard_.pump();
  EXPECT_EQ(channel_.bodies(), "ab");
}

TEST_F(SingleActiveTest, OnlyTheActiveOneIsSoughtForRoom) {
  ConsumerSpec request{};
  request.queue = queue_;
  request.prefetch = 1;
  const ConsumerHandle first = shard_.subscribe(channel_, request);
  join(second_, 2);
  publish("a");
  publish("b");
  EXPECT_EQ(channel_.bodies(), "a");
  EXPECT_EQ(second_.bodies(), "");
  shard_.settle(channel_.deliveries[0], first, Outcome::acknowledged);
  shard_.pump();
  EXPECT_EQ(channel_.bodies(), "ab");
}

TEST_F(SingleActiveTest, ExclusiveConsumersAreRefused) {
  ConsumerSpec request{};
  request.queue = queue_;
  request.exclusive = true;
  shard_.subscribe(channel_, request);
  EXPECT_EQ(channel_.errors.back(), "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
}

TEST_F(QueueReturnsTest, WhatIsRefusedGoesWhereDeadLettersGo) {
  shard_.declare("dead");
  FieldTableWriter arguments;
  arguments.int32("x-max-length", 1);
  arguments.text("x-overflow", "reject-publish-dlx");
  arguments.text("x-dead-letter-exchange", "");
  arguments.text("x-dead-letter-routing-key", "dead");
  declare(arguments);
  publish("a");
  publish("b");
  EXPECT_EQ(shard_.inspect(queue_).message_count, 1U);
  const QueueId dead = shard_.master.find_queue(shard_.vhost, "dead")->id;
  EXPECT_EQ(shard_.inspect(dead).message_count, 1U);
}

}  // namespace
}  // namespace lepus::core
