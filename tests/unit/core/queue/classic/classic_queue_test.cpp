// A queue through its shard's broker: who takes the next message, in which order, and what comes
// back.
#include "core/queue/queue.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

class QueueTest : public ::testing::Test {
 protected:
  ConsumerSpec request(std::uint32_t number = 0) const {
    ConsumerSpec made{};
    made.queue = queue_;
    made.number = number;
    return made;
  }
  void ack(FakeChannel& channel, std::size_t index, ConsumerHandle consumer) {
    shard_.settle(channel.deliveries[index], consumer, Outcome::acknowledged);
  }

  FakeShard shard_;
  QueueId queue_ = shard_.declare("q");
  FakeChannel first_{shard_.broker};
  FakeChannel second_{shard_.broker};
};

TEST_F(QueueTest, DeliversInOrder) {
  shard_.publish_each("q", "ab");
  shard_.subscribe(first_, request(7));
  shard_.publish_each("q", "cd");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcd");
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(first_.deliveries[i].deliver.number, 7U);
    EXPECT_EQ(first_.deliveries[i].deliver.queue, queue_);
    EXPECT_FALSE(first_.deliveries[i].deliver.redelivered);
  }
}

TEST_F(QueueTest, RoundRobin) {
  shard_.subscribe(first_, request());
  shard_.subscribe(second_, request());
  shard_.publish_each("q", "abcdef");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ace");
  EXPECT_EQ(second_.bodies(), "bdf");
}

TEST_F(QueueTest, RoundRobinGoesOnAcrossPumps) {
  shard_.subscribe(first_, request());
  shard_.subscribe(second_, request());
  for (const char* body : {"a", "b", "c", "d"}) {
    shard_.publish_each("q", body);
    shard_.pump();
  }
  EXPECT_EQ(first_.bodies(), "ac");
  EXPECT_EQ(second_.bodies(), "bd");
}

TEST_F(QueueTest, HigherPriorityTakesAllItCan) {
  ConsumerSpec low = request();
  low.priority = -1;
  ConsumerSpec high = request();
  high.priority = 10;
  high.prefetch = 2;
  shard_.subscribe(first_, low);
  const ConsumerHandle urgent = shard_.subscribe(second_, high);
  shard_.publish_each("q", "abcd");
  shard_.pump();
  EXPECT_EQ(second_.bodies(), "ab");
  EXPECT_EQ(first_.bodies(), "cd");
  ack(second_, 0, urgent);
  shard_.publish_each("q", "ef");
  shard_.pump();
  EXPECT_EQ(second_.bodies(), "abe");
  EXPECT_EQ(first_.bodies(), "cdf");
}

TEST_F(QueueTest, RoundRobinAmongEqualPriorities) {
  FakeChannel third{shard_.broker};
  ConsumerSpec high = request();
  high.priority = 5;
  shard_.subscribe(first_, high);
  shard_.subscribe(second_, request());
  shard_.subscribe(third, high);
  shard_.publish_each("q", "abcd");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ac");
  EXPECT_EQ(third.bodies(), "bd");
  EXPECT_EQ(second_.bodies(), "");
}

TEST_F(QueueTest, PrefetchIsTheMostUnacked) {
  ConsumerSpec two = request();
  two.prefetch = 2;
  const ConsumerHandle consumer = shard_.subscribe(first_, two);
  shard_.publish_each("q", "abcde");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ab");
  ack(first_, 1, consumer);
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abc");
  shard_.settle(first_.deliveries[0], consumer, Outcome::rejected);
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcd");
  EXPECT_EQ(shard_.inspect(queue_).message_count, 1U);
}

TEST_F(QueueTest, ARangeSettlesEveryMessageOnce) {
  ConsumerSpec three = request();
  three.prefetch = 3;
  const ConsumerHandle consumer = shard_.subscribe(first_, three);
  shard_.publish_each("q", "abcdefg");
  shard_.pump();
  const Sequence start = first_.deliveries[0].deliver.sequence;
  for (int twice = 0; twice < 2; ++twice)
    shard_.broker.apply(Settle{queue_, start, start + 2, consumer, Outcome::acknowledged});
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcdef");
  EXPECT_EQ(shard_.inspect(queue_).message_count, 1U);
}

