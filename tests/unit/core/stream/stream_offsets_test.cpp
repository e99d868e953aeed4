// Where named consumers of a stream go on.
#include "core/stream/stream_offsets.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/stream/stream_progress.h"
#include "tests/unit/core/stream/stream_world.h"

namespace lepus::core::test {
namespace {

constexpr Sequence line = Sequence{1} << 56;

TEST(StreamProgressTest, WhatIsNotSettledHoldsIt) {
  StreamProgress progress;
  for (const Sequence offset : {3U, 4U, 6U, 7U}) progress.delivered(offset);
  EXPECT_EQ(progress.done_below(8), 3U);
  EXPECT_FALSE(progress.take_changed());
  progress.settled(4, 6);
  EXPECT_EQ(progress.done_below(8), 3U);
  progress.settled(3, 3);
  EXPECT_EQ(progress.done_below(8), 7U);
  EXPECT_TRUE(progress.take_changed());
  EXPECT_FALSE(progress.take_changed());
  progress.settled(7, 7);
  EXPECT_EQ(progress.done_below(9), 9U) << "what lies between it does not want";
}

TEST(StreamProgressTest, WhatWasGivenBackStaysUndone) {
  StreamProgress progress;
  for (Sequence offset = 0; offset < 4; ++offset) progress.delivered(offset);
  progress.returned(2);
  progress.settled(3, 3);
  progress.settled(0, 1);
  progress.delivered(4);
  progress.settled(4, 4);
  EXPECT_EQ(progress.done_below(5), 2U);
  progress.returned(3);
  EXPECT_EQ(progress.done_below(5), 2U);
}

/// What a journal held: records of offsets in the line beside the messages.
class HeldOffsets final : public Restorer {
 public:
  RestoredQueue restore(const QueueSpec&) override { return held; }
  RestoredQueue held;
};

class StreamOffsetsTest : public StreamWorld {
 protected:
  StreamOffsetsTest() : StreamWorld(&held_) {}

  ConsumerHandle read(FakeChannel& channel, std::string name) {
    StreamSpec spec;
    spec.start.kind = StreamStart::Kind::first;
    spec.name = std::move(name);
    const ConsumerHandle handle = subscribe(channel, std::move(spec), 100);
    settle_down();
    return handle;
  }
  void settle(ConsumerHandle consumer, Sequence first, Sequence last,
              Outcome outcome = Outcome::acknowledged) {
    shard_.broker.apply(Settle{queue_, first, last, consumer, outcome});
    settle_down();
  }
  void leave(ConsumerHandle consumer) {
    shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
    settle_down();
  }
  RecordOwner& holder() { return *shard_.message_log.holder; }
  /// Records of offsets that are alive.
  std::size_t live_count() {
    std::size_t count = 0;
    for (const FakeMessageLog::Entry& entry : shard_.message_log.entries)
      if (entry.at.sequence >= line)
        count += shard_.message_log.live.at(FakeMessageLog::record_of(entry.place));
    return count;
  }
  /// A record as it lies in a journal.
  void hold(Sequence sequence, std::string_view name, Sequence offset) {
    const std::uint32_t record = ++shard_.message_log.records;
    shard_.message_log.live[record] = 1;
    shard_.message_log.keys[record] = name;
    std::string body(8, '\0');
    store_u64(reinterpret_cast<std::uint8_t*>(body.data()), offset);
    shard_.message_log.bodies[record] = body;
    shard_.message_log.batches[record] = 0;
    shard_.message_log.entries.push_back({FakeMessageLog::place_of(record), {{}, sequence}});
    held_.held.runs.push_back({sequence, 1, FakeMessageLog::place_of(record), 8, 0, never, false});
  }
  /// Messages 0 to 3.
  void hold_messages() {
    for (Sequence sequence = 0; sequence < 4; ++sequence) {
      const std::uint32_t record = ++shard_.message_log.records;
      shard_.message_log.live[record] = 1;
      shard_.message_log.keys[record] = "s";
      shard_.message_log.bodies[record] = std::string(1, static_cast<char>('a' + sequence));
      held_.held.runs.push_back(
          {sequence, 1, FakeMessageLog::place_of(record), 1, 0, never, false});
    }
    held_.held.next = {4, line | 2};
    held_.held.delivered_below = {0, line};
  }

