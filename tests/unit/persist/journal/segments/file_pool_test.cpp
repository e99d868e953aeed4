// Which file is used next, and which are removed when.
#include "persist/journal/segments/file_pool.h"

#include "core/limits.h"
#include "persist/journal/segment_files.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class FilePoolTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t segment_size = 64 << 10;

  ~FilePoolTest() override { world_.finish_ops(); }
  void make_file(std::uint32_t number, std::uint64_t size) {
    const int fd = world_.disk().open(path(number), {.write = true, .create = true});
    ASSERT_EQ(world_.disk().fill(fd, size), 0);
    world_.disk().close(fd);
  }
  static std::string path(std::uint32_t number) { return segment_file_path("data", number); }

  test::LoopWorld world_;
  SegmentFileParts parts_{&world_.loop, &world_.disk(), &world_.log, "data", segment_size};
  SegmentTable table_{"data"};
  FilePool pool_{parts_, table_};
};

TEST_F(FilePoolTest, FreeFilesComeBeforeUnusedNumbersAndNewOnes) {
  pool_.start({{{4, segment_size}, {3, segment_size}}, {1}, 5});
  EXPECT_TRUE(pool_.has_free());
  EXPECT_EQ(pool_.disk_bytes(), 2 * segment_size);
  EXPECT_EQ(pool_.take().number, 3U);
  EXPECT_FALSE(pool_.has_free());
  const FreeFile unused = pool_.take();
  EXPECT_EQ(unused.number, 1U);
  EXPECT_EQ(unused.size, 0U);
  EXPECT_EQ(pool_.take().number, 5U);
  EXPECT_EQ(pool_.take().number, 6U);
  ASSERT_TRUE(pool_.has_reserve()) << "the last one stays until it is asked for";
  EXPECT_EQ(pool_.take_reserve().number, 4U);
  EXPECT_FALSE(pool_.has_reserve());
}

TEST_F(FilePoolTest, AtStartFilesOfAnotherSizeGo) {
  make_file(0, 2 * segment_size);
  pool_.start({{{0, 2 * segment_size}}, {}, 1});
  EXPECT_EQ(world_.file_size(path(0)), 0U);
  EXPECT_EQ(pool_.disk_bytes(), 0U);
  EXPECT_EQ(pool_.take().number, 0U) << "its number is used again";
}

TEST_F(FilePoolTest, AFileOfAnotherSizeIsRemovedByTheLoop) {
  make_file(0, 3 * segment_size);
  pool_.start({{}, {}, 1});
  pool_.add_disk_bytes(3 * segment_size);
  pool_.put({0, 3 * segment_size});
  EXPECT_FALSE(pool_.has_free());
  pool_.shrink();
  EXPECT_GT(world_.file_size(path(0)), 0U);
  world_.finish_ops();
  EXPECT_EQ(world_.file_size(path(0)), 0U);
  EXPECT_EQ(pool_.disk_bytes(), 0U);
}

TEST_F(FilePoolTest, BeyondTheReserveHalfOfThemGoEachInterval) {
  constexpr std::uint32_t count = 12;
  std::vector<FreeFile> free;
  for (std::uint32_t i = 0; i < count; ++i) {
    make_file(i, segment_size);
    free.push_back({i, segment_size});
  }
  pool_.start({free, {}, count});
  pool_.shrink();
  EXPECT_EQ(pool_.free_count(), count);
  for (int i = 0; pool_.free_count() == count && i < 1000; ++i) world_.turn();
  EXPECT_EQ(pool_.free_count(), count - (count - core::limits::free_files_min) / 2);
  world_.pass(10 * core::limits::free_files_interval);
  world_.finish_ops();
  EXPECT_EQ(pool_.free_count(), core::limits::free_files_min);
  EXPECT_EQ(world_.disk().used(), core::limits::free_files_min * segment_size);
  EXPECT_EQ(pool_.disk_bytes(), world_.disk().used());
}

}  // namespace
}  // namespace lepus::persist