TEST_F(QueueTest, NoAckForgetsAtOnce) {
  ConsumerSpec fire = request();
  fire.no_ack = true;
  fire.prefetch = 1;  // Nothing is ever unacked.
  shard_.subscribe(first_, fire);
  shard_.publish_each("q", "abc");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abc");
  first_.deliveries.clear();
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

TEST_F(QueueTest, RequeuedGoesFirstAndIsMarked) {
  const ConsumerHandle consumer = shard_.subscribe(first_, request());
  shard_.publish_each("q", "abc");
  shard_.pump();
  shard_.settle(first_.deliveries[0], consumer, Outcome::requeued);
  shard_.publish_each("q", "d");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcad");
  EXPECT_TRUE(first_.deliveries[3].deliver.redelivered);
  EXPECT_FALSE(first_.deliveries[4].deliver.redelivered);
}

TEST_F(QueueTest, WhoLeavesKeepsItsUnacked) {
  const ConsumerHandle consumer = shard_.subscribe(first_, request());
  shard_.publish_each("q", "ab");
  shard_.pump();
  shard_.broker.apply(Unsubscribe{queue_, first_.ref(), consumer});
  EXPECT_EQ(first_.replies.size(), 2U);
  shard_.subscribe(second_, request());
  shard_.pump();
  EXPECT_EQ(second_.bodies(), "");
  shard_.settle(first_.deliveries[1], consumer, Outcome::requeued);
  shard_.pump();
  EXPECT_EQ(second_.bodies(), "b");
  EXPECT_TRUE(second_.deliveries[0].deliver.redelivered);
}

TEST_F(QueueTest, ExclusiveExcludesBothWays) {
  ConsumerSpec alone = request();
  alone.exclusive = true;
  const ConsumerHandle consumer = shard_.subscribe(first_, alone);
  shard_.subscribe(second_, request());
  EXPECT_EQ(second_.errors.back(), "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
  shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
  shard_.subscribe(second_, request());
  EXPECT_EQ(second_.errors.back(), "");
  shard_.subscribe(first_, alone);
  EXPECT_EQ(first_.errors.back(), "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
  EXPECT_EQ(shard_.inspect(queue_).consumer_count, 1U);
}

TEST_F(QueueTest, AFullChannelPausesUntilItResumes) {
  first_.deliveries_max = 2;
  const ConsumerHandle consumer = shard_.subscribe(first_, request());
  shard_.publish_each("q", "abcd");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ab");
  ack(first_, 0, consumer);
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ab");  // Acknowledging is not resuming.
  first_.deliveries_max = 100;
  shard_.broker.apply(ConsumerFlow{queue_, consumer, false, false});
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcd");
}

TEST_F(QueueTest, PumpsAreBounded) {
  const std::size_t share = limits::deliveries_per_pump_max;
  shard_.subscribe(first_, request());
  for (std::size_t i = 0; i < share + 10; ++i) shard_.publish("", "q", "x");
  shard_.broker.pump();
  EXPECT_EQ(first_.deliveries.size(), share);
  EXPECT_TRUE(shard_.broker.has_work());
  shard_.broker.pump();
  EXPECT_EQ(first_.deliveries.size(), share + 10);
  EXPECT_FALSE(shard_.broker.has_work());
}

TEST_F(QueueTest, GetTakesTheHead) {
  shard_.publish_each("q", "abc");
  shard_.broker.apply(Get{queue_, first_.ref(), false});
  shard_.broker.apply(Get{queue_, first_.ref(), true});
  shard_.broker.apply(Get{queue_, first_.ref(), true});
  shard_.broker.apply(Get{queue_, first_.ref(), true});
  ASSERT_EQ(first_.gets.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(as_text(first_.gets[i].second->inline_body()), std::string(1, "abc"[i]));
    EXPECT_EQ(first_.gets[i].first.message_count, 2 - i);
  }
  EXPECT_FALSE(first_.gets[3].second);
  const GetReply& unacked = first_.gets[0].first;
  shard_.broker.apply(Settle{queue_, unacked.sequence, unacked.sequence, {}, Outcome::requeued});
  shard_.broker.apply(Get{queue_, first_.ref(), true});
  EXPECT_TRUE(first_.gets.back().first.redelivered);
}

TEST_F(QueueTest, PurgeCountsTheReady) {
  shard_.publish_each("q", "abcd");
  shard_.broker.apply(Get{queue_, first_.ref(), false});
  shard_.broker.apply(Purge{queue_, first_.ref()});
  EXPECT_EQ(first_.replies.back().message_count, 3U);
  EXPECT_EQ(shard_.inspect(queue_).message_count, 0U);
  const GetReply& unacked = first_.gets[0].first;
  shard_.broker.apply(Settle{queue_, unacked.sequence, unacked.sequence, {}, Outcome::requeued});
  EXPECT_EQ(shard_.inspect(queue_).message_count, 1U);
}

// --- Credit: a channel with a limit over all its consumers

class QueueCreditTest : public QueueTest {
 protected:
  ConsumerSpec limited_wish(std::uint32_t number = 0) const {
    ConsumerSpec made = request(number);
    made.limited = true;
    return made;
  }
  void grant(FakeChannel& channel, ConsumerHandle consumer, std::uint32_t count) {
    CreditGrant made{};
    made.queue = queue_;
    made.consumer = consumer;
    made.credit.count = count;
    made.channel = channel.ref();
    shard_.broker.apply(made);
  }
};

TEST_F(QueueCreditTest, DeliversAsFarAsCreditGoes) {
  first_.credit = 2;
  const ConsumerHandle consumer = shard_.subscribe(first_, limited_wish());
  shard_.publish_each("q", "abcd");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ab");
  const std::size_t asked = first_.requests.size();
  shard_.pump();
  shard_.publish_each("q", "e");
  shard_.pump();
  EXPECT_EQ(first_.requests.size(), asked);  // Asked once, until it is answered.
  grant(first_, consumer, 3);
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "abcde");
}

TEST_F(QueueCreditTest, WhatAnEmptyQueueDoesNotNeedComesBack) {
  const ConsumerHandle consumer = shard_.subscribe(first_, limited_wish());
  shard_.publish_each("q", "a");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "");
  grant(first_, consumer, 5);
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "a");
  EXPECT_EQ(first_.credit, 4U);
}

