// What a queue gives up: dropped, sent on at once, or kept until it is elsewhere.
#include "core/queue/classic/forwarding.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class ForwardingTest : public test::QueuePartsTest {
 protected:
  static QueueArguments with_exchange() {
    QueueArguments arguments;
    arguments.dead_letter_exchange = "dead";
    return arguments;
  }
  /// A queue on another shard that is there after a restart.
  void lead_elsewhere() {
    QueueSpec spec;
    spec.id = QueueId{20};
    spec.home = 1;
    spec.durable = true;
    target_ = std::make_unique<QueueInfo>(spec);
    host_.route.add(*target_);
  }
  bool forward(std::size_t budget = 100) { return parts_->forwarding.forward_pending(budget); }

  std::unique_ptr<QueueInfo> target_;
};

TEST_F(ForwardingTest, WithoutAnExchangeItIsDropped) {
  make({});
  const Sequence sequence = push("a");
  parts_->forwarding.discard(sequence, DeathReason::rejected);
  EXPECT_EQ(state(sequence), Slot::State::gone);
  EXPECT_TRUE(host_.forwarding.empty());
  EXPECT_FALSE(forward());
}

TEST_F(ForwardingTest, WhatWaitsIsSentInOrderAndAskedForOnce) {
  make(with_exchange());
  const Sequence first = push("a");
  const Sequence second = push("b");
  parts_->forwarding.discard(second, DeathReason::expired);
  parts_->forwarding.discard(first, DeathReason::maxlen);
  EXPECT_EQ(state(first), Slot::State::retained);
  EXPECT_EQ(host_.forwarding.size(), 1U);
  EXPECT_TRUE(forward(1));
  EXPECT_FALSE(forward());
  ASSERT_EQ(host_.given_up.size(), 2U);
  EXPECT_EQ(host_.given_up[0].body, "b");
  EXPECT_EQ(host_.given_up[1].reason, DeathReason::maxlen);
  EXPECT_EQ(state(first), Slot::State::gone);
}

TEST_F(ForwardingTest, WhatIsOnDiskIsReadBefore) {
  make(with_exchange(), StoreUse::none, true);
  const Sequence sequence = push("a");
  evict_all();
  parts_->forwarding.discard(sequence, DeathReason::expired);
  EXPECT_FALSE(forward());
  EXPECT_TRUE(host_.given_up.empty());
  bring("a");
  parts_->forwarding.on_resident(sequence);
  EXPECT_EQ(host_.given_up.size(), 1U);
  EXPECT_EQ(state(sequence), Slot::State::gone);
}

TEST_F(ForwardingTest, AnUnreadableMessageIsForgottenUntilItIsTriedAgain) {
  make(with_exchange(), StoreUse::none, true);
  const Sequence sequence = push("a");
  EXPECT_EQ(parts_->forwarding.on_unreadable(sequence), std::nullopt) << "it is not on its way";
  evict_all();
  parts_->forwarding.discard(sequence, DeathReason::expired);
  EXPECT_FALSE(forward());
  EXPECT_EQ(parts_->forwarding.on_unreadable(sequence), DeathReason::expired);
  parts_->forwarding.on_transferred(sequence, false);
  EXPECT_EQ(state(sequence), Slot::State::retained);
  bring("a");
  parts_->forwarding.retry(sequence, DeathReason::expired);
  EXPECT_FALSE(forward());
  EXPECT_EQ(host_.given_up.size(), 1U);
  EXPECT_EQ(state(sequence), Slot::State::gone);
}

TEST_F(ForwardingTest, AHistoryIsReplayedWithoutWhatCannotBeRead) {
  make({}, StoreUse::history, true);
  const Sequence bad = push("a");
  push("b");
  evict_all();
  parts_->forwarding.replay({});
  const auto wanted = host_.message_log_port.fetches;
  ASSERT_EQ(wanted.size(), 2U);
  EXPECT_EQ(parts_->residency.on_fetched(bad, wanted[0].place, {}), Residency::Fetched::unreadable);
  parts_->messages.backlog().retain(bad);
  parts_->messages.backlog().tally->unreadable.add({bad});
  (void)parts_->forwarding.on_unreadable(bad);
  EXPECT_TRUE(parts_->forwarding.is_replaying());
  EXPECT_EQ(parts_->residency.on_fetched(bad + 1, wanted[1].place, host_.message("b")),
            Residency::Fetched::resident);
  parts_->forwarding.on_resident(bad + 1);
  EXPECT_FALSE(parts_->forwarding.is_replaying());
}

TEST_F(ForwardingTest, ItStaysUntilTheOtherShardHasIt) {
  make(with_exchange(), StoreUse::none, true);
  lead_elsewhere();
  const Sequence sequence = push("a");
  parts_->forwarding.discard(sequence, DeathReason::rejected);
  EXPECT_FALSE(forward());
  ASSERT_EQ(host_.transfers.size(), 1U);
  EXPECT_EQ(state(sequence), Slot::State::retained);
  parts_->forwarding.on_transferred(sequence, false);
  EXPECT_EQ(state(sequence), Slot::State::gone);
}

TEST_F(ForwardingTest, AtLeastOnceIsTriedAgain) {
  QueueArguments arguments = with_exchange();
  arguments.dead_letter_at_least_once = true;
  arguments.overflow = Overflow::reject_publish;
  make(arguments, StoreUse::none, true);
  const Sequence sequence = push("a");
  parts_->forwarding.discard(sequence, DeathReason::rejected);
  EXPECT_FALSE(forward()) << "it leads nowhere";
  EXPECT_EQ(state(sequence), Slot::State::retained);
  EXPECT_EQ(parts_->forwarding.next_deadline(), limits::leaving_retry);
  ASSERT_FALSE(host_.deadlines.empty());
  EXPECT_EQ(host_.deadlines.back().at, limits::leaving_retry);
  host_.set_now(limits::leaving_retry);
  host_.forwarding.clear();
  parts_->forwarding.resume();
  EXPECT_EQ(host_.forwarding.size(), 1U);
}

TEST_F(ForwardingTest, ARefusedMessageGoesWhereDeadLettersGo) {
  make({});
  parts_->forwarding.forward_refused(*host_.message("a"));
  EXPECT_EQ(host_.published_later, 0);
  make(with_exchange());
  parts_->forwarding.forward_refused(*host_.message("b"));
  EXPECT_EQ(host_.published_later, 1);
}

TEST_F(ForwardingTest, AHistoryIsReplayedWhenAllOfItIsInMemory) {
  make({}, StoreUse::history, true);
  push("a");
  const Sequence second = push("b");
  evict_all();
  parts_->forwarding.replay({});
  EXPECT_TRUE(parts_->forwarding.is_replaying());
  EXPECT_EQ(host_.message_log_port.fetches.size(), 2U);
  bring("a");
  parts_->forwarding.on_resident(0);
  EXPECT_EQ(host_.history, "");
  bring("b");
  parts_->forwarding.on_resident(second);
  EXPECT_EQ(host_.history, "ab");
  EXPECT_FALSE(parts_->forwarding.is_replaying());
}

}  // namespace
}  // namespace lepus::core
