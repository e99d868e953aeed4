// Queues come and go, and answer for the records of their messages.
#include "core/broker/queue_table.h"

#include <gtest/gtest.h>

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
