// Which policy counts, and what comes out of arguments and policies.
#include "core/topology/policy.h"

#include <gtest/gtest.h>

#include <string>

#include "core/broker/broker.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

struct Which {
  PolicyTarget target = PolicyTarget::all;
  std::int64_t priority = 0;
};

PolicySpec policy(std::string name, std::string pattern, FieldTableWriter& definition,
                  const Which& which = {}) {
  return {"/", std::move(name), std::move(pattern), which.target, which.priority, definition.take(),
          "{}"};
}

PolicySpec limit(std::string name, std::int32_t max_length, std::int64_t priority = 0) {
  FieldTableWriter definition;
  definition.int32("max-length", max_length);
  return policy(std::move(name), "", definition, {PolicyTarget::all, priority});
}

QueueArguments merged(FieldTableWriter arguments, const Policy* one, const Policy* other) {
  const std::string table = arguments.take();
  const QueueDescription queue{.durable = true};
  const QueueArguments declared = parse_queue_arguments(as_bytes(table), queue).value();
  return merge_policies(as_bytes(table), declared, one, other);
}

TEST(PolicyList, TheHighestPriorityThatMatchesCounts) {
  PolicyList list;
  FieldTableWriter definition;
  list.put(policy("exchanges", "", definition, {PolicyTarget::exchanges, 9}));
  list.put(policy("quorum", "", definition, {PolicyTarget::quorum_queues, 8}));
  list.put(policy("orders", "^orders", definition, {PolicyTarget::queues, 7}));
  list.put(limit("any", 1, 1));
  EXPECT_EQ(list.match_queue("orders.eu", QueueType::classic)->spec.name, "orders");
  EXPECT_EQ(list.match_queue("my.orders", QueueType::classic)->spec.name, "any");
  EXPECT_EQ(list.match_queue("orders.eu", QueueType::quorum)->spec.name, "quorum");
  EXPECT_EQ(list.match_exchange("orders.eu")->spec.name, "exchanges");
  list.put(limit("any", 1, 100));
  EXPECT_EQ(list.match_queue("orders.eu", QueueType::quorum)->spec.name, "any");
  list.remove("any");
  EXPECT_EQ(list.match_queue("other", QueueType::stream), nullptr);
}

TEST(PolicyList, LookAheadsOfMigratedPolicies) {
  PolicyList list;
  FieldTableWriter definition;
  definition.int32("max-length", 1);
  const PolicySpec spec = policy("ha-all", "^(?!(amq\\.)|(.*_fanout_)|(reply_)).*", definition, {});
  EXPECT_EQ(check_policy(spec, false), "");
  list.put(spec);
  EXPECT_NE(list.match_queue("conductor", QueueType::classic), nullptr);
  EXPECT_EQ(list.match_queue("amq.gen-1", QueueType::classic), nullptr);
  EXPECT_EQ(list.match_queue("cinder_fanout_1", QueueType::classic), nullptr);
  EXPECT_EQ(list.match_queue("reply_4f", QueueType::classic), nullptr);
  EXPECT_NE(list.match_queue("a.reply_", QueueType::classic), nullptr);
}

TEST(MergePolicies, TheSmallerNumberCounts) {
  PolicyList list;
  list.put(limit("ten", 10));
  list.put(limit("five", 5));
  const auto with = [&](std::int32_t declared) {
    FieldTableWriter arguments;
    arguments.int32("x-max-length", declared);
    return merged(std::move(arguments), list.find("ten"), list.find("five")).max_length;
  };
  EXPECT_EQ(with(20), 5U);
  EXPECT_EQ(with(3), 3U);
  EXPECT_EQ(merged({}, list.find("ten"), nullptr).max_length, 10U);
  EXPECT_FALSE(merged({}, nullptr, nullptr).max_length);
}

TEST(MergePolicies, OtherValuesOfArgumentsStand) {
  PolicyList list;
  FieldTableWriter definition;
  definition.text("overflow", "reject-publish");
  definition.text("dead-letter-exchange", "dlx");
  definition.text("max-age", "1h");
  list.put(policy("p", "", definition));
  FieldTableWriter arguments;
  arguments.text("x-overflow", "drop-head");
  const QueueArguments both = merged(std::move(arguments), list.find("p"), nullptr);
  EXPECT_EQ(both.overflow, Overflow::drop_head);
  EXPECT_EQ(both.dead_letter_exchange, "dlx");
  EXPECT_FALSE(both.max_age_ms) << "of streams";
  FieldTableWriter stream;
  stream.text("x-queue-type", "stream");
  stream.text("x-max-age", "2h");
  EXPECT_EQ(merged(std::move(stream), list.find("p"), nullptr).max_age_ms, 3'600'000U);
}

