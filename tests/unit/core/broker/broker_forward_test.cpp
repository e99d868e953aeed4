// What the broker publishes on behalf of queues: dead letters that must not be lost on the way to
// another shard, what exchanges hold, and doubles that are dropped.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeMessageLog;
using test::FakeShard;

class BrokerForwardTest : public ::testing::Test {
 protected:
  using Kind = TopologyRequest::Kind;

  QueueId declare(std::string_view name, FieldTableWriter& arguments, ShardId home = 0) {
    TopologyRequest made = shard_.request(Kind::declare_queue, name);
    made.durable = true;
    made.from = home;
    made.arguments = arguments.take();
    shard_.change(made);
    return shard_.master.find_queue(shard_.vhost, name)->id;
  }
  QueueId declare(std::string_view name, ShardId home = 0) {
    FieldTableWriter none;
    return declare(name, none, home);
  }
  void declare_exchange(std::string_view name, std::string_view type, FieldTableWriter& arguments,
                        ShardId home = 0) {
    TopologyRequest made = shard_.request(Kind::declare_exchange, name);
    made.durable = true;
    made.from = home;
    made.type = type;
    made.arguments = arguments.take();
    shard_.change(made);
  }
  /// With these headers.
  void publish(std::string_view exchange, std::string_view key, std::string_view body,
               FieldTableWriter& headers) {
    const std::string table = headers.take();
    PropertiesView view;
    view.headers = as_bytes(table);
    if (!table.empty()) view.set(Property::headers);
    view.delivery_mode = 2;
    view.set(Property::delivery_mode);
    const std::vector<std::uint8_t> properties = encode_properties(view);
    MessageRef message =
        Message::create({exchange, key, properties, body.size(), true}, shard_.broker.memory());
    message->append_body(as_bytes(body));
    RouteResult route;
    shard_.broker.topology().route(*shard_.broker.topology().find_exchange(shard_.vhost, exchange),
                                   {key, view.headers, {}, &view}, route);
    shard_.broker.publish({&route, channel_.ref(), ++number_}, std::move(message));
    shard_.pump();
  }
  void publish(std::string_view exchange, std::string_view key, std::string_view body) {
    FieldTableWriter none;
    publish(exchange, key, body, none);
  }
  void bind(std::string_view exchange, std::string_view queue, std::string_view key = "") {
    shard_.bind(exchange, queue, key);
  }
  void flush() {
    shard_.broker.flush();
    shard_.pump();
  }
  void advance_ms(std::int64_t ms) {
    shard_.broker.advance(ms * nanos_per_ms);
    shard_.pump();
  }
  std::uint32_t count(QueueId queue) { return shard_.inspect(queue).message_count; }
  std::uint32_t live(std::uint32_t record) { return shard_.message_log.live.at(record); }
  /// What went to another shard arrives there, and is confirmed or refused.
  std::string confirm(bool refused = false) {
    const auto enqueue = shard_.outbox.take<Enqueue>();
    const MessageRef message = enqueue.message;
    EXPECT_NE(enqueue.number, 0U);
    shard_.broker.apply(Confirm{enqueue.publisher, enqueue.number, enqueue.number, refused});
    shard_.pump();
    return std::string{as_text(message->inline_body())};
  }
  std::string get(QueueId queue) {
    const std::size_t before = channel_.gets.size();
    shard_.broker.apply(Get{queue, channel_.ref(), true});
    if (channel_.gets.size() == before || !channel_.gets.back().second) return "";
    return std::string{as_text(channel_.gets.back().second->inline_body())};
  }
  std::string get_all(QueueId queue) {
    std::string all;
    while (count(queue) > 0) all += get(queue);
    return all;
  }
  FieldTableWriter to_dead(std::int32_t length, std::string_view strategy = {},
                           std::string_view overflow = {}) {
    FieldTableWriter arguments;
    arguments.int32("x-max-length", length);
    arguments.text("x-dead-letter-exchange", "");
    arguments.text("x-dead-letter-routing-key", "dead");
    if (!strategy.empty()) arguments.text("x-dead-letter-strategy", strategy);
    if (!overflow.empty()) arguments.text("x-overflow", overflow);
    return arguments;
  }
  void reject_one(QueueId queue) {
    shard_.broker.apply(Get{queue, channel_.ref(), false});
    const Sequence sequence = channel_.gets.back().first.sequence;
    shard_.broker.apply(Settle{queue, sequence, sequence, {}, Outcome::rejected});
    shard_.pump();
  }

