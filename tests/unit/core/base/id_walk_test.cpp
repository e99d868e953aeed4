// Walks over ids, piece by piece, while they come and go.
#include "core/base/id_walk.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/base/ids.h"

namespace lepus::core {
namespace {

class IdWalkTest : public ::testing::Test {
 protected:
  void add(std::uint64_t id) {
    there_.insert(id);
    walk_.add(QueueId{id}, [this](QueueId one) { return there_.contains(one.value); });
  }
  /// Returns true if there are more.
  bool piece(std::size_t count) {
    return walk_.piece(count, [this](QueueId id) {
      if (!there_.contains(id.value)) return false;
      met_.push_back(id.value);
      return true;
    });
  }

  std::set<std::uint64_t> there_;
  std::vector<std::uint64_t> met_;
  IdWalk<QueueId> walk_;
};

TEST_F(IdWalkTest, MeetsEachOnce) {
  for (std::uint64_t id = 1; id <= 5; ++id) add(id);
  walk_.begin();
  EXPECT_TRUE(piece(2));
  EXPECT_TRUE(piece(2));
  EXPECT_FALSE(piece(2));
  EXPECT_EQ(met_, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_FALSE(piece(2));
  walk_.begin();
  EXPECT_FALSE(piece(10));
  EXPECT_EQ(met_.size(), 10U);
}

TEST_F(IdWalkTest, WhoGoesIsForgottenAndNobodyElseIsMissed) {
  for (std::uint64_t id = 1; id <= 6; ++id) add(id);
  walk_.begin();
  EXPECT_TRUE(piece(2));
  there_.erase(1);
  there_.erase(4);
  add(7);
  while (piece(2)) {
  }
  EXPECT_EQ(std::set<std::uint64_t>(met_.begin(), met_.end()),
            (std::set<std::uint64_t>{1, 2, 3, 5, 6, 7}));
  EXPECT_EQ(met_.size(), 6U);
  EXPECT_EQ(walk_.size(), 6U) << "the first one is found gone by the next walk";
}

TEST_F(IdWalkTest, TheListDoesNotGrowWithThoseThatCameAndWent) {
  for (std::uint64_t id = 1; id <= 40; ++id) add(id);
  walk_.begin();
  EXPECT_TRUE(piece(20));
  for (std::uint64_t id = 41; id <= 10'000; ++id) {
    add(id);
    there_.erase(id);
  }
  EXPECT_LE(walk_.size(), 128U);
  there_.erase(5);
  while (piece(7)) {
  }
  EXPECT_EQ(met_.size(), 40U) << "the walk went on behind the first 20";
  EXPECT_EQ(met_.back(), 40U);
}

}  // namespace
}  // namespace lepus::core
