// The order of a turn and the decision to sleep, with a driver that only writes down what it is
// asked.
#include "io/loop.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "core/limits.h"

namespace lepus::io {
namespace {

class ScriptedDriver final : public Driver {
 public:
  core::Nanos turn(OpList& submitted, std::vector<Completion>& completed,
                   core::Nanos wait_until) override {
    log.push_back("turn");
    waits.push_back(wait_until);
    while (Op* op = submitted.pop()) {
      started.push_back(op);
      if (completes_at_once) completed.push_back({op, 7, false, {}});
    }
    for (const Completion& completion : scripted) completed.push_back(completion);
    scripted.clear();
    time += core::nanos_per_ms;
    return time;
  }
  core::Nanos now() override { return time; }
  core::Nanos wall_now() override { return time + wall_offset; }
  PeerName peer_name(int) override { return {}; }
  void reset_on_close(int) override {}
  int next_descriptor() override { return 0; }
  std::size_t receive_buffers() const override { return 0; }
  int wake_target() const override { return 1; }

  std::vector<std::string> log;
  std::vector<core::Nanos> waits;
  std::vector<Op*> started;
  std::vector<Completion> scripted;
  bool completes_at_once = true;
  core::Nanos time = core::nanos_per_s;
  core::Nanos wall_offset = 0;
};

class LoopTest : public ::testing::Test, protected TurnHooks {
 protected:
  LoopTest() {
    loop_.set_hooks(this);
    op_.bind<&LoopTest::on_op>(this);
    timer_.bind<&LoopTest::on_timer>(this);
  }

  bool drain_mailboxes() override {
    driver_.log.push_back("mailboxes");
    was_flagged_.push_back(loop_.is_sleeping());
    if (mail_ == 0) return false;
    --mail_;
    return true;
  }
  void flush() override { driver_.log.push_back("flush"); }
  bool may_sleep() override { return may_sleep_; }
  void on_op(Op&, const Completion& completion) {
    driver_.log.push_back("completion");
    last_result_ = completion.result;
    if (resubmits_ > 0) {
      --resubmits_;
      loop_.submit(op_);
    }
  }
  void on_timer(Timer&) {
    driver_.log.push_back("timer");
    driver_.time += timer_takes_;
  }
  core::Nanos last_wait() const { return driver_.waits.back(); }

  ScriptedDriver driver_;
  Loop loop_{driver_, {IdleMode::sleep, 0}};
  Op op_;
  Timer timer_;
  std::vector<bool> was_flagged_;
  int mail_ = 0;
  int resubmits_ = 0;
  core::Nanos timer_takes_ = 0;
  int last_result_ = 0;
  bool may_sleep_ = true;
};

TEST_F(LoopTest, TurnHasItsOrder) {
  loop_.submit(op_);
  loop_.run_turn();
  driver_.log.clear();
  mail_ = 1;
  loop_.timers().arm(timer_, loop_.now());
  loop_.run_turn();
  EXPECT_EQ(driver_.log, (std::vector<std::string>{"mailboxes", "completion", "timer", "flush",
                                                   "mailboxes", "turn"}));
}

TEST_F(LoopTest, TheClockOnTheWallIsReadEachSecond) {
  driver_.wall_offset = 5 * core::nanos_per_s;
  EXPECT_EQ(loop_.wall_offset(), 0);  // As it was when the loop was made.
  for (const core::Nanos step : {5 * core::nanos_per_s, -3600 * core::nanos_per_s}) {
    driver_.wall_offset = step;
    const core::Nanos until = driver_.time + core::nanos_per_s;
    while (driver_.time < until) loop_.run_turn();
    EXPECT_EQ(loop_.wall_offset(), step);
  }
}

TEST_F(LoopTest, ATurnIsAsLongAsItDidNotWait) {
  const core::TurnProfile::Totals& turns = loop_.profile().totals();
  driver_.time += core::nanos_per_s;  // Until the first turn: a start.
  loop_.run_turn();
  EXPECT_EQ(turns.turns, 0U);
  loop_.run_turn();  // Waits.
  EXPECT_EQ(turns.turns, 1U);
  EXPECT_EQ(turns.sleeps, 1U);
  EXPECT_EQ(turns.busy, 0);
  may_sleep_ = false;  // All of the driver's millisecond is work.
  loop_.run_turn();
  EXPECT_EQ(turns.busy, core::nanos_per_ms);
  EXPECT_EQ(turns.sleeps, 1U);
}

TEST_F(LoopTest, ALongTurnIsOfTheJobThatTookMostOfIt) {
  loop_.run_turn();
  timer_takes_ = 30 * core::nanos_per_ms;
  loop_.timers().arm(timer_, loop_.now());
  loop_.run_turn();
  const core::TurnProfile::Longest& longest = loop_.profile().totals().longest;
  EXPECT_EQ(longest.job, core::TurnJob::timers);
  EXPECT_EQ(longest.length, 30 * core::nanos_per_ms);
  EXPECT_EQ(loop_.profile().totals().stalls, 1U);
}

TEST_F(LoopTest, CompletionsNeverRunInsideSubmit) {
  resubmits_ = 3;
  loop_.submit(op_);
  EXPECT_EQ(loop_.ops_in_flight(), 1U);
  EXPECT_TRUE(driver_.log.empty());
  for (int i = 0; i < 5; ++i) loop_.run_turn();
  EXPECT_EQ(driver_.started.size(), 4U);
  EXPECT_EQ(last_result_, 7);
  EXPECT_EQ(loop_.ops_in_flight(), 0U);
}

TEST_F(LoopTest, MultishotStaysInFlightWhileMoreFollows) {
  driver_.completes_at_once = false;
  loop_.submit(op_);
  loop_.run_turn();
  driver_.scripted = {{&op_, 1, true, {}}, {&op_, 2, true, {}}};
  loop_.run_turn();
  loop_.run_turn();
  EXPECT_TRUE(op_.in_flight);
  EXPECT_EQ(last_result_, 2);
  driver_.scripted = {{&op_, 0, false, {}}};
  loop_.run_turn();
  loop_.run_turn();
  EXPECT_FALSE(op_.in_flight);
  EXPECT_EQ(loop_.ops_in_flight(), 0U);
}

/// Two sockets' input, as the driver brings it.
class LoopInputTest : public LoopTest {
 public:
  void on_recv(Op& op, const Completion& completion) {
    handled_.push_back((&op == &fast_ ? "fast " : "slow ") + std::to_string(completion.result));
  }

