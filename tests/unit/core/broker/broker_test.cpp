// One shard's broker: publishing to queues here and elsewhere, confirms, what happens to things
// that are gone, and the questions it asks the control thread.
#include "core/broker/broker.h"

#include <gtest/gtest.h>

#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

class BrokerTest : public ::testing::Test {
 protected:
  ConsumerSpec request(QueueId queue) const {
    ConsumerSpec made{};
    made.queue = queue;
    return made;
  }
  Broker::Publish numbered(std::uint64_t number) const { return {nullptr, channel_.ref(), number}; }

  FakeShard shard_;
  FakeChannel channel_{shard_.broker};
};

// --- Publishing

TEST_F(BrokerTest, OneMessageForAllQueuesHere) {
  const QueueId a = shard_.declare("a");
  const QueueId b = shard_.declare("b");
  shard_.bind("amq.fanout", "a", "");
  shard_.bind("amq.fanout", "b", "");
  EXPECT_EQ(shard_.publish("amq.fanout", "", "body"), 0U);
  EXPECT_EQ(shard_.inspect(a).message_count, 1U);
  EXPECT_EQ(shard_.inspect(b).message_count, 1U);
  const std::uint64_t shared = shard_.broker.memory().message_bytes;
  shard_.publish("", "a", "body");
  EXPECT_EQ(shard_.broker.memory().message_bytes, 2 * shared);
  EXPECT_TRUE(shard_.outbox.sent.empty());
}

TEST_F(BrokerTest, OneCommandPerShard) {
  const QueueId here = shard_.declare("here", 0);
  const QueueId far1 = shard_.declare("far1", 1);
  const QueueId far2 = shard_.declare("far2", 2);
  const QueueId far1b = shard_.declare("far1b", 1);
  const QueueId far1c = shard_.declare("far1c", 1);
  for (const char* queue : {"here", "far1", "far2", "far1b", "far1c"})
    shard_.bind("amq.fanout", queue, "");
  EXPECT_EQ(shard_.publish("amq.fanout", "", "body", numbered(1)), 3U);
  ASSERT_EQ(shard_.outbox.sent.size(), 2U);
  std::vector<QueueId> at1;
  for (const auto& [to, command] : shard_.outbox.sent) {
    const auto& enqueue = std::get<Enqueue>(command);
    EXPECT_EQ(enqueue.number, 1U);
    EXPECT_EQ(enqueue.publisher, channel_.ref());
    EXPECT_EQ(as_text(enqueue.message->inline_body()), "body");
    if (to == 1) {
      at1 = *enqueue.more;
      at1.push_back(enqueue.queue);
    } else {
      EXPECT_EQ(to, 2U);
      EXPECT_EQ(enqueue.queue, far2);
      EXPECT_EQ(enqueue.more, nullptr);
    }
  }
  std::sort(at1.begin(), at1.end());
  EXPECT_EQ(at1, (std::vector<QueueId>{far1, far1b, far1c}));
  EXPECT_EQ(shard_.inspect(here).message_count, 1U);
}

TEST_F(BrokerTest, AMessageForOneOtherShardIsNotCopied) {
  shard_.declare("far", 1);
  RouteResult route;
  shard_.broker.topology().route(*shard_.broker.topology().find_exchange(shard_.vhost, ""),
                                 {"far", {}, {}}, route);
  MessageRef message = shard_.message("body");
  const Message* address = message.get();
  (void)shard_.broker.publish({&route, {}, 0}, std::move(message));
  const auto sent = shard_.outbox.all<Enqueue>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].message.get(), address);
  EXPECT_EQ(sent[0].number, 0U);
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

TEST_F(BrokerTest, EnqueueFromElsewhere) {
  const QueueId a = shard_.declare("a");
  const QueueId b = shard_.declare("b");
  const ChannelRef publisher{2, 7, 3};
  MessageRef message = shard_.message("x");
  message->leave_account();
  const std::vector<QueueId> more{b, QueueId{999}};
  shard_.broker.apply(
      Enqueue{a, std::make_unique<std::vector<QueueId>>(more), std::move(message), publisher, 5});
  EXPECT_EQ(shard_.inspect(a).message_count, 1U);
  EXPECT_EQ(shard_.inspect(b).message_count, 1U);
  shard_.outbox.clear();
  shard_.broker.flush();
  const auto confirm = shard_.outbox.take<Confirm>();
  EXPECT_EQ(confirm.channel, publisher);
  EXPECT_EQ(confirm.first, 5U);
  EXPECT_EQ(confirm.last, 5U);
}

