// Each command of a session reaches its queue, and what is asked is answered also when the queue is
// gone.
#include "core/broker/queue_commands.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

constexpr ChannelRef asker{1, 4, 1};
constexpr ShardId control = 3;
constexpr QueueId gone{99};

class QueueCommandsTest : public ::testing::Test {
 protected:
  Reply reply() { return world_.host.outbox_port.take<Reply>(); }
  std::string refusal() {
    const Reply got = reply();
    return got.error == nullptr ? "" : got.error->text();
  }
  ConsumerHandle subscribe(const QueueInfo& info, bool exclusive = false) {
    ConsumerSpec spec{};
    spec.queue = info.id;
    spec.channel = asker;
    spec.number = 2;
    spec.exclusive = exclusive;
    commands_.on(Subscribe{spec});
    return world_.host.outbox_port.all<Reply>()[0].consumer;
  }
  MessageRef arriving() { return export_message(world_.message("x")); }

  PartsWorld world_;
  QueueCommands commands_{{world_.host, world_.topology, world_.queues, world_.discards,
                           world_.host.consumers, world_.sessions, world_.publisher,
                           world_.confirms, control}};
};

TEST_F(QueueCommandsTest, EnqueueGoesIntoAllQueuesThatAreThere) {
  const QueueInfo& one = world_.declare("one");
  const QueueInfo& two = world_.declare("two");
  auto more = std::make_unique<std::vector<QueueId>>(std::vector<QueueId>{gone, two.id});
  commands_.on(Enqueue{one.id, std::move(more), arriving(), asker, 5});
  EXPECT_EQ(one.local->counts().ready, 1U);
  EXPECT_EQ(two.local->counts().ready, 1U);
  std::uint64_t confirmed = 0;
  world_.confirms.send_due(0, [&](const Confirm& confirm) { confirmed = confirm.last; });
  EXPECT_EQ(confirmed, 5U);
  commands_.on(Enqueue{one.id, nullptr, arriving(), asker, 0, 8});
  const auto told = world_.host.outbox_port.take<ImmediateReply>();
  EXPECT_EQ(told.id, 8U);
  EXPECT_FALSE(told.taken) << "there is no consumer";
  EXPECT_EQ(one.local->counts().ready, 1U);
}

