// The ring buffer against std::deque, and its promises about memory and moves.
#include "core/base/ring_buffer.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "core/base/random.h"

namespace lepus::core {
namespace {

TEST(RingBuffer, OwnsNoMemoryUntilUsedAndAfterReset) {
  RingBuffer<int> ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push_back(7);
  EXPECT_GT(ring.capacity(), 0U);
  ring.reset();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push_back(8);
  EXPECT_EQ(ring.front(), 8);
}

TEST(RingBuffer, EqualsADeque) {
  Random random{11};
  RingBuffer<std::uint64_t> ring;
  std::deque<std::uint64_t> model;
  for (int step = 0; step < 20'000; ++step) {
    const bool grow = random.chance((step / 1000) % 2 == 0 ? 60 : 40);
    if (grow || model.empty()) {
      const std::uint64_t item = random.next();
      ring.push_back(item);
      model.push_back(item);
    } else {
      ASSERT_EQ(ring.pop_front(), model.front());
      model.pop_front();
    }
    ASSERT_EQ(ring.size(), model.size());
    if (model.empty()) continue;
    const std::size_t at = random.below(model.size());
    ASSERT_EQ(ring[at], model[at]);
    ASSERT_EQ(ring.front(), model.front());
    ASSERT_EQ(ring.back(), model.back());
  }
}

TEST(RingBuffer, PopLetsGoOfTheItem) {
  const auto item = std::make_shared<int>(1);
  RingBuffer<std::shared_ptr<int>> ring;
  for (int i = 0; i < 20; ++i) ring.push_back(item);
  EXPECT_EQ(item.use_count(), 21);
  for (int i = 0; i < 5; ++i) (void)ring.pop_front();
  EXPECT_EQ(item.use_count(), 16);
  ring.reset();
  EXPECT_EQ(item.use_count(), 1);
}

TEST(RingBufferDeathTest, IndexAndPopAreChecked) {
  RingBuffer<int> ring;
  EXPECT_DEATH(ring.pop_front(), "size_ > 0");
  ring.push_back(1);
  EXPECT_DEATH((void)ring[1], "index < size_");
}

}  // namespace
}  // namespace lepus::core
