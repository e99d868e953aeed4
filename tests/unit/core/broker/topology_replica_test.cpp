// Changes of the topology reach the queues that are homed here, and are acknowledged.
#include "core/broker/topology_replica.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "core/topology/topology_rules.h"
#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

class TopologyReplicaTest : public ::testing::Test {
 protected:
  void apply(const TopologyRequest& request) {
    Decision decision = decide(world_.topology, request, &world_.ids);
    ASSERT_EQ(decision.kind, Decision::Kind::changes) << decision.error.detail;
    apply(std::move(decision.changes));
  }
  void apply(std::vector<TopologyChange> changes) {
    auto list = std::make_unique<TopologyChanges>();
    list->list = std::move(changes);
    replica_.apply({++version_, std::move(list)});
    EXPECT_EQ(world_.host.outbox_port.take<TopologyApplied>().version, version_);
  }
  QueueInfo* declare(std::string_view name, ShardId home) {
    TopologyRequest request = world_.request(PartsWorld::Kind::declare_queue, name);
    request.from = home;
    apply(request);
    return world_.topology.find_queue(world_.topology.find_queue(world_.vhost, name)->id);
  }

  PartsWorld world_;
  EventEmitter events_{{world_.host, world_.topology, world_.forwards}};
  TopologyReplica replica_{{world_.host, world_.topology, world_.queues, world_.forwards, events_}};
  std::uint64_t version_ = 0;
};

TEST_F(TopologyReplicaTest, OnlyQueuesOfThisShardAreMade) {
  const QueueInfo* here = declare("here", 0);
  const QueueInfo* far = declare("far", 1);
  EXPECT_EQ(world_.queues.size(), 1U);
  EXPECT_EQ(world_.queues.find(here->id), here->local);
  EXPECT_EQ(far->local, nullptr);
  EXPECT_EQ(world_.host.message_log_port.holder, &world_.queues);
}

TEST_F(TopologyReplicaTest, AQueueGoesWithItsInfo) {
  const QueueId id = declare("q", 0)->id;
  TopologyRequest removal = world_.request(PartsWorld::Kind::delete_queue, {});
  removal.queue = id;
  apply(removal);
  EXPECT_EQ(world_.queues.find(id), nullptr);
  EXPECT_EQ(world_.topology.find_queue(id), nullptr);
}

TEST_F(TopologyReplicaTest, APolicyReachesTheQueuesItMatches) {
  QueueInfo* queue = declare("q", 0);
  world_.publish({queue}, "a");
  world_.publish({queue}, "b");
  FieldTableWriter definition;
  definition.int32("max-length", 1);
  PolicySpec policy{"/", "short", "q"};
  policy.definition = as_text(definition.bytes());
  apply({PolicyPut{world_.vhost, false, policy}});
  EXPECT_EQ(queue->effective->max_length, 1U);
  EXPECT_EQ(queue->local->counts().ready, 1U) << "what is held already follows";
}

/// Of what was there before the start nothing is told.
TEST_F(TopologyReplicaTest, EventsBeginWithTheSecondChanges) {
  world_.topology.set_event_vhost("/");
  apply({make_event_exchange(world_.vhost, world_.ids)});
  const QueueInfo* reader = declare("reader", 0);
  TopologyRequest bind = world_.request(PartsWorld::Kind::bind_queue, "reader");
  bind.source = "amq.rabbitmq.event";
  bind.key = "queue.#";
  apply(bind);
  declare("other", 1);
  world_.forwards.work();
  EXPECT_EQ(reader->local->counts().ready, 1U);
}

}  // namespace
}  // namespace lepus::core::test
