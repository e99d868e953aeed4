// What the operator is told of the messages of classic and quorum queues: counts, bytes and
// ages. In a broker, whose message log is durable at once.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;
using enum MessageEvent;

class QueueCountsTest : public ::testing::TestWithParam<const char*> {
 protected:
  QueueCountsTest() { shard_.durable = is_quorum(); }
  bool is_quorum() const { return std::string_view{GetParam()} == "quorum"; }

  QueueId declare(std::string_view name, FieldTableWriter arguments = {}) {
    arguments.text("x-queue-type", GetParam());
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, name);
    made.durable = shard_.durable;
    made.arguments = arguments.take();
    shard_.change(made);
    return shard_.master.find_queue(shard_.vhost, name)->id;
  }
  ConsumerHandle consume(QueueId queue, std::uint32_t prefetch = 0, bool no_ack = false) {
    ConsumerSpec spec{};
    spec.queue = queue;
    spec.prefetch = prefetch;
    spec.no_ack = no_ack;
    const ConsumerHandle handle = shard_.subscribe(channel_, spec);
    shard_.pump();
    return handle;
  }
  void publish(std::string_view bodies) {
    shard_.publish_each("q", bodies);
    shard_.pump();
  }
  void settle(std::size_t delivery, ConsumerHandle consumer, Outcome outcome) {
    shard_.settle(channel_.deliveries.at(delivery), consumer, outcome);
    shard_.pump();
  }
  QueueStats describe(QueueId id) {
    std::vector<QueueStats> rows;
    shard_.broker.description().describe({&id, 1}, rows);
    CHECK(rows.size() == 1);
    check_sums(rows[0]);
    return rows[0];
  }
  static void check_sums(const QueueStats& row) {
    const RemovalCounts& removed = row.removed;
    EXPECT_EQ(row.counts[MessageEvent::publish],
              row.messages_ready + row.messages_unacknowledged + row.counts[ack] +
                  row.counts[deliver_no_ack] + row.counts[get_no_ack] + removed.expired +
                  removed.maxlen + removed.rejected + removed.delivery_limit + row.messages_purged +
                  row.messages_lost);
  }
  ShardCounts shard_counts() {
    ShardCounts counts;
    shard_.broker.description().describe(counts);
    return counts;
  }
  void pass(Nanos time) {
    now_ += time;
    shard_.broker.advance(now_);
    shard_.pump();
  }
  void get(QueueId queue, bool no_ack) { shard_.broker.apply(Get{queue, channel_.ref(), no_ack}); }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
  Nanos now_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Kinds, QueueCountsTest, ::testing::Values("classic", "quorum"));

TEST_P(QueueCountsTest, AQueueThatNothingHappenedTo) {
  const QueueId q = declare("q");
  pass(5 * nanos_per_s);
  const QueueStats row = describe(q);
  EXPECT_EQ(row.counts, MessageCounts{});
  EXPECT_TRUE(row.is_idle);
  EXPECT_EQ(row.idle_since_ms, 0U) << "since it was declared, at 0";
  EXPECT_EQ(row.oldest_ready_age_ms, 0U);
  EXPECT_EQ(row.consumer_capacity_permille, 0U);
}

