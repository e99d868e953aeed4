// A queue whose messages stay, and consumers that each read it on their own.
#include "core/stream/stream_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/broker/broker.h"
#include "core/message/field_table_writer.h"
#include "core/message/header_splice.h"
#include "core/message/properties.h"
#include "tests/unit/core/stream/stream_world.h"

namespace lepus::core::test {
namespace {

using Start = StreamStart::Kind;

class StreamTest : public StreamWorld {
 protected:
  ConsumerHandle read(FakeChannel& channel, StreamStart start, std::uint32_t prefetch = 100) {
    StreamSpec spec;
    spec.start = start;
    const ConsumerHandle handle = subscribe(channel, std::move(spec), prefetch);
    shard_.pump();
    return handle;
  }
  /// While memory is short: each is larger than what may be kept of a stream then.
  void publish_too_large(std::size_t count) {
    shard_.broker.set_memory_pressure_threshold(0);
    const std::string body(limits::stream_cache_bytes_pressure + 1, 'x');
    for (std::size_t i = 0; i < count; ++i) shard_.publish("", "s", body);
    settle_down();
  }
  /// Something that can leave memory comes, and everybody has a turn.
  void turn() {
    shard_.publish("", "s", "y");
    shard_.broker.flush();
    shard_.broker.pump();
  }
  std::uint32_t count() { return shard_.inspect(queue_).message_count; }
  void advance_to(Nanos now) {
    shard_.broker.advance(now);
    settle_down();
  }