TEST(MergePolicies, ADeadLetterKeyAloneHasNoEffect) {
  PolicyList list;
  FieldTableWriter definition;
  definition.text("dead-letter-routing-key", "k");
  list.put(policy("p", "", definition));
  EXPECT_EQ(check_policy(list.find("p")->spec, false), "");
  EXPECT_FALSE(merged({}, list.find("p"), nullptr).dead_letter_routing_key);
  FieldTableWriter arguments;
  arguments.text("x-dead-letter-exchange", "");
  EXPECT_EQ(merged(std::move(arguments), list.find("p"), nullptr).dead_letter_routing_key, "k");
}

TEST(CheckPolicy, ADeadLetterKeyIsNoLongerThanARoutingKey) {
  FieldTableWriter definition;
  definition.text("dead-letter-routing-key", std::string(256, 'k'));
  const std::string why = check_policy(policy("p", "", definition), false);
  EXPECT_NE(why.find("a routing key has at most 255 bytes, this one has 256"), std::string::npos)
      << why;
}

// --- Every key

struct KeyCase {
  const char* key;  ///< Of a policy; the argument has "x-" in front.
  const char* text;
  std::int32_t number;  ///< When `text` is null.
  bool is_operators;
  bool classic, quorum, stream;  ///< Types that have it.
};
constexpr KeyCase key_cases[] = {
    {"message-ttl", nullptr, 5'000, true, true, true, false},
    {"expires", nullptr, 5'000, true, true, true, false},
    {"max-length", nullptr, 5, true, true, true, false},
    {"max-length-bytes", nullptr, 5, true, true, true, true},
    {"max-in-memory-length", nullptr, 5, true, true, true, false},
    {"max-in-memory-bytes", nullptr, 5, true, true, true, false},
    {"delivery-limit", nullptr, 5, true, true, true, false},
    {"consumer-timeout", nullptr, 5'000, true, true, true, false},
    {"delayed-retry-min", nullptr, 5, false, true, true, false},
    {"delayed-retry-max", nullptr, 5, false, true, true, false},
    {"delayed-retry-type", "all", 0, false, true, true, false},
    {"dead-letter-exchange", "dlx", 0, false, true, true, false},
    {"dead-letter-strategy", "at-least-once", 0, false, true, true, false},
    {"overflow", "reject-publish", 0, false, true, true, false},
    {"queue-mode", "lazy", 0, false, true, false, false},
    {"queue-version", nullptr, 2, false, true, false, false},
    {"max-age", "1h", 0, true, false, false, true},
    {"message-deduplication", "", 1, false, true, true, false},
    {"cache-size", nullptr, 5, false, true, true, true},
    {"cache-ttl", nullptr, 5'000, false, true, true, true},
    {"deduplication-header", "id", 0, false, true, true, true},
    {"stream-max-segment-size-bytes", nullptr, 5'000, false, false, false, true},
    {"stream-filter-size-bytes", nullptr, 50, false, false, false, true},
};

void write(FieldTableWriter& out, const KeyCase& one, std::string_view prefix) {
  const std::string name = std::string{prefix} + one.key;
  if (std::string_view{one.key} == "message-deduplication") {
    out.boolean(name, true);
  } else if (one.text != nullptr) {
    out.text(name, one.text);
  } else {
    out.int32(name, one.number);
  }
}

TEST(MergePolicies, APolicyAloneIsTheSameAsTheArgument) {
  const QueueDescription queue{.durable = true};
  for (const KeyCase& one : key_cases) {
    const std::pair<QueueType, bool> types[] = {{QueueType::classic, one.classic},
                                                {QueueType::quorum, one.quorum},
                                                {QueueType::stream, one.stream}};
    for (const auto& [type, has_it] : types) {
      const std::string what = std::string{one.key} + " " + std::string{queue_type_name(type)};
      const auto arguments = [type = type] {
        FieldTableWriter made;
        made.text("x-queue-type", queue_type_name(type));
        return made;
      };
      FieldTableWriter with = arguments();
      write(with, one, "x-");
      const std::string table = with.take();
      const Result<QueueArguments> as_argument = parse_queue_arguments(as_bytes(table), queue);
      ASSERT_EQ(as_argument.ok(), has_it) << what;
      PolicyList list;
      FieldTableWriter definition;
      write(definition, one, "");
      list.put(policy("p", "", definition));
      const Policy* only = list.find("p");
      EXPECT_EQ(check_policy(only->spec, false), "") << what;
      EXPECT_EQ(check_policy(only->spec, true).empty(), one.is_operators) << what;
      const QueueArguments plain = merged(arguments(), nullptr, nullptr);
      const QueueArguments expected = has_it ? as_argument.value() : plain;
      EXPECT_EQ(merged(arguments(), only, nullptr), expected) << what;
      EXPECT_EQ(merged(arguments(), nullptr, only), expected) << what << " of the operator";
    }
  }
}

// --- Queues that are there

class LivePolicyTest : public ::testing::Test {
 protected:
  void put(PolicySpec spec) { apply(PolicyPut{shard_.vhost, false, std::move(spec)}); }
  void remove(std::string name) { apply(PolicyRemoved{shard_.vhost, false, "/", std::move(name)}); }
  void apply(const TopologyChange& change) {
    shard_.master.apply(change);
    auto changes = std::make_unique<TopologyChanges>();
    changes->list.push_back(change);
    shard_.broker.apply(TopologyApply{++shard_.version, std::move(changes)});
    shard_.pump();
  }
  void ttl(std::int32_t ms) {
    FieldTableWriter definition;
    definition.int32("message-ttl", ms);
    put(policy("ttl", "", definition));
  }
  void advance_ms(std::int64_t ms) { shard_.broker.advance(ms * nanos_per_ms); }
  std::uint32_t count() { return shard_.inspect(queue_).message_count; }

  FakeShard shard_;
  QueueId queue_ = shard_.declare("q");
};

TEST_F(LivePolicyTest, LimitsComeAndGo) {
  shard_.publish_each("q", "abcde");
  put(limit("p", 2));
  EXPECT_EQ(count(), 2U);
  shard_.publish_each("q", "f");
  EXPECT_EQ(count(), 2U);
  remove("p");
  shard_.publish_each("q", "ghi");
  EXPECT_EQ(count(), 5U);
}

TEST_F(LivePolicyTest, BytesAreLimitedOnEveryTypeOfQueue) {
  for (const char* type : {"classic", "quorum", "stream"}) {
    FieldTableWriter arguments;
    arguments.text("x-queue-type", type);
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, type);
    made.durable = true;
    made.arguments = arguments.take();
    shard_.change(made);
  }
  FieldTableWriter definition;
  definition.int32("max-length-bytes", 10);
  put(policy("p", "", definition));
  for (const char* type : {"classic", "quorum", "stream"}) {
    for (int i = 0; i < 5; ++i) shard_.publish("", type, "12345");
    shard_.pump();
    queue_ = shard_.master.find_queue(shard_.vhost, type)->id;
    EXPECT_EQ(count(), 2U) << type;
  }
}

TEST_F(LivePolicyTest, APolicyForOthersLeavesAQueueAsItIs) {
  FieldTableWriter definition;
  definition.int32("expires", 1'000);
  put(policy("p", "^q$", definition));
  advance_ms(900);
  put(limit("other", 3, -1));
  FieldTableWriter more;
  more.int32("max-length", 3);
  put(policy("others", "^none$", more, {PolicyTarget::queues, 9}));
  shard_.outbox.clear();
  advance_ms(1'001);
  EXPECT_EQ(shard_.outbox.all<TopologyAsk>().size(), 1U) << "it was not used";
}

TEST_F(LivePolicyTest, ATimeToLiveHoldsForWhatIsThere) {
  advance_ms(1000);
  shard_.publish_each("q", "a");
  advance_ms(1500);
  ttl(400);
  shard_.publish_each("q", "b");
  advance_ms(1899);
  EXPECT_EQ(count(), 2U);
  advance_ms(1900);
  EXPECT_EQ(count(), 0U) << "a counts from the policy on";
  shard_.publish_each("q", "c");
  advance_ms(2000);
  ttl(5000);
  advance_ms(6899);
  EXPECT_EQ(count(), 1U) << "c has another time now, from its arrival on";
  advance_ms(6900);
  EXPECT_EQ(count(), 0U);
  shard_.publish_each("q", "d");
  remove("ttl");
  advance_ms(100'000);
  EXPECT_EQ(count(), 1U);
}

TEST_F(LivePolicyTest, QueuesThatComeLaterFollowToo) {
  put(limit("p", 1));
  const QueueId later = shard_.declare("later");
  shard_.publish_each("later", "abc");
  EXPECT_EQ(shard_.inspect(later).message_count, 1U);
  EXPECT_EQ(shard_.master.find_queue(later)->parsed->max_length, std::nullopt);
}

TEST_F(LivePolicyTest, ExchangesGetAnAlternate) {
  shard_.bind("amq.fanout", "q", "");
  FieldTableWriter definition;
  definition.text("alternate-exchange", "amq.fanout");
  put(policy("ae", "^amq.direct$", definition, {PolicyTarget::exchanges}));
  shard_.publish("amq.direct", "nowhere", "a");
  EXPECT_EQ(count(), 1U);
  remove("ae");
  shard_.publish("amq.direct", "nowhere", "a");
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace lepus::core
