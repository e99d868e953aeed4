// The rules about the messages of a queue, by commands and times alone.
#include "core/queue/classic/queue_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace lepus::core {
namespace {

using Returned = QueueState::Returned;

constexpr Nanos milli = nanos_per_ms;

class QueueStateTest : public ::testing::Test {
 protected:
  void make(const QueueArguments& arguments, Nanos now = 0) {
    QueueSpec spec;
    spec.id = QueueId{1};
    spec.parsed = arguments;
    info_ = std::make_unique<QueueInfo>(spec);
    state_ = std::make_unique<QueueState>(*info_);
    state_->load_limits(now);
  }
  Sequence push(Nanos now = 0, std::size_t size = 1, std::uint64_t ttl_ms = Message::no_ttl) {
    MessageRef message = Message::create({"", "", {}, size}, memory_);
    message->append_body(as_bytes(std::string(size, 'x')));
    message->set_ttl_ms(ttl_ms);
    return state_->push(std::move(message), now);
  }
  /// A message that a consumer has.
  Sequence deliver(Nanos now = 0, std::uint64_t ttl_ms = Message::no_ttl) {
    const Sequence sequence = push(now, 1, ttl_ms);
    state_->messages().deliver(sequence);
    return sequence;
  }
  void drop(Sequence sequence) {
    (void)state_->messages().take(sequence);
    state_->forget(sequence);
  }
  /// The messages that have expired, taken out.
  std::string expire(Nanos now, std::size_t budget = 100) {
    std::string all;
    while (const auto expired = state_->next_expired(now, budget)) {
      EXPECT_EQ(expired->reason, DeathReason::expired);
      all += std::to_string(expired->sequence);
      drop(expired->sequence);
    }
    return all;
  }

  MemoryAccount memory_;
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<QueueState> state_;
};

TEST_F(QueueStateTest, WithoutArgumentsNothingIsAskedFor) {
  make({});
  const Sequence sequence = deliver();
  EXPECT_FALSE(state_->has_limits());
  EXPECT_FALSE(state_->has_expiry());
  EXPECT_FALSE(state_->exceeds(UINT32_MAX, UINT32_MAX));
  EXPECT_EQ(state_->next_deadline(), never);
  EXPECT_EQ(state_->on_returned(sequence, Outcome::requeued, 0), Returned::requeued);
  EXPECT_EQ(state_->delivery_count(sequence), 0U);
  EXPECT_EQ(state_->messages().ready_count(), 1U);
}

// --- Times of messages that are gone

TEST_F(QueueStateTest, AQueueThatIsAlwaysEmptyRemembersNoTimes) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 86'400'000;
  make(arguments);
  for (Nanos now = 0; now < 100'000; ++now) {
    drop(push(now, 1, 3'600'000));
    ASSERT_LE(state_->expiry_count(), 4U);
  }
  EXPECT_EQ(expire(86'400'000 * milli), "");
}