TEST_F(QueueCommandsTest, AConsumerComesAndGoes) {
  const QueueInfo& info = world_.declare("q");
  const ConsumerHandle consumer = subscribe(info);
  EXPECT_NE(consumer.generation, 0U);
  EXPECT_EQ(reply().consumer_count, 1U);
  EXPECT_EQ(info.local->counts().consumers, 1U);
  subscribe(info, /*exclusive=*/true);
  EXPECT_EQ(refusal(), "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
  commands_.on(ConsumerFlow{info.id, consumer, true, false, asker});
  EXPECT_EQ(refusal(), "");
  EXPECT_TRUE(info.local->consumers().all().front().paused);
  commands_.on(Unsubscribe{info.id, asker, consumer, true});
  EXPECT_EQ(world_.host.outbox_port.take<ConsumerCancelled>().number, 2U);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(info.local->counts().consumers, 0U);
  commands_.on(Unsubscribe{info.id, asker, consumer});
  EXPECT_EQ(refusal(), "") << "it is gone already";
  commands_.on(CreditGrant{info.id, asker, consumer, {3}});
  EXPECT_EQ(world_.host.outbox_port.take<CreditReturn>().count, 3U);
}

TEST_F(QueueCommandsTest, WithItsLastConsumerAnAutoDeleteQueueGoes) {
  TopologyRequest request = world_.request(PartsWorld::Kind::declare_queue, "q");
  request.auto_delete = true;
  const QueueInfo& info = world_.declare(request);
  const ConsumerHandle consumer = subscribe(info);
  (void)reply();
  commands_.on(Unsubscribe{info.id, asker, consumer});
  EXPECT_TRUE(world_.host.outbox_port.all<Reply>().empty()) << "the control thread answers";
  const auto ask = world_.host.outbox_port.take<TopologyAsk>();
  EXPECT_EQ(ask.channel, asker);
  EXPECT_EQ(ask.request->queue, info.id);
  EXPECT_TRUE(info.local->is_deleting());
}

TEST_F(QueueCommandsTest, DeletionIsRefusedOrAskedFor) {
  QueueInfo& info = world_.declare("q");
  world_.publish({&info}, "x");
  commands_.on(DeleteQueue{info.id, asker, false, true});
  EXPECT_EQ(refusal(), "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty");
  subscribe(info);
  (void)reply();
  commands_.on(DeleteQueue{info.id, asker, true, false});
  EXPECT_EQ(refusal(), "PRECONDITION_FAILED - queue 'q' in vhost '/' in use");
  commands_.on(DeleteQueue{info.id, {control, 1, 1}, false, false});
  const auto ask = world_.host.outbox_port.take<TopologyAsk>();
  EXPECT_EQ(ask.request->kind, TopologyRequest::Kind::delete_queue);
  EXPECT_EQ(ask.request->user, operator_name);
  commands_.on(DeleteQueue{gone, asker, false, false});
  EXPECT_EQ(refusal(), "");
}

TEST_F(QueueCommandsTest, CountsAndMessagesOnRequest) {
  QueueInfo& info = world_.declare("q");
  for (int i = 0; i < 3; ++i) world_.publish({&info}, "x");
  commands_.on(Inspect{info.id, asker});
  EXPECT_EQ(reply().message_count, 3U);
  commands_.on(Get{info.id, asker, false});
  ASSERT_EQ(world_.host.answers.size(), 1U);
  EXPECT_EQ(world_.host.answers[0].reply.message_count, 2U);
  const Sequence sequence = world_.host.answers[0].reply.sequence;
  commands_.on(Settle{info.id, sequence, sequence, {}, Outcome::requeued});
  EXPECT_EQ(info.local->counts().ready, 3U);
  commands_.on(Purge{info.id, asker});
  EXPECT_EQ(reply().message_count, 3U);
  commands_.on(CheckRoom{info.id, asker, 1, 1});
  EXPECT_EQ(refusal(), "");
  commands_.on(Get{gone, asker, false});
  EXPECT_FALSE(world_.host.answers[1].message);
  commands_.on(Inspect{gone, asker});
  EXPECT_TRUE(reply().is_gone);
  commands_.on(Redeliver{gone, 0, 1, {1, 1}, asker, true});
  EXPECT_EQ(world_.host.outbox_port.take<CreditReturn>().count, 2U);
}

TEST_F(QueueCommandsTest, CountsOfAQueueThatIsBeingDeletedWaitUntilItIsGone) {
  QueueInfo& info = world_.declare("q");
  QueueInfo& stays = world_.declare("stays");
  const QueueId id = info.id;
  commands_.on(DeleteQueue{id, {control, 1, 1}, false, false});
  stays.local->set_deleting();
  commands_.on(Inspect{id, asker});
  commands_.on(Inspect{stays.id, asker});
  commands_.discard_piece();
  EXPECT_TRUE(world_.host.outbox_port.all<Reply>().empty());
  world_.queues.remove(id);
  commands_.discard_piece();
  EXPECT_TRUE(reply().is_gone);
  commands_.discard_piece();
  EXPECT_TRUE(world_.host.outbox_port.all<Reply>().empty()) << "one answer each";
}

TEST_F(QueueCommandsTest, ABarrierIsConfirmedWithTheOpenBatch) {
  QueueInfo& info = world_.declare("q", 0, true);
  world_.publish({&info}, "x", {}, true);
  commands_.on(Transaction{true});
  EXPECT_TRUE(world_.host.message_log_port.is_batch_kept_open);
  commands_.on(Barrier{asker, 6});
  commands_.on(Transaction{false});
  EXPECT_FALSE(world_.host.message_log_port.is_batch_kept_open);
  const std::uint64_t batch = world_.host.message_log_port.open_batch();
  std::vector<std::uint64_t> confirmed;
  const auto note = [&](const Confirm& confirm) { confirmed.push_back(confirm.last); };
  world_.confirms.send_due(batch - 1, note);
  EXPECT_TRUE(confirmed.empty());
  world_.confirms.send_due(batch, note);
  EXPECT_EQ(confirmed, std::vector<std::uint64_t>{6});
}

}  // namespace
}  // namespace lepus::core::test
