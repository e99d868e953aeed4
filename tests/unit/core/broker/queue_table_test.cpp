// Queues come and go, and answer for the records of their messages.
#include "core/broker/queue_table.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"
#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

/// Two messages for each durable queue.
class TwoOfEach final : public Restorer {
 public:
  RestoredQueue restore(const QueueSpec&) override {
    RestoredQueue held;
    held.runs.push_back({.first = 5, .count = 2, .place = {1, 0, 8}, .body_size = 1});
    held.next = {7};
    return held;
  }
};

TEST(QueueTable, AQueueIsKnownUntilItIsRemoved) {
  PartsWorld world;
  const QueueInfo& info = world.declare("q");
  EXPECT_EQ(world.queues.find(info.id), info.local);
  EXPECT_EQ(world.queues.size(), 1U);
  EXPECT_EQ(world.queues.find(QueueId{99}), nullptr);
  world.queues.remove(QueueId{99});
  world.queues.remove(info.id);
  EXPECT_EQ(world.queues.find(info.id), nullptr);
  EXPECT_EQ(world.queues.size(), 0U);
}

TEST(QueueTable, DurableQueuesGetWhatTheyHeld) {
  TwoOfEach restorer;
  PartsWorld world{&restorer};
  EXPECT_EQ(world.declare("durable", 0, true).local->counts().ready, 2U);
  EXPECT_EQ(world.declare("transient").local->counts().ready, 0U);
}

TEST(QueueTable, ARemovedQueueTellsItsConsumersAndLeavesNothing) {
  PartsWorld world;
  const QueueInfo& info = world.declare("q", 0, true);
  ConsumerSpec spec{};
  spec.queue = info.id;
  spec.channel = {1, 4, 1};
  spec.number = 6;
  ASSERT_NE(info.local->consumers().subscribe(spec, nullptr, nullptr), nullptr);
  ASSERT_NE(info.local->push(world.message("a")), std::nullopt);
  EXPECT_TRUE(world.host.is_scheduled());
  world.queues.remove(info.id);
  EXPECT_FALSE(world.host.is_scheduled());
  EXPECT_EQ(world.host.outbox_port.take<ConsumerCancelled>().number, 6U);
  EXPECT_EQ(world.host.consumers.live_count(), 0U);
  EXPECT_EQ(world.host.memory().message_bytes, 0U);
}

TEST(QueueTable, ARemovalIsPreparedPieceByPiece) {
  PartsWorld world;
  const QueueInfo& info = world.declare("q");
  ConsumerSpec spec{};
  spec.queue = info.id;
  spec.channel = {1, 4, 1};
  QueueConsumers& consumers = info.local->consumers();
  for (int i = 0; i < 5; ++i) consumers.subscribe(spec, nullptr, nullptr);
  std::size_t budget = 2;
  EXPECT_FALSE(world.queues.prepare_removal(info.id, budget));
  EXPECT_EQ(budget, 0U);
  EXPECT_EQ(consumers.all().size(), 3U);
  consumers.subscribe(spec, nullptr, nullptr);
  budget = 10;
  EXPECT_TRUE(world.queues.prepare_removal(info.id, budget));
  EXPECT_EQ(budget, 7U) << "who comes meanwhile does not add to it";
  EXPECT_EQ(consumers.all().size(), 1U);
  EXPECT_TRUE(world.queues.prepare_removal(QueueId{99}, budget));
  world.queues.remove(info.id);
  EXPECT_EQ(world.host.consumers.live_count(), 0U);
  EXPECT_EQ(world.host.outbox_port.all<ConsumerCancelled>().size(), 6U);
}

TEST(QueueTable, DeadLettersOfAQueueThatIsRemovedGoOnAPieceATurn) {
  FakeShard shard;
  const QueueId dead = shard.declare("dead");
  FieldTableWriter arguments;
  arguments.text("x-dead-letter-exchange", "");
  arguments.text("x-dead-letter-routing-key", "dead");
  TopologyRequest made = shard.request(TopologyRequest::Kind::declare_queue, "q");
  made.arguments = arguments.take();
  shard.change(made);
  const QueueId queue = shard.master.find_queue(shard.vhost, "q")->id;
  FakeChannel channel{shard.broker};
  ConsumerSpec spec{};
  spec.queue = queue;
  const ConsumerHandle consumer = shard.subscribe(channel, spec);
  constexpr std::size_t steps = limits::topology_steps_per_turn;
  constexpr std::size_t count = 3 * steps;
  for (std::size_t i = 0; i < count; ++i) shard.publish("", "q", "x");
  shard.pump();
  ASSERT_EQ(channel.deliveries.size(), count);
  const Sequence first = channel.deliveries.front().deliver.sequence;
  shard.broker.apply(Settle{queue, first, first + count - 1, consumer, Outcome::rejected});
  const auto ready = [&] {
    return shard.broker.topology().find_queue(dead)->local->counts().ready;
  };
  EXPECT_EQ(ready(), 0U);
  shard.delete_queue(queue);
  std::uint64_t before = ready();
  EXPECT_LE(before, steps);
  int turns = 0;
  for (; shard.broker.topology().find_queue(queue) != nullptr && turns < 10; ++turns) {
    shard.broker.flush();
    EXPECT_LE(ready() - before, steps);
    before = ready();
  }
  EXPECT_GE(turns, 2);
  EXPECT_EQ(before, count) << "none is lost";
  EXPECT_EQ(channel.cancelled.size(), 1U);
}

TEST(QueueTable, TheMessageLogFindsMessagesWhereTheyAre) {
  PartsWorld world;
  QueueInfo& info = world.declare("q", 0, true);
  world.publish({&info}, "a", {}, true);
  const auto& entry = world.host.message_log_port.entries.at(0);
  RecordOwner& owner = world.queues;
  const auto found = owner.locate(entry.at);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->place, entry.place);
  const RecordLocation moved{2, 16, 8};
  owner.on_moved(entry.at, moved);
  EXPECT_EQ(owner.locate(entry.at)->place, moved);
  EXPECT_FALSE(owner.locate({info.id, entry.at.sequence + 1}).has_value());
  EXPECT_FALSE(owner.locate({QueueId{99}, 0}).has_value());
  EXPECT_FALSE(owner.on_fetched({QueueId{99}, 0}, moved, {})) << "nobody lost anything";
  EXPECT_EQ(&owner.memory_of_fetched(), &world.host.memory());
}

TEST(QueueTable, LostWatermarksAreToldAgainOnce) {
  PartsWorld world;
  QueueInfo& info = world.declare("q", 0, true);
  world.publish({&info}, "a", {}, true);
  ConsumerSpec spec{};
  spec.queue = info.id;
  spec.channel = {1, 4, 1};
  ASSERT_NE(info.local->consumers().subscribe(spec, nullptr, nullptr), nullptr);
  (void)info.local->pump();
  FakeMessageLog& log = world.host.message_log_port;
  const std::size_t announced = log.marks.size();
  EXPECT_GT(announced, 0U);
  world.queues.repeat_watermarks();
  EXPECT_EQ(log.marks.size(), announced);
  log.lost = 1;
  world.queues.repeat_watermarks();
  EXPECT_GT(log.marks.size(), announced);
  const std::size_t repeated = log.marks.size();
  world.queues.repeat_watermarks();
  EXPECT_EQ(log.marks.size(), repeated);
}

}  // namespace
}  // namespace lepus::core::test
