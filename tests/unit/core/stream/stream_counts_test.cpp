// What the operator is told of a stream.
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/core/stream/stream_world.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using enum MessageEvent;

class StreamCountsTest : public test::StreamWorld {
 protected:
  QueueStats describe() {
    std::vector<QueueStats> rows;
    shard_.broker.description().describe({&queue_, 1}, rows);
    CHECK(rows.size() == 1);
    return rows[0];
  }

  FakeChannel channel_{shard_.broker};
};

TEST_F(StreamCountsTest, EachReaderCounts) {
  queue_ = declare();
  publish("abc");
  StreamSpec spec;
  spec.start.kind = StreamStart::Kind::first;
  const ConsumerHandle one = subscribe(channel_, spec, 10);
  subscribe(channel_, spec, 2);
  settle_down();
  QueueStats row = describe();
  EXPECT_EQ(row.counts[MessageEvent::publish], 3U);
  EXPECT_EQ(row.counts[deliver], 5U);
  EXPECT_EQ(row.counts[ack], 0U);
  EXPECT_EQ(row.consumers, 2U);
  EXPECT_EQ(row.messages_ready, 3U);
  EXPECT_EQ(row.messages_persistent, 3U);
  EXPECT_EQ(row.disk_writes, 3U);
  EXPECT_EQ(row.consumer_capacity_permille, 0U);
  shard_.broker.apply(Settle{queue_, 0, 1, one, Outcome::acknowledged});
  shard_.broker.apply(Settle{queue_, 2, 2, one, Outcome::rejected});
  row = describe();
  EXPECT_EQ(row.counts[ack], 2U);
  EXPECT_EQ(row.messages_ready, 3U);
}

TEST_F(StreamCountsTest, WhatLimitsDrop) {
  FieldTableWriter arguments;
  arguments.int64("x-max-length-bytes", 3);
  queue_ = declare(std::move(arguments));
  publish("abcde");
  const QueueStats row = describe();
  EXPECT_EQ(row.removed.maxlen, 2U);
  EXPECT_EQ(row.removed.expired, 0U);
  EXPECT_EQ(row.messages_persistent, 3U);
  EXPECT_EQ(row.message_bytes_ready, 3U);
}

TEST_F(StreamCountsTest, WhatIsTooOldHasExpired) {
  FieldTableWriter arguments;
  arguments.text("x-max-age", "10s");
  queue_ = declare(std::move(arguments));
  shard_.broker.set_wall_clock_offset(1'000 * nanos_per_s);
  shard_.broker.advance(nanos_per_s);
  publish("ab");
  shard_.broker.advance(5 * nanos_per_s);
  EXPECT_GE(describe().oldest_ready_age_ms, 3'000U);
  EXPECT_LE(describe().oldest_ready_age_ms, 4'000U) << "the second it came in is known";
  shard_.broker.advance(60 * nanos_per_s);
  EXPECT_EQ(describe().removed.expired, 2U);
  EXPECT_EQ(describe().oldest_ready_age_ms, 0U);
}

}  // namespace
}  // namespace lepus::core
