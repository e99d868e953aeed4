// Who waits, on both sides of one shard.
#include "core/broker/flow/publisher_flow.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

constexpr QueueId far_queue{9};

TEST(PublisherFlow, IsIdleUntilAHomeSaysThatPublishersWait) {
  test::FakeQueueHost host;
  PublisherFlow flow(host, 2);
  EXPECT_TRUE(flow.is_idle());
  flow.blocked().apply({far_queue, 1, true});
  EXPECT_FALSE(flow.is_idle());
  EXPECT_TRUE(flow.has_brake(far_queue));
  EXPECT_TRUE(flow.is_blocked({1, far_queue}));
  flow.blocked().apply({far_queue, 1, false});
  EXPECT_TRUE(flow.is_idle());
  flow.blocked().apply({{}, 1, true});
  EXPECT_FALSE(flow.is_idle());
  EXPECT_TRUE(flow.is_congested(1));
}

TEST(PublisherFlow, IsNotIdleWhileABrakeOfItsQueueIsOn) {
  test::FakeQueueHost host;
  PublisherFlow flow(host, 2);
  Consumer consumer{ConsumerSpec{}, nullptr};
  consumer.spec.prefetch = 1;
  ConsumerList consumers;
  consumers.push_back(consumer);
  const std::uint64_t ready = 4 * limits::brake_length;
  flow.brakes().on_pumped({far_queue, ready, ready, consumers}, 0);
  flow.brakes().on_pumped({far_queue, 2 * ready, ready, consumers}, limits::brake_window);
  EXPECT_FALSE(flow.is_idle());
  flow.work(flow.next_deadline());
  EXPECT_TRUE(flow.is_idle());
}

TEST(PublisherFlow, IsBehindWhileForwardsAre) {
  test::FakeQueueHost host;
  PublisherFlow flow(host, 2);
  EXPECT_FALSE(flow.is_congested(host.shard()));
  flow.set_forwards_behind(true);
  EXPECT_TRUE(flow.is_congested(host.shard()));
  flow.set_forwards_behind(false);
  EXPECT_FALSE(flow.is_congested(host.shard()));
}

}  // namespace
}  // namespace lepus::core
