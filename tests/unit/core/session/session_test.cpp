// What several parts of a session have to do with: answers to whoever waits, and the end.
#include "core/session/session.h"

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

using test::SessionTest;

TEST_F(SessionTest, AnAnswerFromHereComesWithinTheCall) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(publish("", "q", "a"), "");
  EXPECT_EQ(say(session_->requests().purge_queue({3, 4, true}, "q")), "");
  ASSERT_NE(protocol_.last<QueuePurged>(), nullptr);
  EXPECT_EQ(protocol_.last<QueuePurged>()->message_count, 1U);
  EXPECT_EQ(protocol_.answers.back().origin.class_id, 3);
  EXPECT_TRUE(protocol_.answers.back().origin.no_wait);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(ready(queue), 0U);
}

TEST_F(SessionTest, InputIsHeldUntilAnotherShardAnswers) {
  shard_.declare("far", away);
  EXPECT_EQ(say(session_->requests().purge_queue(origin, "far")), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_TRUE(protocol_.answers.empty());
  session_->on_reply({session_->ref(), 5, 0, {}, away, {}, nullptr});
  EXPECT_FALSE(protocol_.is_held);
  ASSERT_NE(protocol_.last<QueuePurged>(), nullptr);
  EXPECT_EQ(protocol_.last<QueuePurged>()->message_count, 5U);
}

TEST_F(SessionTest, CloseGivesEverythingBackAndWaits) {
  const QueueId queue = shard_.declare("q");
  shard_.declare("far", away);
  EXPECT_EQ(subscribe("q", "here"), "");
  EXPECT_EQ(subscribe("far", "there"), "");
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, {}, nullptr});
  publish("", "q", "a");
  publish("", "q", "b");
  shard_.pump();
  EXPECT_EQ(protocol_.take_deliveries(), "here1:a here2:b ");
  settle(1);
  session_->close(true);
  EXPECT_FALSE(protocol_.is_closed) << "the queue on the other shard did not answer yet";
  EXPECT_EQ(protocol_.events, "+here+there-here-there");
  EXPECT_EQ(ready(queue), 1U) << "b is back";
  session_->on_reply({session_->ref(), 0, 0, {}, away, {}, nullptr});
  EXPECT_TRUE(protocol_.is_closed);
  EXPECT_EQ(shard_.outbox.all<Unsubscribe>().size(), 1U);
}

TEST_F(SessionTest, AnAnswerThatTheEndBringsAboutIsNoAnswerToIt) {
  const QueueId queue = shard_.declare("q");
  for (std::size_t i = 0; i < limits::discards_per_turn_max + 10; ++i) publish("", "q", "a");
  EXPECT_EQ(say(session_->requests().get(origin, "q", false)), "");
  EXPECT_EQ(say(session_->requests().purge_queue(origin, "q")), "");
  ASSERT_TRUE(protocol_.is_held) << "more than one turn's work";
  session_->close(false);  // What was got goes back; the purge does not take it.
  EXPECT_TRUE(protocol_.is_closed);
  shard_.broker.flush();
  EXPECT_EQ(ready(queue), 1U);
  EXPECT_EQ(protocol_.last<QueuePurged>(), nullptr);
}

TEST_F(SessionTest, CloseWithoutWaitingIsDoneAtOnce) {
  shard_.declare("far", away);
  EXPECT_EQ(subscribe("far", "there"), "");
  EXPECT_TRUE(protocol_.is_held);
  session_->close(false);
  EXPECT_TRUE(protocol_.is_closed);
  EXPECT_FALSE(protocol_.is_held) << "nothing is awaited any more";
  session_->on_reply({session_->ref(), 0, 1, {4, 1}, away, {}, nullptr});
  EXPECT_TRUE(protocol_.answers.empty());
}

TEST_F(SessionTest, WhatComesAfterTheEndGoesBack) {
  const QueueId queue = shard_.declare("q", away);
  shard_.outbox.clear();
  session_->close(false);
  Deliver delivery{};
  delivery.queue = queue;
  delivery.sequence = 9;
  delivery.home = away;
  EXPECT_EQ(session_->take_delivery(delivery, *shard_.message("x")).tag, 0U);
  GetReply reply{session_->ref(), 0, queue, 10, {}, away, false, false};
  session_->on_get_reply(reply, shard_.message("y"));
  const auto settles = shard_.outbox.all<Settle>();
  ASSERT_EQ(settles.size(), 2U);
  EXPECT_EQ(settles[0].first, 9U);
  EXPECT_EQ(settles[1].first, 10U);
  EXPECT_EQ(settles[1].outcome, Outcome::undelivered);
  EXPECT_TRUE(protocol_.got.empty());
}

TEST_F(SessionTest, AReplyReachesItsAddressWhileThatIsOpen) {
  session_->reply_address().open({session_->ref(), 77}, shard_.vhost, "rep");
  const std::string address = session_->reply_address().name();
  EXPECT_EQ(publish("", address, "pong", {{}, true}), "");
  EXPECT_EQ(protocol_.take_deliveries(), "rep1:pong ");
  session_->reply_address().close();
  EXPECT_EQ(publish("", address, "late", {{}, true}), "");
  EXPECT_EQ(protocol_.take_deliveries(), "");
}

TEST_F(SessionTest, DescribesItself) {
  shard_.declare("q");
  EXPECT_EQ(say(session_->commits().select_confirms()), "");
  session_->deliveries().set_prefetch({5, 0});
  session_->deliveries().set_shared_prefetch({9, 0});
  subscribe("q", "t");
  publish("", "q", "a");
  shard_.pump();
  const ChannelStats row = session_->describe();
  EXPECT_EQ(row.number, 7);
  EXPECT_TRUE(row.confirm);
  EXPECT_FALSE(row.transactional);
  EXPECT_EQ(row.consumer_count, 1U);
  EXPECT_EQ(row.prefetch_count, 5U);
  EXPECT_EQ(row.global_prefetch_count, 9U);
  EXPECT_EQ(row.messages_unacknowledged, 1U);
  EXPECT_EQ(row.messages_unconfirmed, 1U);
  std::vector<ConsumerStats> consumers;
  session_->describe_consumers(consumers);
  ASSERT_EQ(consumers.size(), 1U);
  EXPECT_EQ(consumers[0].tag, "t");
  EXPECT_EQ(consumers[0].channel, 7);
  EXPECT_EQ(consumers[0].prefetch_count, 5U);
}

}  // namespace
}  // namespace lepus::core
