// Changes of the topology reach the queues that are homed here, and are acknowledged.
#include "core/broker/topology_replica.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/topology/topology_rules.h"
#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

class TopologyReplicaTest : public ::testing::Test {
 protected:
  /// What was there before the start is applied.
  void SetUp() override { apply(std::vector<TopologyChange>{}); }
  void apply(const TopologyRequest& request) {
    Decision decision = decide(world_.topology, request, &world_.ids);
    ASSERT_EQ(decision.kind, Decision::Kind::changes) << decision.error.detail;
    apply(std::move(decision.changes));
  }
  void apply(std::vector<TopologyChange> changes) {
    begin(std::move(changes));
    EXPECT_EQ(world_.host.outbox_port.take<TopologyApplied>().version, version_);
  }
  void begin(std::vector<TopologyChange> changes) {
    auto list = std::make_unique<TopologyChanges>();
    list->list = std::move(changes);
    replica_.apply(TopologyApply{++version_, std::move(list)});
  }
  /// How many turns the rest takes.
  int finish() {
    int turns = 0;
    for (; replica_.has_work(); ++turns) replica_.work();
    return turns;
  }
  QueueInfo* declare(std::string_view name, ShardId home) {
    TopologyRequest request = world_.request(PartsWorld::Kind::declare_queue, name);
    request.from = home;
    apply(request);
    return world_.topology.find_queue(world_.topology.find_queue(world_.vhost, name)->id);
  }

  PartsWorld world_;
  EventEmitter events_{{world_.host, world_.topology, world_.forwards}};
  TopologyReplica replica_{
      {world_.host, world_.topology, world_.queues, world_.sessions, world_.forwards, events_}};
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

// --- What concerns many

class AnswerCount final : public AnswerPort {
 public:
  void on_topology_done(const TopologyDone&) override { ++count; }
  int count = 0;
};

TEST_F(TopologyReplicaTest, APolicyForManyQueuesTakesManyTurnsAndWhatFollowsWaits) {
  constexpr std::size_t count = 3 * limits::topology_steps_per_turn + 5;
  std::vector<QueueInfo*> queues;
  for (std::size_t i = 0; i < count; ++i) queues.push_back(declare("q" + std::to_string(i), 0));
  FieldTableWriter definition;
  definition.int32("max-length", 1);
  PolicySpec policy{"/", "short", "q"};
  policy.definition = as_text(definition.bytes());
  AnswerCount answers;
  const ChannelRef channel = world_.sessions.attach({&answers});
  begin({PolicyPut{world_.vhost, false, policy}});
  begin({VhostAdded{VhostId{77}, "later"}});
  replica_.apply(TopologyDone{channel, 0, nullptr});
  const auto follows = [](const QueueInfo* queue) { return queue->effective->max_length == 1U; };
  const auto done = std::count_if(queues.begin(), queues.end(), follows);
  EXPECT_EQ(static_cast<std::size_t>(done), limits::topology_steps_per_turn);
  EXPECT_TRUE(world_.host.outbox_port.all<TopologyApplied>().empty());
  EXPECT_EQ(world_.topology.find_vhost("later"), nullptr);
  EXPECT_EQ(answers.count, 0);
  EXPECT_EQ(finish(), 3);
  EXPECT_TRUE(std::all_of(queues.begin(), queues.end(), follows));
  EXPECT_NE(world_.topology.find_vhost("later"), nullptr);
  EXPECT_EQ(world_.host.outbox_port.take<TopologyApplied>().version, version_ - 1);
  EXPECT_EQ(world_.host.outbox_port.take<TopologyApplied>().version, version_);
  EXPECT_EQ(answers.count, 1);
  world_.sessions.detach(channel);
}

TEST_F(TopologyReplicaTest, AnExchangeWithManyBindingsGoesInSlices) {
  constexpr std::size_t count = 3 * limits::topology_steps_per_turn + 5;
  declare("q", 0);
  TopologyRequest request = world_.request(PartsWorld::Kind::declare_exchange, "x");
  request.type = "topic";
  apply(request);
  for (std::size_t i = 0; i < count; ++i) {
    TopologyRequest bind = world_.request(PartsWorld::Kind::bind_queue, "q");
    bind.source = "x";
    bind.key = "k" + std::to_string(i);
    apply(bind);
  }
  const ExchangeInfo* exchange = world_.topology.find_exchange(world_.vhost, "x");
  begin({ExchangeRemoved{exchange->id}});
  EXPECT_EQ(exchange->bindings_out.size(), count - limits::topology_steps_per_turn);
  EXPECT_TRUE(world_.host.outbox_port.all<TopologyApplied>().empty());
  EXPECT_GE(finish(), 2);
  EXPECT_EQ(world_.topology.find_exchange(world_.vhost, "x"), nullptr);
  EXPECT_TRUE(world_.topology.find_queue(world_.vhost, "q")->bindings.empty());
  EXPECT_EQ(world_.host.outbox_port.take<TopologyApplied>().version, version_);
}

TEST_F(TopologyReplicaTest, AQueueWithManyBindingsGoesInSlicesAndEachIsTold) {
  world_.topology.set_event_vhost("/");
  apply({make_event_exchange(world_.vhost, world_.ids)});
  const QueueInfo* reader = declare("reader", 0);
  TopologyRequest listen = world_.request(PartsWorld::Kind::bind_queue, "reader");
  listen.source = "amq.rabbitmq.event";
  listen.key = "binding.deleted";
  apply(listen);
  const QueueId id = declare("q", 0)->id;
  constexpr std::size_t count = 2 * limits::topology_steps_per_turn;
  for (std::size_t i = 0; i < count; ++i) {
    TopologyRequest bind = world_.request(PartsWorld::Kind::bind_queue, "q");
    bind.source = "amq.direct";
    bind.key = "k" + std::to_string(i);
    apply(bind);
  }
  begin({QueueRemoved{id}});
  EXPECT_GE(finish(), 1);
  EXPECT_EQ(world_.queues.find(id), nullptr);
  while (world_.forwards.has_work()) world_.forwards.work();
  EXPECT_EQ(reader->local->counts().ready, count);
}

/// Of what was there before the start nothing is told.
TEST(TopologyReplicaStartTest, WhatWasThereIsAppliedInOnePiece) {
  PartsWorld world;
  EventEmitter events{{world.host, world.topology, world.forwards}};
  TopologyReplica replica{
      {world.host, world.topology, world.queues, world.sessions, world.forwards, events}};
  constexpr std::size_t count = 3 * limits::topology_steps_per_turn;
  auto stored = std::make_unique<TopologyChanges>();
  for (std::size_t i = 0; i < count; ++i) {
    Decision decision =
        decide(world.topology,
               world.request(PartsWorld::Kind::declare_queue, "q" + std::to_string(i)), &world.ids);
    for (TopologyChange& change : decision.changes) stored->list.push_back(std::move(change));
  }
  stored->list.emplace_back(PolicyPut{world.vhost, false, PolicySpec{"/", "all", "q"}});
  replica.apply(TopologyApply{1, std::move(stored)});
  EXPECT_FALSE(replica.has_work());
  EXPECT_EQ(world.queues.size(), count);
  EXPECT_EQ(world.host.message_log_port.holder, &world.queues);
}

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