TEST_F(QueueStateTest, OneThatStaysDoesNotKeepTheTimesOfTheOthers) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 86'400'000;
  make(arguments);
  const Sequence held = deliver(0, 3'600'000);
  // Each is due before all others, or behind them: not in the order in which they leave.
  for (std::uint64_t i = 1; i < 50'000; ++i) {
    drop(push(static_cast<Nanos>(i), 1, 3'600'000 + (i % 2 == 0 ? i : 200'000 - i)));
    ASSERT_LE(state_->expiry_count(), 2 * limits::expiry_entries_min + 4);
  }
  const Sequence late = push(50'000);
  EXPECT_EQ(expire(3'600'000 * milli), "") << "it is not ready";
  EXPECT_EQ(state_->on_returned(held, Outcome::requeued, 0), Returned::expired);
  EXPECT_EQ(expire(86'400'000 * milli + 50'000, 100'000), std::to_string(late));
}

// --- Limits

TEST_F(QueueStateTest, LengthLimit) {
  QueueArguments arguments;
  arguments.max_length = 2;
  make(arguments);
  EXPECT_TRUE(state_->has_limits());
  const Sequence first = push();
  EXPECT_FALSE(state_->exceeds(1, 0));
  push();
  EXPECT_TRUE(state_->exceeds(1, 0));
  EXPECT_FALSE(state_->is_over_limit());
  EXPECT_FALSE(state_->next_excess());
  push();
  EXPECT_TRUE(state_->is_over_limit());
  EXPECT_EQ(state_->next_excess(), (QueueState::Drop{first, DeathReason::maxlen}));
  drop(first);
  EXPECT_FALSE(state_->next_excess());
}

TEST_F(QueueStateTest, ByteLimitCountsReadyBodies) {
  QueueArguments arguments;
  arguments.max_length_bytes = 10;
  make(arguments);
  const Sequence first = push(0, 6);
  const MessageRef large = Message::create({"", "", {}, 5}, memory_);
  EXPECT_TRUE(state_->is_full_for(*large));
  EXPECT_FALSE(state_->exceeds(1, 4));
  state_->messages().deliver(first);
  EXPECT_FALSE(state_->is_full_for(*large)) << "what a consumer has does not count";
}

TEST_F(QueueStateTest, APolicyMayBringLimits) {
  make({});
  push();
  push();
  info_->effective.edit().max_length = 1;
  state_->load_limits(0);
  EXPECT_TRUE(state_->has_limits());
  EXPECT_TRUE(state_->is_over_limit());
  info_->effective.edit().max_length.reset();
  state_->load_limits(0);
  EXPECT_FALSE(state_->has_limits());
  EXPECT_FALSE(state_->next_excess());
}

// --- Expiry

TEST_F(QueueStateTest, TheTimeToLiveOfTheQueue) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 10;
  make(arguments);
  push(0);
  push(5 * milli);
  EXPECT_EQ(state_->next_deadline(), 10 * milli);
  EXPECT_EQ(expire(9 * milli), "");
  EXPECT_EQ(expire(10 * milli), "0");
  EXPECT_EQ(state_->next_deadline(), 15 * milli);
  EXPECT_EQ(expire(15 * milli), "1");
  EXPECT_EQ(state_->next_deadline(), never);
}

TEST_F(QueueStateTest, ATimeToLiveOfAMessageInTheMiddle) {
  make({});
  push(0);
  push(0, 1, 3);
  push(0);
  EXPECT_TRUE(state_->has_expiry());
  EXPECT_EQ(state_->next_deadline(), 3 * milli);
  EXPECT_EQ(expire(3 * milli), "1");
  EXPECT_EQ(state_->messages().ready_count(), 2U);
}

TEST_F(QueueStateTest, ATimeToLiveThatComesLaterCountsFromThen) {
  make({});
  push(0);
  info_->effective.edit().message_ttl_ms = 10;
  state_->load_limits(7 * milli);
  EXPECT_EQ(state_->next_deadline(), 17 * milli);
}

TEST_F(QueueStateTest, TheBudgetCountsWhatIsLookedAt) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 1;
  make(arguments);
  deliver(0);
  push(0);
  push(0);
  std::size_t budget = 2;
  EXPECT_EQ(state_->next_expired(milli, budget), (QueueState::Drop{1, DeathReason::expired}));
  EXPECT_EQ(budget, 0U);
  EXPECT_FALSE(state_->next_expired(milli, budget));
  EXPECT_EQ(state_->next_deadline(), milli) << "the third one is still due";
}

TEST_F(QueueStateTest, WhatExpiresWithAConsumerExpiresWhenItComesBack) {
  make({});
  const Sequence returned = deliver(0, 5);
  const Sequence settled = deliver(0, 5);
  EXPECT_EQ(expire(5 * milli), "");
  EXPECT_EQ(state_->on_returned(returned, Outcome::requeued, 6 * milli), Returned::expired);
  state_->on_settled(settled);
  EXPECT_EQ(state_->on_returned(settled, Outcome::requeued, 6 * milli), Returned::requeued)
      << "only once, and not of what was settled";
}

// --- What comes back

TEST_F(QueueStateTest, DeliveryLimit) {
  QueueArguments arguments;
  arguments.delivery_limit = 2;
  make(arguments);
  const Sequence sequence = deliver();
  for (const std::uint32_t count : {1U, 2U}) {
    EXPECT_EQ(state_->on_returned(sequence, Outcome::requeued, 0), Returned::requeued);
    EXPECT_EQ(state_->delivery_count(sequence), count);
    state_->messages().deliver(sequence);
    EXPECT_EQ(state_->on_returned(sequence, Outcome::undelivered, 0), Returned::requeued)
        << "what no consumer saw does not count";
    state_->messages().deliver(sequence);
  }
  EXPECT_EQ(state_->on_returned(sequence, Outcome::returned, 0), Returned::too_often);
  drop(sequence);
  EXPECT_EQ(state_->delivery_count(sequence), 0U);
}

TEST_F(QueueStateTest, AQuorumQueueCountsWithoutALimit) {
  QueueArguments arguments;
  arguments.queue_type = QueueType::quorum;
  make(arguments);
  const Sequence sequence = deliver();
  EXPECT_FALSE(state_->count_return(sequence, Outcome::returned));
  EXPECT_EQ(state_->delivery_count(sequence), 1U);
}

TEST_F(QueueStateTest, TheRetryDelayGrowsUpToItsMaximum) {
  QueueArguments arguments;
  arguments.delayed_retry = DelayedRetry::failed;
  arguments.delayed_retry_min_ms = 10;
  arguments.delayed_retry_max_ms = 15;
  make(arguments);
  const Sequence sequence = deliver();
  EXPECT_EQ(state_->on_returned(sequence, Outcome::requeued, 0), Returned::delayed);
  EXPECT_EQ(state_->unacked_count(), 1U);
  EXPECT_EQ(state_->messages().ready_count(), 0U);
  EXPECT_EQ(state_->next_deadline(), 10 * milli);
  EXPECT_FALSE(state_->next_released(9 * milli));
  const auto released = state_->next_released(10 * milli);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->sequence, sequence);
  EXPECT_FALSE(released->is_expired);
  EXPECT_FALSE(state_->next_released(10 * milli));
  state_->messages().deliver(sequence);
  EXPECT_EQ(state_->on_returned(sequence, Outcome::requeued, 20 * milli), Returned::delayed);
  EXPECT_EQ(state_->next_deadline(), 35 * milli);
}

