// The end of sessions that hold much: a piece a turn, and nothing is lost or out of order.
#include "core/session/session_closing.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionClosingTest : public test::SessionTest {
 protected:
  static constexpr std::size_t turn = limits::session_steps_per_turn_max;
  static constexpr std::size_t at_once = limits::session_steps_at_once_max;

  Queue::Counts counts(QueueId queue) const {
    return shard_.broker.topology().find_queue(queue)->local->counts();
  }
  /// Publishes so many and has all of them delivered to the session's consumer.
  void deliver(std::string_view queue, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) publish("", queue, "a");
    const std::size_t before = session_->unacked().count();
    for (std::size_t i = 0; session_->unacked().count() < before + count && i < count; ++i)
      shard_.pump();
    ASSERT_EQ(session_->unacked().count(), before + count);
  }
  /// Turns until the session is closed. After each, step() is called.
  template <class Step>
  std::size_t turns_to_close(Step&& step) {
    std::size_t turns = 0;
    for (; !protocol_.is_closed && turns < 100; ++turns) {
      EXPECT_TRUE(shard_.broker.has_work());
      shard_.broker.flush();
      step();
    }
    return turns;
  }
};

TEST_F(SessionClosingTest, ManyConsumersLeaveAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  const std::size_t count = at_once + turn;
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(subscribe("q", std::to_string(i)), "");
  ASSERT_EQ(counts(queue).consumers, count);
  session_->close(true);
  EXPECT_FALSE(protocol_.is_closed);
  EXPECT_EQ(counts(queue).consumers, count) << "all are paused first";
  std::uint32_t before = counts(queue).consumers;
  const std::size_t turns = turns_to_close([&] {
    EXPECT_LE(before - counts(queue).consumers, turn);
    before = counts(queue).consumers;
  });
  EXPECT_LE(turns, 2 * count / turn + 1);
  EXPECT_GE(turns, 2U);
  EXPECT_EQ(counts(queue).consumers, 0U);
  EXPECT_TRUE(session_->closing().is_done());
}

TEST_F(SessionClosingTest, ConsumersGetNothingWhileTheyLeave) {
  const QueueId queue = shard_.declare("q");
  for (std::size_t i = 0; i < at_once + turn; ++i) subscribe("q", std::to_string(i));
  session_->close(false);
  publish("", "q", "a");
  publish("", "q", "b");
  turns_to_close([&] { shard_.broker.pump(); });
  EXPECT_EQ(ready(queue), 2U);
  EXPECT_EQ(protocol_.take_deliveries(), "");
}

TEST_F(SessionClosingTest, WhatIsUnacknowledgedGoesBackAPieceATurnOldestFirst) {
  const QueueId queue = shard_.declare("q");
  subscribe("q", "t");
  const std::size_t count = at_once + 2 * turn;
  deliver("q", count);
  session_->close(false);
  EXPECT_FALSE(protocol_.is_closed);
  std::uint64_t before = counts(queue).ready;
  EXPECT_GT(before, 0U) << "what this turn has room for";
  EXPECT_LE(before, at_once);
  const std::size_t turns = turns_to_close([&] {
    EXPECT_LE(counts(queue).ready - before, turn);
    before = counts(queue).ready;
  });
  EXPECT_EQ(turns, 3U);
  EXPECT_EQ(before, count);
  EXPECT_EQ(counts(queue).unacked, 0U);
}

/// The next one gets the messages as they were published, although it could take some when only a
/// part is back.
TEST_F(SessionClosingTest, TheNextSingleActiveConsumerGoesOnInOrder) {
  QueueArguments arguments;
  arguments.single_active_consumer = true;
  const QueueId queue = shard_.declare("q");
  shard_.broker.topology().find_queue(queue)->effective = arguments;
  subscribe("q", "t");
  test::FakeChannel next{shard_.broker};
  ConsumerSpec spec{};
  spec.queue = queue;
  const ConsumerHandle handle = shard_.subscribe(next, spec);
  const std::size_t count = at_once + turn + 10;
  deliver("q", count);
  EXPECT_TRUE(next.deliveries.empty());
  session_->close(false);
  publish("", "q", "z");
  turns_to_close([&] { shard_.broker.pump(); });
  for (std::size_t i = 0; next.deliveries.size() < count + 1 && i < count; ++i) shard_.pump();
  ASSERT_EQ(next.deliveries.size(), count + 1);
  for (std::size_t i = 1; i <= count; ++i)
    ASSERT_EQ(next.deliveries[i].deliver.sequence, next.deliveries[i - 1].deliver.sequence + 1);
  EXPECT_EQ(next.deliveries.back().body(), "z");
  shard_.broker.apply(Unsubscribe{queue, {}, handle});
}

