// When what a shard frees is given back at once.
#include "tools/server/memory_fall.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

using core::nanos_per_ms;
constexpr std::uint64_t step = core::limits::memory_fall_min / 4;

TEST(MemoryFall, BeginsWhenALargePartIsGone) {
  MemoryFall fall;
  EXPECT_FALSE(fall.note(10 * step, 0));
  EXPECT_FALSE(fall.note(7 * step, nanos_per_ms));
  EXPECT_TRUE(fall.note(6 * step, 2 * nanos_per_ms));
  EXPECT_TRUE(fall.note(6 * step, 3 * nanos_per_ms));
}

TEST(MemoryFall, EndsWhenItRests) {
  MemoryFall fall;
  EXPECT_FALSE(fall.note(10 * step, 0));
  EXPECT_TRUE(fall.note(5 * step, 1));
  EXPECT_TRUE(fall.note(5 * step, core::limits::memory_fall_rest));
  EXPECT_FALSE(fall.note(5 * step, core::limits::memory_fall_rest + 1));
  // What is left is the new top.
  EXPECT_FALSE(fall.note(2 * step, core::limits::memory_fall_rest + 2));
  EXPECT_TRUE(fall.note(step, core::limits::memory_fall_rest + 3));
}

TEST(MemoryFall, EndsWhenMoreIsHeldThanEver) {
  MemoryFall fall;
  EXPECT_FALSE(fall.note(10 * step, 0));
  EXPECT_TRUE(fall.note(5 * step, 1));
  EXPECT_FALSE(fall.note(11 * step, 2));
  EXPECT_FALSE(fall.note(8 * step, 3));
}

TEST(MemoryFall, SmallUpsAndDownsAreNone) {
  MemoryFall fall;
  for (core::Nanos now = 0; now < 100; ++now)
    EXPECT_FALSE(fall.note(10 * step + static_cast<std::uint64_t>(now % 3) * step, now));
}

}  // namespace
}  // namespace lepus::server
