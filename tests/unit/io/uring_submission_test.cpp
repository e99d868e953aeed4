// A kernel that takes what it likes: in the end it has everything, in order.
#include "io/uring/submission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lepus::io {
namespace {

struct FakeQueue {
  unsigned count() const { return left; }
  void submit() {
    const unsigned taken = submits < takes.size() ? std::min(takes[submits], left) : left;
    ++submits;
    rooms_before_submit.push_back(rooms);
    left -= taken;
  }
  void make_room() { ++rooms; }
  void pause() { ++pauses; }

  unsigned left = 0;
  std::vector<unsigned> takes;  ///< Per call; then everything.
  std::vector<int> rooms_before_submit;
  std::size_t submits = 0;
  int rooms = 0;
  int pauses = 0;
};

TEST(UringSubmission, AnEmptyQueueCostsNothing) {
  FakeQueue queue;
  submit_rest(queue);
  EXPECT_EQ(queue.submits, 0U);
  EXPECT_EQ(queue.rooms, 0);
}

TEST(UringSubmission, GoesOnUntilNothingIsLeft) {
  FakeQueue queue;
  queue.left = 10;
  queue.takes = {3, 0, 0, 1};
  submit_rest(queue);
  EXPECT_EQ(queue.left, 0U);
  EXPECT_EQ(queue.submits, 5U);
  EXPECT_EQ(queue.pauses, 2) << "only where none was taken";
  EXPECT_EQ(queue.rooms_before_submit, (std::vector<int>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace lepus::io