  std::uint64_t number_ = 0;
  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

TEST_F(BrokerForwardTest, OnOneShardADeadLetterAndItsMessageAreOneBatch) {
  const QueueId dead = declare("dead");
  FieldTableWriter arguments = to_dead(1);
  declare("q", arguments);
  publish("", "q", "a");
  publish("", "q", "b");
  EXPECT_EQ(count(dead), 1U);
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(shard_.message_log.batches.at(3), shard_.message_log.open_batch());
  EXPECT_EQ(shard_.message_log.submitted, 0U) << "all of it is in the first batch";
}

TEST_F(BrokerForwardTest, AMessageStaysUntilAnotherShardHasIt) {
  declare("dead", 1);
  FieldTableWriter arguments = to_dead(1);
  const QueueId queue = declare("q", arguments);
  publish("", "q", "a");
  publish("", "q", "b");
  flush();
  EXPECT_EQ(count(queue), 1U);
  EXPECT_EQ(live(1), 1U) << "a crash now must find it";
  EXPECT_EQ(confirm(), "a");
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(count(queue), 1U);
}

TEST_F(BrokerForwardTest, UnaskedARefusalEndsIt) {
  declare("dead", 1);
  FieldTableWriter arguments = to_dead(1);
  declare("q", arguments);
  publish("", "q", "a");
  publish("", "q", "b");
  confirm(true);
  EXPECT_EQ(live(1), 0U);
}

TEST_F(BrokerForwardTest, AtLeastOnceTriesAgainUntilItIsTaken) {
  declare("dead", 1);
  FieldTableWriter arguments = to_dead(10, "at-least-once", "reject-publish");
  const QueueId queue = declare("q", arguments);
  publish("", "q", "a");
  reject_one(queue);
  confirm(true);
  EXPECT_EQ(live(1), 1U);
  EXPECT_TRUE(shard_.outbox.all<Enqueue>().empty()) << "not at once";
  ASSERT_NE(shard_.broker.next_deadline(), never);
  advance_ms(limits::leaving_retry / nanos_per_ms);
  EXPECT_EQ(confirm(), "a");
  EXPECT_EQ(live(1), 0U);
}

TEST_F(BrokerForwardTest, AtLeastOnceWaitsForAQueue) {
  FieldTableWriter arguments = to_dead(10, "at-least-once", "reject-publish");
  const QueueId queue = declare("q", arguments);
  publish("", "q", "a");
  reject_one(queue);
  EXPECT_EQ(live(1), 1U) << "it leads nowhere";
  const QueueId dead = declare("dead");
  advance_ms(limits::leaving_retry / nanos_per_ms);
  flush();
  EXPECT_EQ(count(dead), 1U);
  EXPECT_EQ(live(1), 0U);
}

TEST_F(BrokerForwardTest, SoManyAreOnTheirWayAndTheOthersWaitInLine) {
  FieldTableWriter arguments = to_dead(10, "at-least-once", "reject-publish");
  const QueueId queue = declare("q", arguments);
  for (const std::string_view body : {"a", "b", "c"}) publish("", "q", body);
  for (int i = 0; i < 3; ++i) reject_one(queue);
  const QueueId dead = declare("dead");
  advance_ms(limits::leaving_retry / nanos_per_ms);
  flush();
  flush();
  EXPECT_EQ(count(dead), 3U);
  EXPECT_EQ(get_all(dead), "abc");
}

// --- x-delayed-message

TEST_F(BrokerForwardTest, ADelayedMessageComesWhenItIsTime) {
  FieldTableWriter arguments;
  arguments.text("x-delayed-type", "direct");
  declare_exchange("d", "x-delayed-message", arguments);
  const QueueId queue = declare("q");
  bind("d", "q", "k");
  FieldTableWriter headers;
  headers.int32("x-delay", 500);
  publish("d", "k", "late", headers);
  publish("d", "k", "now");
  flush();
  ASSERT_FALSE(channel_.confirms.empty());
  EXPECT_EQ(channel_.confirms.back().last, 2U);
  EXPECT_EQ(live(1), 1U) << "it is durable while it waits";
  EXPECT_EQ(get(queue), "now");
  advance_ms(499);
  EXPECT_EQ(count(queue), 0U);
  advance_ms(500);
  EXPECT_EQ(live(1), 0U);
  EXPECT_EQ(get(queue), "late");
  PropertiesView view;
  ASSERT_TRUE(decode_properties(channel_.gets.back().second->properties(), view));
  EXPECT_EQ(view.header_table().find("x-delay")->as_int64(), -500);
}

TEST_F(BrokerForwardTest, DelaysEndInOrderOfTheirTimes) {
  FieldTableWriter arguments;
  arguments.text("x-delayed-type", "fanout");
  declare_exchange("d", "x-delayed-message", arguments);
  const QueueId queue = declare("q");
  bind("d", "q");
  for (const std::int32_t delay : {300, 100, 200, 100}) {
    FieldTableWriter headers;
    headers.int32("x-delay", delay);
    publish("d", "", std::to_string(delay / 100), headers);
  }
  advance_ms(1000);
  EXPECT_EQ(get_all(queue), "1123");
}

TEST_F(BrokerForwardTest, FromAStoreToAnotherShardAMessageIsNeverLost) {
  FieldTableWriter arguments;
  arguments.text("x-delayed-type", "topic");
  declare_exchange("d", "x-delayed-message", arguments);
  declare("q", 1);
  bind("d", "q", "#");
  FieldTableWriter headers;
  headers.int64("x-delay", 10);
  publish("d", "k", "m", headers);
  advance_ms(10);
  flush();
  EXPECT_EQ(live(1), 1U);
  EXPECT_EQ(confirm(), "m");
  EXPECT_EQ(live(1), 0U);
}

TEST_F(BrokerForwardTest, TheStoreGoesWithItsExchange) {
  FieldTableWriter arguments;
  arguments.text("x-delayed-type", "direct");
  declare_exchange("d", "x-delayed-message", arguments);
  EXPECT_EQ(shard_.broker.census().queues, 1U);
  EXPECT_TRUE(shard_.master.queues(shard_.vhost).empty()) << "nobody sees it";
  FieldTableWriter headers;
  headers.int64("x-delay", 10);
  publish("d", "k", "m", headers);
  TopologyRequest made = shard_.request(Kind::delete_exchange, "d");
  shard_.change(made);
  EXPECT_EQ(shard_.broker.census().queues, 0U);
  EXPECT_EQ(live(1), 0U);
  advance_ms(100);
}

TEST_F(BrokerForwardTest, ADelayedExchangeNeedsAType) {
  TopologyRequest made = shard_.request(Kind::declare_exchange, "d");
  made.type = "x-delayed-message";
  for (const char* type : {"", "nope", "x-delayed-message"}) {
    FieldTableWriter arguments;
    arguments.text("x-delayed-type", type);
    made.arguments = arguments.take();
    EXPECT_EQ(decide(shard_.master, made, nullptr).error.text(),
              "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing "
              "exchange type");
  }
}

// --- Deduplication

TEST_F(BrokerForwardTest, AQueueDropsDoubles) {
  FieldTableWriter arguments;
  arguments.boolean("x-message-deduplication", true);
  arguments.int32("x-cache-size", 2);
  arguments.int32("x-cache-ttl", 1000);
  const QueueId queue = declare("q", arguments);
  const auto send = [&](std::string_view id) {
    FieldTableWriter headers;
    headers.text("x-deduplication-header", id);
    publish("", "q", id, headers);
  };
  for (const std::string_view id : {"a", "a", "b", "a"}) send(id);
  EXPECT_EQ(count(queue), 2U);
  publish("", "q", "x");
  publish("", "q", "x");
  EXPECT_EQ(count(queue), 4U) << "without an id nothing is a double";
  send("c");
  send("a");
  EXPECT_EQ(count(queue), 6U) << "the oldest id made room";
  advance_ms(1000);
  send("a");
  EXPECT_EQ(count(queue), 7U) << "the window is over";
  flush();
  std::uint64_t confirmed = 0;
  for (const Confirm& confirm : channel_.confirms) {
    EXPECT_FALSE(confirm.refused);
    confirmed += confirm.last - confirm.first + 1;
  }
  EXPECT_EQ(confirmed, number_) << "doubles, too";
}

TEST_F(BrokerForwardTest, ARefusedMessageMayComeAgain) {
  FieldTableWriter arguments;
  arguments.boolean("x-message-deduplication", true);
  arguments.int32("x-max-length", 1);
  arguments.text("x-overflow", "reject-publish");
  const QueueId queue = declare("q", arguments);
  const auto send = [&](std::string_view id) {
    FieldTableWriter headers;
    headers.text("x-deduplication-header", id);
    publish("", "q", id, headers);
  };
  send("a");
  send("b");
  EXPECT_EQ(get(queue), "a");
  send("b");
  EXPECT_EQ(get(queue), "b");
}

TEST_F(BrokerForwardTest, BesideOthersADeduplicatingQueueHasARecordOfItsOwn) {
  FieldTableWriter arguments;
  arguments.boolean("x-message-deduplication", true);
  const QueueId dropping = declare("dropping", arguments);
  const QueueId plain = declare("plain");
  bind("amq.fanout", "dropping");
  bind("amq.fanout", "plain");
  publish("amq.fanout", "", "a");
  EXPECT_EQ(get(dropping), "a");
  EXPECT_EQ(get(plain), "a");
  for (const auto& [record, count] : shard_.message_log.live) EXPECT_EQ(count, 0U) << record;
}

TEST_F(BrokerForwardTest, AnExchangeDropsDoublesForAllItsQueues) {
  FieldTableWriter arguments;
  arguments.boolean("x-message-deduplication", true);
  arguments.text("x-deduplication-header", "id");
  declare_exchange("d", "fanout", arguments);
  const QueueId one = declare("one");
  const QueueId two = declare("two");
  bind("d", "one");
  bind("d", "two");
  for (const std::int32_t id : {1, 1, 2}) {
    FieldTableWriter headers;
    headers.int32("id", id);
    publish("d", "", std::to_string(id), headers);
  }
  advance_ms(1);
  EXPECT_EQ(get_all(one), "12");
  EXPECT_EQ(get_all(two), "12");
}

// --- x-recent-history

TEST_F(BrokerForwardTest, WhoIsBoundLaterGetsTheHistory) {
  FieldTableWriter arguments;
  arguments.int32("x-recent-history-length", 2);
  declare_exchange("h", "x-recent-history", arguments);
  const QueueId early = declare("early");
  bind("h", "early");
  for (const std::string_view body : {"a", "b", "c"}) publish("h", "", body);
  FieldTableWriter headers;
  headers.boolean("x-recent-history-no-store", true);
  publish("h", "", "secret", headers);
  EXPECT_EQ(count(early), 4U);
  const QueueId late = declare("late");
  bind("h", "late");
  shard_.pump();
  EXPECT_EQ(get_all(late), "bc");
  publish("h", "", "d");
  EXPECT_EQ(get(late), "d");
}

TEST_F(BrokerForwardTest, AHistoryThatLeadsBackToItselfEnds) {
  FieldTableWriter none;
  declare_exchange("h", "x-recent-history", none);
  FieldTableWriter more;
  declare_exchange("other", "fanout", more);
  TopologyRequest back = shard_.request(Kind::bind_exchange, "h");
  back.source = "other";
  shard_.change(back);
  for (const std::string_view body : {"a", "b"}) publish("h", "", body);
  TopologyRequest there = shard_.request(Kind::bind_exchange, "other");
  there.source = "h";
  shard_.change(there);
  const QueueId late = declare("late");
  bind("h", "late");
  shard_.pump();
  EXPECT_EQ(get_all(late), "ab");
}

TEST_F(BrokerForwardTest, OnlySoManyAreOnTheirWayAtATime) {
  declare("dead", 1);
  FieldTableWriter arguments = to_dead(1);
  declare("q", arguments);
  const std::size_t sent = limits::leaving_max + 10;
  for (std::size_t i = 0; i <= sent; ++i) publish("", "q", "m");
  EXPECT_EQ(shard_.outbox.all<Enqueue>().size(), limits::leaving_max);
  for (std::size_t i = 0; i < sent; ++i) confirm();
  EXPECT_TRUE(shard_.outbox.all<Enqueue>().empty());
}

}  // namespace
}  // namespace lepus::core
