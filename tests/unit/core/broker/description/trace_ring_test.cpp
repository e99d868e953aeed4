// What is kept of traced messages for those who watch.
#include "core/broker/description/trace_ring.h"

#include <gtest/gtest.h>

#include "core/limits/live.h"

namespace lepus::core {
namespace {

TEST(TraceFilter, Patterns) {
  EXPECT_TRUE(fits_pattern("", ""));
  EXPECT_TRUE(fits_pattern("abc", "abc"));
  EXPECT_FALSE(fits_pattern("abc", "ab"));
  EXPECT_FALSE(fits_pattern("ab", "abc"));
  EXPECT_TRUE(fits_pattern("abc", "a*"));
  EXPECT_TRUE(fits_pattern("abc", "*c"));
  EXPECT_TRUE(fits_pattern("abc", "*"));
  EXPECT_TRUE(fits_pattern("", "**"));
  EXPECT_TRUE(fits_pattern("a.b.a.b.c", "a*b.c"));
  EXPECT_FALSE(fits_pattern("a.b.a.b.d", "a*b.c"));
  EXPECT_TRUE(fits_pattern("orders.eu.new", "orders.*.new"));
  EXPECT_FALSE(fits_pattern("orders.eu.new.x", "orders.*.new"));
  EXPECT_FALSE(fits_pattern(std::string(200, 'a'), "*a*a*a*a*b"));
}

class TraceRingTest : public ::testing::Test {
 protected:
  void add(std::string_view key, std::string_view body = "x", std::uint32_t vhost = 1) {
    Message::Parts parts;
    parts.exchange = "e";
    parts.routing_key = key;
    parts.properties = as_bytes(no_properties_);
    parts.body_size = body.size();
    MessageRef message = Message::create(parts, messages_);
    if (!body.empty()) message->append_body(as_bytes(body));
    Trace trace{VhostId{vhost}, "connection", 1, "ann"};
    trace.queue = "q";
    ring_.add(trace, *message, 7);
  }
  std::string ask(std::uint64_t after, std::uint32_t count = 100, TraceFilter filter = {}) {
    last_ = ring_.answer({VhostId{1}, after, count, std::move(filter)}, 0);
    std::string all;
    for (const TraceEntry& entry : last_.entries) all += entry.routing_key + " ";
    return all;
  }

  std::string no_properties_ = std::string(2, '\0');
  MemoryAccount messages_;
  MemoryAccount account_;
  TraceRing ring_{account_};
  TraceAnswer last_;
};

TEST_F(TraceRingTest, NothingIsKeptBeforeSomebodyAsks) {
  EXPECT_FALSE(ring_.is_watched());
  EXPECT_EQ(ask(0), "");
  EXPECT_TRUE(ring_.is_watched());
  add("a");
  add("b");
  EXPECT_EQ(ask(0), "a b ");
  EXPECT_EQ(last_.next, 2U);
  EXPECT_EQ(ask(2), "");
  const TraceEntry& entry = (ask(0), last_.entries[0]);
  EXPECT_TRUE(entry.is_delivery);
  EXPECT_EQ(entry.queues, std::vector<std::string>{"q"});
  EXPECT_EQ(entry.user, "ann");
  EXPECT_EQ(entry.connection, "connection");
  EXPECT_EQ(entry.time, 7);
  EXPECT_EQ(entry.body, "x");
}

TEST_F(TraceRingTest, APieceAtATime) {
  (void)ask(0);
  for (const char* key : {"a", "b", "c"}) add(key);
  EXPECT_EQ(ask(0, 2), "a b ");
  EXPECT_EQ(ask(last_.next, 2), "c ");
}

TEST_F(TraceRingTest, WhatIsNotWantedIsPassed) {
  (void)ask(0);
  add("a");
  add("other", "x", 2);
  add("b");
  EXPECT_EQ(ask(0), "a b ") << "of this virtual host";
  EXPECT_EQ(ask(0, 9, {.routing_key = "b*"}), "b ");
  EXPECT_EQ(ask(0, 9, {.queue = "z"}), "");
  EXPECT_EQ(last_.next, 3U);
  EXPECT_EQ(ask(0, 9, {.exchange = "e", .queue = "q", .user = "a*"}), "a b ");
  EXPECT_EQ(ask(0, 9, {.exchange = "f"}), "");
  EXPECT_EQ(ask(0, 9, {.user = "bob"}), "");
}

TEST_F(TraceRingTest, TheOldestGoAndAreMissed) {
  (void)ask(0);
  for (std::size_t i = 0; i < limits::traces_max + 5; ++i) add("k");
  (void)ask(0, 1);
  EXPECT_EQ(last_.missed, 5U);
  EXPECT_EQ(last_.entries[0].number, 6U);
}

TEST_F(TraceRingTest, BytesHaveALimitAndAnAccount) {
  (void)ask(0);
  const std::string large(limits::trace_body_max + 10, 'x');
  for (std::size_t i = 0; i < 2 * limits::trace_bytes_max / limits::trace_body_max; ++i)
    add("k", large);
  EXPECT_LE(account_.session_bytes, limits::trace_bytes_max);
  EXPECT_GT(account_.session_bytes, limits::trace_bytes_max / 2);
  (void)ask(0, 1);
  EXPECT_EQ(last_.entries[0].body.size(), limits::trace_body_max);
  EXPECT_EQ(last_.entries[0].body_size, large.size());
}

TEST_F(TraceRingTest, ItIsForgottenWhenNobodyWatches) {
  (void)ask(0);
  add("a");
  ring_.expire(limits::trace_watch_time - 1);
  EXPECT_TRUE(ring_.is_watched());
  ring_.expire(limits::trace_watch_time);
  EXPECT_FALSE(ring_.is_watched());
  EXPECT_EQ(account_.session_bytes, 0U);
  EXPECT_EQ(ask(0), "");
  add("b");
  EXPECT_EQ(ask(0), "b ");
  EXPECT_EQ(last_.next, 2U) << "numbers go on";
}

}  // namespace
}  // namespace lepus::core
