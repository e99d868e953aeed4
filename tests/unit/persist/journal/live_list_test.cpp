// The list of a queue's live messages against a map: in order, out of order, gaps, runs that are
// joined and cut.
#include "persist/journal/live_list.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/random.h"
#include "core/message/message.h"

namespace lepus::persist {
namespace {

using Model = std::map<std::uint64_t, LiveMessage>;

LiveMessage message(std::uint32_t number) {
  return {.place = {number % 7 + 1, number * 8, 64},
          .enqueued_ms = 1'700'000'000'000u + number,
          .ttl_ms = number % 3 == 0 ? core::Message::no_ttl : number,
          .body_size = number};
}

/// Record number `number` of a segment that holds nothing else.
LiveMessage alike(std::uint32_t number, std::uint32_t segment = 1) {
  return {.place = {segment, number * 64, 64}, .body_size = 10};
}

void expect_equal(const LiveList& list, const Model& model) {
  auto expected = model.begin();
  list.for_each_run([&](const LiveRun& run) {
    for (std::uint32_t i = 0; i < run.count; ++i, ++expected) {
      ASSERT_NE(expected, model.end());
      Place place = run.message.place;
      place.offset += i * place.size;
      EXPECT_EQ(run.position + i, expected->first);
      EXPECT_EQ(place, expected->second.place);
      EXPECT_EQ(run.message.enqueued_ms, expected->second.enqueued_ms);
      EXPECT_EQ(run.message.ttl_ms, expected->second.ttl_ms);
      EXPECT_EQ(run.message.body_size, expected->second.body_size);
    }
  });
  EXPECT_EQ(expected, model.end());
  EXPECT_EQ(list.count(), model.size());
}

std::size_t run_count(const LiveList& list) {
  std::size_t count = 0;
  list.for_each_run([&](const LiveRun&) { ++count; });
  return count;
}

void settle(LiveList& list, Model& model, std::uint64_t first, std::uint64_t last) {
  list.settle(first, last);
  model.erase(model.lower_bound(first), model.upper_bound(last));
}

void add(LiveList& list, Model& model, std::uint64_t position, const LiveMessage& message) {
  list.add({.position = position, .message = message});
  model[position] = message;
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
      add(list, model, position, message(i));
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
    add(list, model, next, message(1));
    expect_equal(list, model);
  }
}

/// Messages that could all join: settled anywhere, some written again behind, as compaction does.
TEST(LiveList, RunsAgainstAMap) {
  core::Random random(2);
  for (int round = 0; round < 40; ++round) {
    LiveList list;
    Model model;
    std::uint64_t next = random.below(100);
    std::uint32_t record = 1;
    std::uint32_t segment = 1;
    for (int step = 0; step < 1500; ++step) {
      if (random.chance(3)) ++segment, record = 1;
      const auto count = static_cast<std::uint32_t>(1 + random.below(40));
      list.add({next, count, alike(record, segment)});
      for (std::uint32_t i = 0; i < count; ++i) model[next++] = alike(record++, segment);
      if (random.chance(20)) ++record;
      const std::uint64_t front = model.begin()->first;
      const std::uint64_t first =
          random.chance(20) ? front : front + random.below(next - front + 1);
      settle(list, model, first, first + random.below(random.chance(50) ? 3 : 60));
      if (model.empty() || !random.chance(10)) continue;
      auto moved = model.lower_bound(front + random.below(next - front));
      for (std::uint64_t i = random.below(50); i > 0 && moved != model.end(); --i, ++moved)
        add(list, model, moved->first, alike(record++, segment));
    }
    expect_equal(list, model);
    list.drop_before(segment / 2);
    std::erase_if(model, [&](const auto& item) { return item.second.place.segment < segment / 2; });
    expect_equal(list, model);
    if (!model.empty()) settle(list, model, 0, next - 1);
    EXPECT_EQ(list.count(), 0u);
  }
}

TEST(LiveList, NeighboursThatAreAlikeTakeOneEntry) {
  LiveList list;
  for (std::uint32_t i = 1; i <= 1000; ++i) list.add({.position = i, .message = alike(i)});
  EXPECT_EQ(run_count(list), 1u);
  LiveMessage other = alike(1001);
  other.body_size = 11;
  list.add({.position = 1001, .message = other});
  LiveMessage timed = alike(1002);
  timed.enqueued_ms = 5;
  list.add({.position = 1002, .message = timed});
  list.add({.position = 1003, .message = alike(1005)});
  list.add({.position = 1005, .message = alike(1006)});
  list.add({.position = 1006, .message = alike(1007, 2)});
  EXPECT_EQ(run_count(list), 6u);
  list.settle(500, 500);
  EXPECT_EQ(run_count(list), 7u);
  EXPECT_EQ(list.count(), 1004u);
}

TEST(LiveList, AnEntryIsMovedBehindItsNeighbour) {
  LiveList list;
  for (std::uint32_t i = 1; i <= 100; ++i) list.add({.position = i, .message = alike(i)});
  for (std::uint32_t i = 1; i <= 50; ++i) list.add({.position = i, .message = alike(i, 2)});
  EXPECT_EQ(run_count(list), 2u);
  list.drop_before(2);
  EXPECT_EQ(list.count(), 50u);
}

TEST(LiveList, TakesFewBytesAMessageAndGivesThemBack) {
  constexpr std::uint64_t count = 100'000;
  LiveList list;
  for (std::uint64_t i = 0; i < count; ++i) list.add({.position = i, .message = message(1)});
  EXPECT_LE(list.memory_bytes(), 37 * count);
  list.settle(0, count - 2);
  EXPECT_LE(list.memory_bytes(), 40'000u);
  EXPECT_EQ(list.count(), 1u);
}

TEST(LiveList, SmallQueuesAreSmall) {
  LiveList list;
  list.add({.position = 5, .message = message(1)});
  EXPECT_LE(list.memory_bytes(), 100u);
  list.settle(5, 5);
  EXPECT_LE(list.memory_bytes(), 100u);
}

}  // namespace
}  // namespace lepus::persist
