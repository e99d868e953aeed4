// Names of counters, and that each thing counted is at its place.
#include "net/bypass/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lepus::net::bypass {
namespace {

TEST(BypassCounters, NamesAreUniqueAndMetricsFollowEachOther) {
  std::set<std::string_view> names;
  std::set<std::string_view> metrics;
  std::string_view last;
  for (const CounterFacts& one : counter_facts()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    if (one.metric != last) {
      EXPECT_TRUE(metrics.insert(one.metric).second) << one.metric;
      EXPECT_FALSE(one.help.empty()) << one.name;
    }
    EXPECT_EQ(one.label.empty(), one.value.empty()) << one.name;
    EXPECT_EQ(one.metric.ends_with("_total"), !one.is_gauge) << one.name;
    last = one.metric;
  }
}

TEST(BypassCounters, ReasonsAreThoseOfTheStack) {
  StackStats stack;
  for (std::size_t i = 0; i < frame_fates; ++i) stack.frames_in[i] = 10 + i;
  stack.half_open_dropped = 90;
  stack.connections_half_open = 91;
  PortCounts port;
  port.ring_full = 92;
  port.dropped = 93;
  port.frames_used = 94;
  CounterBoard board;
  write_counters(stack, port, board);
  const CounterValues values = board.read();
  const auto value = [&](std::string_view name) {
    for (std::size_t i = 0; i < counters; ++i)
      if (counter_facts()[i].name == name) return values[i];
    ADD_FAILURE() << name;
    return std::uint64_t{0};
  };
  EXPECT_EQ(value("dropped_short"), 13U);
  EXPECT_EQ(value("dropped_other_protocol"), 14U);
  EXPECT_EQ(value("dropped_other_target"), 18U);
  EXPECT_EQ(value("dropped_no_memory"), 21U);
  EXPECT_EQ(value("dropped_half_open"), 90U);
  EXPECT_EQ(value("half_open"), 91U);
  EXPECT_EQ(value("waits_ring_full"), 92U);
  EXPECT_EQ(value("dropped_ring_full"), 93U);
  EXPECT_EQ(value("frames_used"), 94U);
  EXPECT_EQ(value("frames_in"), 12U * 10U + 66U);
}

}  // namespace
}  // namespace lepus::net::bypass
