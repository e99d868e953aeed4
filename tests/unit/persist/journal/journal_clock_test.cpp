// The clock on the wall is set while the journal runs, and between two runs.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "io/sim/sim_driver.h"
#include "persist/recovery/shard_recovery.h"

namespace lepus::persist {
namespace {

constexpr core::Nanos hour = 3600 * core::nanos_per_s;
constexpr core::Nanos half_an_hour = hour / 2;
constexpr std::uint64_t ttl_ms = half_an_hour / core::nanos_per_ms;

class JournalClockTest : public ::testing::Test {
 protected:
  JournalClockTest() {
    CHECK(world_.disk().make_directory("data/journal") == 0);
    world_.step_wall_clock(100 * hour);
  }
  void SetUp() override { start(); }
  void TearDown() override { end(); }

  void start() {
    driver_ = std::make_unique<io::SimDriver>(world_);
    loop_ = std::make_unique<io::Loop>(*driver_, io::IdlePolicy{io::IdleMode::sleep, 0});
    Journal::Parts parts{};
    parts.loop = loop_.get();
    parts.disk = &world_.disk();
    parts.log = &log_;
    parts.directory = "data/journal/shard-0";
    parts.store = 7;
    parts.segment_size = 64 << 10;
    store_ = std::make_unique<ShardRecovery>(parts);
    KnownQueues known;
    known.add({.id = core::QueueId{1}});
    ASSERT_EQ(store_->open(known), "");
  }
  void end() {
    driver_->abandon();
    loop_->abandon();
    store_.reset();
    loop_.reset();
    driver_.reset();
    world_.disk().kill();
  }
  /// Long enough for the loop to ask for the time.
  void pass() {
    const core::Nanos until = world_.now() + 2 * core::nanos_per_s;
    while (world_.now() < until || store_->journal().durable() < store_->journal().open_batch()) {
      store_->journal().flush();
      loop_->run_turn();
      (void)world_.next_runnable(world_.now() + core::nanos_per_s);
    }
  }
  void step(core::Nanos by) {
    world_.step_wall_clock(by);
    pass();
  }
  void publish() {
    core::Message::Parts spec{"ex", "key", {}, 1, true, 0};
    spec.ttl_ms = ttl_ms;
    core::MessageRef message = core::Message::create(spec, account_);
    message->append_body(core::as_bytes("x"));
    const core::RecordLocation place = store_->journal().append(*message, 1);
    store_->journal().enqueued(place, 0, {core::QueueId{1}, next_++});
    pass();
  }
  /// How long each message still has, in the order of the queue.
  std::vector<core::Nanos> left_after_restart(core::Nanos step_between = 0) {
    end();
    world_.step_wall_clock(step_between);
    start();
    core::QueueSpec spec;
    spec.id = core::QueueId{1};
    std::vector<core::Nanos> left;
    for (const core::RestoredRun& run : store_->restore(spec).runs)
      for (std::uint32_t i = 0; i < run.count; ++i) left.push_back(run.deadline - loop_->now());
    return left;
  }
  static void expect_near(core::Nanos value, core::Nanos wanted) {
    EXPECT_GT(value, wanted - 20 * core::nanos_per_s);
    EXPECT_LE(value, wanted);
  }

  io::SimWorld world_{1, {}};
  core::NullLog log_;
  core::MemoryAccount account_;
  std::uint64_t next_ = 0;
  std::unique_ptr<io::SimDriver> driver_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<ShardRecovery> store_;
};

TEST_F(JournalClockTest, AStepForwardDoesNotAgeWhatComesAfterIt) {
  step(hour);
  publish();
  const auto left = left_after_restart();
  ASSERT_EQ(left.size(), 1U);
  expect_near(left[0], half_an_hour);
}

TEST_F(JournalClockTest, AStepBackDoesNotLetTimesFall) {
  publish();
  step(-hour);
  publish();
  // Both have a time that is to come: they count as of now.
  const auto left = left_after_restart();
  ASSERT_EQ(left.size(), 2U);
  for (const core::Nanos one : left) {
    EXPECT_GT(one, half_an_hour - core::nanos_per_s);
    EXPECT_LE(one, half_an_hour);
  }
}

TEST_F(JournalClockTest, AStepBackBetweenTwoRuns) {
  publish();
  const auto left = left_after_restart(-hour);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_LE(left[0], half_an_hour);
  EXPECT_GT(left[0], half_an_hour - core::nanos_per_s);
}

TEST_F(JournalClockTest, TimeThatPassedCounts) {
  publish();
  const auto left = left_after_restart(hour);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_LT(left[0], 0);
}

}  // namespace
}  // namespace lepus::persist
