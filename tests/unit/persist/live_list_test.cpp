// The list of a queue's live messages against a map: in order, out of order, gaps, tombstones.
#include "persist/live_list.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/random.h"
#include "core/message.h"

namespace lepus::persist {
namespace {

using Model = std::map<std::uint64_t, LiveMessage>;

LiveMessage message(std::uint32_t number) {
  return {.place = {number % 7 + 1, number * 8, 64},
          .enqueued_ms = 1'700'000'000'000u + number,
          .ttl_ms = number % 3 == 0 ? core::Message::no_ttl : number,
          .body_size = number,
          .priority = static_cast<std::uint8_t>(number)};
}

void expect_equal(const LiveList& list, const Model& model) {
  auto expected = model.begin();
  list.for_each([&](std::uint64_t position, const LiveMessage& found) {
    ASSERT_NE(expected, model.end());
    EXPECT_EQ(position, expected->first);
    EXPECT_EQ(found.place, expected->second.place);
    EXPECT_EQ(found.enqueued_ms, expected->second.enqueued_ms);
    EXPECT_EQ(found.ttl_ms, expected->second.ttl_ms);
    EXPECT_EQ(found.body_size, expected->second.body_size);
    EXPECT_EQ(found.priority, expected->second.priority);
    ++expected;
  });
  EXPECT_EQ(expected, model.end());
  EXPECT_EQ(list.count(), model.size());
}

void settle(LiveList& list, Model& model, std::uint64_t first, std::uint64_t last) {
  list.settle(first, last);
  model.erase(model.lower_bound(first), model.upper_bound(last));
}

TEST(LiveList, RandomAgainstAMap) {
  core::Random random(1);
  for (int round = 0; round < 20; ++round) {
    LiveList list;
    Model model;
    std::uint64_t next = round % 2 == 0 ? 0 : random.below(std::uint64_t{1} << 55);
    const unsigned disorder = round % 4 == 0 ? 0 : 20;
    for (std::uint32_t i = 1; i < 6000; ++i) {
      std::uint64_t position = next++;
      if (random.chance(1)) next += random.below(std::uint64_t{1} << 33);
      if (random.chance(disorder)) position = position - std::min(position, random.below(3000));
      list.add(position, message(i));
      model[position] = message(i);
      if (model.empty() || !random.chance(20)) continue;
      const std::uint64_t front = model.begin()->first;
      const std::uint64_t first =
          random.chance(60) ? front : front + random.below(next - front + 1);
      settle(list, model, first, first + random.below(20));
    }
    expect_equal(list, model);
    list.drop_before(4);
    std::erase_if(model, [](const auto& item) { return item.second.place.segment < 4; });
    expect_equal(list, model);
    if (!model.empty()) settle(list, model, 0, UINT64_MAX);
    expect_equal(list, model);
    list.add(next, message(1));
    model[next] = message(1);
    expect_equal(list, model);
  }
}

TEST(LiveList, TakesFewBytesAMessageAndGivesThemBack) {
  constexpr std::uint64_t count = 100'000;
  LiveList list;
  for (std::uint64_t i = 0; i < count; ++i) list.add(i, message(1));
  EXPECT_LE(list.memory_bytes(), 34 * count);
  list.settle(0, count - 2);
  EXPECT_LE(list.memory_bytes(), 40'000u);
  EXPECT_EQ(list.count(), 1u);
}

TEST(LiveList, SmallQueuesAreSmall) {
  LiveList list;
  list.add(5, message(1));
  EXPECT_LE(list.memory_bytes(), 100u);
}

}  // namespace
}  // namespace lepus::persist
