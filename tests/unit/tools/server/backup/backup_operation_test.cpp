// The verb backup with two shards played by the test: all are frozen before one goes on, and all
// are told when it is over, however it ends.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/kernel_disk.h"
#include "persist/backup/backup_list.h"
#include "persist/catalog/sqlite.h"
#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

namespace fs = std::filesystem;
using Step = BackupOrder::Step;
using State = BackupReport::State;

class BackupOperationTest : public test::AdminTest {
 protected:
  BackupOperationTest() {
    char name[] = "/tmp/lepus-backup-test-XXXXXX";
    CHECK(::mkdtemp(name) != nullptr);
    root_ = name;
    host_.settings.data_dir = root_ / "data";
    fs::create_directories(root_ / "data/journal/shard-0");
    persist::Database catalog;
    CHECK(catalog.open(root_ / "data/catalog.sqlite").empty());
    CHECK(catalog.run("CREATE TABLE t (x); INSERT INTO t VALUES (17)").empty());
  }
  ~BackupOperationTest() override {
    thread_.reset();
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  std::uint32_t begin() {
    const std::uint32_t number = start("backup", {root_ / "backup"});
    for (core::ShardId shard = 0; shard < 2; ++shard)
      EXPECT_EQ(take<BackupOrder>(shard).step, Step::freeze);
    return number;
  }
  void report(core::ShardId shard, std::uint32_t number, State state) {
    BackupReport report{number, shard, state};
    if (state == State::ready) {
      report.snapshot = std::make_unique<persist::JournalSnapshot>();
      report.snapshot->shard = shard;
      report.snapshot->store = 7;
      report.snapshot->directory = root_ / "data/journal" / ("shard-" + std::to_string(shard));
      if (shard == 0) report.snapshot->segments = segments_;
    } else if (state != State::ended) {
      report.reason = std::make_unique<std::string>("so it is");
    }
    ends_[shard].tell_admin(std::move(report));
    turn();
  }
  void expect_order(Step step) {
    for (core::ShardId shard = 0; shard < 2; ++shard)
      EXPECT_EQ(take<BackupOrder>(shard).step, step);
  }
  /// The shards are told that it is over.
  void run_to_end() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (received_[0].empty() && std::chrono::steady_clock::now() < end) {
      drivers_[3].time += core::nanos_per_ms * 20;
      turn();
      std::this_thread::yield();
    }
    turn();  // What was sent to the others arrives.
    expect_order(Step::end);
  }
  /// They answer, and so does the broker.
  void answer_end(std::uint32_t number) {
    report(1, number, State::ended);
    EXPECT_EQ(sink_.done + sink_.error, "") << "one is still to answer";
    report(0, number, State::ended);
  }
  void expect_no_order() {
    for (core::ShardId shard = 0; shard < 2; ++shard) EXPECT_TRUE(received_[shard].empty());
  }
  void add_segment(std::size_t size) {
    std::ofstream file(root_ / "data/journal/shard-0/000003.seg", std::ios::binary);
    file << std::string(size, 'x');
    segments_ = {{5, 3, size, size}};
  }

  fs::path root_;
  std::vector<persist::SegmentSnapshot> segments_;
};

TEST_F(BackupOperationTest, AllAreFrozenBeforeOneGoesOn) {
  add_segment(8192);
  const std::uint32_t number = begin();
  report(1, number, State::ready);
  EXPECT_TRUE(received_[0].empty());
  EXPECT_TRUE(received_[1].empty());
  report(0, number, State::ready);
  expect_order(Step::thaw);
  run_to_end();
  answer_end(number);
  ASSERT_EQ(sink_.error, "");
  EXPECT_NE(sink_.done.find("\"segments\":1"), std::string::npos) << sink_.done;
  expect_no_order();

  io::KernelDisk disk;
  persist::BackupList list;
  ASSERT_EQ(persist::read_backup_list(disk, root_ / "backup", list), "");
  ASSERT_EQ(list.journals.size(), 2U);
  EXPECT_EQ(list.journals[0].shard, 0U);
  EXPECT_EQ(list.store, 7U);
  EXPECT_EQ(fs::file_size(root_ / "backup/journal/shard-0/000003.seg"), 8192U);
  persist::Database catalog;
  ASSERT_EQ(catalog.open(root_ / "backup/catalog.sqlite"), "");
  std::int64_t value = 0;
  EXPECT_EQ(catalog.read_number("SELECT x FROM t", value), "");
  EXPECT_EQ(value, 17);
}