// --- Confirms

TEST_F(BrokerTest, NeighboursBecomeOneConfirm) {
  FakeChannel other{shard_.broker};
  shard_.declare("q");
  for (std::uint64_t number = 1; number <= 4; ++number)
    EXPECT_EQ(shard_.publish("", "q", "x", numbered(number)), 1U);
  shard_.publish("", "q", "x", {nullptr, other.ref(), 1});
  shard_.publish("", "q", "x", numbered(6));
  EXPECT_TRUE(channel_.confirms.empty());
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 2U);
  EXPECT_EQ(channel_.confirms[0].first, 1U);
  EXPECT_EQ(channel_.confirms[0].last, 4U);
  EXPECT_EQ(channel_.confirms[1].first, 6U);
  ASSERT_EQ(other.confirms.size(), 1U);
  shard_.broker.flush();
  EXPECT_EQ(channel_.confirms.size(), 2U);
}

TEST_F(BrokerTest, ConfirmsWaitForTheirBatch) {
  shard_.durable = true;
  shard_.declare("q");
  shard_.message_log.slow = true;
  shard_.publish("", "q", "x", numbered(1));
  shard_.broker.flush();
  shard_.publish("", "q", "x", numbered(2));
  shard_.broker.flush();
  shard_.publish("", "q", "x", numbered(3));
  EXPECT_TRUE(channel_.confirms.empty());
  shard_.message_log.durable_up_to = 1;
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 1U);
  EXPECT_EQ(channel_.confirms[0].last, 1U);
  shard_.message_log.durable_up_to = 3;
  shard_.broker.flush();
  ASSERT_EQ(channel_.confirms.size(), 3U);
  EXPECT_EQ(channel_.confirms[2].first, 3U);
}

TEST_F(BrokerTest, AConfirmForAChannelThatIsGoneIsDropped) {
  shard_.declare("q");
  shard_.publish("", "q", "x", numbered(1));
  channel_.detach();
  FakeChannel next{shard_.broker};  // The same slot, another generation.
  shard_.broker.flush();
  EXPECT_TRUE(channel_.confirms.empty());
  EXPECT_TRUE(next.confirms.empty());
}

// --- Things that are gone

