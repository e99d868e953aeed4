// Into queues here, to other shards, and what a publisher is told of it.
#include "core/broker/message_publisher.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/properties.h"
#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

constexpr ChannelRef publisher_ref{0, 9, 1};

std::string take_confirms(PendingConfirms& confirms, std::uint64_t durable) {
  std::string all;
  confirms.send_due(durable, [&](const Confirm& confirm) {
    all += std::to_string(confirm.last) + (confirm.refused ? "! " : " ");
  });
  return all;
}

TEST(MessagePublisher, OneConfirmAShard) {
  PartsWorld world;
  QueueInfo& here = world.declare("here");
  QueueInfo& far = world.declare("far", 1);
  QueueInfo& also_far = world.declare("also far", 1);
  EXPECT_EQ(world.publish({&here, &far, &also_far}, "x", {nullptr, publisher_ref, 4}), 2U);
  EXPECT_EQ(here.local->counts().ready, 1U);
  const auto enqueue = world.host.outbox_port.take<Enqueue>();
  EXPECT_EQ(enqueue.queue, far.id);
  EXPECT_EQ(*enqueue.more, std::vector<QueueId>{also_far.id});
  EXPECT_EQ(enqueue.number, 4U);
  EXPECT_EQ(enqueue.publisher, publisher_ref);
  EXPECT_TRUE(world.host.outbox_port.sent.empty());
  EXPECT_EQ(take_confirms(world.confirms, 0), "4 ");
  EXPECT_EQ(world.publish({&here}, "x"), 0U) << "nobody waits";
}

TEST(MessagePublisher, ARecordedMessageIsConfirmedWithItsBatch) {
  PartsWorld world;
  QueueInfo& durable = world.declare("durable", 0, true);
  QueueInfo& transient = world.declare("transient");
  FakeMessageLog& log = world.host.message_log_port;
  EXPECT_EQ(world.publish({&durable, &transient}, "x", {nullptr, publisher_ref, 1}, true), 1U);
  EXPECT_EQ(log.records, 1U);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].at.queue, durable.id);
  const std::uint64_t batch = log.open_batch();
  EXPECT_EQ(take_confirms(world.confirms, batch - 1), "");
  EXPECT_EQ(take_confirms(world.confirms, batch), "1 ");
}

TEST(MessagePublisher, AFullQueueRefuses) {
  PartsWorld world;
  TopologyRequest request = world.request(PartsWorld::Kind::declare_queue, "full");
  FieldTableWriter arguments;
  arguments.int32("x-max-length", 1);
  arguments.text("x-overflow", "reject-publish");
  request.arguments = arguments.take();
  QueueInfo& full = world.declare(request);
  QueueInfo& other = world.declare("other");
  EXPECT_EQ(world.publish({&full}, "a", {nullptr, publisher_ref, 1}), 1U);
  EXPECT_EQ(world.publish({&other, &full}, "b", {nullptr, publisher_ref, 2}), 1U);
  EXPECT_EQ(take_confirms(world.confirms, 0), "1 2! ");
  EXPECT_EQ(full.local->counts().ready, 1U);
  EXPECT_EQ(other.local->counts().ready, 1U);
}

TEST(MessagePublisher, AtOnceOnlyWhereAConsumerTakesIt) {
  PartsWorld world;
  QueueInfo& waiting = world.declare("waiting");
  QueueInfo& idle = world.declare("idle");
  QueueInfo& far = world.declare("far", 2);
  ConsumerSpec spec{};
  spec.queue = waiting.id;
  spec.channel = {1, 4, 1};
  ASSERT_NE(waiting.local->consumers().subscribe(spec, nullptr, nullptr), nullptr);
  RouteResult route;
  for (QueueInfo* info : {&waiting, &idle, &far}) route.add(*info);
  const auto result =
      world.publisher.publish_at_once({&route, publisher_ref, 7, 3}, world.message("x"));
  EXPECT_TRUE(result.taken);
  EXPECT_EQ(result.replies, 1U);
  EXPECT_EQ(result.confirms, 2U);
  EXPECT_EQ(world.host.outbox_port.take<Deliver>().queue, waiting.id);
  EXPECT_EQ(world.host.outbox_port.take<Enqueue>().immediate, 3U);
  EXPECT_EQ(idle.local->counts().ready, 0U);
  route.clear();
  route.add(idle);
  EXPECT_FALSE(
      world.publisher.publish_at_once({&route, publisher_ref, 0, 4}, world.message("x")).taken);
}

TEST(MessagePublisher, AQueueThatDeduplicatesLooksFirst) {
  PartsWorld world;
  TopologyRequest request = world.request(PartsWorld::Kind::declare_queue, "once");
  FieldTableWriter arguments;
  arguments.boolean("x-message-deduplication", true);
  request.arguments = arguments.take();
  QueueInfo& once = world.declare(request);
  QueueInfo& plain = world.declare("plain");
  RouteResult route;
  route.add(once);
  route.add(plain);
  FieldTableWriter headers;
  headers.text("x-deduplication-header", "same");
  PropertiesView view;
  view.headers = headers.bytes();
  view.set(Property::headers);
  const std::vector<std::uint8_t> properties = encode_properties(view);
  for (int i = 0; i < 2; ++i)
    (void)world.publisher.publish({&route, {}, 0},
                                  Message::create({"", "q", properties, 0}, world.host.memory()));
  EXPECT_EQ(once.local->counts().ready, 1U);
  EXPECT_EQ(plain.local->counts().ready, 2U);
}

}  // namespace
}  // namespace lepus::core::test
