// The queue-args part of the golden table, the refusal of what is not built, and what the fields
// become.
#include "core/topology/queue_arguments.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/limits.h"
#include "core/message/field_table.h"
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

std::string complaint(const std::string& table, QueueDescription queue) {
  queue.name = "q";
  queue.vhost = "/";
  const Result<QueueArguments> parsed = parse_queue_arguments(as_bytes(table), queue);
  return parsed.ok() ? "ok" : parsed.error().text();
}
std::string complaint(const std::string& table) {
  return complaint(table, QueueDescription{.durable = true, .shard_count = 4});
}

struct Bad {
  std::string table;
  std::string key;
  std::string reason;
};

TEST(QueueArguments, GoldenComplaints) {
  const std::string no_integer = "\"expected integer, got longstr\"";
  const std::vector<Bad> cases{
      {text_entry("x-message-ttl", "1"), "x-message-ttl", no_integer},
      {int_entry("x-message-ttl", -1), "x-message-ttl", "{value_negative,-1}"},
      {int_entry("x-expires", 0), "x-expires", "{value_zero,0}"},
      {int_entry("x-consumer-timeout", 0), "x-consumer-timeout", "{value_zero,0}"},
      {text_entry("x-expires", "1"), "x-expires", no_integer},
      {int_entry("x-max-length", -1), "x-max-length", "{value_negative,-1}"},
      {text_entry("x-max-length", "1"), "x-max-length", no_integer},
      {int_entry("x-max-priority", 256), "x-max-priority", "{max_value_exceeded,256}"},
      {int_entry("x-max-priority", -1), "x-max-priority", "{value_negative,-1}"},
      {text_entry("x-max-priority", "1"), "x-max-priority", no_integer},
      {text_entry("x-overflow", "nope"), "x-overflow", "invalid_overflow"},
      {int_entry("x-overflow", 1), "x-overflow", "{unacceptable_type,signedint}"},
      {text_entry("x-dead-letter-routing-key", "k"), "x-dead-letter-routing-key",
       "routing_key_but_no_dlx_defined"},
      {int_entry("x-dead-letter-routing-key", 1), "x-dead-letter-routing-key",
       "{unacceptable_type,signedint}"},
      {text_entry("x-queue-type", "nope"), "x-queue-type", "\"unsupported queue type 'nope'\""},
      {text_entry("x-queue-mode", "nope"), "x-queue-mode", "\"unsupported queue mode 'nope'\""},
      {text_entry("x-single-active-consumer", "1"), "x-single-active-consumer",
       "{unacceptable_type,longstr}"},
      {int_entry("x-max-length-bytes", -5), "x-max-length-bytes", "{value_negative,-5}"},
      {int_entry("x-queue-version", 3), "x-queue-version", "\"unsupported queue version '3'\""},
  };
  for (const Bad& bad : cases) {
    EXPECT_EQ(complaint(bad.table), "PRECONDITION_FAILED - invalid arg '" + bad.key +
                                        "' for queue 'q' in vhost '/': " + bad.reason);
  }
  const std::string with_exchange = text_entry("x-dead-letter-exchange", "");
  const std::string key(256, 'k');
  EXPECT_EQ(complaint(with_exchange + text_entry("x-dead-letter-routing-key", key)),
            "PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'q' in vhost "
            "'/': \"a routing key has at most 255 bytes, this one has 256\"");
  EXPECT_EQ(complaint(with_exchange + text_entry("x-dead-letter-routing-key", key.substr(1))),
            "ok");
  EXPECT_EQ(complaint(int_entry("x-dead-letter-exchange", 1)),
            "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in "
            "queue 'q' in vhost '/'");
}

TEST(QueueArguments, QuorumQueuesAreDurableAndNobodysOwn) {
  const std::string quorum = text_entry("x-queue-type", "quorum");
  EXPECT_EQ(complaint(quorum, QueueDescription{}),
            "PRECONDITION_FAILED - invalid property 'non-durable' for queue 'q' in vhost '/'");
  EXPECT_EQ(complaint(quorum, QueueDescription{.durable = false, .exclusive = true}),
            "PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'q' in vhost '/'");
  EXPECT_EQ(complaint(quorum + text_entry("x-queue-mode", "lazy")),
            "PRECONDITION_FAILED - invalid arg 'x-queue-mode' for queue 'q' in vhost '/' of queue "
            "type rabbit_quorum_queue");
  EXPECT_EQ(complaint(quorum + int_entry("x-max-priority", 5)), "ok") << "harms nobody";
  EXPECT_EQ(
      complaint(quorum, QueueDescription{.durable = true, .server_named = true}),
      "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue");
  EXPECT_EQ(
      complaint(text_entry("x-queue-type", "stream"),
                QueueDescription{.durable = true, .server_named = true}),
      "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_stream_queue");
}

