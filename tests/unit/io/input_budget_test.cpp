// The shares of a turn: of one socket, of all, and of one that is alone.
#include "io/input_budget.h"

#include <gtest/gtest.h>

#include <vector>

namespace lepus::io {
namespace {

namespace limits = core::limits;

class InputBudgetTest : public testing::Test {
 protected:
  InputBudgetTest() {
    for (Op* op : {&busy_, &other_}) op->kind = OpKind::recv;
  }
  bool takes(Op& op, std::size_t size) {
    const core::Bytes bytes = core::Bytes(memory_).first(size);
    return !budget_.is_exceeded_by({&op, static_cast<std::int32_t>(size), true, bytes});
  }
  void start_turn() {
    busy_.length = other_.length = 0;
    budget_.start_turn();
  }
  /// How many pieces of `size` bytes the busy socket gets in one turn, of at most a hundred.
  std::size_t pieces_in_a_turn(std::size_t size) {
    start_turn();
    std::size_t count = 0;
    while (count < 100 && takes(busy_, size)) ++count;
    budget_.end_turn();
    return count;
  }
  void turns_alone(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) (void)pieces_in_a_turn(limits::input_share);
  }

  Op busy_;
  Op other_;
  InputBudget budget_;
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(limits::input_per_turn);
};

TEST_F(InputBudgetTest, ASocketHasItsShare) {
  EXPECT_EQ(pieces_in_a_turn(limits::input_share / 4), 4U);
  EXPECT_FALSE(budget_.is_lone());
}

TEST_F(InputBudgetTest, AboveTheLimitOfAllOnlySmallPiecesAreTaken) {
  start_turn();
  EXPECT_TRUE(takes(busy_, limits::input_per_turn));
  EXPECT_TRUE(takes(other_, limits::input_small));
  EXPECT_FALSE(takes(other_, limits::input_small + 1));
  EXPECT_FALSE(takes(other_, 1)) << "its bytes must stay in order";
}

TEST_F(InputBudgetTest, TheShareOfOneThatIsAloneGrowsUpToTheLimitOfATurn) {
  turns_alone(limits::input_lone_turns);
  EXPECT_FALSE(budget_.is_lone()) << "the first turn of a socket is not one in a row";
  turns_alone(1);
  EXPECT_TRUE(budget_.is_lone());
  EXPECT_EQ(pieces_in_a_turn(limits::input_share), 2U);
  turns_alone(20 * limits::input_lone_turns);
  EXPECT_EQ(pieces_in_a_turn(limits::input_share), limits::input_per_turn / limits::input_share);
}

TEST_F(InputBudgetTest, InputOfAnotherBringsTheShareBackAtOnce) {
  turns_alone(20 * limits::input_lone_turns);
  start_turn();
  EXPECT_TRUE(takes(busy_, limits::input_share));
  EXPECT_TRUE(takes(other_, 1));
  budget_.end_turn();
  EXPECT_FALSE(budget_.is_lone());
  EXPECT_EQ(pieces_in_a_turn(limits::input_share), 1U);
}

TEST_F(InputBudgetTest, TurnsWithoutInputChangeNothing) {
  turns_alone(limits::input_lone_turns + 1);
  for (int i = 0; i < 1000; ++i) {
    start_turn();
    budget_.end_turn();
  }
  EXPECT_TRUE(budget_.is_lone());
}

TEST_F(InputBudgetTest, WhatTheOwnerOnlyDropsIsNotCounted) {
  busy_.unlimited = true;
  EXPECT_EQ(pieces_in_a_turn(limits::input_share), 100U);
}

TEST_F(InputBudgetTest, WhatFollowsSomethingThatWaitsWaitsWhateverItsOwnerSaysSince) {
  start_turn();
  EXPECT_TRUE(takes(busy_, limits::input_share));
  EXPECT_FALSE(takes(busy_, 1));
  busy_.unlimited = true;
  EXPECT_FALSE(takes(busy_, 1));
  start_turn();
  EXPECT_TRUE(takes(busy_, 1));
}

}  // namespace
}  // namespace lepus::io
