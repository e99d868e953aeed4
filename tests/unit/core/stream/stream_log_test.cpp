// Offsets and limits of a stream's messages.
#include "core/stream/stream_log.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/stream/stream_parts_world.h"

namespace lepus::core {
namespace {

using StartKind = StreamStart::Kind;

class StreamLogTest : public test::StreamPartsTest {};

TEST_F(StreamLogTest, OffsetsOfStarts) {
  EXPECT_EQ(log_->first(), log_->end());
  for (int second = 10; second < 14; ++second) {
    host_.set_now(second * nanos_per_s);
    push("x");
  }
  EXPECT_EQ(log_->start_of({StartKind::first, 0}), 0U);
  EXPECT_EQ(log_->start_of({StartKind::last, 0}), 3U);
  EXPECT_EQ(log_->start_of({StartKind::next, 0}), 4U);
  EXPECT_EQ(log_->start_of({StartKind::offset, 2}), 2U);
  EXPECT_EQ(log_->start_of({StartKind::offset, 9}), 9U);
  EXPECT_EQ(log_->start_of({StartKind::time, 12'000}), 2U);
  EXPECT_EQ(log_->start_of({StartKind::age, 1'000}), 2U);
}

TEST_F(StreamLogTest, WhenAMessageCame) {
  EXPECT_EQ(log_->arrived_ms(0), 0U) << "nothing came";
  for (const int second : {10, 10, 13}) {
    host_.set_now(second * nanos_per_s);
    push("x");
  }
  EXPECT_EQ(log_->arrived_ms(1), 10'000U);
  EXPECT_EQ(log_->arrived_ms(2), 13'000U);
}

TEST_F(StreamLogTest, TheNextMessageIsSoughtInPieces) {
  for (int i = 0; i < 6; ++i) push("x");
  EXPECT_EQ(log_->next_message(2, 100), 2U);
  for (const Sequence lost : {1, 2, 3, 4}) log_->park(lost);
  EXPECT_EQ(log_->next_message(1, 100), 5U);
  EXPECT_EQ(log_->next_message(1, 2), 3U) << "not known yet";
  EXPECT_EQ(log_->next_message(9, 100), 6U) << "the end";
}

TEST_F(StreamLogTest, TooManyBytesDropTheOldestButOne) {
  info_->effective.edit().max_length_bytes = 2;
  push("ab");
  EXPECT_EQ(log_->first(), 0U);
  push("c");
  EXPECT_EQ(log_->first(), 1U);
  push("large");
  EXPECT_EQ(log_->first(), 2U) << "the newest stays";
}

TEST_F(StreamLogTest, WhatIsTooOldIsDroppedWhenItsTimeHasCome) {
  info_->effective.edit().max_age_ms = 5'000;
  host_.set_now(10 * nanos_per_s);
  push("a");
  const Nanos due = log_->next_deadline();
  EXPECT_GE(due, 15 * nanos_per_s);
  host_.set_now(due);
  log_->drop_excess();
  EXPECT_EQ(log_->first(), log_->end());
  EXPECT_EQ(log_->next_deadline(), never);
}

TEST_F(StreamLogTest, ALimitThatCameLaterDropsInPieces) {
  for (std::size_t i = 0; i < limits::discards_per_turn_max + 10; ++i) push("x");
  info_->effective.edit().max_length_bytes = 1;
  EXPECT_EQ(log_->next_deadline(), host_.now());
  log_->drop_excess();
  EXPECT_EQ(log_->backlog().ready_count(), 10U);
  log_->drop_excess();
  EXPECT_EQ(log_->backlog().ready_count(), 1U);
}

TEST_F(StreamLogTest, RestoredMessagesKeepTheirOffsetsAndTimes) {
  log_->restore({.first = 7, .count = 3, .place = {1, 0, 8}, .body_size = 1, .enqueued_ms = 4'000});
  log_->backlog().continue_at(12);
  EXPECT_EQ(log_->first(), 7U);
  EXPECT_EQ(log_->end(), 12U);
  EXPECT_EQ(log_->records().find(9)->place, (RecordLocation{1, 16, 8}));
  EXPECT_EQ(log_->start_of({StartKind::time, 9'000}), 12U);
}

}  // namespace
}  // namespace lepus::core