TEST(QueueArguments, RetriesAndLimitsOfReturns) {
  FieldTableWriter table;
  table.int32("x-delivery-limit", 3);
  table.int32("x-delayed-retry-min", 100);
  EXPECT_EQ(parse_queue_arguments(table.bytes(), {}).value().delayed_retry, DelayedRetry::failed);
  table.int32("x-delayed-retry-max", 250);
  table.text("x-delayed-retry-type", "all");
  table.int32("x-consumer-timeout", 1000);
  const QueueArguments arguments = parse_queue_arguments(table.bytes(), {}).value();
  EXPECT_EQ(arguments.delivery_limit, 3U);
  EXPECT_EQ(arguments.delayed_retry, DelayedRetry::all);
  EXPECT_EQ(arguments.delayed_retry_min_ms, 100U);
  EXPECT_EQ(arguments.delayed_retry_max_ms, 250U);
  EXPECT_EQ(arguments.consumer_timeout_ms, 1000U);
  EXPECT_EQ(complaint(text_entry("x-delayed-retry-type", "often")),
            "PRECONDITION_FAILED - invalid arg 'x-delayed-retry-type' for queue 'q' in vhost '/': "
            "invalid_delayed_retry_type");
  FieldTableWriter none;
  none.int32("x-delivery-limit", -1);
  EXPECT_FALSE(parse_queue_arguments(none.bytes(), {}).value().delivery_limit);
}

TEST(QueueArguments, StreamsHaveTheirOwn) {
  const QueueDescription durable{.name = "q", .vhost = "/", .durable = true};
  const auto complaint_of = [](const FieldTableWriter& table, const QueueDescription& queue) {
    const Result<QueueArguments> parsed = parse_queue_arguments(table.bytes(), queue);
    return parsed.ok() ? "ok" : parsed.error().text();
  };
  FieldTableWriter table;
  table.text("x-queue-type", "stream");
  EXPECT_EQ(complaint_of(table, {.name = "q", .vhost = "/"}),
            "PRECONDITION_FAILED - invalid property 'non-durable' for queue 'q' in vhost '/'");
  table.text("x-max-age", "7D");
  table.int32("x-stream-max-segment-size-bytes", 1 << 20);
  table.int32("x-stream-filter-size-bytes", 16);
  table.int32("x-initial-cluster-size", 3);
  const Result<QueueArguments> parsed = parse_queue_arguments(table.bytes(), durable);
  ASSERT_TRUE(parsed.ok()) << parsed.error().text();
  EXPECT_EQ(parsed.value().max_age_ms, 7ULL * 24 * 3600 * 1000);
  FieldTableWriter old;
  old.text("x-queue-type", "stream");
  old.text("x-max-age", "900Y");
  EXPECT_EQ(parse_queue_arguments(old.bytes(), durable).value().max_age_ms,
            limits::duration_ms_max);
  table.int32("x-expires", 1000);
  EXPECT_EQ(complaint_of(table, durable),
            "PRECONDITION_FAILED - invalid arg 'x-expires' for queue 'q' in vhost '/' of queue "
            "type rabbit_stream_queue");
  EXPECT_EQ(complaint(text_entry("x-max-age", "1h")),
            "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'q' in vhost '/' of queue "
            "type rabbit_classic_queue");
  EXPECT_EQ(complaint(text_entry("x-max-age", "1 hour")),
            "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'q' in vhost '/': "
            "invalid_max_age");
}

TEST(QueueArguments, ValuesArrive) {
  FieldTableWriter table;
  table.int64("x-message-ttl", INT64_MAX);
  table.int32("x-expires", 60000);
  table.int32("x-max-length", 10);
  table.int64("x-max-length-bytes", 1LL << 40);
  table.text("x-overflow", "reject-publish");
  table.text("x-dead-letter-exchange", "");
  table.text("x-dead-letter-routing-key", "dead");
  table.text("x-queue-mode", "lazy");
  const std::array<std::uint8_t, 2> two{0, 2};
  table.value("x-queue-version", FieldValue{'s', two});
  table.int32("x-lepus-shard", 3);
  table.text("x-someone-elses", "kept");
  const QueueDescription queue{.name = "q", .vhost = "/", .shard_count = 4};
  const Result<QueueArguments> parsed = parse_queue_arguments(table.bytes(), queue);
  ASSERT_TRUE(parsed.ok()) << parsed.error().text();
  const QueueArguments& arguments = parsed.value();
  EXPECT_GT(*arguments.message_ttl_ms, 365ULL * 86'400'000);
  EXPECT_LT(*arguments.message_ttl_ms, static_cast<std::uint64_t>(INT64_MAX) / 1'000'000);
  EXPECT_EQ(arguments.expires_ms, 60000u);
  EXPECT_EQ(arguments.max_length, 10u);
  EXPECT_EQ(arguments.max_length_bytes, 1ULL << 40);
  EXPECT_EQ(arguments.overflow, Overflow::reject_publish);
  EXPECT_EQ(arguments.dead_letter_exchange, "");
  EXPECT_EQ(arguments.dead_letter_routing_key, "dead");
  EXPECT_EQ(arguments.queue_mode, QueueMode::lazy);
  EXPECT_EQ(arguments.queue_version, 2);
  EXPECT_EQ(arguments.shard, ShardId{3});
}

TEST(QueueArguments, DefaultsOfAnEmptyTable) {
  const Result<QueueArguments> parsed = parse_queue_arguments({}, QueueDescription{});
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed.value().message_ttl_ms);
  EXPECT_FALSE(parsed.value().dead_letter_exchange);
  EXPECT_EQ(parsed.value().overflow, Overflow::drop_head);
  EXPECT_EQ(parsed.value().queue_type, QueueType::classic);
}

}  // namespace
}  // namespace lepus::core::test
