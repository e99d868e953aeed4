// When a line about long turns is written, and what is in it.
#include "tools/server/stall_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lepus::server {
namespace {

struct StallTicks final : core::TickSource {
  std::uint64_t ticks() override { return now += 10; }
  std::uint64_t now = 0;
};

struct StallLines final : core::Log {
  void write_enabled(core::LogLevel, core::LogCategory, std::string_view,
                     std::span<const core::LogField> fields) override {
    std::string line;
    for (const core::LogField& field : fields) {
      if (field.kind() == core::LogField::Kind::text) line += field.text();
      if (field.kind() == core::LogField::Kind::signed_number)
        line += std::to_string(field.as_signed());
      if (field.kind() == core::LogField::Kind::unsigned_number)
        line += std::to_string(field.as_unsigned());
      line += ' ';
    }
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

class StallLogTest : public ::testing::Test {
 protected:
  StallLogTest() { turn(0); }
  void turn(core::Nanos length) {
    profile_.begin_turn();
    profile_.enter(core::TurnJob::journal);
    ticks_.now += 180;
    profile_.end_turn(length);
    now_ += length;
    stalls_.look(now_);
  }

  StallTicks ticks_;
  core::TurnProfile profile_{ticks_};
  StallLines log_;
  StallLog stalls_{profile_, log_, "shard-3"};
  core::Nanos now_ = core::nanos_per_s;
};

TEST_F(StallLogTest, ALineNamesThreadLengthAndJob) {
  turn(core::limits::turn_stall - 1);
  EXPECT_TRUE(log_.lines.empty());
  turn(20 * core::nanos_per_ms);
  EXPECT_EQ(log_.lines, std::vector<std::string>{"shard-3 20000 journal 19000 1 "});
}

TEST_F(StallLogTest, WhatFollowsIsToldTogetherLater) {
  turn(core::limits::turn_stall);
  turn(40 * core::nanos_per_ms);
  turn(30 * core::nanos_per_ms);
  EXPECT_EQ(log_.lines.size(), 1U);
  now_ += core::limits::stall_log_interval;
  turn(0);
  ASSERT_EQ(log_.lines.size(), 2U);
  EXPECT_TRUE(log_.lines[1].starts_with("shard-3 40000 ")) << log_.lines[1];
  EXPECT_TRUE(log_.lines[1].ends_with(" 2 ")) << log_.lines[1];
  now_ += core::limits::stall_log_interval;
  turn(0);
  EXPECT_EQ(log_.lines.size(), 2U);
}

}  // namespace
}  // namespace lepus::server