TEST_F(BackupOperationTest, AShardThatRefusesEndsItForAll) {
  const std::uint32_t number = begin();
  report(1, number, State::ready);
  report(0, number, State::refused);
  EXPECT_EQ(sink_.error, "unavailable: shard 0: so it is");
  expect_order(Step::end);
  EXPECT_FALSE(fs::exists(root_ / "backup"));
  report(1, number, State::lost);  // Too late to matter.
}

TEST_F(BackupOperationTest, WhatIsLostMeanwhileFailsAndLeavesNothing) {
  add_segment(64 << 20);
  const std::uint32_t number = begin();
  report(0, number, State::ready);
  report(1, number, State::ready);
  expect_order(Step::thaw);
  report(1, number, State::lost);
  run_to_end();
  answer_end(number);
  EXPECT_EQ(sink_.error, "unavailable: shard 1: so it is") << "also when the copy was at its end";
  EXPECT_FALSE(fs::exists(root_ / "backup"));
  expect_no_order();
}

/// The copy is complete, and of files that a shard may have written to meanwhile.
TEST_F(BackupOperationTest, WhatIsLostAsTheEndIsToldFailsIt) {
  for (const bool comes_with_answer : {false, true}) {
    sink_.error.clear();
    const std::uint32_t number = begin();
    for (core::ShardId shard = 0; shard < 2; ++shard) report(shard, number, State::ready);
    expect_order(Step::thaw);
    run_to_end();
    report(0, number, State::ended);
    if (!comes_with_answer) report(1, number, State::lost);  // It was on its way.
    EXPECT_EQ(sink_.done + sink_.error, "");
    BackupReport ended{number, 1, State::ended};
    if (comes_with_answer) ended.reason = std::make_unique<std::string>("so it is");
    ends_[1].tell_admin(std::move(ended));
    turn();
    EXPECT_EQ(sink_.error, "unavailable: shard 1: so it is");
    EXPECT_FALSE(fs::exists(root_ / "backup"));
  }
  expect_no_order();
}

TEST_F(BackupOperationTest, WhoeverAskedMayGo) {
  const std::uint32_t number = begin();
  admin_->cancel(number);
  turn();
  expect_order(Step::end);
  report(0, number, State::ready);
  EXPECT_TRUE(received_[0].empty()) << "nobody goes on with it";
}

TEST_F(BackupOperationTest, AFileThatIsMissingIsNamed) {
  segments_ = {{5, 3, 8192, 8192}};
  const std::uint32_t number = begin();
  report(0, number, State::ready);
  report(1, number, State::ready);
  expect_order(Step::thaw);
  run_to_end();
  answer_end(number);
  EXPECT_NE(sink_.error.find("000003.seg: No such file"), std::string::npos) << sink_.error;
  EXPECT_FALSE(fs::exists(root_ / "backup"));
}

TEST_F(BackupOperationTest, ATargetThatCannotBeIsRefusedAtOnce) {
  start("backup", {"relative"});
  EXPECT_NE(sink_.error.find("no absolute path"), std::string::npos);
  start("backup", {root_ / "data"});
  EXPECT_NE(sink_.error.find("is not empty"), std::string::npos);
  start("backup");
  EXPECT_NE(sink_.error.find("expected a directory"), std::string::npos);
  AdminRequest request;
  request.verb = "backup";
  request.arguments = {root_ / "backup"};
  request.options["rate"] = "0";
  start(std::move(request));
  EXPECT_NE(sink_.error.find("is no rate"), std::string::npos);
  expect_no_order();
}

}  // namespace
}  // namespace lepus::server