  FakeChannel first_{shard_.broker};
  FakeChannel second_{shard_.broker};
};

TEST_F(StreamTest, EveryConsumerReadsEverything) {
  queue_ = declare();
  publish("abc");
  read(first_, {Start::first, 0});
  publish("d");
  read(second_, {Start::first, 0});
  EXPECT_EQ(first_.bodies(), "abcd");
  EXPECT_EQ(second_.bodies(), "abcd");
  EXPECT_EQ(count(), 4U);
  EXPECT_TRUE(first_.deliveries[3].deliver.is_stream);
  EXPECT_EQ(first_.deliveries[3].deliver.sequence, 3U);
}

TEST_F(StreamTest, ConsumersBeginWhereTheyLike) {
  queue_ = declare();
  publish("abcde");
  const struct {
    StreamStart start;
    std::string_view bodies;
  } cases[] = {{{Start::first, 0}, "abcdef"}, {{Start::last, 0}, "ef"},  {{Start::next, 0}, "f"},
               {{Start::offset, 3}, "def"},   {{Start::offset, 5}, "f"}, {{Start::offset, 6}, ""},
               {{Start::time, 0}, "abcdef"}};
  std::vector<std::unique_ptr<FakeChannel>> channels;
  for (const auto& one : cases) {
    channels.push_back(std::make_unique<FakeChannel>(shard_.broker));
    read(*channels.back(), one.start);
  }
  publish("f");
  for (std::size_t i = 0; i < channels.size(); ++i)
    EXPECT_EQ(channels[i]->bodies(), cases[i].bodies) << i;
}

TEST_F(StreamTest, AnOffsetBeyondTheEndIsWaitedFor) {
  queue_ = declare();
  publish("abc");
  read(first_, {Start::offset, 5});
  read(second_, {Start::offset, UINT64_MAX});
  publish("d");
  publish("efg");
  EXPECT_EQ(first_.bodies(), "fg");
  EXPECT_EQ(second_.bodies(), "");
}

TEST_F(StreamTest, SettlingGivesCreditAndNothingElse) {
  queue_ = declare();
  const ConsumerHandle consumer = read(first_, {Start::first, 0}, 2);
  publish("abcde");
  EXPECT_EQ(first_.bodies(), "ab");
  shard_.broker.apply(Settle{queue_, 0, 1, consumer, Outcome::rejected});
  settle_down();
  EXPECT_EQ(first_.bodies(), "abcd");
  shard_.broker.apply(Settle{queue_, 2, 2, consumer, Outcome::requeued});
  settle_down();
  EXPECT_EQ(first_.bodies(), "abcde") << "it does not come again";
  EXPECT_EQ(count(), 5U);
  EXPECT_TRUE(shard_.message_log.settles.empty());
}

TEST_F(StreamTest, OffsetsAreSeenWhenTheyAreWritten) {
  queue_ = declare();
  read(first_, {Start::first, 0});
  shard_.message_log.slow = true;
  publish("a");
  EXPECT_EQ(first_.bodies(), "");
  shard_.message_log.durable_up_to = shard_.message_log.submitted;
  settle_down();
  EXPECT_EQ(first_.bodies(), "a");
}

TEST_F(StreamTest, WhatIsNotPersistentIsKeptToo) {
  queue_ = declare();
  shard_.declare("classic");
  shard_.bind("amq.fanout", "s", "");
  shard_.bind("amq.fanout", "classic", "");
  shard_.durable = false;
  shard_.publish("amq.fanout", "", "t");
  settle_down();
  ASSERT_EQ(shard_.message_log.entries.size(), 1U) << "a record for the stream alone";
  EXPECT_EQ(shard_.message_log.entries[0].at.queue, queue_);
  const QueueId classic = shard_.master.find_queue(shard_.vhost, "classic")->id;
  EXPECT_EQ(shard_.inspect(classic).message_count, 1U);
  shard_.delete_queue(classic);
  EXPECT_EQ(shard_.message_log.live.at(1), 1U);
}

TEST_F(StreamTest, WhatLeftMemoryIsReadBack) {
  queue_ = declare();
  std::string bodies;
  for (char body = 'a'; body <= 'z'; ++body) bodies += body;
  publish(bodies);
  shard_.broker.set_memory_pressure_threshold(0);
  settle_down();
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
  read(first_, {Start::first, 0});
  read(second_, {Start::offset, 20});
  settle_down();
  EXPECT_EQ(first_.bodies(), bodies);
  EXPECT_EQ(second_.bodies(), bodies.substr(20));
}

TEST_F(StreamTest, WhatLeavesMemoryAfterItsNeighboursIsReadBackToo) {
  queue_ = declare();
  publish("ab");
  shard_.broker.set_memory_pressure_threshold(0);
  settle_down();
  const ConsumerHandle consumer = read(first_, {Start::first, 0}, 2);
  settle_down();
  EXPECT_EQ(first_.bodies(), "ab");
  shard_.broker.set_memory_pressure_threshold(UINT64_MAX);
  publish("c");
  shard_.broker.set_memory_pressure_threshold(0);
  settle_down();
  shard_.broker.apply(Settle{queue_, 0, 1, consumer, Outcome::acknowledged});
  settle_down();
  EXPECT_EQ(first_.bodies(), "abc");
}

/// While memory is short and looked for in every turn.
TEST_F(StreamTest, WhatIsLargerThanTheCacheIsReadNevertheless) {
  queue_ = declare();
  constexpr std::size_t count = 4;
  publish_too_large(count);
  read(first_, {Start::first, 0}, count);
  for (std::size_t i = 0; i < 10 * count && first_.deliveries.size() < count; ++i) {
    shard_.message_log.bring();
    turn();
  }
  EXPECT_EQ(first_.deliveries.size(), count);
}

/// A channel elsewhere with a shared limit: its credit comes when what was read is here for long.
TEST_F(StreamTest, CreditThatComesLateFindsWhatWasRead) {
  queue_ = declare();
  constexpr std::size_t count = 3;
  publish_too_large(count);
  const ChannelRef channel{1, 7, 1};
  StreamSpec spec;
  spec.start = {Start::first, 0};
  shard_.broker.apply(Subscribe{{.queue = queue_, .channel = channel, .limited = true},
                                std::make_unique<StreamSpec>(spec)});
  const ConsumerHandle consumer = shard_.outbox.take<Reply>().consumer;
  std::size_t delivered = 0;
  for (std::size_t i = 0; i < 10 * count && delivered < count; ++i) {
    turn();
    if (!shard_.outbox.all<CreditRequest>().empty()) {
      const CreditRequest request = shard_.outbox.take<CreditRequest>();
      shard_.broker.apply(CreditGrant{queue_, channel, consumer, {request.wanted}});
    }
    shard_.message_log.bring();
    delivered = shard_.outbox.all<Deliver>().size();
  }
  EXPECT_GE(delivered, count);
}

TEST_F(StreamTest, ALostRecordIsSkipped) {
  queue_ = declare();
  publish("abc");
  shard_.broker.set_memory_pressure_threshold(0);
  settle_down();
  shard_.message_log.bodies[2] = "damaged";
  read(first_, {Start::first, 0});
  settle_down();
  EXPECT_EQ(first_.bodies(), "ac");
  EXPECT_EQ(shard_.message_log.lost_count, 1U);
}

TEST_F(StreamTest, TheOldestGoWhenThereIsTooMuch) {
  FieldTableWriter arguments;
  arguments.int32("x-max-length-bytes", 3);
  queue_ = declare(std::move(arguments));
  read(first_, {Start::first, 0}, 1);
  publish("abcde");
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(shard_.message_log.settles.size(), 2U);
  read(second_, {Start::offset, 0});
  EXPECT_EQ(second_.bodies(), "cde");
  publish("long");
  EXPECT_EQ(count(), 3U) << "a letter each";
}

TEST_F(StreamTest, TheOldestGoWhenTheirTimeHasCome) {
  FieldTableWriter arguments;
  arguments.text("x-max-age", "10s");
  queue_ = declare(std::move(arguments));
  advance_to(100 * nanos_per_s);
  publish("a");
  advance_to(105 * nanos_per_s);
  publish("b");
  read(first_, {Start::time, 103'000});
  EXPECT_EQ(first_.bodies(), "b");
  EXPECT_EQ(shard_.broker.next_deadline(), 111 * nanos_per_s) << "times are kept by the second";
  advance_to(111 * nanos_per_s);
  EXPECT_EQ(count(), 1U);
  advance_to(116 * nanos_per_s);
  EXPECT_EQ(count(), 0U);
  EXPECT_EQ(shard_.broker.next_deadline(), never);
}

TEST_F(StreamTest, AnAgeOfCenturiesIsNoTimeInThePast) {
  FieldTableWriter arguments;
  arguments.text("x-max-age", "900Y");
  queue_ = declare(std::move(arguments));
  constexpr Nanos today = 1'790'000'000 * nanos_per_s;
  shard_.broker.set_wall_clock_offset(today);
  advance_to(100 * nanos_per_s);
  publish("a");
  EXPECT_GT(shard_.broker.next_deadline(), today / 2);
  advance_to(1'000 * nanos_per_s);
  EXPECT_EQ(count(), 1U);
}

TEST(StreamSpecTest, FiltersAreExact) {
  const auto properties = [](std::string_view filter_value) {
    FieldTableWriter headers;
    headers.text("x-stream-filter-value", filter_value);
    const std::string table = headers.take();
    PropertiesView view;
    view.headers = as_bytes(table);
    view.set(Property::headers);
    const std::vector<std::uint8_t> encoded = encode_properties(view);
    return encoded;
  };
  constexpr std::array<std::uint8_t, 2> none{};
  FieldTableWriter arguments;
  arguments.begin_array("x-stream-filter");
  arguments.text({}, "emea");
  arguments.text({}, "apac");
  arguments.end();
  StreamSpec spec = parse_stream_spec(arguments.bytes(), {}, "queue 's'").value();
  EXPECT_TRUE(spec.wants(properties("apac")));
  EXPECT_FALSE(spec.wants(properties("amer")));
  EXPECT_FALSE(spec.wants(none));
  spec.match_unfiltered = true;
  EXPECT_TRUE(spec.wants(none));
  EXPECT_TRUE(StreamSpec{}.wants(properties("amer")));
}

TEST(StreamSpecTest, OffsetsAreChecked) {
  const auto start = [](std::string_view text) {
    FieldTableWriter arguments;
    arguments.text("x-stream-offset", text);
    return parse_stream_spec(arguments.bytes(), {}, "queue 's' in vhost '/'");
  };
  EXPECT_EQ(start("last").value().start.kind, Start::last);
  EXPECT_EQ(start("5m").value().start.value, 300'000U);
  EXPECT_EQ(start("sometime").error().text(),
            "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 's' in vhost '/': "
            "'sometime' is none of first, last, next, an offset, a timestamp, an age like 1h");
  FieldTableWriter time;
  time.timestamp_s("x-stream-offset", 12);
  EXPECT_EQ(parse_stream_spec(time.bytes(), {}, {}).value().start.value, 12'000U);
  FieldTableWriter negative;
  negative.int32("x-stream-offset", -1);
  EXPECT_FALSE(parse_stream_spec(negative.bytes(), {}, {}).ok());
}

TEST(StreamSpecTest, TrackingNeedsATag) {
  FieldTableWriter arguments;
  arguments.boolean("x-stream-automatic-offset-tracking", true);
  const StreamSpec spec = parse_stream_spec(arguments.bytes(), "tag", {}).value();
  EXPECT_EQ(spec.name, "tag");
  EXPECT_EQ(spec.start.kind, Start::first);
  EXPECT_EQ(parse_stream_spec(arguments.bytes(), {}, "queue 's'").error().text(),
            "PRECONDITION_FAILED - invalid arg 'x-stream-automatic-offset-tracking' for queue "
            "'s': the consumer needs a tag, under which its offset is kept");
  const auto with_text = [](std::string_view value) {
    FieldTableWriter written;
    written.text("x-stream-offset", "last");
    written.text("x-stream-automatic-offset-tracking", value);
    return parse_stream_spec(written.bytes(), "tag", {});
  };
  EXPECT_EQ(with_text("true").value().name, "tag");
  EXPECT_EQ(with_text("true").value().start.kind, Start::last);
  EXPECT_EQ(with_text("false").value().name, "");
  EXPECT_FALSE(with_text("yes").ok());
}

TEST(HeaderSplice, PutsOneHeaderBehindTheOthers) {
  FieldTableWriter headers;
  headers.text("a", "b");
  const std::string table = headers.take();
  PropertiesView view;
  view.content_type = "text/plain";
  view.set(Property::content_type);
  view.message_id = "id";
  view.set(Property::message_id);
  for (const bool has_headers : {false, true}) {
    if (has_headers) {
      view.headers = as_bytes(table);
      view.set(Property::headers);
    }
    const std::vector<std::uint8_t> encoded = encode_properties(view);
    std::vector<std::uint8_t> once;
    splice_header(encoded, "x-stream-offset", 7, once);
    std::vector<std::uint8_t> twice;
    splice_header(once, "x-stream-offset", 1LL << 40, twice);
    PropertiesView out;
    ASSERT_TRUE(decode_properties(twice, out));
    EXPECT_EQ(out.content_type, "text/plain");
    EXPECT_EQ(out.message_id, "id");
    EXPECT_EQ(out.header_table().find("x-stream-offset")->as_int64(), 1LL << 40);
    EXPECT_EQ(out.header_table().find("a").has_value(), has_headers);
    EXPECT_EQ(out.headers.size(), view.headers.size() + 25);
  }
}

}  // namespace
}  // namespace lepus::core::test
