// What the broker publishes itself leads on to more of the same: however long the way is, nothing
// recurses, every piece is bounded, and every cycle ends.
#include "core/broker/forwards.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"
#include "core/message/store_path.h"
#include "core/topology/exchange_store.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

/// With the firehose on.
class TracingChannel final : public FakeChannel {
 public:
  explicit TracingChannel(FakeShard& shard) : FakeChannel(shard.broker), shard_(shard) {}
  bool on_deliver(const Deliver& delivery, MessageRef message) override {
    Trace trace;
    trace.vhost = shard_.vhost;
    trace.queue = "q";
    (void)shard_.broker.trace(trace, *message);
    return FakeChannel::on_deliver(delivery, std::move(message));
  }

 private:
  FakeShard& shard_;
};

class ForwardsTest : public ::testing::Test {
 protected:
  using Kind = TopologyRequest::Kind;

  QueueId declare(std::string_view name, FieldTableWriter arguments = {}, ShardId home = 0) {
    TopologyRequest made = shard_.request(Kind::declare_queue, name);
    made.durable = true;
    made.from = home;
    made.arguments = arguments.take();
    shard_.change(made);
    shard_.outbox.clear();
    return shard_.master.find_queue(shard_.vhost, name)->id;
  }
  void declare_exchange(std::string_view name, std::string_view type, FieldTableWriter arguments,
                        ShardId home = 0) {
    TopologyRequest made = shard_.request(Kind::declare_exchange, name);
    made.durable = true;
    made.from = home;
    made.type = type;
    made.arguments = arguments.take();
    shard_.change(made);
  }
  void bind_exchange(std::string_view source, std::string_view destination) {
    TopologyRequest made = shard_.request(Kind::bind_exchange, destination);
    made.source = source;
    shard_.change(made);
  }
  static FieldTableWriter deduplicating() {
    FieldTableWriter arguments;
    arguments.boolean("x-message-deduplication", true);
    return arguments;
  }
  static FieldTableWriter delaying() {
    FieldTableWriter arguments;
    arguments.text("x-delayed-type", "fanout");
    return arguments;
  }
  /// Nothing stays in it.
  static FieldTableWriter passing_on(std::string_view exchange, std::string_view key) {
    FieldTableWriter arguments;
    arguments.int32("x-max-length", 0);
    arguments.text("x-dead-letter-exchange", exchange);
    arguments.text("x-dead-letter-routing-key", key);
    return arguments;
  }
  void publish(std::string_view exchange, std::string_view key, FieldTableWriter headers = {}) {
    PropertiesView view;
    view.headers = headers.bytes();
    if (!view.headers.empty()) view.set(Property::headers);
    const std::vector<std::uint8_t> properties = encode_properties(view);
    MessageRef message =
        Message::create({exchange, key, properties, 0, true}, shard_.broker.memory());
    RouteResult route;
    shard_.broker.topology().route(*shard_.broker.topology().find_exchange(shard_.vhost, exchange),
                                   {key, view.headers, {}, &view}, route);
    shard_.broker.publish({&route, {}, 0}, std::move(message));
  }
  /// As many steps as it takes, but not for ever. Returns how many.
  int run(int steps_max = 10'000) {
    int steps = 0;
    do {
      shard_.broker.advance(now_ += nanos_per_ms);
      shard_.broker.pump();
      ++steps;
    } while (steps < steps_max && (shard_.broker.has_work() || is_due()));
    EXPECT_LT(steps, steps_max) << "it does not end";
    return steps;
  }
  bool is_due() const { return shard_.broker.next_deadline() < now_ + nanos_per_s; }
  std::uint32_t count(QueueId queue) { return shard_.inspect(queue).message_count; }
  std::int64_t delay_of(QueueId queue) {
    shard_.broker.apply(Get{queue, channel_.ref(), true});
    const MessageRef& message = channel_.gets.back().second;
    if (!message) return 0;
    EXPECT_EQ(message->properties().size(), encode_properties(properties_of(*message)).size())
        << "nothing of the way is left";
    const auto delay = properties_of(*message).header_table().find("x-delay");
    return delay && delay->is_integer() ? delay->as_int64() : 0;
  }