TEST_F(BrokerTest, ADeliveryForAChannelThatIsGoneGoesBack) {
  // As the consumer's shard: the queue lives on shard 1.
  const ChannelRef gone = channel_.ref();
  channel_.detach();
  MessageRef message = shard_.message("x");
  message->leave_account();
  Deliver delivery{};
  delivery.channel = gone;
  delivery.queue = QueueId{77};
  delivery.sequence = 12;
  delivery.home = 1;
  delivery.message = std::move(message);
  shard_.broker.apply(std::move(delivery));
  const auto back = shard_.outbox.take<Settle>();
  EXPECT_EQ(back.queue, QueueId{77});
  EXPECT_EQ(back.first, 12U);
  EXPECT_EQ(back.last, 12U);
  EXPECT_EQ(back.outcome, Outcome::undelivered);
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

TEST_F(BrokerTest, AGetReplyForAChannelThatIsGoneGoesBack) {
  const ChannelRef gone = channel_.ref();
  channel_.detach();
  for (const bool no_ack : {true, false}) {
    MessageRef message = shard_.message("x");
    message->leave_account();
    shard_.broker.apply(GetReply{gone, 0, QueueId{77}, 12, std::move(message), 1, false, no_ack});
    EXPECT_EQ(shard_.outbox.all<Settle>().size(), no_ack ? 0U : 1U);
  }
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

/// The channel went while its basic.consume was on the way: the consumer must not stay.
TEST_F(BrokerTest, ASubscriptionNobodyWaitsForIsUndone) {
  const ChannelRef gone = channel_.ref();
  channel_.detach();
  Reply reply{};
  reply.channel = gone;
  reply.consumer = {3, 4};
  reply.home = 2;
  reply.queue = QueueId{77};
  shard_.broker.apply(std::move(reply));
  const auto undo = shard_.outbox.take<Unsubscribe>();
  EXPECT_EQ(undo.consumer.slot, 3U);
  EXPECT_EQ(undo.consumer.generation, 4U);
  EXPECT_FALSE(undo.channel);
}

TEST_F(BrokerTest, CommandsForAQueueThatIsGone) {
  const QueueId gone{999};
  shard_.broker.apply(Settle{gone, 0, 5, {}, Outcome::acknowledged});
  shard_.broker.apply(ConsumerFlow{gone, {1, 1}, true, false});
  shard_.broker.apply(Get{gone, channel_.ref(), false});
  ASSERT_EQ(channel_.gets.size(), 1U);
  EXPECT_FALSE(channel_.gets[0].second);
  shard_.broker.apply(Purge{gone, channel_.ref()});
  EXPECT_EQ(channel_.replies.back().message_count, 0U);
  shard_.broker.apply(DeleteQueue{gone, channel_.ref(), true, true});
  EXPECT_EQ(channel_.errors.back(), "");
  shard_.subscribe(channel_, request(gone));
  EXPECT_TRUE(channel_.errors.back().starts_with("NOT_FOUND"));
  shard_.broker.apply(Unsubscribe{gone, channel_.ref(), {1, 1}});
  EXPECT_EQ(channel_.errors.back(), "");
  MessageRef message = shard_.message("x");
  message->leave_account();
  shard_.broker.apply(Enqueue{gone, nullptr, std::move(message), {1, 2, 3}, 9});
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
  shard_.broker.flush();
  EXPECT_EQ(shard_.outbox.take<Confirm>().first, 9U);  // Routed when it was accepted.
}

TEST_F(BrokerTest, ADeletedQueueTellsItsConsumersAndDropsItsMessages) {
  const QueueId queue = shard_.declare("q");
  ConsumerSpec here = request(queue);
  here.number = 4;
  here.prefetch = 1;
  const ConsumerHandle consumer = shard_.subscribe(channel_, here);
  ConsumerSpec away = request(queue);
  away.channel = {1, 8, 2};
  away.number = 6;
  away.prefetch = 1;
  shard_.broker.apply(Subscribe{away});
  for (int i = 0; i < 5; ++i) shard_.publish("", "q", "x");
  shard_.pump();
  ASSERT_EQ(channel_.deliveries.size(), 1U);
  shard_.outbox.clear();
  shard_.delete_queue(queue);
  EXPECT_EQ(channel_.cancelled, std::vector<std::uint32_t>{4});
  const auto cancelled = shard_.outbox.take<ConsumerCancelled>();
  EXPECT_EQ(cancelled.number, 6U);
  EXPECT_EQ(cancelled.channel, away.channel);
  EXPECT_EQ(shard_.broker.census().queues, 0U);
  shard_.settle(channel_.deliveries[0], consumer, Outcome::requeued);
  channel_.deliveries.clear();
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

// --- Deleting

TEST_F(BrokerTest, DeleteIfUnusedAndIfEmpty) {
  const QueueId queue = shard_.declare("q");
  const ConsumerHandle consumer = shard_.subscribe(channel_, request(queue));
  shard_.broker.apply(DeleteQueue{queue, channel_.ref(), true, false});
  EXPECT_EQ(channel_.errors.back(), "PRECONDITION_FAILED - queue 'q' in vhost '/' in use");
  shard_.broker.apply(Unsubscribe{queue, {}, consumer});
  shard_.publish_each("q", "ab");
  shard_.broker.apply(DeleteQueue{queue, channel_.ref(), true, true});
  EXPECT_EQ(channel_.errors.back(), "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty");
  EXPECT_TRUE(shard_.outbox.all<TopologyAsk>().empty());
  shard_.broker.apply(DeleteQueue{queue, channel_.ref(), true, false});
  const auto ask = shard_.outbox.take<TopologyAsk>();
  EXPECT_EQ(ask.request->kind, TopologyRequest::Kind::delete_queue);
  EXPECT_EQ(ask.request->queue, queue);
  EXPECT_EQ(ask.message_count, 2U);
  EXPECT_EQ(ask.channel, channel_.ref());
}

TEST_F(BrokerTest, AutoDeleteFollowsTheLastConsumer) {
  const QueueId queue = shard_.declare("q", 0, true);
  FakeChannel other{shard_.broker};
  const ConsumerHandle first = shard_.subscribe(channel_, request(queue));
  const ConsumerHandle second = shard_.subscribe(other, request(queue));
  shard_.broker.apply(Unsubscribe{queue, channel_.ref(), first});
  EXPECT_EQ(channel_.replies.size(), 2U);
  EXPECT_TRUE(shard_.outbox.all<TopologyAsk>().empty());
  shard_.broker.apply(Unsubscribe{queue, other.ref(), second});
  EXPECT_EQ(other.replies.size(), 1U);  // The answer comes from the control thread.
  const auto ask = shard_.outbox.take<TopologyAsk>();
  EXPECT_EQ(ask.request->queue, queue);
  EXPECT_EQ(ask.channel, other.ref());
}

TEST_F(BrokerTest, AutoDeleteWaitsForAFirstConsumer) {
  const QueueId queue = shard_.declare("q", 0, true);
  shard_.publish_each("q", "a");
  shard_.pump();
  shard_.broker.flush();
  EXPECT_EQ(shard_.inspect(queue).message_count, 1U);
  EXPECT_TRUE(shard_.outbox.all<TopologyAsk>().empty());
}

// --- The rest

TEST_F(BrokerTest, AppliedChangesAreReported) {
  shard_.change(shard_.request(TopologyRequest::Kind::declare_queue, "q"));
  const auto applied = shard_.outbox.all<TopologyApplied>();
  ASSERT_FALSE(applied.empty());
  EXPECT_EQ(applied.back().version, shard_.version);
}

TEST_F(BrokerTest, AQueueAtHomeElsewhereIsOnlyKnown) {
  const QueueId far = shard_.declare("far", 2);
  EXPECT_EQ(shard_.broker.census().queues, 0U);
  ASSERT_NE(shard_.broker.topology().find_queue(far), nullptr);
  EXPECT_EQ(shard_.broker.topology().find_queue(far)->home, 2U);
}

TEST_F(BrokerTest, AlarmAndStopAreRemembered) {
  EXPECT_FALSE(shard_.broker.alarm().any());
  shard_.broker.apply(Alarm{.memory = true});
  EXPECT_TRUE(shard_.broker.alarm().memory);
  EXPECT_FALSE(shard_.broker.alarm().disk);
  shard_.broker.apply(Alarm{.disk = true});
  EXPECT_TRUE(shard_.broker.alarm().any());
  EXPECT_FALSE(shard_.broker.alarm().memory);
  shard_.broker.apply(Alarm{});
  EXPECT_FALSE(shard_.broker.alarm().any());
  EXPECT_FALSE(shard_.broker.stopping());
  shard_.broker.apply(StopServing{});
  EXPECT_TRUE(shard_.broker.stopping());
}

TEST_F(BrokerTest, CreditRequestsFromElsewhereAreAnswered) {
  CreditRequest request{};
  request.channel = channel_.ref();
  request.home = 1;
  request.queue = QueueId{5};
  request.consumer = {6, 7};
  request.wanted = 4;
  shard_.broker.apply(request);
  EXPECT_TRUE(shard_.outbox.all<CreditGrant>().empty());  // None now; the channel remembers.
  channel_.credit = 3;
  shard_.broker.apply(request);
  const auto grant = shard_.outbox.take<CreditGrant>();
  EXPECT_EQ(grant.credit.count, 3U);
  EXPECT_EQ(grant.consumer.slot, 6U);
  shard_.broker.apply(CreditReturn{channel_.ref(), 2});
  EXPECT_EQ(channel_.credit, 2U);
  channel_.detach();
  shard_.broker.apply(request);
  shard_.broker.apply(CreditReturn{request.channel, 2});
  EXPECT_TRUE(shard_.outbox.all<CreditGrant>().empty());
}

}  // namespace
}  // namespace lepus::core
