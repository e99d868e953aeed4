// Ages of messages, told by one mark for each sample.
#include "core/queue/time_marks.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(TimeMarks, APositionIsAsOldAsTheFirstMarkAboveIt) {
  TimeMarks marks;
  EXPECT_EQ(marks.time_of(0, 7 * nanos_per_s), 7 * nanos_per_s) << "nothing is known";
  marks.note(90, 5 * nanos_per_s);
  marks.note(200, 10 * nanos_per_s);
  EXPECT_EQ(marks.time_of(0, 20 * nanos_per_s), 5 * nanos_per_s);
  EXPECT_EQ(marks.time_of(89, 20 * nanos_per_s), 5 * nanos_per_s);
  EXPECT_EQ(marks.time_of(90, 20 * nanos_per_s), 10 * nanos_per_s);
  EXPECT_EQ(marks.time_of(200, 20 * nanos_per_s), 20 * nanos_per_s);
}

TEST(TimeMarks, WhereNothingCameThereIsNoMark) {
  TimeMarks marks;
  marks.note(0, nanos_per_s);
  EXPECT_EQ(marks.time_of(0, 3 * nanos_per_s), 3 * nanos_per_s);
  marks.note(4, 5 * nanos_per_s);
  marks.note(4, 6 * nanos_per_s);
  EXPECT_EQ(marks.time_of(3, 9 * nanos_per_s), 5 * nanos_per_s);
  EXPECT_LE(marks.size(), 2U);
}

TEST(TimeMarks, WhatIsGoneIsForgotten) {
  TimeMarks marks;
  for (Sequence i = 1; i <= 10; ++i) marks.note(10 * i, static_cast<Nanos>(i) * nanos_per_s);
  marks.forget_below(55);
  EXPECT_EQ(marks.size(), 5U);
  EXPECT_EQ(marks.time_of(55, 20 * nanos_per_s), 6 * nanos_per_s);
  marks.forget_below(1'000);
  EXPECT_EQ(marks.size(), 0U);
}

/// A day with a sample each five seconds: few marks, and each age is told to within a third of it.
TEST(TimeMarks, AreFewHoweverLongAMessageStays) {
  TimeMarks marks;
  const Sequence samples = 17'280;
  for (Sequence i = 1; i <= samples; ++i) marks.note(i, static_cast<Nanos>(i) * 5 * nanos_per_s);
  EXPECT_LE(marks.size(), limits::time_marks_max);
  const Nanos now = static_cast<Nanos>(samples) * 5 * nanos_per_s;
  for (Sequence position = 0; position + 1 < samples; position += 97) {
    const Nanos came = static_cast<Nanos>(position + 1) * 5 * nanos_per_s;
    const Nanos told = marks.time_of(position, now);
    EXPECT_GE(told, came);
    EXPECT_LE(told - came, (now - came) * 2 / 5) << position;
  }
}

}  // namespace
}  // namespace lepus::core
