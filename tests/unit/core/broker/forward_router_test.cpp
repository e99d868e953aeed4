// What is sent on goes where its exchange leads, now, later, or so that nothing is lost on the way.
#include "core/broker/forward_router.h"

#include <gtest/gtest.h>

#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

class ForwardRouterTest : public ::testing::Test {
 protected:
  /// A queue whose dead letters go to the queue "dead".
  QueueInfo& declare_source(bool durable = false) {
    TopologyRequest request = world_.request(PartsWorld::Kind::declare_queue, "source");
    FieldTableWriter arguments;
    arguments.text("x-dead-letter-exchange", "");
    arguments.text("x-dead-letter-routing-key", "dead");
    request.arguments = arguments.take();
    request.durable = durable;
    return world_.declare(request);
  }

  PartsWorld world_;
};

TEST_F(ForwardRouterTest, ADeadLetterGoesWhereItsQueueSays) {
  QueueInfo& dead = world_.declare("dead");
  const QueueInfo& source = declare_source();
  const MessageRef message = world_.message("x");
  const Forward forward = world_.forwards.make_forward(source, *message, DeathReason::rejected);
  ASSERT_EQ(forward.route.size(), 1U);
  EXPECT_EQ(forward.route[0], &dead);
  EXPECT_EQ(forward.message->routing_key(), "dead");
  world_.forwards.publish(forward);
  EXPECT_EQ(dead.local->counts().ready, 1U);
  world_.forwards.publish_later(forward);
  EXPECT_EQ(dead.local->counts().ready, 1U) << "not yet";
  EXPECT_TRUE(world_.forwards.has_work());
  world_.forwards.work();
  EXPECT_EQ(dead.local->counts().ready, 2U);
  EXPECT_FALSE(world_.forwards.has_work());
}

TEST_F(ForwardRouterTest, AWayThatLeadsNowhereIsEmpty) {
  const QueueInfo& source = declare_source();
  const MessageRef message = world_.message("x");
  const Forward forward = world_.forwards.make_forward(source, *message, DeathReason::rejected);
  EXPECT_TRUE(forward.route.empty());
  EXPECT_FALSE(world_.forwards.transfer({source.id, 0}, forward));
}

/// The confirm comes to the broker's own session.
TEST_F(ForwardRouterTest, ATransferIsOverWhenItIsConfirmed) {
  QueueInfo& dead = world_.declare("dead", 0, true);
  QueueInfo& source = declare_source(true);
  const MessageRef message = world_.message("x", true);
  const Forward forward = world_.forwards.make_forward(source, *message, DeathReason::rejected);
  EXPECT_TRUE(world_.forwards.transfer({source.id, 0}, forward));
  EXPECT_EQ(dead.local->counts().ready, 1U);
  std::vector<Confirm> due;
  world_.host.message_log_port.flush();
  world_.confirms.send_due(world_.host.message_log_port.durable(),
                           [&](const Confirm& confirm) { due.push_back(confirm); });
  ASSERT_EQ(due.size(), 1U);
  ConfirmPort* port = world_.sessions.confirms(due[0].channel);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(world_.sessions.deliveries(due[0].channel), nullptr);
  port->on_confirm(due[0]);
  EXPECT_DEATH(port->on_confirm(due[0]), "found") << "each is confirmed once";
}

TEST_F(ForwardRouterTest, AMessageOfTheBrokersOwnSaysWhereItGoes) {
  QueueInfo& queue = world_.declare("q");
  TopologyRequest bind = world_.request(PartsWorld::Kind::bind_queue, "q");
  bind.source = "amq.fanout";
  world_.change(bind);
  const RouteResult route = world_.forwards.publish_later(
      *world_.topology.find_exchange(world_.vhost, "amq.fanout"), world_.message("x"));
  ASSERT_EQ(route.size(), 1U);
  EXPECT_EQ(route[0], &queue);
  EXPECT_EQ(queue.local->counts().ready, 0U);
  world_.forwards.work();
  EXPECT_EQ(queue.local->counts().ready, 1U);
}

TEST_F(ForwardRouterTest, AQueueThatIsGoneByThenGetsNothing) {
  const QueueInfo& dead = world_.declare("dead");
  const QueueInfo& source = declare_source();
  const MessageRef message = world_.message("x");
  world_.forwards.publish_later(
      world_.forwards.make_forward(source, *message, DeathReason::expired));
  TopologyRequest removal = world_.request(PartsWorld::Kind::delete_queue, {});
  removal.queue = dead.id;
  world_.queues.remove(dead.id);
  world_.change(removal);
  world_.forwards.work();
  EXPECT_FALSE(world_.forwards.has_work());
  EXPECT_FALSE(world_.forwards.is_behind());
}

}  // namespace
}  // namespace lepus::core::test
