// The wheel against a plain sorted list, and the rules its header promises.
#include "io/timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/random.h"

namespace lepus::io {
namespace {

using core::nanos_per_ms;
using core::nanos_per_s;

struct Probe {
  Probe() { timer.bind<&Probe::on_timer>(this); }
  void on_timer(Timer&) { ++fired; }
  Timer timer;
  int fired = 0;
};

TEST(Timers, FiresNotBeforeItsDeadlineAndAtMostATickLate) {
  TimerWheel wheel(5 * nanos_per_ms + 123);
  Probe probe;
  wheel.arm(probe.timer, 10 * nanos_per_ms + 1);
  EXPECT_TRUE(probe.timer.armed());
  EXPECT_EQ(wheel.run_due(10 * nanos_per_ms + 999'999), 0U);
  EXPECT_EQ(probe.fired, 0);
  EXPECT_EQ(wheel.run_due(11 * nanos_per_ms), 1U);
  EXPECT_EQ(probe.fired, 1);
  EXPECT_FALSE(probe.timer.armed());
  EXPECT_EQ(wheel.next_deadline(), core::never);
}

TEST(Timers, PastDeadlineFiresAtOnce) {
  TimerWheel wheel(nanos_per_s);
  Probe probe;
  wheel.arm(probe.timer, 3);
  EXPECT_LE(wheel.next_deadline(), nanos_per_s);
  EXPECT_EQ(wheel.run_due(nanos_per_s), 1U);
}

TEST(Timers, NeverDisarms) {
  TimerWheel wheel(0);
  Probe probe;
  wheel.arm(probe.timer, nanos_per_s);
  wheel.arm(probe.timer, core::never);
  EXPECT_FALSE(probe.timer.armed());
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST(Timers, FarthestDeadlinesAreKept) {
  TimerWheel wheel(0);
  Probe century;
  Probe last;
  wheel.arm(century.timer, core::Nanos{100} * 365 * 86400 * nanos_per_s);
  wheel.arm(last.timer, core::never - 1);
  EXPECT_EQ(wheel.run_due(core::Nanos{99} * 365 * 86400 * nanos_per_s), 0U);
  EXPECT_EQ(wheel.run_due(core::Nanos{100} * 365 * 86400 * nanos_per_s), 1U);
  EXPECT_EQ(century.fired, 1);
  wheel.cancel(last.timer);
}

struct Rearming {
  explicit Rearming(TimerWheel& w) : wheel(w) { timer.bind<&Rearming::on_timer>(this); }
  void on_timer(Timer& fired_timer) {
    ++fired;
    wheel.arm(fired_timer, now);
  }
  TimerWheel& wheel;
  Timer timer;
  core::Nanos now = 0;
  int fired = 0;
};

TEST(Timers, RearmingForNowDoesNotKeepTheLoop) {
  TimerWheel wheel(0);
  Rearming rearming(wheel);
  wheel.arm(rearming.timer, nanos_per_ms);
  rearming.now = 70 * nanos_per_ms;
  EXPECT_EQ(wheel.run_due(rearming.now), 1U);
  EXPECT_EQ(wheel.run_due(rearming.now), 0U);
  EXPECT_EQ(wheel.run_due(rearming.now + nanos_per_ms), 1U);
  EXPECT_EQ(rearming.fired, 2);
  wheel.cancel(rearming.timer);
}

struct Killer {
  explicit Killer(TimerWheel& w) : wheel(w) { timer.bind<&Killer::on_timer>(this); }
  void on_timer(Timer&) {
    for (Timer* victim : victims) wheel.cancel(*victim);
  }
  TimerWheel& wheel;
  Timer timer;
  std::vector<Timer*> victims;
};

TEST(Timers, HandlerCancelsTimersOfItsOwnTick) {
  TimerWheel wheel(0);
  Killer killer(wheel);
  Probe same_tick;
  Probe later;
  wheel.arm(killer.timer, 5 * nanos_per_ms);
  wheel.arm(same_tick.timer, 5 * nanos_per_ms);
  wheel.arm(later.timer, 500 * nanos_per_ms);
  killer.victims = {&same_tick.timer, &later.timer};
  EXPECT_EQ(wheel.run_due(nanos_per_s), 1U);
  EXPECT_EQ(same_tick.fired + later.fired, 0);
  EXPECT_EQ(wheel.armed_count(), 0U);
  EXPECT_EQ(wheel.next_deadline(), core::never);
}

/// What the model test keeps: the deadline that counts, and whether it was seen firing.
struct Modelled {
  Timer timer;
  core::Nanos deadline = core::never;
  core::Nanos* clock = nullptr;
  core::Nanos* last_fired = nullptr;
  void on_timer(Timer&) {
    ASSERT_NE(deadline, core::never);
    EXPECT_LE(deadline, *clock);
    // Ticks fire in order.
    EXPECT_LE(*last_fired / nanos_per_ms, (deadline + nanos_per_ms - 1) / nanos_per_ms);
    *last_fired = deadline;
    deadline = core::never;
  }
};

core::Nanos random_span(core::Random& random) {
  const auto bits = random.below(42);
  return static_cast<core::Nanos>(random.below(std::uint64_t{1} << bits));
}

void run_model(std::uint64_t seed) {
  core::Random random(seed);
  core::Nanos now = random_span(random);
  core::Nanos last_fired = 0;
  TimerWheel wheel(now);
  std::vector<std::unique_ptr<Modelled>> timers(50);
  for (auto& timer : timers) {
    timer = std::make_unique<Modelled>();
    timer->timer.bind<&Modelled::on_timer>(timer.get());
    timer->clock = &now;
    timer->last_fired = &last_fired;
  }
  for (int step = 0; step < 2000; ++step) {
    Modelled& chosen = *timers[random.below(timers.size())];
    const bool cancels = random.chance(20);
    chosen.deadline = cancels ? core::never : now + random_span(random);
    wheel.arm(chosen.timer, chosen.deadline);
    core::Nanos earliest = core::never;
    for (const auto& timer : timers) earliest = std::min(earliest, timer->deadline);
    ASSERT_LE(wheel.next_deadline() - nanos_per_ms, earliest);
    if (!random.chance(30)) continue;
    now = random.chance(50)
              ? std::max(now, wheel.next_deadline() == core::never ? now : wheel.next_deadline())
              : now + random_span(random);
    last_fired = 0;
    wheel.run_due(now);
    for (const auto& timer : timers) {
      ASSERT_GT(timer->deadline, now - nanos_per_ms) << "a due timer did not fire";
      ASSERT_EQ(timer->timer.armed(), timer->deadline != core::never);
    }
  }
  for (auto& timer : timers) wheel.cancel(timer->timer);
}

TEST(Timers, AgreesWithAModel) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    run_model(seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace lepus::io
