// Lines of the log that are kept for operators.
#include "tools/server/log/log_memory.h"

#include <gtest/gtest.h>

#include "core/limits/live.h"

namespace lepus::server {
namespace {

using core::LogLevel;

class LogMemoryTest : public ::testing::Test {
 protected:
  void add(std::string text, LogLevel level = LogLevel::info) {
    memory_.add({1, level, LogFormat::plaintext, std::move(text)});
  }
  std::string read(const LogQuestion& question) {
    last_ = memory_.read(question);
    std::string all;
    for (const KeptLogLine& kept : last_.lines) all += kept.line.text + " ";
    return all;
  }

  LogMemory memory_;
  LogAnswer last_;
};

TEST_F(LogMemoryTest, TheNewestOrWhatCameSince) {
  EXPECT_EQ(read({.count_max = 5}), "");
  EXPECT_EQ(last_.next, 0U);
  for (const char* text : {"a", "b", "c", "d"}) add(text);
  EXPECT_EQ(read({.count_max = 2}), "c d ");
  EXPECT_EQ(last_.next, 4U);
  EXPECT_EQ(read({.after = 4, .count_max = 2}), "");
  add("e");
  EXPECT_EQ(read({.after = 4, .count_max = 2}), "e ");
  EXPECT_EQ(last_.next, 5U);
}

TEST_F(LogMemoryTest, WhatDoesNotFitComesNextTime) {
  for (const char* text : {"a", "b", "c"}) add(text);
  EXPECT_EQ(read({.after = 0, .count_max = 2}), "a b ");
  EXPECT_TRUE(last_.has_more);
  EXPECT_EQ(read({.after = last_.next, .count_max = 2}), "c ");
  EXPECT_FALSE(last_.has_more);
}

TEST_F(LogMemoryTest, ByLevelAndText) {
  add("quiet", LogLevel::debug);
  add("Loud noise", LogLevel::error);
  add("noise", LogLevel::info);
  EXPECT_EQ(read({.count_max = 9, .level = LogLevel::warning}), "Loud noise ");
  EXPECT_EQ(read({.count_max = 9, .text = "NOISE"}), "Loud noise noise ");
  EXPECT_EQ(read({.after = 0, .count_max = 1, .level = LogLevel::info, .text = "noise"}),
            "Loud noise ");
  EXPECT_EQ(last_.next, 2U);
  EXPECT_EQ(read({.after = 0, .count_max = 9, .text = "nothing"}), "");
  EXPECT_EQ(last_.next, 3U) << "what is not wanted is passed";
}

TEST_F(LogMemoryTest, TheOldestGo) {
  for (std::size_t i = 0; i < core::limits::log_lines_kept + 3; ++i) add(std::to_string(i));
  EXPECT_EQ(read({.after = 0, .count_max = 1}), "3 ");
  EXPECT_EQ(last_.missed, 3U);
  const std::string large(core::limits::log_bytes_kept / 2, 'x');
  add(large);
  add(large);
  EXPECT_EQ(read({.count_max = 9}), large + " ") << "two of them are too much";
}

TEST_F(LogMemoryTest, OneFormatIsKept) {
  memory_.set_format(LogFormat::json);
  add("plain");
  memory_.add({1, LogLevel::info, LogFormat::json, R"("msg":"a"})"});
  EXPECT_EQ(read({.count_max = 9}), R"({"msg":"a"} )");
}

TEST_F(LogMemoryTest, ANumberFromBeforeARestart) {
  add("a");
  EXPECT_EQ(read({.after = 900, .count_max = 9}), "");
  EXPECT_EQ(last_.next, 1U);
}

}  // namespace
}  // namespace lepus::server
