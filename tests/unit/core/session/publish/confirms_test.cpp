// The confirm window, seen from a client: it keeps a set of outstanding numbers and takes out what
// the acks cover. An ack must never take out a number that is incomplete or refused, and in the end
// every number is told once.
#include "core/session/publish/confirms.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/base/random.h"

namespace lepus::core {
namespace {

using Ack = ConfirmWindow::Ack;

std::vector<Ack> take(ConfirmWindow& window) {
  std::vector<Ack> acks;
  window.take_acks(acks);
  EXPECT_FALSE(window.has_acks());
  return acks;
}

TEST(ConfirmWindow, OneAckForARun) {
  ConfirmWindow window;
  EXPECT_EQ(window.next_number(), 1U);
  for (int i = 0; i < 5; ++i) window.expect(1);
  EXPECT_EQ(window.next_number(), 6U);
  EXPECT_EQ(window.outstanding_count(), 5U);
  EXPECT_FALSE(window.has_acks());
  window.complete(1, 4, false);
  EXPECT_TRUE(window.has_acks());
  const auto acks = take(window);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].number, 4U);
  EXPECT_TRUE(acks[0].multiple);
  EXPECT_FALSE(window.all_done());
  window.complete(5, 5, false);
  const auto last = take(window);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_FALSE(last[0].multiple);
  EXPECT_TRUE(window.all_done());
}

TEST(ConfirmWindow, SingleAcksBeyondAGap) {
  ConfirmWindow window;
  for (int i = 0; i < 4; ++i) window.expect(1);
  window.complete(3, 4, false);
  const auto acks = take(window);
  ASSERT_EQ(acks.size(), 2U);
  for (const Ack& ack : acks) EXPECT_FALSE(ack.multiple);
  EXPECT_EQ(window.outstanding_count(), 2U);
}

TEST(ConfirmWindow, UnroutedIsCompleteAtOnce) {
  ConfirmWindow window;
  window.expect(0);
  window.expect(0);
  EXPECT_TRUE(window.has_acks());
  const auto acks = take(window);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].number, 2U);
  EXPECT_TRUE(window.all_done());
}

TEST(ConfirmWindow, EveryPartIsAwaited) {
  ConfirmWindow window;
  window.expect(3);
  window.complete(1, 1, false);
  window.complete(1, 1, true);
  EXPECT_FALSE(window.has_acks());
  window.complete(1, 1, false);
  const auto acks = take(window);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_TRUE(acks[0].refused);  // One part refused is the whole refused.
}

class ConfirmWindowModel : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  struct Known {
    std::uint32_t parts;
    bool refused = false;
  };

  void publish() {
    const auto parts = static_cast<std::uint32_t>(random_.below(4));
    known_.emplace(window_.next_number(), Known{parts});
    outstanding_.insert(window_.next_number());
    window_.expect(parts);
  }
  /// One part of a run of neighbours that all still await one.
  void complete() {
    const std::uint64_t first = 1 + random_.below(window_.next_number());
    std::uint64_t last = first;
    if (!awaits(first)) return;
    while (awaits(last + 1) && random_.chance(70)) ++last;
    const bool refused = random_.chance(10);
    window_.complete(first, last, refused);
    for (std::uint64_t number = first; number <= last; ++number) {
      --known_[number].parts;
      known_[number].refused |= refused;
    }
  }
  bool awaits(std::uint64_t number) const {
    const auto found = known_.find(number);
    return found != known_.end() && found->second.parts > 0;
  }
  void tell(const Ack& ack) {
    ASSERT_TRUE(outstanding_.contains(ack.number)) << "told twice: " << ack.number;
    ASSERT_LE(ack.number, known_.rbegin()->first);
    for (auto at = ack.multiple ? outstanding_.begin() : outstanding_.find(ack.number);
         at != outstanding_.end() && *at <= ack.number; at = outstanding_.erase(at)) {
      ASSERT_EQ(known_[*at].parts, 0U) << *at << " is incomplete";
      ASSERT_EQ(known_[*at].refused, ack.refused) << *at;
    }
  }
  void tell_all() {
    for (const Ack& ack : take(window_)) tell(ack);
    std::size_t incomplete = 0;
    for (const auto& [number, one] : known_) incomplete += one.parts > 0 ? 1 : 0;
    ASSERT_EQ(outstanding_.size(), incomplete);
    ASSERT_EQ(window_.outstanding_count(), incomplete);
    ASSERT_EQ(window_.all_done(), incomplete == 0);
  }

  Random random_{GetParam()};
  ConfirmWindow window_;
  std::map<std::uint64_t, Known> known_;
  std::set<std::uint64_t> outstanding_;
};

TEST_P(ConfirmWindowModel, TheClientNeverLearnsTooMuch) {
  for (int step = 0; step < 4'000 && !HasFatalFailure(); ++step) {
    if (random_.chance(30)) publish();
    if (random_.chance(60)) complete();
    if (random_.chance(15)) tell_all();
  }
  for (auto& [number, one] : known_) {
    while (one.parts > 0) {
      window_.complete(number, number, false);
      --one.parts;
    }
  }
  tell_all();
  EXPECT_TRUE(window_.all_done());
  EXPECT_TRUE(outstanding_.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConfirmWindowModel, ::testing::Range<std::uint64_t>(0, 12));

TEST(ConfirmWindowDeathTest, AConfirmNobodyAwaitsStops) {
  ConfirmWindow window;
  window.expect(1);
  EXPECT_DEATH(window.complete(2, 2, false), "next_number");
  window.complete(1, 1, false);
  EXPECT_DEATH(window.complete(1, 1, false), "parts_mask");
}

}  // namespace
}  // namespace lepus::core
