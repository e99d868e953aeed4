// Acknowledgements of many: a piece a turn, in the order of the client's methods, each once.
#include "core/session/session_settling.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionSettlingTest : public test::SessionTest {
 protected:
  static constexpr std::size_t turn = limits::session_steps_per_turn_max;
  static constexpr std::size_t at_once = limits::settles_at_once_max;
  static constexpr std::size_t many = at_once + turn + 10;

  SessionSettlingTest() : queue_(shard_.declare("q")) { EXPECT_EQ(subscribe("q", "t"), ""); }

  Queue::Counts counts() const {
    const QueueInfo* info = shard_.broker.topology().find_queue(queue_);
    return info->local->counts();
  }
  /// Publishes so many and has all of them delivered to the session's consumer.
  void deliver(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
    const std::size_t before = session_->unacked().count();
    for (std::size_t i = 0; session_->unacked().count() < before + count && i < count; ++i)
      shard_.pump();
    ASSERT_EQ(session_->unacked().count(), before + count);
    (void)protocol_.take_deliveries();
  }
  /// Turns until the client's input goes on.
  std::size_t turns_while_held() {
    std::size_t turns = 0;
    for (; protocol_.is_held && turns < 100; ++turns) {
      const std::size_t before = session_->unacked().count();
      shard_.broker.flush();
      EXPECT_LE(before - session_->unacked().count(), turn);
    }
    return turns;
  }

  const QueueId queue_;
};

TEST_F(SessionSettlingTest, FewAreSettledWithinTheCall) {
  deliver(at_once);
  EXPECT_EQ(settle(at_once - 1, true), "");
  EXPECT_EQ(counts().unacked, 1U);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(settle(0, true), "");
  EXPECT_EQ(counts().unacked, 0U);
  EXPECT_EQ(protocol_.answers.size(), 1U) << "that of the consumer";
}

