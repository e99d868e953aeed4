// When publishers of a long queue wait, who is told, and that no brake stays on.
#include "core/broker/flow/publisher_brakes.h"

#include <gtest/gtest.h>

#include <string>

#include "core/broker/flow/blocked_targets.h"
#include "core/limits.h"

namespace lepus::core {
namespace {

constexpr ShardId brake_home = 1;
constexpr ShardId publisher_shard = 2;
constexpr QueueId long_queue{7};
constexpr std::uint64_t long_count = 3 * limits::brake_length;

class PublisherBrakesTest : public ::testing::Test, private PublisherBrakes::Sink {
 protected:
  PublisherBrakesTest() {
    consumer_.spec.prefetch = 100;
    consumers_.push_back(consumer_);
  }
  /// A window in which so many came in and so many were taken of `ready_` before; two pumps.
  void run_window(std::uint64_t published, std::uint64_t taken) {
    pump(0, 0);
    now_ += limits::brake_window;
    pump(published, taken);
  }
  void pump(std::uint64_t published, std::uint64_t taken) {
    const std::uint64_t before = ready_ + published;
    ready_ = before - taken;
    if (before > limits::brake_length)
      brakes_.on_pumped({long_queue, before, ready_, consumers_}, now_);
    brakes_.work(is_behind_, now_);
  }
  /// What was said since the last call.
  std::string told() { return std::exchange(told_, {}); }

  Consumer consumer_{ConsumerSpec{}, nullptr};
  ConsumerList consumers_;
  PublisherBrakes brakes_{brake_home, 4, *this};
  Nanos now_ = nanos_per_s;
  std::uint64_t ready_ = 0;
  bool is_behind_ = false;

 private:
  void tell_publishers(ShardId shard, const PublisherBrake& brake) override {
    EXPECT_EQ(brake.home, brake_home);
    told_ += std::to_string(shard) + (brake.queue == long_queue ? " queue" : " shard") +
             (brake.is_on ? " on " : " off ");
  }
  std::string told_;
};

TEST_F(PublisherBrakesTest, OnWhileALongQueueIsTakenQuicklyOffWhenItIsShort) {
  ready_ = long_count;
  run_window(300, 100);
  EXPECT_EQ(told(), "1 queue on ");
  EXPECT_LE(brakes_.next_deadline(), now_ + limits::brake_max);
  pump(0, ready_ - limits::brake_length - 1);
  EXPECT_EQ(told(), "");
  pump(0, 1);
  EXPECT_EQ(told(), "1 queue off ");
  EXPECT_EQ(brakes_.next_deadline(), never);
}

TEST_F(PublisherBrakesTest, ShortQueuesAndSlowOrAbsentConsumersLeavePublishersAlone) {
  run_window(limits::brake_length, limits::brake_length);
  EXPECT_EQ(brakes_.size(), 0U);
  ready_ = long_count;
  run_window(5'000, 99);
  run_window(5'000, 99);
  EXPECT_EQ(told(), "") << "less than a prefetch in a window";
  consumer_.spec.prefetch = 0;
  run_window(5'000, limits::brake_taken_min - 1);
  EXPECT_EQ(told(), "");
  run_window(5'000, limits::brake_taken_min);
  EXPECT_EQ(told(), "1 queue on ");
}

TEST_F(PublisherBrakesTest, NobodyConsumes) {
  consumers_.remove(consumer_);
  ready_ = long_count;
  run_window(5'000, 300);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(brakes_.size(), 0U);
}

/// What was sent may have been sent at the lowest rate by then.
TEST_F(PublisherBrakesTest, TimeIsUp) {
  ready_ = long_count;
  run_window(640, 100);
  EXPECT_EQ(told(), "1 queue on ");
  EXPECT_EQ(brakes_.next_deadline(), now_ + 640 * nanos_per_s / limits::brake_rate_min);
  now_ = brakes_.next_deadline() - 1;
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "");
  brakes_.work(false, ++now_);
  EXPECT_EQ(told(), "1 queue off ");
  pump(0, 200);
  EXPECT_EQ(told(), "") << "nothing was published";
  pump(640, 0);
  EXPECT_EQ(told(), "1 queue on ") << "it still is long, and taken quickly";
  EXPECT_EQ(brakes_.next_deadline(), now_ + 10 * nanos_per_ms);
}

/// What was under way when it went on is no reason to forget that it came.
TEST_F(PublisherBrakesTest, WhatCameMeanwhileCountsForTheNext) {
  ready_ = long_count;
  run_window(640, 100);
  EXPECT_EQ(told(), "1 queue on ");
  pump(320, 250);
  now_ = brakes_.next_deadline();
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "1 queue off ");
  pump(320, 0);
  EXPECT_EQ(told(), "1 queue on ");
  EXPECT_EQ(brakes_.next_deadline(), now_ + 10 * nanos_per_ms);
}

TEST_F(PublisherBrakesTest, NoBrakeLastsLongerThanItMay) {
  ready_ = long_count;
  run_window(10'000'000, 100);
  EXPECT_EQ(told(), "1 queue on ");
  EXPECT_EQ(brakes_.next_deadline(), now_ + limits::brake_max);
}

TEST_F(PublisherBrakesTest, ConsumersThatBecomeSlowEndIt) {
  ready_ = long_count;
  run_window(10'000, 100);
  EXPECT_EQ(told(), "1 queue on ");
  now_ += limits::brake_window;
  pump(0, 1);
  EXPECT_EQ(told(), "1 queue off ");
}

TEST_F(PublisherBrakesTest, TellsThoseWhoPublishAndTheSameWhenItIsOver) {
  brakes_.note_publish(publisher_shard, now_);
  ready_ = long_count;
  run_window(300, 100);
  EXPECT_EQ(told(), "1 queue on 2 queue on ");
  now_ += 2 * limits::brake_memory;
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "1 queue off 2 queue off ");
  run_window(300, 1000);
  EXPECT_EQ(told(), "1 queue on ") << "the publisher has not published for long";
}

TEST_F(PublisherBrakesTest, TellsThoseWhoBeginToPublishMeanwhile) {
  ready_ = long_count;
  run_window(300, 100);
  EXPECT_EQ(told(), "1 queue on ");
  brakes_.work(false, now_);
  brakes_.note_publish(publisher_shard, now_);
  brakes_.work(false, now_);
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "2 queue on ");
  now_ = brakes_.next_deadline();
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "1 queue off 2 queue off ");
}

/// Another queue's brake told the shard long ago; that says nothing of this one's.
TEST_F(PublisherBrakesTest, TellsNewcomersOfEachBrake) {
  brakes_.note_publish(publisher_shard, now_);
  ready_ = long_count;
  run_window(10'000'000, 100);
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "1 queue on 2 queue on ");
  now_ = brakes_.next_deadline();
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "1 queue off 2 queue off ");
  now_ += 2 * limits::brake_memory;
  run_window(10'000'000, 1'000'000);
  EXPECT_EQ(told(), "1 queue on ");
  brakes_.note_publish(publisher_shard, now_);
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "2 queue on ");
}

