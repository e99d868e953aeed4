// How the next file is made, and what a full or failing disk does to it.
#include "persist/journal/segments/spare_file.h"

#include "persist/journal/segment_files.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class SpareFileTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t segment_size = 64 << 10;
  static constexpr const char* full_event = "cannot make another journal file";
  static constexpr const char* room_event = "there is room for journal files again";

  SpareFileTest() {
    spare_.set_on_ready([](void* self) { ++static_cast<SpareFileTest*>(self)->ready_count_; },
                        this);
    pool_.start({});
  }
  ~SpareFileTest() override { world_.finish_ops(); }
  io::SimDisk& disk() { return world_.disk(); }
  static std::string path(std::uint32_t number) { return segment_file_path("data", number); }
  FreeFile take() {
    const SpareFile::Opened opened = spare_.take();
    disk().close(opened.fd);
    return opened.file;
  }
  /// Another one, by the loop.
  void prepare() {
    spare_.prepare();
    world_.finish_ops();
  }

  test::LoopWorld world_;
  SegmentFileParts parts_{&world_.loop, &world_.disk(), &world_.log, "data", segment_size};
  SegmentTable table_{"data"};
  FilePool pool_{parts_, table_};
  SpareFile spare_{parts_, pool_};
  int ready_count_ = 0;
};

TEST_F(SpareFileTest, TheFirstIsThereAtOnceAndTheNextIsMadeAhead) {
  ASSERT_EQ(spare_.start(), "");
  ASSERT_TRUE(spare_.is_ready());
  EXPECT_TRUE(spare_.is_direct());
  const FreeFile first = take();
  EXPECT_EQ(first.size, segment_size);
  EXPECT_FALSE(spare_.is_ready());
  EXPECT_FALSE(pool_.has_reserve());
  prepare();
  ASSERT_TRUE(spare_.is_ready());
  EXPECT_TRUE(pool_.has_reserve()) << "it was made before";
  EXPECT_EQ(ready_count_, 1);
  EXPECT_EQ(world_.file_size(path(1)), segment_size);
  EXPECT_EQ(world_.file_size(path(2)), segment_size);
  EXPECT_EQ(pool_.disk_bytes(), disk().used());
  prepare();
  EXPECT_EQ(ready_count_, 1) << "there is one";
  EXPECT_NE(take().number, first.number);
}

TEST_F(SpareFileTest, WhoWaitsGetsWhatWouldHaveBeenTheReserve) {
  ASSERT_EQ(spare_.start(), "");
  (void)take();
  spare_.prepare();
  spare_.prepare();
  world_.finish_ops();
  EXPECT_TRUE(spare_.is_ready());
  EXPECT_FALSE(pool_.has_reserve());
  (void)take();
  prepare();
  EXPECT_TRUE(pool_.has_reserve()) << "the next time";
}

TEST_F(SpareFileTest, TheReserveIsTakenWhileThereIsNoRoom) {
  ASSERT_EQ(spare_.start(), "");
  (void)take();
  prepare();
  (void)take();
  spare_.use_reserve();
  EXPECT_TRUE(pool_.has_reserve()) << "nobody waits";
  disk().set_capacity(disk().used());
  prepare();
  ASSERT_TRUE(spare_.lacks_room());
  ASSERT_TRUE(pool_.has_reserve());
  spare_.use_reserve();
  world_.finish_ops();
  EXPECT_TRUE(spare_.is_ready());
  EXPECT_FALSE(pool_.has_reserve());
  EXPECT_EQ(take().size, segment_size);
  prepare();
  EXPECT_TRUE(spare_.lacks_room());
}

TEST_F(SpareFileTest, AFreeFileIsNotFilledAgain) {
  ASSERT_EQ(spare_.start(), "");
  const FreeFile first = take();
  prepare();
  pool_.put(first);
  (void)take();
  const std::uint64_t used = disk().used();
  prepare();
  EXPECT_EQ(take().number, first.number);
  EXPECT_EQ(disk().used(), used);
}

TEST_F(SpareFileTest, WithoutRoomItWaitsAndLeavesNothing) {
  ASSERT_EQ(spare_.start(), "");
  (void)take();
  disk().set_capacity(segment_size + segment_size / 2);
  prepare();
  world_.pass(5 * core::limits::journal_retry_wait);
  world_.finish_ops();
  EXPECT_FALSE(spare_.is_ready());
  EXPECT_EQ(spare_.error(), 0) << "there may be room later";
  EXPECT_EQ(disk().used(), segment_size);
  EXPECT_EQ(world_.log.times(full_event), 1U);
  disk().set_capacity(1 << 30);
  world_.pass(2 * core::limits::journal_retry_wait);
  world_.finish_ops();
  EXPECT_TRUE(spare_.is_ready());
  EXPECT_EQ(ready_count_, 1);
  EXPECT_EQ(world_.log.times(room_event), 1U);
}

TEST_F(SpareFileTest, AFileThatBecomesFreeEndsTheWait) {
  ASSERT_EQ(spare_.start(), "");
  const FreeFile first = take();
  prepare();
  (void)take();
  disk().set_capacity(disk().used());
  prepare();
  spare_.try_free_file();
  EXPECT_EQ(world_.loop.ops_in_flight(), 0U) << "there is the reserve alone";
  pool_.put(first);
  spare_.try_free_file();
  world_.finish_ops();
  ASSERT_TRUE(spare_.is_ready());
  EXPECT_EQ(take().number, first.number);
}

TEST_F(SpareFileTest, WithoutRoomAtStartItWaits) {
  disk().set_capacity(segment_size / 2);
  EXPECT_EQ(spare_.start(), "");
  EXPECT_FALSE(spare_.is_ready());
  disk().set_capacity(1 << 30);
  world_.pass(2 * core::limits::journal_retry_wait);
  world_.finish_ops();
  EXPECT_TRUE(spare_.is_ready());
}

TEST_F(SpareFileTest, ADiskThatFailsAgainAndAgainIsAnError) {
  ASSERT_EQ(spare_.start(), "");
  (void)take();
  disk().set_faults({.sync_error = 1000});
  prepare();
  EXPECT_EQ(spare_.error(), 0) << "once may be chance";
  world_.pass((core::limits::spare_failures_max + 1) * core::limits::journal_retry_wait);
  EXPECT_EQ(spare_.error(), EIO);
  disk().set_faults({});
  world_.pass(2 * core::limits::journal_retry_wait);
  world_.finish_ops();
  EXPECT_TRUE(spare_.is_ready());
  EXPECT_EQ(spare_.error(), 0);
}

}  // namespace
}  // namespace lepus::persist
