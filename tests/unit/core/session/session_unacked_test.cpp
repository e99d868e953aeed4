// Acknowledgements from tags to ranges, recover, and the shared credit.
#include "core/session/session_unacked.h"

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionUnackedTest : public test::SessionTest {
 protected:
  SessionUnackedTest() : far_(shard_.declare("far", away)) {
    EXPECT_EQ(subscribe("far", "t"), "");
    session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, far_, nullptr});
    shard_.outbox.clear();
  }
  /// The queue on the other shard delivers.
  void deliver(Sequence first, Sequence last, bool used_credit = false) {
    for (Sequence sequence = first; sequence <= last; ++sequence) {
      Deliver delivery{};
      delivery.queue = far_;
      delivery.sequence = sequence;
      delivery.home = away;
      delivery.used_credit = used_credit;
      (void)session_->take_delivery(delivery, *shard_.message("x"));
    }
  }
  /// "first-last:outcome ..." of what was settled since.
  std::string settles() {
    std::string text;
    for (const Settle& one : shard_.outbox.all<Settle>())
      text += std::to_string(one.first) + "-" + std::to_string(one.last) + ":" +
              std::to_string(static_cast<int>(one.outcome)) + " ";
    shard_.outbox.clear();
    return text;
  }
  const QueueId far_;
};

TEST_F(SessionUnackedTest, NeighboursAreSettledAsOneRange) {
  deliver(10, 12);
  deliver(20, 21);
  EXPECT_EQ(session_->unacked().count(), 5U);
  EXPECT_EQ(settle(4, true), "");
  EXPECT_EQ(settles(), "10-12:0 20-20:0 ");
  EXPECT_EQ(settle(5, false, Outcome::rejected), "");
  EXPECT_EQ(settles(), "21-21:2 ");
  EXPECT_EQ(session_->unacked().count(), 0U);
}

TEST_F(SessionUnackedTest, UnknownTagsAreErrorsButEverythingMayBeNothing) {
  EXPECT_EQ(settle(1), "unknown delivery tag 1");
  EXPECT_EQ(settle(0), "unknown delivery tag 0");
  EXPECT_EQ(settle(0, true), "");
  deliver(10, 11);
  EXPECT_EQ(settle(3, true), "unknown delivery tag 3");
  EXPECT_EQ(settle(2), "");
  EXPECT_EQ(settle(2), "unknown delivery tag 2");
  EXPECT_EQ(settle(2, true), "unknown delivery tag 2");
  EXPECT_EQ(settle(0, true), "");
  EXPECT_EQ(settles(), "11-11:0 10-10:0 ");
}

TEST_F(SessionUnackedTest, RecoverReturnsOrDeliversAgain) {
  deliver(10, 11);
  session_->settling().recover(origin, true);
  EXPECT_EQ(settles(), "10-11:3 ");
  deliver(12, 13);
  session_->settling().recover(origin, false);
  const auto again = shard_.outbox.all<Redeliver>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].first, 12U);
  EXPECT_EQ(again[0].last, 13U);
  EXPECT_EQ(settles(), "") << "its consumer is to get it again";
  EXPECT_EQ(session_->unacked().count(), 0U);
}

TEST_F(SessionUnackedTest, RecoverKeepsThePlacesUnderTheSharedLimitWhileCreditComesBack) {
  session_->deliveries().set_shared_prefetch({3, 0});
  const CreditRequest wanted{session_->ref(), 0, away, far_, {4, 1}, 5, 1};
  ASSERT_EQ(session_->unacked().request_credit(wanted, false).count, 3U);
  Deliver gone{};
  gone.queue = QueueId{999};  // On this shard, with its consumer: both are gone.
  gone.used_credit = true;
  (void)session_->take_delivery(gone, *shard_.message("x"));
  deliver(10, 10, true);
  deliver(20, 20, true);
  ASSERT_EQ(session_->unacked().request_credit(wanted, false).count, 0U) << "it waits";
  shard_.outbox.clear();
  session_->settling().recover(origin, false);
  EXPECT_EQ(shard_.outbox.all<Redeliver>().size(), 2U);
  std::uint32_t granted = 0;
  for (const CreditGrant& grant : shard_.outbox.all<CreditGrant>()) granted += grant.credit.count;
  EXPECT_EQ(granted, 1U) << "two are on their way again";
}

TEST_F(SessionUnackedTest, WhatACancelledConsumerHadGoesBackAndItsTagsStayKnown) {
  deliver(10, 11);
  const SessionUnacked::ConsumerKey consumer{{4, 1}, away};
  EXPECT_TRUE(session_->unacked().has_below(2, consumer));
  session_->unacked().give_back(consumer);
  EXPECT_EQ(settles(), "10-11:3 ");
  EXPECT_FALSE(session_->unacked().has_below(2, consumer));
  EXPECT_EQ(settle(1), "") << "late, and no error";
  EXPECT_EQ(settles(), "");
}

TEST_F(SessionUnackedTest, CreditIsGrantedAsAcknowledgementsMakeRoom) {
  session_->deliveries().set_shared_prefetch({2, 0});
  const auto flows = shard_.outbox.all<ConsumerFlow>();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_TRUE(flows[0].limited);
  const CreditRequest wanted{session_->ref(), 0, away, far_, {4, 1}, 5, 1};
  EXPECT_EQ(session_->unacked().request_credit(wanted, false).count, 2U);
  deliver(10, 11, true);
  EXPECT_EQ(session_->unacked().request_credit(wanted, false).count, 0U) << "it waits";
  shard_.outbox.clear();
  EXPECT_EQ(settle(1), "");
  const auto grants = shard_.outbox.all<CreditGrant>();
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].credit.count, 1U);
}

TEST_F(SessionUnackedTest, InATransactionSettlingWaitsForTheCommit) {
  deliver(10, 12);
  EXPECT_EQ(say(session_->commits().select_transaction()), "");
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(settle(2, true), "");
  EXPECT_EQ(settles(), "");
  EXPECT_EQ(session_->unacked().count(), 1U);
  std::size_t budget = 2;
  EXPECT_TRUE(session_->unacked().give_back_piece(budget));
  EXPECT_EQ(budget, 0U);
  EXPECT_EQ(settles(), "10-11:3 ");
  budget = 2;
  EXPECT_FALSE(session_->unacked().give_back_piece(budget));
  EXPECT_EQ(budget, 1U);
  EXPECT_EQ(settles(), "12-12:3 ");
}

}  // namespace
}  // namespace lepus::core
