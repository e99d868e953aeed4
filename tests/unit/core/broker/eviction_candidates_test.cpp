// Turns, and what leaves the list.
#include "core/broker/eviction_candidates.h"

#include <gtest/gtest.h>

#include <vector>

namespace lepus::core {
namespace {

const auto never_enough = [] { return false; };

TEST(EvictionCandidates, GoesOnWhereItWas) {
  EvictionCandidates candidates;
  constexpr std::uint64_t count = limits::page_out_queues + 2;
  for (std::uint64_t id = 1; id <= count; ++id) candidates.add(QueueId{id});
  std::vector<std::uint64_t> visited;
  const auto note = [&](QueueId queue) {
    visited.push_back(queue.value);
    return true;
  };
  candidates.visit_next(note, never_enough);
  EXPECT_EQ(visited.size(), limits::page_out_queues);
  visited.clear();
  candidates.visit_next(note, [&] { return visited.size() == 3; });
  EXPECT_EQ(visited, (std::vector<std::uint64_t>{count - 1, count, 1}));
}

TEST(EvictionCandidates, WhoHasNothingInMemoryLeaves) {
  EvictionCandidates candidates;
  for (std::uint64_t id = 1; id <= 5; ++id) candidates.add(QueueId{id});
  candidates.visit_next([](QueueId queue) { return queue.value % 2 == 0; }, never_enough);
  EXPECT_EQ(candidates.size(), 2U);
  candidates.visit_next([](QueueId) { return false; }, never_enough);
  EXPECT_TRUE(candidates.empty());
}

TEST(EvictionCandidates, QueuesThatCameAndWentTakeNoMemory) {
  EvictionCandidates candidates;
  const auto is_gone = [](QueueId queue) { return queue.value != 7; };
  for (std::uint64_t id = 1; id <= 100'000; ++id) {
    candidates.add(QueueId{id});
    if (id % 10 == 0) candidates.add(QueueId{7});  // A policy changed.
    candidates.tidy(1, is_gone);
    ASSERT_LE(candidates.size(), limits::page_out_queues + 4);
  }
  std::size_t visits = 0;
  candidates.visit_next(
      [&](QueueId queue) {
        visits += queue.value == 7 ? 1 : 0;
        return true;
      },
      never_enough);
  EXPECT_GE(visits, 1U);
}

}  // namespace
}  // namespace lepus::core