TEST_F(SessionSettlingTest, ManyAreAcknowledgedAPieceATurnWhileInputIsHeld) {
  deliver(many);
  EXPECT_EQ(settle(many - 1, true), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(counts().unacked, many) << "others come first";
  EXPECT_EQ(turns_while_held(), (many - 1) / turn + 1);
  EXPECT_EQ(counts().unacked, 1U);
  EXPECT_EQ(session_->unacked().count(), 1U);
  EXPECT_EQ(counts().ready, 0U);
  EXPECT_EQ(settle(many - 1), "unknown delivery tag " + std::to_string(many - 1));
  EXPECT_EQ(settle(many), "");
  EXPECT_FALSE(shard_.broker.has_work());
}

TEST_F(SessionSettlingTest, AnUnknownTagIsRefusedAtOnce) {
  deliver(many);
  EXPECT_EQ(settle(many + 1, true), "unknown delivery tag " + std::to_string(many + 1));
  EXPECT_FALSE(protocol_.is_held);
}

/// What many calls settle within one turn is bounded, too.
TEST_F(SessionSettlingTest, CallsOfOneTurnShareItsRoom) {
  deliver(at_once + 2);
  EXPECT_EQ(settle(at_once - 1, true), "");
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(settle(at_once + 1, true), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(turns_while_held(), 1U);
  EXPECT_EQ(settle(0, true), "");
  EXPECT_FALSE(protocol_.is_held) << "this turn has room again";
}

TEST_F(SessionSettlingTest, WhatIsDeliveredMeanwhileIsNotAmongThem) {
  deliver(many);
  EXPECT_EQ(settle(0, true), "");
  shard_.broker.flush();
  publish("", "q", "b");
  shard_.broker.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "t" + std::to_string(many + 1) + ":b ");
  (void)turns_while_held();
  EXPECT_EQ(session_->unacked().count(), 1U);
  EXPECT_EQ(settle(many + 1), "");
}

TEST_F(SessionSettlingTest, ManyThatGoBackAreDeliveredAgainInOrder) {
  deliver(many);
  publish("", "q", "z");
  EXPECT_EQ(settle(0, true, Outcome::requeued), "");
  for (std::size_t turns = 0; protocol_.is_held && turns < 100; ++turns) {
    for (int i = 0; i < 100; ++i) shard_.broker.pump();
    EXPECT_EQ(protocol_.take_deliveries(), "");
    shard_.broker.flush();
  }
  EXPECT_EQ(counts().ready, many + 1);
  for (std::size_t i = 0; counts().ready > 0 && i < many; ++i) shard_.pump();
  EXPECT_EQ(counts().ready, 0U);
  EXPECT_TRUE(protocol_.take_deliveries().ends_with(std::to_string(2 * many + 1) + ":z "));
}

TEST_F(SessionSettlingTest, RecoverIsAnsweredWhenAllIsBack) {
  deliver(many);
  session_->settling().recover(origin, true);
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(protocol_.last<Recovered>(), nullptr);
  EXPECT_EQ(turns_while_held(), many / turn + 1);
  ASSERT_NE(protocol_.last<Recovered>(), nullptr);
  EXPECT_EQ(protocol_.answers.back().origin.method_id, origin.method_id);
  EXPECT_EQ(protocol_.take_deliveries(), "") << "nothing came in between";
  EXPECT_EQ(counts().ready, many);
  EXPECT_EQ(counts().unacked, 0U);
  shard_.pump();
  EXPECT_GT(counts().unacked, 0U) << "consumers go on";
}

TEST_F(SessionSettlingTest, FewAreRecoveredAndAnsweredWithinTheCall) {
  deliver(3);
  session_->settling().recover(origin, true);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_NE(protocol_.last<Recovered>(), nullptr);
  EXPECT_EQ(counts().ready, 3U);
}

TEST_F(SessionSettlingTest, ManyAreDeliveredAgainToTheirConsumerFirst) {
  deliver(many);
  publish("", "q", "z");
  const std::uint64_t last_tag = session_->unacked().next_tag() - 1;
  session_->settling().recover(origin, false);
  (void)turns_while_held();
  EXPECT_NE(protocol_.last<Recovered>(), nullptr);
  for (std::size_t i = 0; session_->unacked().count() < many + 1 && i < many; ++i) shard_.pump();
  EXPECT_EQ(session_->unacked().count(), many + 1);
  const std::string deliveries = protocol_.take_deliveries();
  EXPECT_TRUE(deliveries.ends_with(std::to_string(last_tag + many + 1) + ":z ")) << "in order";
  EXPECT_EQ(settle(0, true), "");
  (void)turns_while_held();
  EXPECT_EQ(counts().unacked, 0U);
}

TEST_F(SessionSettlingTest, InATransactionManyAreCollectedAPieceATurn) {
  deliver(many);
  EXPECT_EQ(say(session_->commits().select_transaction()), "");
  EXPECT_EQ(settle(0, true), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(turns_while_held(), many / turn + 1);
  EXPECT_EQ(counts().unacked, many);
  EXPECT_EQ(session_->describe().acks_uncommitted, many);
  EXPECT_EQ(say(session_->commits().roll_back(origin)), "");
  for (int i = 0; protocol_.is_held && i < 100; ++i) shard_.broker.flush();
  EXPECT_EQ(session_->unacked().count(), many);
}

// --- The end in the middle

TEST_F(SessionSettlingTest, WhatWasAcknowledgedBeforeTheEndIsNotReturned) {
  deliver(many);
  EXPECT_EQ(settle(many - 5, true), "");
  shard_.broker.flush();
  EXPECT_TRUE(protocol_.is_held);
  session_->close(false);
  EXPECT_FALSE(protocol_.is_held);
  for (int i = 0; !protocol_.is_closed && i < 100; ++i) shard_.broker.flush();
  EXPECT_TRUE(protocol_.is_closed);
  EXPECT_EQ(counts().ready, 5U);
  EXPECT_EQ(counts().unacked, 0U);
}

TEST_F(SessionSettlingTest, WhatWasToGoBackBeforeTheEndGoesBackOnce) {
  for (const bool requeue : {false, true}) {
    deliver(many);
    session_->settling().recover(origin, requeue);
    shard_.broker.flush();
    session_->close(true);
    for (int i = 0; !protocol_.is_closed && i < 100; ++i) shard_.broker.flush();
    EXPECT_TRUE(protocol_.is_closed);
    EXPECT_EQ(protocol_.last<Recovered>(), nullptr);
    EXPECT_EQ(counts().ready, many);
    EXPECT_EQ(counts().unacked, 0U);
    shard_.broker.apply(Purge{queue_, {}});
    for (int i = 0; shard_.broker.has_work() && i < 100; ++i) {
      shard_.broker.flush();
      shard_.broker.pump();
    }
    open({});
    EXPECT_EQ(subscribe("q", "t"), "");
  }
}

TEST_F(SessionSettlingTest, AQueueMayGoInTheMiddle) {
  deliver(many);
  EXPECT_EQ(settle(0, true, Outcome::requeued), "");
  shard_.broker.flush();
  shard_.delete_queue(queue_);
  (void)turns_while_held();
  EXPECT_EQ(session_->unacked().count(), 0U);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(protocol_.cancelled, "t");
}

TEST_F(SessionSettlingTest, WhatIsAcknowledgedIsNotOverdue) {
  timeout_ = 100 * nanos_per_ms;
  EXPECT_EQ(subscribe("q", "hasty"), "");
  deliver(many);
  (void)session_->deliveries().look_for_overdue(0);
  EXPECT_EQ(settle(0, true), "");
  (void)session_->deliveries().look_for_overdue(10 * nanos_per_s);
  EXPECT_EQ(protocol_.events.find('!'), std::string::npos);
  (void)turns_while_held();
  EXPECT_EQ(counts().unacked, 0U);
  EXPECT_EQ(counts().ready, 0U);
}

/// Output that has room again does not let held consumers go on.
TEST_F(SessionSettlingTest, HeldConsumersAreNotResumedByOthers) {
  deliver(many);
  session_->settling().recover(origin, true);
  session_->deliveries().resume();
  shard_.broker.flush();
  shard_.broker.pump();
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(protocol_.take_deliveries(), "");
}

}  // namespace
}  // namespace lepus::core