 protected:
  LoopInputTest() {
    for (Op* op : {&fast_, &slow_}) {
      op->kind = OpKind::recv;
      op->bind<&LoopInputTest::on_recv>(this);
      loop_.submit(*op);
    }
    driver_.completes_at_once = false;
    loop_.run_turn();
  }
  ~LoopInputTest() override {
    driver_.scripted = {{&fast_, -ECANCELED, false, {}}, {&slow_, -ECANCELED, false, {}}};
    for (int i = 0; i < 100; ++i) loop_.run_turn();
  }
  Completion input(Op& op, std::size_t size) const {
    return {&op, static_cast<std::int32_t>(size), true, core::Bytes(memory_).first(size)};
  }
  std::vector<std::string> turn() {
    handled_.clear();
    loop_.run_turn();
    return handled_;
  }

  Op fast_;
  Op slow_;
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(core::limits::input_share);
  std::vector<std::string> handled_;
};

using Lines = std::vector<std::string>;

TEST_F(LoopInputTest, ASocketGetsItsShareOfATurnAndTheOthersTheirs) {
  constexpr std::size_t half = core::limits::input_share / 2;
  const std::string piece = "fast " + std::to_string(half);
  for (int i = 0; i < 5; ++i) driver_.scripted.push_back(input(fast_, half));
  driver_.scripted.push_back({&fast_, 0, true, {}});
  driver_.scripted.push_back(input(slow_, 10));
  loop_.run_turn();
  EXPECT_EQ(turn(), (Lines{piece, piece, "slow 10"}));
  EXPECT_LE(last_wait(), driver_.time);
  EXPECT_EQ(turn(), (Lines{piece, piece}));
  EXPECT_EQ(turn(), (Lines{piece, "fast 0"}));
  EXPECT_EQ(last_wait(), core::never);
}

TEST_F(LoopInputTest, WhatTheOwnerOnlyDropsIsNotHeldBack) {
  for (int i = 0; i < 5; ++i) driver_.scripted.push_back(input(fast_, memory_.size()));
  loop_.run_turn();
  EXPECT_EQ(turn().size(), 1U);
  fast_.unlimited = true;
  EXPECT_EQ(turn().size(), 4U);
}

TEST_F(LoopInputTest, ManySocketsShareATurnAndLittleIsAlwaysTaken) {
  constexpr std::size_t count = core::limits::input_per_turn / core::limits::input_share + 2;
  std::vector<Op> many(count);
  for (Op& op : many) {
    op.kind = OpKind::recv;
    op.bind<&LoopInputTest::on_recv>(this);
    loop_.submit(op);
    driver_.scripted.push_back(input(op, memory_.size()));
    driver_.scripted.push_back(input(op, 1));
  }
  driver_.scripted.push_back(input(fast_, 10));
  loop_.run_turn();
  EXPECT_EQ(turn().size(), count - 2 + 1);
  EXPECT_EQ(turn().size(), count);
  EXPECT_EQ(turn().size(), 2U);
  for (Op& op : many) driver_.scripted.push_back({&op, -ECANCELED, false, {}});
  loop_.run_turn();
  loop_.run_turn();
}

TEST_F(LoopTest, FirstTurnDoesNotSleepThenItDoesWithTheFlagUp) {
  loop_.run_turn();
  EXPECT_LE(last_wait(), driver_.time);
  was_flagged_.clear();
  loop_.run_turn();
  EXPECT_EQ(last_wait(), core::never);
  EXPECT_EQ(was_flagged_, (std::vector<bool>{false, true}));
  EXPECT_FALSE(loop_.is_sleeping());
}

TEST_F(LoopTest, SleepsUntilTheNextTimer) {
  loop_.run_turn();
  loop_.timers().arm(timer_, loop_.now() + 20 * core::nanos_per_ms);
  loop_.run_turn();
  EXPECT_EQ(last_wait(), loop_.timers().next_deadline());
  EXPECT_NE(last_wait(), core::never);
  loop_.timers().cancel(timer_);
}

TEST_F(LoopTest, MailThatCameWhileFallingAsleepKeepsItAwake) {
  loop_.run_turn();
  mail_ = 0;
  driver_.log.clear();
  // The mail arrives between the first look and the second: the first look of this turn finds one,
  // the second another.
  mail_ = 2;
  loop_.run_turn();
  EXPECT_EQ(driver_.log,
            (std::vector<std::string>{"mailboxes", "flush", "mailboxes", "flush", "turn"}));
  EXPECT_LE(last_wait(), driver_.time);
  EXPECT_FALSE(loop_.sleep_flag().claim_wake());
}

TEST_F(LoopTest, WorkLeftOverForbidsSleep) {
  loop_.run_turn();
  may_sleep_ = false;
  loop_.run_turn();
  EXPECT_LE(last_wait(), driver_.time);
  EXPECT_EQ(loop_.profile().totals().sleeps, 0U);
}

TEST_F(LoopTest, AdaptiveSpinsThenSleeps) {
  Loop adaptive(driver_, {IdleMode::adaptive, 3 * core::nanos_per_ms});
  int spins = 0;
  for (int i = 0; i < 10; ++i) {
    adaptive.run_turn();
    if (last_wait() == core::never) break;
    ++spins;
  }
  EXPECT_EQ(spins, 3);
  Loop poll(driver_, {IdleMode::poll, 0});
  for (int i = 0; i < 10; ++i) {
    poll.run_turn();
    EXPECT_LE(last_wait(), driver_.time);
  }
}

TEST_F(LoopTest, ADiskAtWorkIsAskedForAWhile) {
  driver_.completes_at_once = false;
  Loop loop(driver_, {IdleMode::sleep, 0, 3 * core::nanos_per_ms});
  const auto count_spins = [&] {
    int spins = 0;
    while (spins < 10 && (loop.run_turn(), last_wait() != core::never)) ++spins;
    return spins;
  };
  loop.run_turn();
  EXPECT_EQ(count_spins(), 0) << "nothing is under way";
  const auto spins_with = [&](OpKind kind) {
    Op op;
    op.kind = kind;
    op.done = [](void*, Op&, const Completion&) {};
    loop.submit(op);
    const int spins = count_spins();
    driver_.scripted.push_back({&op, 0, false, {}});
    loop.run_turn();
    EXPECT_EQ(count_spins(), 0) << "it came back";
    return spins;
  };
  EXPECT_EQ(spins_with(OpKind::recv), 0) << "a socket may be silent for hours";
  EXPECT_EQ(spins_with(OpKind::write), 3);
  EXPECT_EQ(spins_with(OpKind::sync), 0) << "the kernel's worker needs a CPU";
}

TEST(SleepFlag, OneOfSeveralProducersWakes) {
  SleepFlag flag;
  EXPECT_FALSE(flag.claim_wake());
  flag.announce();
  EXPECT_TRUE(flag.is_up());
  EXPECT_TRUE(flag.claim_wake());
  EXPECT_FALSE(flag.claim_wake());
  flag.announce();
  flag.retract();
  EXPECT_FALSE(flag.claim_wake());
}

}  // namespace
}  // namespace lepus::io