/// Another consumer was faster: the credit that comes now must not stay with an idle queue.
TEST_F(QueueCreditTest, AGrantThatComesTooLateComesBack) {
  const ConsumerHandle consumer = shard_.subscribe(first_, limited_wish());
  shard_.publish_each("q", "a");
  shard_.pump();
  ASSERT_EQ(first_.requests.size(), 1U);
  shard_.broker.apply(Purge{queue_, second_.ref()});
  grant(first_, consumer, 1);
  shard_.pump();
  EXPECT_EQ(first_.credit, 1U);
}

TEST_F(QueueCreditTest, AGrantForAConsumerThatLeftComesBack) {
  const ConsumerHandle consumer = shard_.subscribe(first_, limited_wish());
  shard_.publish_each("q", "a");
  shard_.pump();
  shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
  grant(first_, consumer, 1);
  shard_.pump();
  EXPECT_EQ(first_.credit, 1U);
}

TEST_F(QueueCreditTest, LeavingGivesCreditBack) {
  ConsumerSpec one = limited_wish();
  one.prefetch = 1;
  first_.credit = 10;
  const ConsumerHandle consumer = shard_.subscribe(first_, one);
  shard_.publish_each("q", "abc");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "a");
  shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
  EXPECT_EQ(first_.credit, 9U);
}

/// The consumer's own limit is smaller than the channel's: it must not hoard the channel's credit.
TEST_F(QueueCreditTest, OnlyCreditThatCanBeUsedIsKept) {
  ConsumerSpec one = limited_wish();
  one.prefetch = 1;
  first_.credit = 10;
  const ConsumerHandle consumer = shard_.subscribe(first_, one);
  shard_.publish_each("q", "abc");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "a");
  EXPECT_EQ(first_.credit, 9U);
  shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
}

