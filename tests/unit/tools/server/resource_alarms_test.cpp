// When an alarm is raised, told and withdrawn.
#include "tools/server/resource_alarms.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "core/limits.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::server {
namespace {

class ResourceAlarmsTest : public ::testing::Test, protected ResourceAlarms::Listener {
 protected:
  void on_alarm(const core::Alarm& alarm) override { announced_.push_back(alarm); }
  void on_trim() override { ++trims_; }

  void advance(core::Nanos duration) {
    driver_.time += duration;
    for (int i = 0; i < 2; ++i) loop_.run_turn();
  }
  /// Those told since the last call.
  std::vector<core::Alarm> announced() { return std::exchange(announced_, {}); }

  test::FakeDriver driver_{0};
  io::Loop loop_{driver_, {}};
  core::NullLog log_;
  std::uint64_t used_ = 0;
  std::int64_t free_ = 5'000;
  std::uint64_t resident_ = 0;
  std::uint64_t cgroup_excess_ = 0;
  std::vector<core::Alarm> announced_;
  int trims_ = 0;
  SlowReading<std::int64_t> disk_{[this] { return free_; }};
  SlowReading<ProcessMemory> process_{[this] { return ProcessMemory{resident_, cgroup_excess_}; }};
  ResourceAlarms alarms_{
      {&loop_, &log_, this, 1'000, [this] { return used_; }, &disk_, 5'000, &process_}};
};

constexpr core::Alarm memory_alarm{.memory = true, .disk = false};
constexpr core::Alarm disk_alarm{.memory = false, .disk = true};
constexpr core::Alarm no_alarm{};

TEST_F(ResourceAlarmsTest, NothingIsMeasuredBeforeTheStart) {
  used_ = 2'000;
  alarms_.set_memory_watermark(500);
  advance(core::nanos_per_s);
  EXPECT_TRUE(announced().empty());
  alarms_.start();
  advance(core::limits::memory_check_interval);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
}

TEST_F(ResourceAlarmsTest, ANewLimitCountsAtOnce) {
  used_ = 900;
  alarms_.start();
  advance(core::nanos_per_s);
  EXPECT_TRUE(announced().empty());
  alarms_.set_memory_watermark(899);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  alarms_.set_memory_watermark(900);
  EXPECT_EQ(announced(), std::vector{no_alarm});
  alarms_.set_disk_free_min(5'001);
  EXPECT_EQ(announced(), std::vector{disk_alarm});
}

TEST_F(ResourceAlarmsTest, WhatIsNotKnownOfTheDiskChangesNothing) {
  alarms_.start();
  free_ = 4'999;
  advance(core::limits::disk_check_interval);
  EXPECT_EQ(announced(), std::vector{disk_alarm});
  free_ = -EIO;
  advance(core::limits::disk_check_interval);
  EXPECT_TRUE(announced().empty());
  EXPECT_TRUE(alarms_.alarm().disk);
  free_ = 5'000;
  advance(core::limits::disk_check_interval);
  EXPECT_EQ(announced(), std::vector{no_alarm});
}

/// A kernel that does not answer, as of a disk whose server is gone.
class HangingReadingsTest : public ResourceAlarmsTest {
 protected:
  struct Gate {
    std::atomic<bool> is_shut = false;
    std::counting_semaphore<> entered{0};
    std::counting_semaphore<> opened{0};

    void pass() {
      if (!is_shut) return;
      entered.release();
      opened.acquire();
    }
  };
  HangingReadingsTest() {
    alarms_.stop();
    slow_alarms_.start();
    slow_disk_.start_thread("disk");
    slow_process_.start_thread("process");
    advance(1);
  }
  /// Turns until `condition` holds, which needs another thread.
  template <class Condition>
  void advance_until(Condition&& condition) {
    while (!condition()) {
      advance(core::limits::memory_check_interval);
      std::this_thread::yield();
    }
  }

  std::shared_ptr<Gate> disk_gate_ = std::make_shared<Gate>();
  std::shared_ptr<Gate> process_gate_ = std::make_shared<Gate>();
  std::shared_ptr<std::atomic<std::int64_t>> slow_free_ =
      std::make_shared<std::atomic<std::int64_t>>(5'000);
  SlowReading<std::int64_t> slow_disk_{[gate = disk_gate_, free = slow_free_] {
    gate->pass();
    return free->load();
  }};
  SlowReading<ProcessMemory> slow_process_{[gate = process_gate_] {
    gate->pass();
    return ProcessMemory{7, 0};
  }};
  ResourceAlarms slow_alarms_{
      {&loop_, &log_, this, 1'000, [this] { return used_; }, &slow_disk_, 5'000, &slow_process_}};
};

TEST_F(HangingReadingsTest, ADiskThatHangsStopsNothing) {
  advance_until([&] { return slow_alarms_.disk_free() == 5'000; });
  disk_gate_->is_shut = true;
  std::thread shut([&] { disk_gate_->entered.acquire(); });
  advance_until([&] { return slow_alarms_.disk_free() < 0; });
  shut.join();
  EXPECT_EQ(slow_alarms_.disk_free(), -ETIMEDOUT);
  EXPECT_TRUE(announced().empty()) << "the alarm stays as it is";
  // Memory is watched as before.
  used_ = 2'000;
  advance(2 * core::limits::memory_check_interval);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  used_ = 0;
  advance(2 * core::limits::memory_check_interval);
  EXPECT_EQ(announced(), std::vector{no_alarm});
  // The server is back.
  *slow_free_ = 4'999;
  disk_gate_->is_shut = false;
  disk_gate_->opened.release();
  advance_until([&] { return slow_alarms_.alarm().disk; });
  EXPECT_EQ(slow_alarms_.disk_free(), 4'999);
}

TEST_F(HangingReadingsTest, WhatTheProcessOccupiesMayNotBeKnown) {
  advance_until([&] { return slow_alarms_.resident() == 7; });
  process_gate_->is_shut = true;
  advance_until([&] { return slow_alarms_.resident() == 0; });
  process_gate_->is_shut = false;
  process_gate_->opened.release();
  advance_until([&] { return slow_alarms_.resident() == 7; });
}

TEST_F(ResourceAlarmsTest, AForcedAlarmStaysWhateverIsMeasured) {
  alarms_.start();
  alarms_.set_forced(memory_alarm);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  used_ = 2'000;
  advance(core::nanos_per_s);
  EXPECT_TRUE(announced().empty()) << "it is known already";
  alarms_.set_forced({});
  EXPECT_TRUE(announced().empty()) << "it is measured now";
  used_ = 0;
  advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{no_alarm});
}

TEST_F(ResourceAlarmsTest, WhatTheProcessOccupiesCountsToo) {
  constexpr std::uint64_t megabyte = 1 << 20;
  alarms_.set_memory_watermark(160 * megabyte);
  resident_ = 30 * megabyte;  // Of a start.
  used_ = 100 * megabyte;
  alarms_.start();
  advance(core::nanos_per_s);
  resident_ = 191 * megabyte;
  advance(core::nanos_per_s);
  EXPECT_EQ(trims_, 1) << "perhaps it is not needed";
  EXPECT_TRUE(announced().empty());
  used_ = 160 * megabyte;
  for (int second = 0; second < 3; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  resident_ = 189 * megabyte;
  advance(core::nanos_per_s);
  EXPECT_TRUE(announced().empty()) << "not far enough below";
  resident_ = 180 * megabyte;
  advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{no_alarm});
}

TEST_F(ResourceAlarmsTest, OnlyUnneededMemoryIsAskedBack) {
  constexpr std::uint64_t megabyte = 1 << 20;
  alarms_.set_memory_watermark(100 * megabyte);
  alarms_.start();
  used_ = 95 * megabyte;
  resident_ = 105 * megabyte;
  for (int second = 0; second < 6; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  const int before = trims_;
  used_ = 10 * megabyte;
  for (int second = 0; second < 2; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(trims_, before + 1);
}

TEST_F(ResourceAlarmsTest, AHigherWatermarkEndsItAtOnce) {
  alarms_.start();
  resident_ = 10'000;
  for (int second = 0; second < 5; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  alarms_.set_memory_watermark(20'000);
  EXPECT_EQ(announced(), std::vector{no_alarm});
}

TEST_F(ResourceAlarmsTest, AFullControlGroupIsAnAlarm) {
  alarms_.start();
  cgroup_excess_ = 1;
  advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{memory_alarm});
  cgroup_excess_ = 0;
  advance(core::nanos_per_s);
  EXPECT_EQ(announced(), std::vector{no_alarm});
}

TEST_F(ResourceAlarmsTest, UnneededMemoryGoesBackAndAStopEndsThat) {
  alarms_.start();
  alarms_.set_memory_watermark(UINT64_MAX);
  resident_ = 10 * core::limits::heap_trim_large;
  for (int second = 0; second < 100 && trims_ == 0; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(trims_, 1);
  alarms_.stop();
  used_ = 2'000;
  for (int second = 0; second < 100; ++second) advance(core::nanos_per_s);
  EXPECT_EQ(trims_, 1);
  EXPECT_TRUE(announced().empty());
}

}  // namespace
}  // namespace lepus::server
