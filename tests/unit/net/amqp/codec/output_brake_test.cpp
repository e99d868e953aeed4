// The mark, and when it is forgotten.
#include "net/amqp/codec/output_brake.h"

#include <gtest/gtest.h>

namespace lepus::amqp {
namespace {

constexpr std::uint64_t mark = core::limits::answers_unsent_max;

TEST(OutputBrake, IsOnAboveTheMarkUntilTheLastAnswerIsTaken) {
  OutputBrake brake;
  brake.note(0, mark);
  EXPECT_FALSE(brake.is_on());
  brake.note(mark + 500, mark + 501);  // Deliveries lie between.
  EXPECT_TRUE(brake.is_on());
  EXPECT_EQ(brake.unsent_bytes(), mark + 1);
  brake.on_taken(mark + 500);
  EXPECT_TRUE(brake.is_on());
  brake.on_taken(mark + 501);
  EXPECT_FALSE(brake.is_on());
  EXPECT_EQ(brake.unsent_bytes(), 0U);
}

TEST(OutputBrake, WhatWasDroppedDoesNotCount) {
  OutputBrake brake;
  brake.note(0, 2 * mark);
  EXPECT_TRUE(brake.is_on());
  brake.note(mark, mark + 20);
  EXPECT_EQ(brake.unsent_bytes(), 20U);
  EXPECT_FALSE(brake.is_on());
}

TEST(OutputBrake, WhoTakesEverythingIsNeverHeld) {
  OutputBrake brake;
  for (std::uint64_t at = 0; at < 10 * mark; at += mark / 2) {
    brake.note(at, at + mark / 2);
    EXPECT_FALSE(brake.is_on());
    brake.on_taken(at + mark / 2);
  }
}

}  // namespace
}  // namespace lepus::amqp
