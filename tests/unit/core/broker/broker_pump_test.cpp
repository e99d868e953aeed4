// Which queues deliver in which turn.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

constexpr ShardId pump_consumers = 2;
constexpr std::size_t pump_queues = 4;

class BrokerPumpTest : public ::testing::Test {
 protected:
  /// Queues with a backlog, each with a consumer of the same other shard.
  BrokerPumpTest() {
    shard_.outbox.congested_shards.insert(pump_consumers);
    for (std::size_t i = 0; i < pump_queues; ++i) {
      const std::string name = "q" + std::to_string(i);
      ConsumerSpec consumer{};
      consumer.queue = shard_.declare(name);
      consumer.channel = {pump_consumers, static_cast<std::uint32_t>(i), 1};
      consumer.no_ack = true;
      for (int count = 0; count < 20; ++count) shard_.publish("", name, "x");
      shard_.broker.apply(Subscribe{consumer});
    }
    shard_.outbox.congested_shards.clear();
  }
  /// Queues that delivered in one pump, with an empty ring.
  std::multiset<QueueId> pump() {
    shard_.outbox.clear();
    shard_.broker.pump();
    std::multiset<QueueId> queues;
    for (const Deliver& deliver : shard_.outbox.all<Deliver>()) queues.insert(deliver.queue);
    return queues;
  }

  test::FakeShard shard_;
};

TEST_F(BrokerPumpTest, QueuesThatFoundTheRingFullComeFirstInTheNextTurn) {
  shard_.outbox.room = 2;
  std::multiset<QueueId> delivered;
  for (std::size_t turn = 0; turn < 2 * pump_queues; ++turn) {
    const std::multiset<QueueId> queues = pump();
    EXPECT_EQ(queues.size(), 3U);
    delivered.insert(queues.begin(), queues.end());
  }
  const std::set<QueueId> served(delivered.begin(), delivered.end());
  EXPECT_EQ(served.size(), pump_queues);
  for (const QueueId queue : served) EXPECT_EQ(delivered.count(queue), 6U);
  shard_.outbox.clear();
}

TEST_F(BrokerPumpTest, AllOfThemGoOnWhenThereIsRoom) {
  shard_.outbox.room = 0;
  EXPECT_EQ(pump().size(), 1U);
  EXPECT_TRUE(shard_.broker.has_work());
  shard_.outbox.room = SIZE_MAX;
  EXPECT_EQ(pump().size(), 20 * pump_queues - 1);
  EXPECT_FALSE(shard_.broker.has_work());
  shard_.outbox.clear();
}

}  // namespace
}  // namespace lepus::core
