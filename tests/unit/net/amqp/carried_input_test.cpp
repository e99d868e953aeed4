// What is kept against a plain string.
#include "net/amqp/carried_input.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/random.h"

namespace lepus::amqp {
namespace {

TEST(CarriedInput, IsWhatCameAndWasNotRead) {
  core::Random random{1};
  CarriedInput carried;
  std::string model;
  for (int step = 0; step < 5'000; ++step) {
    if (random.chance(40)) {
      const std::string more(random.below(3'000), static_cast<char>('a' + random.below(26)));
      carried.append(core::as_bytes(more));
      model += more;
    } else if (random.chance(90)) {
      const std::size_t left = random.below(carried.size() + 1);
      carried.keep_last(left);
      model.erase(0, model.size() - left);
    } else {
      carried.reserve(carried.size() + random.below(1'000));
    }
    ASSERT_EQ(core::as_text(carried.bytes()), model);
    ASSERT_EQ(carried.size(), model.size());
    ASSERT_EQ(carried.empty(), model.empty());
  }
}

TEST(CarriedInput, ReadingALongOneInSmallStepsMovesLittle) {
  CarriedInput carried;
  carried.append(core::as_bytes(std::string(256 << 10, 'x')));
  std::size_t moves = 0;
  const std::uint8_t* at = carried.bytes().data();
  while (!carried.empty()) {
    carried.keep_last(carried.size() - std::min<std::size_t>(carried.size(), 50));
    if (carried.bytes().data() != at + 50) ++moves;
    at = carried.bytes().data();
  }
  EXPECT_LE(moves, 8U);
  EXPECT_LE(carried.capacity(), 8192U);
}

}  // namespace
}  // namespace lepus::amqp