  HeldOffsets held_;  // Asked when the stream is declared.
  FakeChannel channel_{shard_.broker};
};

TEST_F(StreamOffsetsTest, ANamedConsumerGoesOnWhereItWas) {
  queue_ = declare();
  publish("abcd");
  ConsumerHandle consumer = read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "abcd");
  settle(consumer, 0, 1);
  leave(consumer);
  consumer = read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "abcdcd") << "what was not settled comes again";
  settle(consumer, 3, 3);
  leave(consumer);
  consumer = read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "abcdcdcd") << "2 was not settled";
  settle(consumer, 2, 2, Outcome::rejected);
  settle(consumer, 3, 3);
  leave(consumer);
  read(channel_, "two");
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "abcdcdcdabcd") << "each name for itself";
  EXPECT_EQ(live_count(), 1U) << "a later offset takes the place of the earlier one";
  EXPECT_EQ(shard_.inspect(queue_).message_count, 4U);
}

TEST_F(StreamOffsetsTest, WhatIsSettledAfterACancelCounts) {
  queue_ = declare();
  publish("abcd");
  const ConsumerHandle consumer = read(channel_, "one");
  leave(consumer);
  settle(consumer, 0, 1);
  channel_.deliveries.clear();
  const ConsumerHandle next = read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "cd");
  settle(consumer, 3, 3, Outcome::returned);
  settle(consumer, 2, 2);
  leave(next);
  channel_.deliveries.clear();
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "d");
}

TEST_F(StreamOffsetsTest, OfTwoWithOneNameTheOneAheadCounts) {
  queue_ = declare();
  publish("abcd");
  FakeChannel other{shard_.broker};
  const ConsumerHandle ahead = read(channel_, "one");
  const ConsumerHandle behind = read(other, "one");
  settle(ahead, 0, 2);
  settle(behind, 0, 0);
  leave(behind);
  leave(ahead);
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "abcdd");
}

TEST_F(StreamOffsetsTest, TheNameStoredLongestAgoIsForgotten) {
  queue_ = declare();
  publish("a");
  for (std::size_t i = 0; i <= limits::stream_names_max; ++i) {
    const ConsumerHandle consumer = read(channel_, "c" + std::to_string(i));
    settle(consumer, 0, 0);
    leave(consumer);
  }
  channel_.deliveries.clear();
  read(channel_, "c1");
  EXPECT_EQ(channel_.bodies(), "");
  read(channel_, "c0");
  EXPECT_EQ(channel_.bodies(), "a");
  EXPECT_EQ(live_count(), limits::stream_names_max);
}

TEST_F(StreamOffsetsTest, OffsetsAreReadAfterARestart) {
  hold_messages();
  hold(line, "one", 1);
  hold(line | 1, "two", 3);
  queue_ = declare();
  EXPECT_TRUE(shard_.message_log.fetches.empty()) << "nobody asked yet";
  const ConsumerHandle consumer = read(channel_, "two");
  EXPECT_EQ(channel_.bodies(), "d");
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "dbcd");
  settle(consumer, 3, 3);
  EXPECT_EQ(shard_.message_log.entries.back().at.sequence, line | 2)
      << "positions are not given twice";
}

TEST_F(StreamOffsetsTest, ADamagedRecordIsForgotten) {
  hold_messages();
  hold(line, "one", 3);
  hold(line | 1, "one", 2);
  hold(line | 2, "two", 3);
  shard_.message_log.bodies[7] = "damaged";
  queue_ = declare();
  read(channel_, "two");
  EXPECT_EQ(channel_.bodies(), "abcd");
  EXPECT_EQ(shard_.message_log.lost_count, 1U);
  channel_.deliveries.clear();
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "cd") << "of two records of a name the later one counts";
  EXPECT_EQ(live_count(), 1U);
}

TEST_F(StreamOffsetsTest, TheMessageLogMayMoveThem) {
  hold_messages();
  hold(line, "one", 3);
  queue_ = declare();
  const auto held = holder().locate({queue_, line});
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->message, nullptr);
  shard_.message_log.bodies[9] = shard_.message_log.bodies[5];
  shard_.message_log.keys[9] = "one";
  shard_.message_log.live[9] = 1;
  holder().on_moved({queue_, line}, FakeMessageLog::place_of(9));
  read(channel_, "one");
  EXPECT_EQ(channel_.bodies(), "d");
  EXPECT_FALSE(holder().locate({queue_, line | 7}).has_value());
  holder().on_lost({queue_, line});
  EXPECT_FALSE(holder().locate({queue_, line}).has_value());
}

TEST_F(StreamOffsetsTest, TheyGoWithTheStream) {
  queue_ = declare();
  publish("a");
  const ConsumerHandle consumer = read(channel_, "one");
  settle(consumer, 0, 0);
  EXPECT_EQ(live_count(), 1U);
  shard_.delete_queue(queue_);
  EXPECT_EQ(live_count(), 0U);
}

}  // namespace
}  // namespace lepus::core::test
