// Counts by virtual host, and what becomes of them when one is deleted.
#include "core/broker/description/vhost_counters.h"

#include <gtest/gtest.h>

#include <set>

namespace lepus::core {
namespace {

class VhostCountersTest : public ::testing::Test {
 protected:
  VhostId describe(VhostId after, std::size_t count) {
    rows_.clear();
    return counters_.describe(
        after, count, [this](VhostId id) { return there_.contains(id.value); }, rows_);
  }

  std::set<std::uint32_t> there_{1, 2, 3};
  VhostCounters counters_;
  std::vector<VhostStats> rows_;
};

TEST_F(VhostCountersTest, ComeInPages) {
  for (std::uint32_t id = 1; id <= 3; ++id)
    counters_.acquire(VhostId{id})[MessageEvent::publish] += id;
  EXPECT_EQ(describe({}, 2), VhostId{2});
  ASSERT_EQ(rows_.size(), 2U);
  EXPECT_EQ(rows_[1].id, VhostId{2});
  EXPECT_EQ(rows_[1].counts[MessageEvent::publish], 2U);
  EXPECT_EQ(describe(VhostId{2}, 2), VhostId{});
  EXPECT_EQ(rows_.size(), 1U);
}

TEST_F(VhostCountersTest, WhatIsGoneCountsOnInTheTotal) {
  MessageCounts& counts = counters_.acquire(VhostId{2});
  counts[MessageEvent::ack] = 5;
  there_.erase(2);
  EXPECT_EQ(describe({}, 9), VhostId{});
  EXPECT_TRUE(rows_.empty());
  counts[MessageEvent::ack] += 2;  // Its session is still there.
  counters_.release(VhostId{2});
  EXPECT_EQ(describe({}, 9), VhostId{});
  EXPECT_EQ(counters_.total()[MessageEvent::ack], 7U);
}

}  // namespace
}  // namespace lepus::core
