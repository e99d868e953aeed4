// When what a process occupies is too much, and what a control group says of itself.
#include "tools/server/occupied_memory.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace lepus::server {
namespace {

namespace limits = core::limits;

TEST(OccupiedMemory, WhatAStartTakesDoesNotCount) {
  OccupiedMemory memory;
  memory.set_base(100);
  EXPECT_FALSE(memory.look(90, 1000));
  EXPECT_EQ(memory.occupied(), 0U);
  EXPECT_FALSE(memory.look(1100, 1000));
  EXPECT_EQ(memory.occupied(), 1000U);
  memory.set_base(UINT64_MAX);
  (void)memory.look(limits::resident_base_max + 7, 1000);
  EXPECT_EQ(memory.occupied(), 7U);
}

TEST(OccupiedMemory, IsAboveAfterSomeLooksInARow) {
  OccupiedMemory memory;
  for (int round = 0; round < 2; ++round) {
    for (unsigned look = 1; look < limits::resident_looks; ++look) {
      EXPECT_EQ(memory.look(1601, 1600), look % limits::resident_trim_looks == 1) << look;
      EXPECT_FALSE(memory.is_above());
    }
    EXPECT_FALSE(memory.look(1600, 1600));
  }
  for (unsigned look = 0; look < limits::resident_looks; ++look) (void)memory.look(1601, 1600);
  EXPECT_TRUE(memory.is_above());
  unsigned trims = 0;
  for (unsigned look = 0; look < 5 * limits::resident_trim_looks; ++look)
    trims += memory.look(1601, 1600) ? 1 : 0;
  EXPECT_EQ(trims, 5U);
}

TEST(OccupiedMemory, IsOverSomewhatBelow) {
  OccupiedMemory memory;
  for (unsigned look = 0; look < limits::resident_looks; ++look) (void)memory.look(1601, 1600);
  (void)memory.look(1501, 1600);
  EXPECT_TRUE(memory.is_above());
  (void)memory.look(1500, 1600);
  EXPECT_FALSE(memory.is_above());
  (void)memory.look(1501, 1600);
  EXPECT_FALSE(memory.is_above());
}

TEST(OccupiedMemory, AnotherWatermarkIsComparedAtOnce) {
  OccupiedMemory memory;
  for (unsigned look = 0; look < limits::resident_looks; ++look) (void)memory.look(1601, 1600);
  memory.compare(1601);
  EXPECT_TRUE(memory.is_above());
  memory.compare(3200);
  EXPECT_FALSE(memory.is_above());
  memory.compare(10);
  EXPECT_FALSE(memory.is_above()) << "that takes looks";
}

TEST(OccupiedMemory, ThePageCacheOfAControlGroupDoesNotCount) {
  const char* stat = "anon 500\nfile 900\ninactive_file 300\nactive_file 100\nslab 5\n";
  EXPECT_EQ(unreclaimable_size("1000\n", stat), 600U);
  EXPECT_EQ(unreclaimable_size("350\n", stat), 0U);
  EXPECT_EQ(unreclaimable_size("1000\n", "inactive_file 300\n"), std::nullopt);
  EXPECT_EQ(unreclaimable_size("1000\n", "xinactive_file 1\nactive_file 2"), std::nullopt);
  EXPECT_EQ(unreclaimable_size("1000\n", "inactive_file a\nactive_file 2"), std::nullopt);
  EXPECT_EQ(unreclaimable_size("max\n", stat), std::nullopt);
  EXPECT_EQ(unreclaimable_size("", ""), std::nullopt);
}

}  // namespace
}  // namespace lepus::server
