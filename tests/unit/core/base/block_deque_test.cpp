// The deque of blocks against std::deque, and its promises about memory and moves.
#include "core/base/block_deque.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "core/base/random.h"

namespace lepus::core {
namespace {

TEST(BlockDeque, OwnsNoMemoryUntilUsedAndAfterReset) {
  std::uint64_t bytes = 0;
  BlockDeque<int> items{&bytes};
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(items.capacity(), 0U);
  items.push_back(7);
  EXPECT_EQ(items.capacity(), 8U);
  EXPECT_EQ(bytes, 8 * sizeof(int));
  items.reset();
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(items.capacity(), 0U);
  EXPECT_EQ(bytes, 0U);
  items.push_back(8);
  EXPECT_EQ(items.front(), 8);
}

class BlockDequeModel : public ::testing::TestWithParam<std::uint64_t> {};

/// Blocks of four items: every edge is met. The sizes swing between nothing and some dozen blocks.
TEST_P(BlockDequeModel, EqualsADeque) {
  Random random{GetParam()};
  std::uint64_t bytes = 0;
  BlockDeque<std::uint64_t, 4> items{&bytes};
  std::deque<std::uint64_t> model;
  const unsigned front_percent = static_cast<unsigned>(random.below(60));
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = random.chance((step / 500) % 2 == 0 ? 60 : 40);
    const bool is_front = random.chance(front_percent);
    if (grows || model.empty()) {
      const std::uint64_t item = random.next();
      is_front ? items.push_front(item) : items.push_back(item);
      is_front ? model.push_front(item) : model.push_back(item);
    } else if (is_front) {
      items.pop_back();
      model.pop_back();
    } else {
      ASSERT_EQ(items.pop_front(), model.front());
      model.pop_front();
    }
    ASSERT_EQ(items.size(), model.size());
    ASSERT_EQ(bytes, items.capacity() * sizeof(std::uint64_t));
    ASSERT_LE(items.capacity(), model.size() + 4 * 4) << "two ends, a spare one, and one more";
    if (model.empty()) continue;
    const std::size_t at = random.below(model.size());
    ASSERT_EQ(items[at], model[at]);
    ASSERT_EQ(items.front(), model.front());
    ASSERT_EQ(items.back(), model.back());
  }
  for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(items[i], model[i]);
}
INSTANTIATE_TEST_SUITE_P(Seeds, BlockDequeModel, ::testing::Range<std::uint64_t>(0, 12));

/// Counts how often any of them moved.
struct Counted {
  static inline std::size_t moves = 0;
  Counted() = default;
  Counted(Counted&&) noexcept { ++moves; }
};

TEST(BlockDeque, NoPushMovesMoreThanABlock) {
  BlockDeque<Counted, 16> items;
  for (int i = 0; i < 10'000; ++i) {
    Counted::moves = 0;
    items.push_back({});
    ASSERT_LE(Counted::moves, 16U + 2);
  }
}

TEST(BlockDeque, AllocatesNothingWhileItsSizeStays) {
  std::uint64_t bytes = 0;
  BlockDeque<int, 16> items{&bytes};
  for (int i = 0; i < 100; ++i) items.push_back(i);
  for (int i = 0; i < 64; ++i) {
    items.push_back(i);
    items.drop_front();
  }
  const std::uint64_t before = bytes;
  for (int i = 0; i < 1'000; ++i) {
    items.push_back(i);
    items.drop_front();
    ASSERT_EQ(bytes, before) << "the spare block is used";
  }
}

TEST(BlockDeque, OneBlockIsLeftOfMany) {
  std::uint64_t bytes = 0;
  BlockDeque<int, 16> items{&bytes};
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1'000; ++i) items.push_back(i);
    EXPECT_GE(bytes, 1'000 * sizeof(int));
    while (!items.empty()) items.drop_front();
    EXPECT_EQ(bytes, 16 * sizeof(int));
  }
  for (int i = 0; i < 1'000; ++i) items.push_front(i);
  while (!items.empty()) items.pop_back();
  EXPECT_EQ(bytes, 16 * sizeof(int));
}

TEST(BlockDeque, LetsGoOfTheItems) {
  const auto item = std::make_shared<int>(1);
  BlockDeque<std::shared_ptr<int>, 4> items;
  for (int i = 0; i < 20; ++i) items.push_back(item);
  EXPECT_EQ(item.use_count(), 21);
  for (int i = 0; i < 5; ++i) items.drop_front();
  for (int i = 0; i < 5; ++i) items.pop_back();
  EXPECT_EQ(item.use_count(), 11);
  items.reset();
  EXPECT_EQ(item.use_count(), 1);
}

TEST(BlockDeque, MovesWithItsAccount) {
  std::uint64_t bytes = 0;
  BlockDeque<int, 4> one{&bytes};
  for (int i = 0; i < 10; ++i) one.push_back(i);
  const std::uint64_t full = bytes;
  BlockDeque<int, 4> other = std::move(one);
  EXPECT_EQ(other.size(), 10U);
  EXPECT_EQ(bytes, full);
  one.push_back(1);
  EXPECT_EQ(one.size(), 1U);
  EXPECT_EQ(bytes, full + 4 * sizeof(int)) << "it goes on with the account";
  one = std::move(other);
  EXPECT_EQ(one.size(), 10U);
  EXPECT_EQ(one.back(), 9);
}

TEST(BlockDequeDeathTest, IndexAndPopAreChecked) {
  BlockDeque<int> items;
  EXPECT_DEATH(items.drop_front(), "head_ != tail_");
  EXPECT_DEATH(items.pop_back(), "head_ != tail_");
  items.push_back(1);
  EXPECT_DEATH((void)items[1], "index < size");
}

}  // namespace
}  // namespace lepus::core
