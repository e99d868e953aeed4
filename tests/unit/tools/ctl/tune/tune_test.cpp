// Tuning of a kernel that is a tree of files.
#include "tools/ctl/tune/tune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/unit/io/temporary_directory.h"
#include "tools/ctl/options.h"

namespace lepus::ctl {
namespace {

class TuneTest : public ::testing::Test {
 protected:
  void SetUp() override {
    run_.place.root = directory_ / "root";
    run_.place.data_dir = directory_ / "data";
    run_.undo_file = directory_ / "undo";
    std::filesystem::create_directories(run_.place.data_dir);
    put("/proc/sys/vm/swappiness", "60");
    put("/proc/sys/net/core/somaxconn", "8192");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave");
    put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance");
    put("/sys/class/net/eth0/device/msi_irqs/30", "msi");
    put("/proc/irq/30/smp_affinity_list", "0-7");
  }
  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = run_.place.root + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << '\n';
  }
  std::string get(const std::string& path) { return read_value(run_.place, path); }
  Tuner tuner(std::string_view name) {
    for (Tuner& one : found_ = find_tuners(run_.place))
      if (one.name == name) return one;
    ADD_FAILURE() << name;
    return {};
  }

  io::TemporaryDirectory directory_;
  TuneRun run_;
  std::vector<Tuner> found_;
};

TEST_F(TuneTest, SeesWhatIsAndWhatShouldBe) {
  ASSERT_EQ(tuner("swappiness").settings.size(), 1U);
  EXPECT_EQ(tuner("swappiness").settings[0].current, "60");
  EXPECT_EQ(tuner("swappiness").settings[0].wanted, "1");
  EXPECT_FALSE(tuner("swappiness").settings[0].is_good);
  EXPECT_TRUE(tuner("somaxconn").settings[0].is_good) << "more is good";
  EXPECT_EQ(tuner("transparent_hugepages").settings[0].current, "always");
  EXPECT_EQ(tuner("cpu_governor").settings.size(), 2U);
  EXPECT_NE(tuner("tcp_max_syn_backlog").unsupported, "");
  EXPECT_NE(tuner("clocksource").unsupported, "");
  EXPECT_NE(tuner("irq_affinity").unsupported.find("--irq-cpus"), std::string::npos);
  EXPECT_NE(tuner("nofile").unsupported, "");
}

TEST_F(TuneTest, InterruptsOfCardsOnRequest) {
  run_.place.irq_cpus = "0-1";
  ASSERT_EQ(tuner("irq_affinity").settings.size(), 1U);
  EXPECT_EQ(tuner("irq_affinity").settings[0].path, "/proc/irq/30/smp_affinity_list");
  run_.place.interface = "eth1";
  EXPECT_NE(tuner("irq_affinity").unsupported, "");
}

TEST_F(TuneTest, OpenFilesOfTheBrokerThatRuns) {
  std::ofstream(run_.place.data_dir + "/lock") << "77\n";
  put("/proc/77/limits", "Limit  Soft  Hard\nMax open files            1024  4096  files");
  ASSERT_EQ(tuner("nofile").settings.size(), 1U);
  EXPECT_EQ(tuner("nofile").settings[0].current, "1024");
  EXPECT_FALSE(tuner("nofile").settings[0].is_good);
  EXPECT_EQ(tuner("nofile").settings[0].path, "") << "apply cannot change it";
}

TEST_F(TuneTest, AppliesAndUndoes) {
  const TuneOutcome applied = apply_tuning(run_);
  EXPECT_EQ(applied.error, "");
  EXPECT_EQ(applied.lines.size(), 3U);
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "1");
  EXPECT_EQ(get("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "performance");
  EXPECT_EQ(get("/proc/irq/30/smp_affinity_list"), "0-7");
  const TuneOutcome undone = undo_tuning(run_);
  EXPECT_EQ(undone.error, "");
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "60");
  EXPECT_EQ(get("/sys/kernel/mm/transparent_hugepage/enabled"), "always");
  EXPECT_EQ(get("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "powersave");
  EXPECT_FALSE(std::filesystem::exists(run_.undo_file));
  EXPECT_TRUE(undo_tuning(run_).lines.empty());
}

TEST_F(TuneTest, UndoLeavesAloneWhatWasChangedByHand) {
  EXPECT_EQ(apply_tuning(run_).error, "");
  put("/proc/sys/vm/swappiness", "10");
  put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]");
  for (const bool is_dry : {true, false}) {
    run_.is_dry = is_dry;
    const TuneOutcome undone = undo_tuning(run_);
    EXPECT_EQ(undone.error, "");
    EXPECT_EQ(undone.lines.size(), 1U) << "the governor";
    ASSERT_EQ(undone.kept.size(), 2U);
    EXPECT_EQ(undone.kept[0],
              "/proc/sys/vm/swappiness: left at 10, which apply did not write (it wrote 1, before "
              "it was 60)");
  }
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "10");
  EXPECT_EQ(get("/sys/kernel/mm/transparent_hugepage/enabled"), "always madvise [never]");
  EXPECT_EQ(get("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "powersave");
  EXPECT_TRUE(undo_tuning(run_).kept.empty()) << "said once: the undo file is gone";
}

TEST_F(TuneTest, WhatWasSetByHandBetweenTwoAppliesIsSetBack) {
  run_.place.irq_cpus = "0-1";
  EXPECT_EQ(apply_tuning(run_).error, "");
  put("/proc/sys/vm/swappiness", "30");
  run_.place.irq_cpus = "2-3";  // that of the first apply is nobody's choice
  EXPECT_EQ(apply_tuning(run_).lines.size(), 2U);
  EXPECT_EQ(undo_tuning(run_).error, "");
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "30");
  EXPECT_EQ(get("/proc/irq/30/smp_affinity_list"), "0-7");
}

TEST_F(TuneTest, DryRunsChangeNothing) {
  run_.is_dry = true;
  EXPECT_EQ(apply_tuning(run_).lines.size(), 3U);
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "60");
  EXPECT_FALSE(std::filesystem::exists(run_.undo_file));
}

TEST_F(TuneTest, SaysWhatCannotBeWritten) {
  run_.undo_file = directory_ / "missing/undo";
  const TuneOutcome outcome = apply_tuning(run_);
  EXPECT_NE(outcome.error.find("missing/undo"), std::string::npos);
  EXPECT_EQ(outcome.exit_code, exit_cannot_write);
  EXPECT_EQ(get("/proc/sys/vm/swappiness"), "60") << "nothing that could not be undone";
}

}  // namespace
}  // namespace lepus::ctl
