// What is taken as JSON that is kept.
#include "persist/catalog/json_text.h"
#include "core/limits.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::persist {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonText, HowDeepItMayNest) {
  EXPECT_EQ(check_json(nested(core::limits::json_depth_max)), "");
  EXPECT_NE(check_json(nested(core::limits::json_depth_max + 1)), "");
  EXPECT_TRUE(parse_json(nested(100'000)).is_discarded());
  EXPECT_TRUE(parse_json(std::string(100'000, '{')).is_discarded());
}

TEST(JsonText, BracketsInStringsAreLetters) {
  const std::string text = "{\"a\\\"" + std::string(1'000, '[') + "\":\"" + nested(200) + "\\\\\"}";
  EXPECT_EQ(check_json(text), "");
  EXPECT_FALSE(parse_json(text).is_discarded());
}

TEST(JsonText, WhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "nope", "\"\\", "]]]]"}) {
    EXPECT_NE(check_json(text), "") << text;
    EXPECT_TRUE(parse_json(text).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace lepus::persist
