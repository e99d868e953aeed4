// Pieces of work that sessions share a turn's budget for.
#include "core/broker/session_work.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lepus::core {
namespace {

struct Steps final : SessionWork {
  Steps(char name_of_it, std::size_t steps, std::string& into)
      : name(name_of_it), left(steps), done(into) {}
  bool piece(std::size_t& budget) override {
    const std::size_t now = std::min(budget, left);
    done.append(now, name);
    budget -= now;
    left -= now;
    return left > 0;
  }
  char name;
  std::size_t left;
  std::string& done;
};

TEST(SessionWork, ABudgetIsForAllTogether) {
  SessionWorkList list;
  std::string done;
  Steps a{'a', 2, done}, b{'b', 4, done}, c{'c', 1, done};
  list.add(a);
  list.add(b);
  list.add(c);
  list.work(4);
  EXPECT_EQ(done, "aabb");
  EXPECT_FALSE(a.linked());
  EXPECT_TRUE(b.linked());
  list.work(2);
  EXPECT_EQ(done, "aabbcb") << "who was not finished waits behind the others";
  list.work(100);
  EXPECT_EQ(done, "aabbcbb");
  EXPECT_TRUE(list.empty());
  list.work(100);
  EXPECT_EQ(done.size(), 7U);
}

TEST(SessionWork, WhoEndsLeavesTheList) {
  SessionWorkList list;
  std::string done;
  Steps a{'a', 2, done};
  list.add(a);
  list.remove(a);
  EXPECT_TRUE(list.empty());
  list.work(10);
  EXPECT_EQ(done, "");
}

}  // namespace
}  // namespace lepus::core
