// One loop over a simulated disk, for tests of a part of the journal alone; a log that can be read.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "io/loop.h"
#include "io/sim/sim_driver.h"

namespace lepus::persist::test {

class TextLog final : public core::Log {
 public:
  std::vector<std::string> events;
  std::size_t times(std::string_view event) const {
    std::size_t count = 0;
    for (const std::string& one : events) count += one.starts_with(event) ? 1 : 0;
    return count;
  }

 private:
  void write_enabled(core::LogLevel, core::LogCategory, std::string_view event,
                     std::span<const core::LogField>) override {
    events.emplace_back(event);
  }
};

/// The directory "data" exists. What is tested must be destroyed before.
struct LoopWorld {
  LoopWorld() { EXPECT_EQ(disk().make_directory("data"), 0); }
  io::SimDisk& disk() { return world.disk(); }
  void turn() {
    loop.run_turn();
    (void)world.next_runnable(world.now() + core::nanos_per_s);
  }
  /// Until no op is under way.
  void finish_ops() {
    for (int i = 0; loop.ops_in_flight() > 0 && i < 10'000; ++i) turn();
    EXPECT_EQ(loop.ops_in_flight(), 0U);
  }
  void pass(core::Nanos time) {
    for (const core::Nanos end = world.now() + time; world.now() < end;) turn();
  }
  /// Of the file; 0: there is none.
  std::uint64_t file_size(const std::string& path) {
    const int fd = disk().open(path, {});
    if (fd < 0) return 0;
    const std::int64_t size = disk().size(fd);
    disk().close(fd);
    return static_cast<std::uint64_t>(size);
  }

  io::SimWorld world{1, {}};
  io::SimDriver driver{world};
  io::Loop loop{driver, io::IdlePolicy{io::IdleMode::sleep, 0}};
  TextLog log;
};

}  // namespace lepus::persist::test
