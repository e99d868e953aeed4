// Which job a long turn is of, how lengths are counted, and what is reported of stalls.
#include "core/base/turn_profile.h"

#include <gtest/gtest.h>

#include <set>

#include "core/limits.h"

namespace lepus::core {
namespace {

struct FakeTicks final : TickSource {
  std::uint64_t ticks() override { return now; }
  std::uint64_t now = 1'000'000;
};

class TurnProfileTest : public ::testing::Test {
 protected:
  TurnProfileTest() {
    profile_.begin_turn();
    profile_.end_turn(0);  // The first one does not count.
  }
  /// A turn with `ticks` of pump between `others` of input.
  void turn(Nanos length, std::uint64_t pump_ticks, std::uint64_t input_ticks) {
    profile_.begin_turn();
    profile_.enter(TurnJob::input);
    source_.now += input_ticks / 2;
    {
      const TurnScope scope(&profile_, TurnJob::pump);
      source_.now += pump_ticks;
    }
    source_.now += input_ticks - input_ticks / 2;
    profile_.end_turn(length);
  }

  FakeTicks source_;
  TurnProfile profile_{source_};
};

TEST_F(TurnProfileTest, EveryJobHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t job = 0; job < turn_job_count; ++job)
    names.insert(name_of(static_cast<TurnJob>(job)));
  EXPECT_EQ(names.size(), turn_job_count);
  EXPECT_EQ(names.count(""), 0U);
  EXPECT_EQ(name_of(TurnJob::journal), "journal");
  EXPECT_EQ(name_of(TurnJob::catalog), "catalog");
}

TEST_F(TurnProfileTest, TheLongestTurnNamesItsLongestJob) {
  turn(400, 10, 30);
  EXPECT_EQ(profile_.totals().longest.job, TurnJob::input);
  EXPECT_EQ(profile_.totals().longest.job_length, 300);
  turn(399, 100, 0);
  EXPECT_EQ(profile_.totals().longest.length, 400);
  turn(401, 40, 0);
  EXPECT_EQ(profile_.totals().longest.job, TurnJob::pump);
  EXPECT_EQ(profile_.totals().longest.length, 401);
  EXPECT_EQ(profile_.totals().busy, 1200);
  EXPECT_EQ(profile_.totals().turns, 3U);
}

TEST_F(TurnProfileTest, AJobThatIsInterruptedGoesOn) {
  turn(100, 39, 40);  // Input before and after the pump: more than the pump in all.
  EXPECT_EQ(profile_.totals().longest.job, TurnJob::input);
}

TEST_F(TurnProfileTest, ATurnWithoutATickIsOfCommands) {
  turn(5, 0, 0);
  EXPECT_EQ(profile_.totals().longest.job, TurnJob::commands);
  EXPECT_EQ(profile_.totals().longest.job_length, 0);
}

TEST_F(TurnProfileTest, StallsAreCountedByTheirLongestJob) {
  turn(limits::turn_stall - 1, 10, 0);
  turn(limits::turn_stall, 10, 30);
  turn(limits::turn_stall + 5, 10, 0);
  turn(limits::turn_stall, 30, 10);
  const auto& by_job = profile_.totals().stalls_by_job;
  EXPECT_EQ(by_job[static_cast<std::size_t>(TurnJob::input)], 1U);
  EXPECT_EQ(by_job[static_cast<std::size_t>(TurnJob::pump)], 2U);
  EXPECT_EQ(profile_.totals().stalls, 3U);
}

TEST_F(TurnProfileTest, LengthsAreCountedByPowersOfTwo) {
  turn(999, 1, 0);
  turn(1'000, 1, 0);
  turn(1'999, 1, 0);
  turn(2'000, 1, 0);
  turn(never / 2, 1, 0);
  const auto& buckets = profile_.totals().buckets;
  EXPECT_EQ(buckets[0], 1U);
  EXPECT_EQ(buckets[1], 2U);
  EXPECT_EQ(buckets[2], 1U);
  EXPECT_EQ(buckets[TurnProfile::bucket_count - 1], 1U);
}

TEST_F(TurnProfileTest, QuantilesAreTheUpperEndsOfBuckets) {
  EXPECT_EQ(profile_.totals().quantile_us(500), 0U);
  for (int i = 0; i < 98; ++i) turn(3'000, 1, 0);  // Below 4 us.
  turn(100'000, 1, 0);                             // Below 128 us.
  turn(5'000'000, 1, 0);                           // Below 8192 us.
  EXPECT_EQ(profile_.totals().quantile_us(500), 4U);
  EXPECT_EQ(profile_.totals().quantile_us(980), 4U);
  EXPECT_EQ(profile_.totals().quantile_us(990), 128U);
  EXPECT_EQ(profile_.totals().quantile_us(1000), 8192U);
}

TEST_F(TurnProfileTest, StallsAreReportedOnceAndTheLongestOfThem) {
  turn(limits::turn_stall - 1, 10, 0);
  EXPECT_EQ(profile_.unreported_count(), 0U);
  turn(limits::turn_stall, 0, 10);
  turn(limits::turn_stall + 2, 10, 0);
  turn(limits::turn_stall + 1, 0, 10);
  EXPECT_EQ(profile_.totals().stalls, 3U);
  EXPECT_EQ(profile_.unreported_count(), 3U);
  const TurnProfile::Longest stall = profile_.take_stalls();
  EXPECT_EQ(stall.length, limits::turn_stall + 2);
  EXPECT_EQ(stall.job, TurnJob::pump);
  EXPECT_EQ(profile_.unreported_count(), 0U);
  turn(limits::turn_stall, 0, 10);  // Shorter than what was reported before, and told all the same.
  EXPECT_EQ(profile_.take_stalls().job, TurnJob::input);
}

TEST_F(TurnProfileTest, AScopeWithoutAProfileDoesNothing) {
  const TurnScope scope(nullptr, TurnJob::heap);
  turn(50, 10, 0);
  EXPECT_EQ(profile_.totals().longest.job, TurnJob::pump);
}

}  // namespace
}  // namespace lepus::core
