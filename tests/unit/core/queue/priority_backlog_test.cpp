// Levels of priorities: the highest with ready messages goes first, and each has positions of its
// own.
#include "core/queue/backlog/priority_backlog.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::core {
namespace {

class PriorityBacklogTest : public ::testing::Test {
 protected:
  using Ready = PriorityBacklog::Ready;
  Sequence push(std::uint8_t priority) {
    return backlog_.push(Message::create({"", "", {}, 0, false, priority}, memory_));
  }
  Sequence take_next() {
    const Sequence sequence = backlog_.peek().sequence;
    (void)backlog_.take(sequence);
    return sequence;
  }

  MemoryAccount memory_;
  PriorityBacklog backlog_{3};
};

TEST_F(PriorityBacklogTest, TheHighestLevelGoesFirst) {
  const Sequence low = push(0);
  const Sequence high = push(2);
  const Sequence higher = push(200);
  EXPECT_EQ(PriorityLevels::number_of(higher), 3U) << "as high as there are levels";
  EXPECT_EQ(take_next(), higher);
  EXPECT_EQ(take_next(), high);
  backlog_.deliver(low);
  const Sequence next = push(1);
  backlog_.requeue(low);
  EXPECT_EQ(take_next(), next);
  EXPECT_EQ(take_next(), low);
  EXPECT_EQ(backlog_.ready_count(), 0U);
}

TEST_F(PriorityBacklogTest, EndsAreOfALevel) {
  const Sequence low = push(0);
  const Sequence high = push(2);
  EXPECT_EQ(backlog_.end(), low + 1);
  EXPECT_EQ(backlog_.end(2), high + 1);
  EXPECT_EQ(backlog_.end(1), PriorityLevels::prefix_of(1)) << "it was not used";
  EXPECT_EQ(backlog_.first_ready_below(backlog_.end(2), Ready::undelivered), high);
  EXPECT_EQ(backlog_.first_ready_below(backlog_.end(1), Ready::undelivered), std::nullopt);
  const Sequence end = backlog_.end(2);
  (void)backlog_.take(high);
  push(2);
  EXPECT_EQ(backlog_.first_ready_below(end, Ready::undelivered), std::nullopt)
      << "what is there came later";
}

TEST_F(PriorityBacklogTest, WithoutPrioritiesThereIsOneLevel) {
  PriorityBacklog plain{0};
  const Sequence first = plain.push(Message::create({"", "", {}, 0, false, 9}, memory_));
  EXPECT_EQ(first, 0U);
  EXPECT_EQ(plain.peek().sequence, first);
  EXPECT_EQ(plain.state(PriorityLevels::prefix_of(1)), Slot::State::gone);
}

TEST(PriorityLevels, AreMadeWhenTheyAreUsed) {
  PriorityLevels levels{255};
  EXPECT_EQ(levels.find(200), nullptr);
  EXPECT_EQ(levels.highest_ready(), 0U);
  const Backlog* made = &levels.level(200);
  EXPECT_EQ(levels.find(200), made);
  levels.note_ready(200, true);
  levels.note_ready(64, true);
  EXPECT_EQ(levels.highest_ready(), 200U);
  levels.note_ready(200, false);
  EXPECT_EQ(levels.highest_ready(), 64U);
  std::string seen;
  levels.for_each([&](std::size_t number, Backlog&) { seen += std::to_string(number) + " "; });
  EXPECT_EQ(seen, "200 0 ");
}

}  // namespace
}  // namespace lepus::core
