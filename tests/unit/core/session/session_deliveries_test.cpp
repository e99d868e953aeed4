// Consumers of a session: coming, going, their flow and their timeouts.
#include "core/session/session_deliveries.h"

#include "core/message/field_table_writer.h"
#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionDeliveriesTest : public test::SessionTest {
 protected:
  SessionDeliveries& deliveries() { return session_->deliveries(); }
};

TEST_F(SessionDeliveriesTest, AConsumerGetsMessagesUntilItIsCancelled) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(subscribe("q", "t"), "");
  ASSERT_NE(protocol_.last<Subscribed>(), nullptr);
  publish("", "q", "a");
  shard_.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "t1:a ");
  EXPECT_TRUE(deliveries().unsubscribe(origin, "t"));
  ASSERT_NE(protocol_.last<Unsubscribed>(), nullptr);
  EXPECT_EQ(protocol_.last<Unsubscribed>()->tag, "t");
  EXPECT_EQ(protocol_.events, "+t-t");
  EXPECT_FALSE(deliveries().unsubscribe(origin, "t"));
  publish("", "q", "b");
  shard_.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "");
  EXPECT_EQ(settle(1), "") << "what it had stays its client's";
  EXPECT_EQ(ready(queue), 1U);
}

TEST_F(SessionDeliveriesTest, RefusesWhatCannotBe) {
  shard_.declare("q");
  EXPECT_EQ(subscribe("missing", "t"), "no queue 'missing' in vhost '/'");
  EXPECT_EQ(subscribe("", "t"), "no previously declared queue");
  EXPECT_EQ(subscribe("q", "t"), "");
  EXPECT_EQ(subscribe("q", "t"), "attempt to reuse consumer tag 't'");
  count_max_ = 1;
  EXPECT_EQ(subscribe("q", "u"), "reached maximum (1) of consumers per channel");
  EXPECT_EQ(deliveries().consumers().count(), 1U);
}

TEST_F(SessionDeliveriesTest, ARefusedSubscriptionLeavesNothing) {
  const QueueId far = shard_.declare("far", away);
  EXPECT_EQ(subscribe("far", "t"), "");
  EXPECT_EQ(deliveries().consumers().count(), 1U);
  auto error =
      std::make_unique<AmqpError>(AmqpError{ReplyCode::access_refused, "in exclusive use"});
  session_->on_reply({session_->ref(), 0, 0, {}, away, far, std::move(error)});
  ASSERT_NE(protocol_.last<SubscribeFailed>(), nullptr);
  EXPECT_EQ(protocol_.last<SubscribeFailed>()->why.error.detail, "in exclusive use");
  EXPECT_EQ(deliveries().consumers().count(), 0U);
  EXPECT_EQ(protocol_.events, "") << "it never was";
}

TEST_F(SessionDeliveriesTest, ADeletedQueueCancelsItsConsumers) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(subscribe("q", "t"), "");
  shard_.delete_queue(queue);
  EXPECT_EQ(protocol_.cancelled, "t");
  EXPECT_EQ(protocol_.events, "+t-t");
}

TEST_F(SessionDeliveriesTest, AFullOutputPausesAndResumes) {
  shard_.declare("q");
  EXPECT_EQ(subscribe("q", "t", true), "");
  protocol_.is_full = true;
  publish("", "q", "a");
  publish("", "q", "b");
  shard_.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "t1:a ");
  protocol_.is_full = false;
  deliveries().resume();
  shard_.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "t2:b ");
}

TEST_F(SessionDeliveriesTest, AStoppedFlowIsAnsweredBehindWhatWasDelivered) {
  shard_.declare("far", away);
  EXPECT_EQ(subscribe("far", "t"), "");
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, {}, nullptr});
  deliveries().stop_flow(origin);
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(protocol_.last<ConsumersStopped>(), nullptr);
  session_->on_reply({session_->ref(), 0, 0, {}, away, {}, nullptr});
  EXPECT_NE(protocol_.last<ConsumersStopped>(), nullptr);
  EXPECT_FALSE(protocol_.is_held);
  shard_.outbox.clear();
  deliveries().resume();
  EXPECT_TRUE(shard_.outbox.all<ConsumerFlow>().empty()) << "the client stopped it";
  deliveries().start_flow();
  deliveries().resume();
  ASSERT_EQ(shard_.outbox.all<ConsumerFlow>().size(), 1U);
  EXPECT_FALSE(shard_.outbox.all<ConsumerFlow>()[0].paused);
}

TEST_F(SessionDeliveriesTest, AnOverdueDeliveryCancelsItsConsumer) {
  const QueueId far = shard_.declare("far", away);
  timeout_ = 10 * nanos_per_s;
  EXPECT_EQ(subscribe("far", "t"), "");
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, far, nullptr});
  const Nanos next = deliveries().look_for_overdue(0);
  EXPECT_GT(next, 0);
  EXPECT_LE(next, timeout_);
  Deliver delivery{};
  delivery.queue = far;
  delivery.sequence = 5;
  delivery.home = away;
  EXPECT_EQ(session_->take_delivery(delivery, *shard_.message("x")).tag, 1U);
  (void)deliveries().look_for_overdue(nanos_per_s);
  (void)deliveries().look_for_overdue(timeout_);
  EXPECT_EQ(protocol_.events, "+t") << "not yet: it came after the first look";
  shard_.outbox.clear();
  EXPECT_EQ(deliveries().look_for_overdue(timeout_ + nanos_per_s),
            next - 0 + timeout_ + nanos_per_s)
      << "this time it was still watched";
  EXPECT_EQ(protocol_.events, "+t!t");
  ASSERT_EQ(shard_.outbox.all<Unsubscribe>().size(), 1U);
  EXPECT_TRUE(shard_.outbox.all<Unsubscribe>()[0].cancels);
  ASSERT_EQ(shard_.outbox.all<Settle>().size(), 1U);
  EXPECT_EQ(shard_.outbox.all<Settle>()[0].outcome, Outcome::returned);
  delivery.sequence = 6;
  EXPECT_EQ(session_->take_delivery(delivery, *shard_.message("y")).tag, 0U) << "it goes back";
  EXPECT_EQ(settle(1), "") << "late, and no error";
  EXPECT_EQ(deliveries().look_for_overdue(timeout_ * 3), never) << "none is left to watch";
}

TEST_F(SessionDeliveriesTest, ArgumentsAreRead) {
  shard_.declare("q");
  FieldTableWriter table;
  table.text("x-priority", "high");
  EXPECT_EQ(subscribe("q", "t", false, table.bytes()),
            "invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got "
            "longstr\"");
  EXPECT_EQ(deliveries().consumers().count(), 0U);
}

}  // namespace
}  // namespace lepus::core