TEST_P(QueueCountsTest, DeliveriesWithAcknowledgements) {
  const QueueId q = declare("q");
  const ConsumerHandle consumer = consume(q, 2);
  publish("abc");
  QueueStats row = describe(q);
  EXPECT_EQ(row.counts[MessageEvent::publish], 3U);
  EXPECT_EQ(row.counts[deliver], 2U);
  EXPECT_EQ(row.counts[deliver_no_ack], 0U);
  EXPECT_EQ(row.messages_ready, 1U);
  EXPECT_EQ(row.messages_unacknowledged, 2U);
  EXPECT_EQ(row.message_bytes_ready, 1U);
  EXPECT_EQ(row.message_bytes_unacknowledged, 2U);
  EXPECT_EQ(row.message_bytes_ram, 3U);
  settle(0, consumer, Outcome::acknowledged);
  settle(1, consumer, Outcome::requeued);
  row = describe(q);
  EXPECT_EQ(row.counts[ack], 1U);
  EXPECT_EQ(row.counts[deliver], 4U) << "b again, and c";
  EXPECT_EQ(row.counts[redeliver], 1U);
  EXPECT_EQ(row.counts.deliver_get(), 4U);
  EXPECT_EQ(row.message_bytes_unacknowledged, 2U);
  settle(2, consumer, Outcome::rejected);
  EXPECT_EQ(describe(q).removed.rejected, 1U);
  EXPECT_EQ(describe(q).counts[ack], 1U) << "a rejection is none";
}

TEST_P(QueueCountsTest, DeliveriesWithout) {
  const QueueId q = declare("q");
  consume(q, 0, true);
  publish("ab");
  const QueueStats row = describe(q);
  EXPECT_EQ(row.counts[deliver_no_ack], 2U);
  EXPECT_EQ(row.counts[deliver], 0U);
  EXPECT_EQ(row.message_bytes_ram, 0U);
}

TEST_P(QueueCountsTest, Gets) {
  const QueueId q = declare("q");
  get(q, false);
  publish("ab");
  get(q, false);
  get(q, true);
  QueueStats row = describe(q);
  EXPECT_EQ(row.counts[get_empty], 1U);
  EXPECT_EQ(row.counts[MessageEvent::get], 1U);
  EXPECT_EQ(row.counts[get_no_ack], 1U);
  EXPECT_EQ(row.counts[redeliver], 0U);
  shard_.broker.apply(Settle{q, 0, 0, {}, Outcome::returned});
  get(q, false);
  row = describe(q);
  EXPECT_EQ(row.counts[MessageEvent::get], 2U);
  EXPECT_EQ(row.counts[redeliver], 1U);
}

TEST_P(QueueCountsTest, ARecoverDeliversAgain) {
  const QueueId q = declare("q");
  const ConsumerHandle consumer = consume(q);
  publish("a");
  shard_.broker.apply(Redeliver{q, 0, 0, consumer, channel_.ref(), false});
  shard_.pump();
  const QueueStats row = describe(q);
  EXPECT_EQ(row.counts[deliver], 2U);
  EXPECT_EQ(row.counts[redeliver], 1U);
  EXPECT_EQ(row.messages_unacknowledged, 1U);
}

TEST_P(QueueCountsTest, PurgedAndDropped) {
  FieldTableWriter arguments;
  arguments.int64("x-max-length", 2);
  const QueueId q = declare("q", std::move(arguments));
  publish("abcd");
  EXPECT_EQ(describe(q).removed.maxlen, 2U);
  EXPECT_EQ(describe(q).dead_lettered, RemovalCounts{});
  EXPECT_EQ(shard_counts().dead_letters_dropped.maxlen, 2U);
  shard_.broker.apply(Purge{q, channel_.ref()});
  EXPECT_EQ(describe(q).messages_purged, 2U);
  EXPECT_EQ(describe(q).messages_ready, 0U);
}