TEST_F(PublisherBrakesTest, TellsOtherShardsThatThisOneIsBehind) {
  is_behind_ = true;
  brakes_.work(true, now_);
  EXPECT_EQ(told(), "") << "nobody else publishes";
  brakes_.note_publish(publisher_shard, now_);
  brakes_.work(true, now_);
  brakes_.work(true, now_);
  EXPECT_EQ(told(), "2 shard on ");
  brakes_.note_publish(3, now_);
  brakes_.work(true, now_);
  EXPECT_EQ(told(), "3 shard on ");
  brakes_.work(false, now_);
  brakes_.work(false, now_);
  EXPECT_EQ(told(), "2 shard off 3 shard off ");
}

TEST_F(PublisherBrakesTest, WatchesABoundedNumberOfQueues) {
  for (std::uint64_t id = 1; id <= limits::brakes_max; ++id)
    brakes_.on_pumped({QueueId{id}, long_count, long_count, consumers_}, now_);
  brakes_.on_pumped({QueueId{5'000'000}, long_count, long_count, consumers_}, now_);
  EXPECT_EQ(brakes_.size(), limits::brakes_max);
  now_ += limits::brake_memory + 1;
  brakes_.on_pumped({QueueId{5'000'000}, long_count, long_count, consumers_}, now_);
  EXPECT_EQ(brakes_.size(), 1U);
}

TEST(BlockedTargets, KnowsWhatHomesSaid) {
  BlockedTargets blocked;
  EXPECT_TRUE(blocked.empty());
  blocked.apply({long_queue, brake_home, true});
  blocked.apply({{}, publisher_shard, true});
  EXPECT_TRUE(blocked.contains(long_queue));
  EXPECT_FALSE(blocked.contains(QueueId{8}));
  EXPECT_TRUE(blocked.contains_home(publisher_shard));
  EXPECT_FALSE(blocked.contains_home(brake_home));
  blocked.apply({long_queue, brake_home, false});
  blocked.apply({{}, publisher_shard, false});
  EXPECT_TRUE(blocked.empty());
}

}  // namespace
}  // namespace lepus::core