TEST_F(SessionClosingTest, WhatIsOnItsWayWhileItClosesGoesBackToo) {
  const QueueId far = shard_.declare("far", away);
  subscribe("far", "t");
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, far, nullptr});
  for (std::size_t i = 0; i < at_once + turn; ++i) {
    Deliver delivery{};
    delivery.queue = far;
    delivery.sequence = i;
    delivery.home = away;
    ASSERT_NE(session_->take_delivery(delivery, *shard_.message("x")).tag, 0U);
  }
  shard_.outbox.clear();
  session_->close(false);
  EXPECT_EQ(shard_.outbox.all<ConsumerFlow>().size(), 1U);
  EXPECT_TRUE(shard_.outbox.all<ConsumerFlow>()[0].paused);
  Deliver late{};
  late.queue = far;
  late.sequence = at_once + turn;
  late.home = away;
  EXPECT_EQ(session_->take_delivery(late, *shard_.message("x")).tag, 0U);
  turns_to_close([] {});
  Sequence next = 0;
  for (const Settle& settle : shard_.outbox.all<Settle>()) {
    EXPECT_EQ(settle.first, next) << "in order, the late one last";
    EXPECT_EQ(settle.outcome, Outcome::returned);
    next = settle.last + 1;
  }
  EXPECT_EQ(next, at_once + turn + 1);
  EXPECT_EQ(shard_.outbox.all<Unsubscribe>().size(), 1U);
}

TEST_F(SessionClosingTest, ACommitThatHasBegunIsCarriedOutAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(say(session_->commits().select_transaction()), "");
  const std::size_t count = at_once + 3 * turn;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  EXPECT_EQ(say(session_->commits().commit(origin)), "");
  while (counts(queue).ready == 0) shard_.broker.flush();
  session_->close(false);
  EXPECT_FALSE(protocol_.is_closed);
  EXPECT_TRUE(shard_.message_log.is_batch_kept_open) << "it is there as a whole, or not at all";
  std::uint64_t before = counts(queue).ready;
  const std::size_t turns = turns_to_close([&] {
    EXPECT_LE(counts(queue).ready - before, turn);
    before = counts(queue).ready;
  });
  EXPECT_GE(turns, 2U);
  EXPECT_EQ(before, count);
  EXPECT_EQ(protocol_.last<Committed>(), nullptr);
  EXPECT_FALSE(shard_.outbox.all<Transaction>().back().begins);
}

TEST_F(SessionClosingTest, WhatATransactionCollectedIsForgottenAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(say(session_->commits().select_transaction()), "");
  const std::size_t count = at_once + turn + 1;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  session_->close(true);
  EXPECT_EQ(session_->describe().messages_uncommitted, turn + 1);
  EXPECT_EQ(turns_to_close([] {}), 2U);
  EXPECT_EQ(session_->describe().messages_uncommitted, 0U);
  EXPECT_EQ(ready(queue), 0U);
}

TEST_F(SessionClosingTest, ASubscriptionThatIsAnsweredLateIsCancelled) {
  const QueueId far = shard_.declare("far", away);
  subscribe("far", "t");
  shard_.outbox.clear();
  session_->close(false);
  EXPECT_TRUE(protocol_.is_closed);
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, far, nullptr});
  const auto left = shard_.outbox.all<Unsubscribe>();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].consumer.slot, 4U);
  EXPECT_FALSE(left[0].channel);
}

TEST_F(SessionClosingTest, AnswersNeedNotBeWaitedForAnyMore) {
  const QueueId far = shard_.declare("far", away);
  subscribe("far", "t");
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, far, nullptr});
  session_->close(true);
  EXPECT_FALSE(protocol_.is_closed);
  session_->closing().stop_waiting();
  EXPECT_TRUE(protocol_.is_closed);
}

/// What is done at once in one turn is bounded over all sessions.
TEST_F(SessionClosingTest, ASessionWaitsWhenOthersUsedTheTurnUp) {
  shard_.declare("q");
  subscribe("q", "t");
  shard_.broker.session_works().left_at_once() = 1;
  session_->close(true);
  EXPECT_FALSE(protocol_.is_closed);
  EXPECT_EQ(turns_to_close([] {}), 1U);
}

}  // namespace
}  // namespace lepus::core
