// Many connections, loss, no memory, no device: every byte arrives or its connection fails, and all
// memory and frames are returned.
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/dpdk/stack_pair.h"

namespace lepus::net::bypass {
namespace {

std::size_t heap_in_use() { return mallinfo2().uordblks; }

TEST(StackStress, TenThousandConnectionsLeaveNothingBehind) {
  constexpr std::size_t count = 10'000;
  constexpr std::size_t kept_max = 2 << 20;  // Tables that grew and stay so.
  StackPair pair(100);
  const std::size_t before = heap_in_use();
  for (std::size_t made = 0; made < count; made += 500) {
    pair.connect(500, 100);
    ASSERT_TRUE(pair.run_until([&] { return pair.all_have_all(); }, 20'000)) << made;
  }
  EXPECT_EQ(pair.server().stats().connections_open, count);
  EXPECT_GT(heap_in_use(), before + count * 300);
  for (const auto& one : pair.clients) EXPECT_EQ(one->wrong, 0U);
  for (const auto& one : pair.clients) one->finish();
  EXPECT_TRUE(pair.run_until([&] {
    return pair.server().stats().connections_open + pair.client().stats().connections_open == 0;
  }));
  pair.clients.clear();
  pair.servers.clear();
  for (int i = 0; i < 15'000; ++i) pair.step();  // TIME_WAIT of both sides.
  EXPECT_TRUE(pair.is_quiet());
  EXPECT_LT(heap_in_use(), before + kept_max);
}

class StackLoss : public ::testing::TestWithParam<unsigned> {};

TEST_P(StackLoss, EveryByteArrivesOnceAndInOrder) {
  constexpr std::size_t size = 400'000;
  const unsigned per_mille = GetParam();
  StackPair pair(size, {per_mille, per_mille, per_mille});
  pair.connect(20, size);
  EXPECT_TRUE(pair.run_until([&] { return pair.all_have_all(); }));
  for (const auto& one : pair.clients) {
    EXPECT_FALSE(one->failed);
    EXPECT_EQ(one->wrong, 0U);
  }
  EXPECT_GT(pair.server().stats().retransmits + pair.client().stats().retransmits, 0U);
}

INSTANTIATE_TEST_SUITE_P(PerMille, StackLoss, ::testing::Values(1U, 10U));

/// Segments that wait for one before them hold frames: with few left they are copied.
TEST(StackStress, FewFramesSlowItDownAndLoseNothing) {
  constexpr std::size_t size = 200'000;
  StackPair pair(size, {10, 0, 10});
  pair.server_port.frames_max = 24;
  pair.client_port.frames_max = 24;
  pair.connect(8, size);
  EXPECT_TRUE(pair.run_until([&] { return pair.all_have_all(); }));
  for (const auto& one : pair.clients) EXPECT_EQ(one->wrong, 0U);
  EXPECT_GT(pair.server_port.counts().no_frame, 0U);
  EXPECT_GT(pair.server().stats().frames_out_dropped, 0U);
  EXPECT_GT(pair.server().stats().copied_in_bytes, 0U);
  for (const auto& one : pair.clients) one->finish();
  EXPECT_TRUE(pair.run_until([&] { return pair.is_quiet(); }));
}

TEST(StackStress, WithoutADeviceAllConnectionsFail) {
  constexpr std::size_t size = 400'000;
  StackPair pair(size, {10, 0, 10});
  pair.connect(50, size);
  EXPECT_TRUE(pair.run_until([&] {
    return std::all_of(pair.clients.begin(), pair.clients.end(),
                       [](const auto& one) { return one->is_open(); });
  }));
  pair.connect(5, size);  // On their way.
  for (int i = 0; i < 5; ++i) pair.step();
  pair.client().lose_device();
  for (const auto& one : pair.clients) {
    EXPECT_TRUE(one->failed);
    EXPECT_EQ(one->why, Failure::no_device);
    one->poll();
    EXPECT_TRUE(one->is_over());
  }
  EXPECT_EQ(pair.client().stats().connections_open, 0U);
  EXPECT_EQ(pair.client_port.counts().frames_used, pair.client_port.waiting());
}

}  // namespace
}  // namespace lepus::net::bypass
