// Messages that come back: where they go, and that it is carried out.
#include "core/queue/classic/returns.h"

#include <gtest/gtest.h>

#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class ReturnsTest : public test::QueuePartsTest {
 protected:
  Returns& with(const QueueArguments& arguments) {
    Parts& parts = make(arguments);
    returns_ = std::make_unique<Returns>(
        parts.context, Returns::Parts{parts.residency, parts.forwarding, parts.limits});
    return *returns_;
  }
  Sequence deliver(std::string_view body) {
    const Sequence sequence = push(body);
    (void)parts_->messages.send_head(parts_->messages.backlog().peek(), false);
    return sequence;
  }

  std::unique_ptr<Returns> returns_;
};

TEST_F(ReturnsTest, ItIsReadyAtItsPlace) {
  Returns& returns = with({});
  const Sequence sequence = deliver("a");
  push("b");
  returns.on_returned(sequence, Outcome::requeued);
  EXPECT_EQ(parts_->messages.backlog().peek().sequence, sequence);
  EXPECT_TRUE(parts_->messages.backlog().peek().redelivered);
}

TEST_F(ReturnsTest, AFullQueueDropsItsHead) {
  QueueArguments arguments;
  arguments.max_length = 1;
  Returns& returns = with(arguments);
  const Sequence sequence = deliver("a");
  push("b");
  returns.on_returned(sequence, Outcome::requeued);
  EXPECT_EQ(state(sequence), Slot::State::gone);
}

TEST_F(ReturnsTest, TooOftenIsADeadLetter) {
  QueueArguments arguments;
  arguments.delivery_limit = 0;
  arguments.dead_letter_exchange = "dead";
  Returns& returns = with(arguments);
  returns.on_returned(deliver("a"), Outcome::requeued);
  std::size_t budget = 1;
  EXPECT_FALSE(parts_->forwarding.forward_pending(budget));
  ASSERT_EQ(host_.given_up.size(), 1U);
  EXPECT_EQ(host_.given_up[0].reason, DeathReason::delivery_limit);
}

TEST_F(ReturnsTest, ADelayedOneIsReadyWhenItsTimeHasCome) {
  QueueArguments arguments;
  arguments.delayed_retry = DelayedRetry::all;
  arguments.delayed_retry_min_ms = 10;
  arguments.delayed_retry_max_ms = 10;
  Returns& returns = with(arguments);
  const Sequence sequence = deliver("a");
  returns.on_returned(sequence, Outcome::requeued);
  EXPECT_EQ(state(sequence), Slot::State::retained);
  ASSERT_EQ(host_.deadlines.size(), 1U);
  EXPECT_EQ(host_.deadlines[0].at, 10 * nanos_per_ms);
  returns.release_due(9 * nanos_per_ms);
  EXPECT_EQ(state(sequence), Slot::State::retained);
  returns.release_due(10 * nanos_per_ms);
  EXPECT_EQ(state(sequence), Slot::State::ready);
  EXPECT_TRUE(host_.is_scheduled());
}

TEST_F(ReturnsTest, TheSameConsumerGetsItAgain) {
  Returns& returns = with({});
  Consumer& consumer = consume(5);
  const Sequence sequence = deliver("a");
  consumer.add_unacked(1);
  std::size_t budget = 10;
  EXPECT_FALSE(returns.serve(parts_->delivery.consumers(), budget));
  EXPECT_EQ(budget, 10U);
  returns.redeliver({QueueId{6}, sequence, sequence, consumer.handle, consumer.spec.channel, false},
                    consumer);
  EXPECT_FALSE(returns.serve(parts_->delivery.consumers(), budget));
  EXPECT_EQ(budget, 9U);
  const Deliver again = host_.outbox_port.take<Deliver>();
  EXPECT_EQ(again.sequence, sequence);
  EXPECT_TRUE(again.redelivered);
}

TEST_F(ReturnsTest, WhatAConsumerLeavesBehindGoesBackToTheQueue) {
  Returns& returns = with({});
  Consumer& consumer = consume(5);
  const Sequence sequence = deliver("a");
  returns.redeliver({QueueId{6}, sequence, sequence, consumer.handle, consumer.spec.channel, true},
                    consumer);
  returns.abandon(consumer);
  ASSERT_EQ(parts_->queue.settles.size(), 1U);
  EXPECT_EQ(parts_->queue.settles[0].first, sequence);
  EXPECT_EQ(parts_->queue.settles[0].outcome, Outcome::returned);
  EXPECT_EQ(host_.outbox_port.take<CreditReturn>().count, 1U);
}

}  // namespace
}  // namespace lepus::core