TEST_P(QueueCountsTest, ExpiredOnesBecomeDeadLetters) {
  declare("dead");
  FieldTableWriter arguments;
  arguments.int64("x-message-ttl", 1'000);
  arguments.text("x-dead-letter-exchange", "");
  arguments.text("x-dead-letter-routing-key", "dead");
  const QueueId q = declare("q", std::move(arguments));
  publish("ab");
  pass(2 * nanos_per_s);
  const QueueStats row = describe(q);
  EXPECT_EQ(row.removed.expired, 2U);
  EXPECT_EQ(row.dead_lettered.expired, 2U);
  EXPECT_EQ(row.messages_ready, 0U);
  EXPECT_EQ(shard_counts().dead_lettered.expired, 2U);
  EXPECT_EQ(shard_counts().dead_letters_dropped, RemovalCounts{});
  const QueueId dead = shard_.master.find_queue(shard_.vhost, "dead")->id;
  EXPECT_EQ(describe(dead).counts[MessageEvent::publish], 2U);
}

TEST_P(QueueCountsTest, TooManyDeliveries) {
  if (!is_quorum()) return;
  FieldTableWriter arguments;
  arguments.int64("x-delivery-limit", 1);
  const QueueId q = declare("q", std::move(arguments));
  const ConsumerHandle consumer = consume(q);
  publish("a");
  settle(0, consumer, Outcome::requeued);
  settle(1, consumer, Outcome::requeued);
  EXPECT_EQ(describe(q).removed.delivery_limit, 1U);
}

TEST_P(QueueCountsTest, PersistentOnesAreThoseWithARecord) {
  shard_.durable = true;
  const QueueId q = declare("q");
  publish("abc");
  QueueStats row = describe(q);
  EXPECT_EQ(row.messages_persistent, 3U);
  EXPECT_EQ(row.message_bytes_persistent, 3U);
  EXPECT_EQ(row.disk_writes, 3U);
  EXPECT_EQ(row.disk_reads, 0U);
  get(q, true);
  get(q, false);
  row = describe(q);
  EXPECT_EQ(row.messages_persistent, 2U) << "one of them is unacknowledged";
  shard_.broker.apply(Settle{q, 1, 1, {}, Outcome::acknowledged});
  shard_.broker.apply(Purge{q, channel_.ref()});
  EXPECT_EQ(describe(q).messages_persistent, 0U);
  EXPECT_EQ(describe(q).message_bytes_persistent, 0U);
  shard_.durable = false;
  publish("d");
  EXPECT_EQ(describe(q).messages_persistent, is_quorum() ? 1U : 0U);
}

TEST_P(QueueCountsTest, AgesAreKnownToASample) {
  const QueueId q = declare("q");
  pass(nanos_per_s);
  publish("ab");
  EXPECT_EQ(describe(q).oldest_ready_age_ms, 1U) << "it came a moment ago, or before";
  pass(5 * nanos_per_s);
  publish("c");
  EXPECT_EQ(describe(q).oldest_ready_age_ms, 5'000U);
  EXPECT_EQ(describe(q).oldest_unacked_age_ms, 0U);
  get(q, false);
  get(q, false);
  pass(5 * nanos_per_s);
  QueueStats row = describe(q);
  EXPECT_EQ(row.oldest_ready_age_ms, 5'000U) << "c";
  EXPECT_EQ(row.oldest_unacked_age_ms, 1U);
  pass(7 * nanos_per_s);
  row = describe(q);
  EXPECT_EQ(row.oldest_ready_age_ms, 12'000U);
  EXPECT_EQ(row.oldest_unacked_age_ms, 7'000U);
  shard_.broker.apply(Settle{q, 0, 0, {}, Outcome::returned});
  row = describe(q);
  EXPECT_EQ(row.oldest_ready_age_ms, 17'000U) << "a is as old as it was";
  EXPECT_EQ(row.oldest_unacked_age_ms, 7'000U) << "b";
}

TEST_P(QueueCountsTest, WhatWasOutBeforeIsUnacknowledgedSinceItWasSeenAgain) {
  const QueueId q = declare("q");
  publish("a");
  get(q, false);
  shard_.broker.apply(Settle{q, 0, 0, {}, Outcome::returned});
  pass(10 * nanos_per_s);
  get(q, false);
  EXPECT_EQ(describe(q).oldest_unacked_age_ms, 1U);
  pass(3 * nanos_per_s);
  EXPECT_EQ(describe(q).oldest_unacked_age_ms, 3'000U);
  shard_.broker.apply(Settle{q, 0, 0, {}, Outcome::acknowledged});
  EXPECT_EQ(describe(q).oldest_unacked_age_ms, 0U);
}

TEST_P(QueueCountsTest, TheOldestUnacknowledgedIsFoundInPieces) {
  const QueueId q = declare("q");
  const std::size_t count = 2 * limits::unacked_scan_max + 10;
  for (std::size_t i = 0; i < count; ++i) shard_.publish("", "q", "x");
  for (std::size_t i = 0; i < count; ++i) get(q, false);
  (void)describe(q);
  pass(4 * nanos_per_s);
  // All but the last come back: they are ready, and lie before it.
  shard_.broker.apply(Settle{q, 0, count - 2, {}, Outcome::returned});
  for (int i = 0; i < 3; ++i) (void)describe(q);
  EXPECT_EQ(describe(q).oldest_unacked_age_ms, 4'000U);
}

TEST_P(QueueCountsTest, IdleSinceTheLastSampleThatSawSomething) {
  const QueueId q = declare("q");
  pass(3 * nanos_per_s);
  publish("a");
  EXPECT_FALSE(describe(q).is_idle);
  pass(2 * nanos_per_s);
  QueueStats row = describe(q);
  EXPECT_TRUE(row.is_idle);
  EXPECT_EQ(row.idle_since_ms, 3'000U);
  get(q, false);
  EXPECT_FALSE(describe(q).is_idle);
  pass(2 * nanos_per_s);
  shard_.broker.apply(Settle{q, 0, 0, {}, Outcome::returned});
  EXPECT_FALSE(describe(q).is_idle) << "it came back";
}

TEST_P(QueueCountsTest, CapacityFallsWhileNobodyHasRoom) {
  const QueueId q = declare("q");
  const ConsumerHandle consumer = consume(q, 1);
  pass(nanos_per_s);
  publish("a");
  EXPECT_EQ(describe(q).consumer_capacity_permille, 1'000U) << "nothing waits";
  publish("b");
  pass(10 * nanos_per_s);
  EXPECT_LT(describe(q).consumer_capacity_permille, 10U);
  settle(0, consumer, Outcome::acknowledged);
  pass(10 * nanos_per_s);
  EXPECT_GT(describe(q).consumer_capacity_permille, 990U);
}

TEST_P(QueueCountsTest, WhoIsAloneIsNamed) {
  FieldTableWriter arguments;
  arguments.boolean("x-single-active-consumer", true);
  const QueueId q = declare("q", std::move(arguments));
  EXPECT_EQ(describe(q).single_active_tag, "");
  const auto subscribe = [&](QueueId queue, const char* tag, bool exclusive) {
    ConsumerSpec spec{};
    spec.queue = queue;
    spec.channel = channel_.ref();
    spec.exclusive = exclusive;
    shard_.broker.apply(Subscribe{
        spec, nullptr, std::make_unique<ConsumerName>(ConsumerName{tag, ConnectionId{7}, 3})});
    return channel_.replies.back().consumer;
  };
  const ConsumerHandle first = subscribe(q, "first", false);
  subscribe(q, "second", false);
  QueueStats row = describe(q);
  EXPECT_EQ(row.single_active_tag, "first");
  EXPECT_EQ(row.single_active_connection, ConnectionId{7});
  EXPECT_EQ(row.single_active_channel, 3U);
  EXPECT_FALSE(row.exclusive_consumer_connection);
  shard_.broker.apply(Unsubscribe{q, {}, first});
  EXPECT_EQ(describe(q).single_active_tag, "second");
  const QueueId e = declare("e");
  subscribe(e, "alone", true);
  row = describe(e);
  EXPECT_EQ(row.exclusive_consumer_tag, "alone");
  EXPECT_EQ(row.exclusive_consumer_connection, ConnectionId{7});
  EXPECT_EQ(row.single_active_tag, "");
}

}  // namespace
}  // namespace lepus::core
