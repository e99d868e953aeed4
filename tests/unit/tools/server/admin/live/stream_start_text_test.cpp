// Where in a stream to begin, as an operator writes it.
#include "tools/server/admin/live/stream_start_text.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

using Kind = core::StreamStart::Kind;

void expect(std::string_view text, Kind kind, std::uint64_t value) {
  const auto start = parse_stream_start(text);
  ASSERT_TRUE(start) << text;
  EXPECT_EQ(start->kind, kind) << text;
  EXPECT_EQ(start->value, value) << text;
}

TEST(StreamStartText, WordsOffsetsAges) {
  expect("first", Kind::first, 0);
  expect("last", Kind::last, 0);
  expect("next", Kind::next, 0);
  expect("0", Kind::offset, 0);
  expect("18014398509481984", Kind::offset, 18014398509481984U);
  expect("10m", Kind::age, 600'000);
  expect("2h", Kind::age, 7'200'000);
}

TEST(StreamStartText, Times) {
  expect("2026-03-01T12:00:00Z", Kind::time, 1'772'366'400'000);
  expect("2026-03-01 12:00:00", Kind::time, 1'772'366'400'000);
  expect("2026-03-01T12:00Z", Kind::time, 1'772'366'400'000);
  expect("2026-03-01T12:00:00.25Z", Kind::time, 1'772'366'400'250);
  expect("2026-03-01T12:00:00.123456789Z", Kind::time, 1'772'366'400'123);
  expect("2026-03-01T13:00:00+01:00", Kind::time, 1'772'366'400'000);
  expect("2026-03-01T06:30:00-0530", Kind::time, 1'772'366'400'000);
  expect("2026-03-01T13:00:00+01", Kind::time, 1'772'366'400'000);
  expect("2026-03-01", Kind::time, 1'772'323'200'000);
  expect("2024-02-29", Kind::time, 1'709'164'800'000);
  expect("1969-01-01", Kind::time, 0);
}

TEST(StreamStartText, WhatIsNone) {
  for (const char* text : {"",
                           "First",
                           "-1",
                           "1.5",
                           "99999999999999999999",
                           "9223372036854775808",
                           "10x",
                           "h",
                           "2026-3-1",
                           "2026-02-30",
                           "2026-13-01",
                           "2026-03-01T",
                           "2026-03-01T12",
                           "2026-03-01T24:00Z",
                           "2026-03-01T12:60Z",
                           "2026-03-01T12:00:00.Z",
                           "2026-03-01T12:00:00Zx",
                           "2026-03-01T12:00Q",
                           "2026-03-01T12:00+",
                           "2026-03-01T12:00+1",
                           "2026-03-01T12:00+15:00",
                           "2026-03-01x",
                           "2026-03-01T-1:00Z",
                           " first",
                           "2026-03-01T12:00:00.1234567890Z"})
    EXPECT_FALSE(parse_stream_start(text)) << text;
}

}  // namespace
}  // namespace lepus::server
