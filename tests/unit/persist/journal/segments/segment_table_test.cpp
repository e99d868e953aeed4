// Numbers, live bytes and the order in which segments die, without a file.
#include "persist/journal/segments/segment_table.h"

#include <gtest/gtest.h>

namespace lepus::persist {
namespace {

TEST(SegmentTable, CountsWhatIsLive) {
  SegmentTable table{"data"};
  EXPECT_EQ(table.first(), 1U);
  EXPECT_EQ(table.add(), 1U);
  EXPECT_EQ(table.add(), 2U);
  EXPECT_EQ(table.next_number(), 3U);
  table.set_file(1, 7, 4096);
  EXPECT_EQ(table.path_of(1), "data/000007.seg");
  EXPECT_EQ(table.size_of(1), 4096U);
  EXPECT_EQ(table.in_use_bytes(), 4096U) << "the other one has no file yet";
  table.add_live(1, 100);
  table.add_live(2, 50);
  table.remove_live(1, 30);
  EXPECT_EQ(table.live_bytes(), 120U);
  EXPECT_EQ(table.live_bytes(1), 70U);
  EXPECT_EQ(table.live_bytes(2), 50U);
}

TEST(SegmentTable, SegmentsDieOldestFirst) {
  SegmentTable table{"data"};
  for (std::uint32_t i = 1; i <= 4; ++i) table.set_file(table.add(), i, 4096);
  table.add_live(1, 10);
  EXPECT_FALSE(table.take_reclaimable(4)) << "the oldest holds back those behind it";
  table.remove_live(1, 10);
  table.add_live(3, 10);
  EXPECT_TRUE(table.take_reclaimable(4));
  EXPECT_EQ(table.first(), 3U);
  EXPECT_EQ(table.in_use_count(), 2U);
  EXPECT_EQ(table.in_use_bytes(), 2 * 4096U);
  table.remove_live(3, 10);
  EXPECT_FALSE(table.take_reclaimable(3)) << "what is not durable stays";
}

TEST(SegmentTable, FilesAreFreeOnceThatIsDurable) {
  SegmentTable table{"data"};
  for (std::uint32_t i = 1; i <= 3; ++i) table.set_file(table.add(), 10 + i, 4096);
  EXPECT_TRUE(table.take_reclaimable(3));
  EXPECT_EQ(table.first_durable(), 1U);
  const std::vector<Segment> freed = table.free_before(2);
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].file, 11U);
  EXPECT_EQ(freed[0].size, 4096U);
  EXPECT_EQ(table.first_durable(), 2U);
  EXPECT_EQ(table.free_before(3).size(), 1U);
  EXPECT_TRUE(table.free_before(3).empty());
}

TEST(SegmentTable, GoesOnWithWhatARestartFound) {
  SegmentTable table{"data"};
  table.start({{5, 0, 0, 4096}, {6, no_file, 0, 0}, {7, 2, 30, 8192}}, 8);
  EXPECT_EQ(table.first(), 5U);
  EXPECT_EQ(table.first_durable(), 5U);
  EXPECT_EQ(table.live_bytes(), 30U);
  EXPECT_EQ(table.in_use_bytes(), 4096U + 8192U);
  EXPECT_EQ(table.add(), 8U);
  EXPECT_TRUE(table.take_reclaimable(8));
  EXPECT_EQ(table.first(), 7U);
  EXPECT_EQ(table.free_before(7).size(), 1U) << "the file of the other one is lost";
}

}  // namespace
}  // namespace lepus::persist
