// When confirms leave, and which of them become one.
#include "core/broker/pending_confirms.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::core {
namespace {

constexpr ChannelRef one{0, 1, 1};
constexpr ChannelRef other{1, 2, 1};

std::string send_due(PendingConfirms& confirms, std::uint64_t durable) {
  std::string sent;
  confirms.send_due(durable, [&](const Confirm& confirm) {
    sent += std::to_string(confirm.channel.slot) + ":" + std::to_string(confirm.first) + "-" +
            std::to_string(confirm.last) + (confirm.refused ? "! " : " ");
  });
  return sent;
}

TEST(PendingConfirms, WaitForTheirBatch) {
  PendingConfirms confirms;
  confirms.add(3, {one, 1, 1, false});
  confirms.add(4, {one, 2, 2, false});
  confirms.add(6, {other, 1, 1, true});
  EXPECT_EQ(send_due(confirms, 2), "");
  EXPECT_EQ(send_due(confirms, 4), "1:1-1 1:2-2 ");
  EXPECT_EQ(send_due(confirms, 5), "");
  EXPECT_EQ(send_due(confirms, 6), "2:1-1! ");
  EXPECT_EQ(send_due(confirms, 7), "");
}

TEST(PendingConfirms, WhatNeedsNoBatchGoesLast) {
  PendingConfirms confirms;
  confirms.add(0, {one, 5, 5, false});
  confirms.add(1, {one, 4, 4, false});
  EXPECT_EQ(send_due(confirms, 0), "1:5-5 ");
  EXPECT_EQ(send_due(confirms, 1), "1:4-4 ");
}

TEST(PendingConfirms, NeighboursOfOneBatchBecomeOne) {
  PendingConfirms confirms;
  confirms.add(1, {one, 1, 1, false});
  confirms.add(1, {one, 2, 2, false});
  confirms.add(1, {other, 3, 3, false});  // Another channel,
  confirms.add(1, {other, 4, 4, true});   // another outcome,
  confirms.add(1, {other, 6, 6, true});   // a hole,
  confirms.add(2, {other, 7, 7, true});   // another batch.
  EXPECT_EQ(send_due(confirms, 2), "1:1-2 2:3-3 2:4-4! 2:6-6! 2:7-7! ");
}

TEST(PendingConfirms, MoreMayComeWhileTheyAreSent) {
  PendingConfirms confirms;
  confirms.add(1, {one, 1, 1, false});
  confirms.add(1, {other, 1, 1, false});
  int count = 0;
  confirms.send_due(1, [&](const Confirm&) {
    ++count;
    if (count <= 2) confirms.add(1, {one, 9, 9, false});
  });
  EXPECT_EQ(count, 2);
  EXPECT_EQ(send_due(confirms, 1), "1:9-9 1:9-9 ");
}

TEST(PendingConfirms, BatchesDoNotFall) {
  PendingConfirms confirms;
  confirms.add(2, {one, 1, 1, false});
  EXPECT_DEATH(confirms.add(1, {one, 2, 2, false}), "batch");
}

}  // namespace
}  // namespace lepus::core
