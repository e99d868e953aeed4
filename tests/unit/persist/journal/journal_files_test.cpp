// When sealed files are closed, and what is synced beside the writes.
#include "persist/journal/journal_files.h"

#include <optional>

#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class JournalFilesTest : public ::testing::Test {
 protected:
  ~JournalFilesTest() override { world_.finish_ops(); }
  void start(SyncMode sync) {
    parts_.sync = sync;
    parts_.sync_interval = core::nanos_per_s;
    parts_.fail = [](void* self, const std::string& why) {
      static_cast<JournalFilesTest*>(self)->failure_ = why;
    };
    parts_.fail_owner = this;
    files_.emplace(parts_, batch_sync_);
    files_->set_on_synced([](void* self) { ++static_cast<JournalFilesTest*>(self)->synced_count_; },
                          this);
  }
  void enter(std::uint64_t segment) {
    const int fd =
        world_.disk().open("data/" + std::to_string(segment), {.write = true, .create = true});
    files_->enter(segment, fd);
    EXPECT_EQ(files_->segment(), segment);
    EXPECT_EQ(files_->fd(), fd);
  }
  void break_syncs() { world_.disk().set_faults({.sync_error = 1000}); }

  test::LoopWorld world_;
  JournalParts parts_{&world_.loop, &world_.disk(), &world_.log, "data"};
  io::Op batch_sync_;
  std::string failure_;
  int synced_count_ = 0;
  std::optional<JournalFiles> files_;
};

TEST_F(JournalFilesTest, SealedFilesAreClosed) {
  start(SyncMode::always);
  break_syncs();  // What was written is synced by who wrote it.
  for (std::uint64_t segment = 1; segment <= 4; ++segment) {
    enter(segment);
    files_->on_written(segment);
  }
  world_.pass(3 * core::nanos_per_s);
  world_.finish_ops();
  EXPECT_EQ(world_.disk().open_count(), 1U);
  EXPECT_EQ(failure_, "");
  files_.reset();
  EXPECT_EQ(world_.disk().open_count(), 0U);
}

TEST_F(JournalFilesTest, AnIntervalSyncsWhatWasWritten) {
  start(SyncMode::interval);
  enter(1);
  world_.pass(3 * core::nanos_per_s);
  break_syncs();
  world_.pass(3 * core::nanos_per_s);
  EXPECT_EQ(failure_, "") << "nothing was written";
  files_->on_written(1);
  EXPECT_EQ(failure_, "") << "not at once";
  world_.pass(2 * core::nanos_per_s);
  EXPECT_NE(failure_.find("syncing the journal in data failed"), std::string::npos) << failure_;
}

TEST_F(JournalFilesTest, WhatIsSyncedIsTold) {
  start(SyncMode::interval);
  enter(1);
  files_->on_written(1);
  EXPECT_EQ(files_->synced(), 0U);
  world_.pass(2 * core::nanos_per_s);
  EXPECT_EQ(files_->synced(), 1U);
  EXPECT_EQ(synced_count_, 1);
  world_.pass(3 * core::nanos_per_s);
  EXPECT_EQ(synced_count_, 1) << "nothing was written since";
}

TEST_F(JournalFilesTest, ASealedFileIsSyncedBeforeItIsClosed) {
  for (const SyncMode mode : {SyncMode::interval, SyncMode::os}) {
    failure_.clear();
    world_.disk().set_faults({});
    start(mode);
    enter(1);
    files_->on_written(1);
    enter(2);
    world_.finish_ops();
    const std::size_t open_count = world_.disk().open_count();
    EXPECT_EQ(files_->synced(), 1U);
    files_->on_written(2);
    break_syncs();
    enter(3);
    world_.finish_ops();
    EXPECT_NE(failure_, "");
    EXPECT_EQ(world_.disk().open_count(), open_count + 1) << "it is not closed";
  }
}

TEST_F(JournalFilesTest, ASyncThatBeganBeforeTheLastWriteIsNotTheLast) {
  start(SyncMode::interval);
  enter(1);
  files_->on_written(1);
  files_->want_sync();  // In flight from now on.
  files_->on_written(2);
  enter(2);
  world_.finish_ops();
  EXPECT_EQ(files_->synced(), 2U);
  EXPECT_EQ(world_.disk().open_count(), 1U);
}

TEST_F(JournalFilesTest, WhatIsLeftIsSyncedBeforeWhatCameLater) {
  start(SyncMode::os);
  enter(1);
  files_->on_written(1);
  files_->on_written(2);
  enter(2);
  files_->on_written(3);
  files_->want_sync();
  EXPECT_EQ(files_->synced(), 0U);
  while (files_->synced() == 0) world_.turn();
  EXPECT_EQ(files_->synced(), 2U);
  world_.finish_ops();
  EXPECT_EQ(files_->synced(), 3U);
}

TEST_F(JournalFilesTest, TheOperatingSystemIsNotToldWhenToWriteTheCurrentFile) {
  start(SyncMode::os);
  break_syncs();
  enter(1);
  files_->on_written(1);
  world_.pass(3 * core::nanos_per_s);
  world_.finish_ops();
  EXPECT_EQ(failure_, "");
  EXPECT_EQ(files_->synced(), 0U);
}

}  // namespace
}  // namespace lepus::persist
