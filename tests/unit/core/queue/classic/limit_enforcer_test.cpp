// Limits that are carried out: who is refused, what is dropped, what expires.
#include "core/queue/classic/limit_enforcer.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class LimitEnforcerTest : public test::QueuePartsTest {
 protected:
  LimitEnforcer& with_max_length(std::uint64_t count, Overflow overflow = Overflow::drop_head) {
    QueueArguments arguments;
    arguments.max_length = count;
    arguments.overflow = overflow;
    return make(arguments).limits;
  }
  std::optional<Sequence> push_limited(std::uint64_t ttl_ms = Message::no_ttl) {
    MessageRef message = host_.message("x");
    message->set_ttl_ms(ttl_ms);
    return parts_->limits.push(std::move(message));
  }
  std::uint64_t ready_count() const { return parts_->messages.ready_count(); }
};

TEST_F(LimitEnforcerTest, TheOldestIsDroppedAfterConsumersHadTheirChance) {
  with_max_length(2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(push_limited());
  EXPECT_EQ(ready_count(), 2U);
  EXPECT_EQ(state(0), Slot::State::gone);
  EXPECT_EQ(parts_->queue.pumps, 1);
}

TEST_F(LimitEnforcerTest, AFullQueueRefusesUnlessAConsumerTakesIt) {
  with_max_length(0, Overflow::reject_publish);
  EXPECT_FALSE(push_limited());
  EXPECT_FALSE(parts_->limits.can_deliver_at_once(1, false));
  consume(1);
  EXPECT_TRUE(parts_->limits.can_deliver_at_once(1, false));
  const int pumps = parts_->queue.pumps;
  EXPECT_TRUE(push_limited());
  EXPECT_EQ(parts_->queue.pumps, pumps + 2) << "before it counts against the limit, and with it";
}

TEST_F(LimitEnforcerTest, ARefusedMessageMayBecomeADeadLetter) {
  QueueArguments arguments;
  arguments.max_length = 0;
  arguments.overflow = Overflow::reject_publish_dead_letter;
  arguments.dead_letter_exchange = "dead";
  make(arguments);
  EXPECT_FALSE(push_limited());
  EXPECT_EQ(host_.published_later, 1);
}

TEST_F(LimitEnforcerTest, SurelyRefusesWhatNoConsumerCanTake) {
  LimitEnforcer& limits = with_max_length(2, Overflow::reject_publish);
  EXPECT_FALSE(limits.surely_refuses(2, 2));
  EXPECT_TRUE(limits.surely_refuses(3, 3));
  consume(1);
  EXPECT_FALSE(limits.surely_refuses(3, 3));
  push("a");
  EXPECT_FALSE(limits.can_deliver_at_once(1, false)) << "it would not be the next one";
  EXPECT_FALSE(with_max_length(0).surely_refuses(9, 9)) << "it drops its head instead";
}

TEST_F(LimitEnforcerTest, ATimeToLiveRegistersADeadline) {
  make({});
  EXPECT_TRUE(push_limited(20));
  ASSERT_EQ(host_.deadlines.size(), 1U);
  EXPECT_EQ(host_.deadlines[0].at, 20 * nanos_per_ms);
  parts_->limits.expire_due();
  EXPECT_EQ(ready_count(), 1U);
  host_.set_now(20 * nanos_per_ms);
  parts_->limits.expire_due();
  EXPECT_EQ(ready_count(), 0U);
}

TEST_F(LimitEnforcerTest, ATimeToLiveOfNothingMeansNowOrNever) {
  make({});
  EXPECT_TRUE(push_limited(0));
  EXPECT_EQ(parts_->queue.pumps, 1);
  EXPECT_EQ(ready_count(), 0U);
}

TEST_F(LimitEnforcerTest, ExpiryGoesInPieces) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 1;
  make(arguments);
  for (std::size_t i = 0; i < limits::discards_per_turn_max + 5; ++i) EXPECT_TRUE(push_limited());
  host_.set_now(nanos_per_s);
  parts_->limits.expire_due();
  EXPECT_EQ(ready_count(), 5U);
  parts_->limits.expire_due();
  EXPECT_EQ(ready_count(), 0U);
}

TEST_F(LimitEnforcerTest, AShorterQueueDropsInPiecesAndAsksForMore) {
  LimitEnforcer& limits = with_max_length(1);
  for (std::size_t i = 0; i < limits::discards_per_turn_max + 5; ++i) push("x");
  limits.drop_excess_head();
  EXPECT_EQ(ready_count(), 5U);
  ASSERT_EQ(host_.deadlines.size(), 1U);
  EXPECT_EQ(host_.deadlines[0].at, host_.now());
  limits.drop_excess_head();
  EXPECT_EQ(ready_count(), 1U);
}

}  // namespace
}  // namespace lepus::core
