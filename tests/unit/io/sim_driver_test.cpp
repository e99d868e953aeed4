// Faults of the simulated driver: what is submitted in parts, what completes late, what finds no
// descriptor, and a thread that stands still.
#include "io/sim/sim_driver.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "io/loop.h"

namespace lepus::io {
namespace {

constexpr std::size_t sim_op_count = 12;

class SimDriverTest : public ::testing::Test {
 protected:
  void start(const SimDriverFaults& faults) {
    SimFaults all;
    all.driver = faults;
    world_ = std::make_unique<SimWorld>(7, all);
    driver_ = std::make_unique<SimDriver>(*world_);
    for (std::size_t i = 0; i < sim_op_count; ++i) {
      paths_[i] = "/f" + std::to_string(i);
      ops_[i].kind = OpKind::open_file;
      ops_[i].path = paths_[i].c_str();
      ops_[i].mode = {.write = true, .create = true};
    }
  }
  /// One turn with so many new ops. What completed in it.
  std::vector<Completion> turn(std::size_t new_ops) {
    OpList submitted;
    for (; new_ops > 0; --new_ops) submitted.push(ops_[next_++]);
    std::vector<Completion> completed;
    driver_->turn(submitted, completed, core::never);
    EXPECT_TRUE(submitted.empty()) << "an op that is left points to memory of the next turn";
    return completed;
  }

  std::unique_ptr<SimWorld> world_;
  std::unique_ptr<SimDriver> driver_;
  std::array<std::string, sim_op_count> paths_;
  std::array<Op, sim_op_count> ops_;
  std::size_t next_ = 0;
};

TEST_F(SimDriverTest, ATurnInPartsStartsAllOps) {
  start({.partial_submit = 100});
  EXPECT_EQ(turn(sim_op_count).size(), sim_op_count);
  EXPECT_EQ(driver_->pending_count(), 0U);
}

TEST_F(SimDriverTest, WhatDoesNotCompleteNowDoesLater) {
  start({.few_completions = 100});
  std::size_t count = turn(sim_op_count).size();
  std::size_t turns = 1;
  EXPECT_LE(count, 3U);
  while (count < sim_op_count && turns < 100) {
    EXPECT_LE(driver_->next_event(), world_->now()) << "it does not sleep on them";
    const std::size_t more = turn(0).size();
    EXPECT_LE(more, 3U);
    count += more;
    ++turns;
  }
  EXPECT_EQ(count, sim_op_count);
  EXPECT_GE(turns, sim_op_count / 3);
}

TEST_F(SimDriverTest, AFileMayFindNoDescriptor) {
  start({.no_descriptor = 100});
  for (const Completion& completion : turn(sim_op_count)) EXPECT_EQ(completion.result, -EMFILE);
  EXPECT_EQ(world_->disk().open_count(), 0U);
  world_->end_faults();
  Op& op = ops_[0];
  OpList again;
  again.push(op);
  std::vector<Completion> completed;
  driver_->turn(again, completed, core::never);
  ASSERT_EQ(completed.size(), 1U);
  EXPECT_GE(completed[0].result, 0);
}

TEST_F(SimDriverTest, AThreadThatStandsStillIsNotRun) {
  start({.stall = 10'000, .stall_ns_max = core::nanos_per_s});
  SimDriver other(*world_);
  (void)turn(1);
  const core::Nanos until = driver_->next_event();
  EXPECT_GT(until, world_->now());
  EXPECT_LE(until, world_->now() + core::nanos_per_s);
  world_->end_faults();
  EXPECT_EQ(world_->next_runnable(until - 1), &other);
  driver_->stall(core::never);
  EXPECT_EQ(driver_->next_event(), core::never);
}

}  // namespace
}  // namespace lepus::io
