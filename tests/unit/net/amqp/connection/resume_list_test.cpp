// Who goes on in the next turn, and who when there is room.
#include "net/amqp/connection/resume_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace lepus::amqp {
namespace {

class ResumeListTest : public ::testing::Test {
 protected:
  auto is_blocked() {
    return [this](const core::PublishTarget& target) { return target.home == blocked_home_; };
  }
  std::vector<std::uint32_t> resumed() {
    std::vector<std::uint32_t> slots;
    list_.resume_due([&](ConnectionHandle handle) { slots.push_back(handle.slot); });
    return slots;
  }
  std::vector<std::uint32_t> unblocked() {
    std::vector<std::uint32_t> slots;
    list_.unblock(is_blocked(), [&](ConnectionHandle handle) { slots.push_back(handle.slot); });
    return slots;
  }

  ResumeList list_;
  core::ShardId blocked_home_ = 9;
};

TEST_F(ResumeListTest, EachGoesOnOnceInOrder) {
  EXPECT_FALSE(list_.is_due(is_blocked()));
  list_.resume_later({3, 1});
  list_.resume_later({1, 1});
  EXPECT_TRUE(list_.is_due(is_blocked()));
  EXPECT_EQ(resumed(), (std::vector<std::uint32_t>{3, 1}));
  EXPECT_FALSE(list_.is_due(is_blocked()));
  EXPECT_TRUE(resumed().empty());
}

TEST_F(ResumeListTest, WhoIsEnteredMeanwhileGoesOnNextTime) {
  list_.resume_later({1, 1});
  int calls = 0;
  list_.resume_due([&](ConnectionHandle handle) {
    ++calls;
    list_.resume_later(handle);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(resumed(), (std::vector<std::uint32_t>{1}));
}

TEST_F(ResumeListTest, WhoWaitsForATargetGoesOnWhenItHasRoom) {
  list_.resume_when_unblocked({1, 1}, {.home = 9});
  list_.resume_when_unblocked({2, 1}, {.home = 9});
  EXPECT_FALSE(list_.is_due(is_blocked()));
  EXPECT_TRUE(unblocked().empty());
  list_.resume_when_unblocked({3, 1}, {.home = 8});
  EXPECT_TRUE(list_.is_due(is_blocked()));
  EXPECT_EQ(unblocked(), (std::vector<std::uint32_t>{3}));
  blocked_home_ = 7;
  EXPECT_EQ(unblocked(), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_FALSE(list_.is_due(is_blocked()));
}

}  // namespace
}  // namespace lepus::amqp