TEST_F(QueueCreditTest, LiftingTheLimitGoesOnWithoutCredit) {
  const ConsumerHandle consumer = shard_.subscribe(first_, limited_wish());
  shard_.publish_each("q", "ab");
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "");
  shard_.broker.apply(ConsumerFlow{queue_, consumer, false, false});
  shard_.pump();
  EXPECT_EQ(first_.bodies(), "ab");
}

// --- A consumer on another shard

class QueueRemoteTest : public QueueTest {
 protected:
  static constexpr ShardId away = 2;
  ConsumerHandle subscribe_remote(ConsumerSpec request) {
    request.channel = {away, 4, 1};
    shard_.broker.apply(Subscribe{request});
    const Reply reply = shard_.outbox.take<Reply>();
    EXPECT_EQ(reply.channel, request.channel);
    EXPECT_EQ(reply.error, nullptr);
    EXPECT_EQ(reply.home, 0U);
    return reply.consumer;
  }
  std::string sent_bodies() const {
    std::string bodies;
    for (const Deliver& one : shard_.outbox.all<Deliver>())
      bodies += as_text(one.message->inline_body());
    return bodies;
  }
};

TEST_F(QueueRemoteTest, DeliveriesAreSent) {
  ConsumerSpec two = request(9);
  two.prefetch = 2;
  const ConsumerHandle consumer = subscribe_remote(two);
  shard_.publish_each("q", "abc");
  shard_.pump();
  EXPECT_EQ(sent_bodies(), "ab");
  const Deliver sent = shard_.outbox.all<Deliver>()[0];
  EXPECT_EQ(sent.number, 9U);
  EXPECT_EQ(sent.home, 0U);
  shard_.broker.apply(
      Settle{queue_, sent.sequence, sent.sequence, consumer, Outcome::acknowledged});
  shard_.pump();
  EXPECT_EQ(sent_bodies(), "abc");
}

/// What leaves takes its memory along; what stays is charged here.
TEST_F(QueueRemoteTest, AMessageThatLeavesIsAnotherShardsMemory) {
  ConsumerSpec fire = request();
  fire.no_ack = true;
  (void)subscribe_remote(fire);
  shard_.publish_each("q", "abc");
  shard_.pump();
  EXPECT_EQ(sent_bodies(), "abc");
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

TEST_F(QueueRemoteTest, ACongestedShardIsPassedOver) {
  (void)subscribe_remote(request());
  shard_.subscribe(first_, request());
  shard_.outbox.congested_shards.insert(away);
  shard_.publish_each("q", "abc");
  shard_.broker.pump();
  EXPECT_EQ(first_.bodies(), "abc");
  EXPECT_EQ(sent_bodies(), "");
  shard_.publish_each("q", "d");
  shard_.outbox.congested_shards.clear();
  shard_.broker.pump();
  EXPECT_EQ(sent_bodies(), "d");
}

TEST_F(QueueRemoteTest, CreditIsAskedForAndReturned) {
  ConsumerSpec limited = request(3);
  limited.limited = true;
  const ConsumerHandle consumer = subscribe_remote(limited);
  shard_.publish_each("q", "ab");
  shard_.pump();
  EXPECT_EQ(sent_bodies(), "");
  const CreditRequest request = shard_.outbox.take<CreditRequest>();
  EXPECT_EQ(request.number, 3U);
  EXPECT_EQ(request.wanted, 2U);
  EXPECT_EQ(request.queue, queue_);
  shard_.pump();
  EXPECT_TRUE(shard_.outbox.all<CreditRequest>().empty());
  CreditGrant grant{};
  grant.queue = queue_;
  grant.consumer = request.consumer;
  grant.credit.count = 6;
  grant.channel = request.channel;
  shard_.broker.apply(grant);
  shard_.pump();
  EXPECT_EQ(sent_bodies(), "ab");
  const CreditReturn unused = shard_.outbox.take<CreditReturn>();
  EXPECT_EQ(unused.count, 4U);
  EXPECT_EQ(unused.channel, request.channel);
  shard_.broker.apply(Unsubscribe{queue_, {}, consumer});
}

}  // namespace
}  // namespace lepus::core