  Nanos now_ = 0;
  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

// --- Nothing recurses

TEST_F(ForwardsTest, AChainOfDeadLettersEnds) {
  constexpr int length = limits::deaths_max;
  const QueueId last = declare("end");
  for (int i = 0; i < length; ++i)
    declare("q" + std::to_string(i),
            passing_on("", i + 1 < length ? "q" + std::to_string(i + 1) : "end"));
  publish("", "q1");
  run();
  EXPECT_EQ(count(last), 1U);
  publish("", "q0");
  run();
  EXPECT_EQ(count(last), 1U) << "it is too long";
}

TEST_F(ForwardsTest, QueuesThatAllSendToAllOthersComeToAnEnd) {
  declare_exchange("dlx", "fanout", {});
  for (int i = 0; i < 12; ++i) {
    const std::string name = "q" + std::to_string(i);
    declare(name, passing_on("dlx", ""));
    shard_.bind("dlx", name, "");
  }
  publish("dlx", "");
  run(200);
  EXPECT_FALSE(shard_.broker.flow().is_congested(0));
}

TEST_F(ForwardsTest, TheFirehoseMayFillTheQueueThatIsTraced) {
  FieldTableWriter arguments;
  arguments.int32("x-max-length", 0);
  const QueueId queue = declare("q", std::move(arguments));
  shard_.bind("amq.rabbitmq.trace", "q", "#");
  TracingChannel tracing{shard_};
  ConsumerSpec request{};
  request.queue = queue;
  request.no_ack = true;
  request.prefetch = 0;
  shard_.subscribe(tracing, request);
  publish("", "q");
  run();
  ASSERT_EQ(tracing.deliveries.size(), 2U) << "the message, and its copy, of which there is none";
  EXPECT_EQ(tracing.deliveries[1].message->exchange(), "amq.rabbitmq.trace");
}

TEST_F(ForwardsTest, DeadLettersOfCopiesAreNotCopied) {
  const QueueId traced = declare("q");
  declare("copies", passing_on("", "q"));
  shard_.bind("amq.rabbitmq.trace", "copies", "deliver.#");
  TracingChannel tracing{shard_};
  ConsumerSpec request{};
  request.queue = traced;
  request.no_ack = true;
  shard_.subscribe(tracing, request);
  publish("", "q");
  run();
  EXPECT_EQ(tracing.deliveries.size(), 2U);
}

TEST_F(ForwardsTest, AQueueThatBecomesShortIsEmptiedInPieces) {
  const QueueId queue = declare("q");
  const QueueId dead = declare("dead");
  const std::size_t sent = 2 * limits::discards_per_turn_max + 10;
  for (std::size_t i = 0; i < sent; ++i) publish("", "q");
  FieldTableWriter definition;
  definition.int32("max-length", 1);
  definition.text("dead-letter-exchange", "");
  definition.text("dead-letter-routing-key", "dead");
  PolicySpec policy{"/", "short", "^q$", PolicyTarget::queues, 0, definition.take(), ""};
  auto changes = std::make_unique<TopologyChanges>();
  changes->list.push_back(PolicyPut{shard_.vhost, false, policy});
  shard_.master.apply(changes->list.front());
  shard_.broker.apply(TopologyApply{++shard_.version, std::move(changes)});
  EXPECT_EQ(count(queue), sent - limits::discards_per_turn_max);
  run();
  EXPECT_EQ(count(queue), 1U);
  EXPECT_EQ(count(dead), sent - 1);
}

TEST_F(ForwardsTest, AQueueThatIsDeletedSendsItsDeadLettersFirst) {
  const QueueId queue = declare("q", passing_on("", "dead"));
  const QueueId dead = declare("dead");
  const std::size_t sent = limits::forwards_per_pump + 10;
  for (std::size_t i = 0; i < sent; ++i) publish("", "q");
  shard_.delete_queue(queue);
  for (int turn = 0; shard_.broker.topology().find_queue(queue) != nullptr && turn < 100; ++turn)
    shard_.broker.flush();
  EXPECT_EQ(count(dead), sent);
  run();
}

TEST_F(ForwardsTest, WhoPublishesMoreThanCanBeSentOnWaits) {
  declare("q", passing_on("", "dead"));
  const QueueId dead = declare("dead");
  const std::size_t sent = limits::forwards_per_pump + 1;
  for (std::size_t i = 0; i < sent; ++i) publish("", "q");
  EXPECT_FALSE(shard_.broker.flow().is_congested(0));
  shard_.broker.pump();
  EXPECT_TRUE(shard_.broker.flow().is_congested(0));
  EXPECT_TRUE(shard_.broker.has_work());
  shard_.broker.pump();
  EXPECT_FALSE(shard_.broker.flow().is_congested(0));
  EXPECT_EQ(count(dead), sent);
}

// --- Every cycle ends

TEST_F(ForwardsTest, DeduplicatingExchangesInACycleTakeAMessageOnce) {
  const QueueId queue = declare("q");
  for (const char* name : {"a", "b", "c"}) declare_exchange(name, "fanout", deduplicating());
  for (const char* source : {"a", "b", "c"})
    for (const char* destination : {"a", "b", "c"}) bind_exchange(source, destination);
  shard_.bind("a", "q", "");
  publish("a", "");
  run();
  EXPECT_EQ(count(queue), 1U);
  shard_.bind("b", "q", "");
  publish("a", "");
  run();
  EXPECT_EQ(count(queue), 3U) << "a and b";
}

TEST_F(ForwardsTest, ADelayIsWaitedForOnceAndNegatedByWhoDelays) {
  const QueueId queue = declare("q");
  declare_exchange("dx", "x-delayed-message", delaying());
  declare_exchange("dd", "fanout", deduplicating());
  bind_exchange("dx", "dd");
  bind_exchange("dd", "dx");
  shard_.bind("dd", "q", "");
  for (const char* first : {"dx", "dd"}) {
    FieldTableWriter headers;
    headers.int32("x-delay", 3);
    publish(first, "", std::move(headers));
    run();
    ASSERT_EQ(count(queue), 1U) << first;
    EXPECT_EQ(delay_of(queue), std::string_view{first} == "dx" ? -3 : 3) << first;
  }
  for (const std::int32_t delay : {-5, 0}) {
    FieldTableWriter headers;
    headers.int32("x-delay", delay);
    publish("dd", "", std::move(headers));
    run();
    EXPECT_EQ(delay_of(queue), delay) << "passed on as it came";
  }
}

TEST_F(ForwardsTest, DelayedExchangesThatDeduplicateNegateOnce) {
  const QueueId queue = declare("q");
  for (const char* name : {"a", "b"}) {
    FieldTableWriter arguments = delaying();
    arguments.boolean("x-message-deduplication", true);
    declare_exchange(name, "x-delayed-message", std::move(arguments));
  }
  bind_exchange("a", "b");
  bind_exchange("b", "a");
  shard_.bind("b", "q", "");
  FieldTableWriter headers;
  headers.int32("x-delay", 2);
  publish("a", "", std::move(headers));
  run();
  ASSERT_EQ(count(queue), 1U);
  EXPECT_EQ(delay_of(queue), -2);
}

TEST_F(ForwardsTest, DeadLettersThroughStoresEnd) {
  declare_exchange("dd", "fanout", deduplicating());
  FieldTableWriter arguments;
  arguments.int32("x-message-ttl", 0);
  arguments.text("x-dead-letter-exchange", "dd");
  const QueueId queue = declare("q", std::move(arguments));
  const QueueId seen = declare("seen");
  shard_.bind("dd", "q", "");
  shard_.bind("dd", "seen", "");
  publish("dd", "");
  run();
  EXPECT_EQ(count(queue), 0U);
  EXPECT_EQ(count(seen), 2U) << "the message and one dead letter";
  publish("", "q");
  run();
  EXPECT_EQ(count(seen), 3U);
}

TEST_F(ForwardsTest, AnAlternateExchangeThatHoldsMessagesIsPassedOnce) {
  FieldTableWriter arguments = deduplicating();
  arguments.text("alternate-exchange", "b");
  declare_exchange("a", "direct", std::move(arguments));
  FieldTableWriter back = deduplicating();
  back.text("alternate-exchange", "a");
  declare_exchange("b", "direct", std::move(back));
  publish("a", "nowhere");
  run(100);
}

TEST_F(ForwardsTest, AHistoryIsNotFilledFromItself) {
  const QueueId queue = declare("q");
  declare_exchange("h", "x-recent-history", {});
  declare_exchange("dd", "fanout", deduplicating());
  bind_exchange("h", "dd");
  bind_exchange("dd", "h");
  shard_.bind("h", "q", "");
  publish("h", "");
  run();
  const std::uint32_t first = count(queue);
  EXPECT_LE(first, 2U);
  const QueueId late = declare("late");
  shard_.bind("h", "late", "");
  run();
  EXPECT_LE(count(late), 2U);
}

TEST_F(ForwardsTest, TheWayIsKnownOnAnotherShardAndAfterARestart) {
  declare("q");
  declare_exchange("a", "fanout", deduplicating());
  declare_exchange("b", "fanout", deduplicating(), 1);
  bind_exchange("a", "b");
  bind_exchange("b", "a");
  shard_.outbox.clear();
  publish("a", "");
  run();
  const MessageRef message = shard_.outbox.take<Enqueue>().message;
  const ExchangeId a = shard_.master.find_exchange(shard_.vhost, "a")->id;
  const ExchangeId b = shard_.master.find_exchange(shard_.vhost, "b")->id;
  const StorePath path = path_of(*message);
  EXPECT_FALSE(path.is_dead_letter);
  ASSERT_EQ(path.passed.size(), 2U) << "the record of the journal has it, too";
  EXPECT_EQ(path.passed[0], a);
  EXPECT_EQ(path.passed[1], b);
  EXPECT_EQ(plain_properties(*message).size(), 2U);
}

// --- The delay

TEST_F(ForwardsTest, DelaysAreConvertedAsThePluginDoes) {
  const auto delay = [](auto write) {
    FieldTableWriter headers;
    write(headers);
    return delay_ms(headers.bytes());
  };
  const auto text = [&](std::string_view value) {
    return delay([&](FieldTableWriter& out) { out.text("x-delay", value); });
  };
  EXPECT_EQ(text("1500"), 1500U);
  EXPECT_EQ(text("+7"), 7U);
  EXPECT_EQ(text("99999999999999999999999"), limits::duration_ms_max);
  for (const char* bad :
       {"", "-5", "1.5", "1e3", " 1", "1 ", "ten", "+", "+-3", "-99999999999999999999"})
    EXPECT_EQ(text(bad), 0U) << bad;
  const auto bytes = [&](char tag, std::initializer_list<std::uint8_t> data) {
    const std::vector<std::uint8_t> held{data};
    return delay([&](FieldTableWriter& out) { out.value("x-delay", {tag, held}); });
  };
  EXPECT_EQ(bytes('d', {0x40, 0x8f, 0x44, 0, 0, 0, 0, 0}), 1000U) << "1000.5";
  EXPECT_EQ(bytes('d', {0x7f, 0xf8, 0, 0, 0, 0, 0, 0}), 0U) << "not a number";
  EXPECT_EQ(bytes('d', {0x7f, 0xf0, 0, 0, 0, 0, 0, 0}), limits::duration_ms_max) << "infinity";
  EXPECT_EQ(bytes('d', {0xff, 0xf0, 0, 0, 0, 0, 0, 0}), 0U);
  EXPECT_EQ(bytes('f', {0x3f, 0x80, 0, 0}), 1U);
  EXPECT_EQ(bytes('D', {2, 0, 0, 3, 0xe8}), 10U) << "1000 / 10^2";
  EXPECT_EQ(bytes('D', {255, 0, 0, 3, 0xe8}), 0U);
  EXPECT_EQ(bytes('t', {1}), 0U);
  EXPECT_EQ(bytes('T', {0, 0, 0, 0, 0, 0, 0, 9}), 0U);
}

TEST_F(ForwardsTest, ADelayThatWasATextIsANumberBehindIt) {
  const QueueId queue = declare("q");
  declare_exchange("dx", "x-delayed-message", delaying());
  shard_.bind("dx", "q", "");
  FieldTableWriter headers;
  headers.text("x-delay", "4");
  publish("dx", "", std::move(headers));
  EXPECT_EQ(count(queue), 0U);
  run();
  EXPECT_EQ(delay_of(queue), -4);
}

}  // namespace
}  // namespace lepus::core