TEST_F(QueueStateTest, OnlyWhatFailedIsDelayed) {
  QueueArguments arguments;
  arguments.delayed_retry = DelayedRetry::failed;
  arguments.delayed_retry_min_ms = arguments.delayed_retry_max_ms = 10;
  make(arguments);
  const Sequence sequence = deliver();
  EXPECT_EQ(state_->on_returned(sequence, Outcome::returned, 0), Returned::requeued);
  info_->effective.edit().delayed_retry = DelayedRetry::all;
  state_->messages().deliver(sequence);
  EXPECT_EQ(state_->on_returned(sequence, Outcome::returned, 0), Returned::delayed);
}

TEST_F(QueueStateTest, WhatExpiresWhileItIsDelayedIsDroppedAfterwards) {
  QueueArguments arguments;
  arguments.delayed_retry = DelayedRetry::all;
  arguments.delayed_retry_min_ms = arguments.delayed_retry_max_ms = 10;
  make(arguments);
  const Sequence sequence = deliver(0, 5);
  EXPECT_EQ(state_->on_returned(sequence, Outcome::requeued, 0), Returned::delayed);
  EXPECT_EQ(expire(5 * milli), "");
  const auto released = state_->next_released(10 * milli);
  ASSERT_TRUE(released);
  EXPECT_TRUE(released->is_expired);
}

// --- After a restart

TEST_F(QueueStateTest, RestoredMessagesKeepTheirTimes) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 100;
  make(arguments, 50 * milli);
  RestoredRun run;
  run.first = 8;
  run.count = 2;
  run.place = {1, 8, 16};
  run.body_size = 3;
  run.enqueued_ms = 1020;
  state_->restore(run, 50 * milli, 1000 * milli);
  run.first = 10;
  run.count = 1;
  run.deadline = 60 * milli;
  run.enqueued_ms = 0;
  state_->restore(run, 50 * milli, 1000 * milli);
  state_->end_restore();
  EXPECT_EQ(state_->messages().ready_count(), 3U);
  EXPECT_EQ(state_->messages().slot_at(9).place().offset, 24U);
  EXPECT_EQ(state_->next_deadline(), 60 * milli);
  EXPECT_EQ(expire(60 * milli), "10");
  EXPECT_EQ(expire(119 * milli), "");
  EXPECT_EQ(expire(120 * milli), "89");
}

}  // namespace
}  // namespace lepus::core
