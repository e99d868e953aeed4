// What a queue asks of its shard, and when: on a host that only writes it down.
#include "core/queue/queue_host.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/queue/queue.h"
#include "core/queue_kinds.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

using test::FakeQueueHost;

constexpr QueueId queue_id{7};

class QueueHostTest : public ::testing::Test {
 protected:
  ~QueueHostTest() override {
    while (queue_ && !queue_->consumers().all().empty())
      queue_->consumers().unsubscribe(queue_->consumers().all().back());
    host_.unschedule();
  }

  /// A queue of these arguments.
  Queue& make(const QueueArguments& arguments, bool durable = false) {
    QueueSpec spec;
    spec.id = queue_id;
    spec.durable = durable;
    spec.parsed = arguments;
    info_ = std::make_unique<QueueInfo>(spec);
    queue_ = make_queue(*info_, host_);
    return *queue_;
  }
  void push(std::string_view body) { (void)queue_->push(host_.message(body)); }

  FakeQueueHost host_;
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<Queue> queue_;
};

TEST_F(QueueHostTest, PushSchedulesTheQueueOnce) {
  Queue& queue = make({});
  EXPECT_FALSE(host_.is_scheduled());
  push("a");
  push("b");
  EXPECT_TRUE(host_.is_scheduled());
  host_.unschedule();
  EXPECT_FALSE(host_.is_scheduled());
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(queue.counts().ready, 2U);
}

TEST_F(QueueHostTest, DeliversToAChannelOfAnotherShardThroughTheOutbox) {
  Queue& queue = make({});
  const ChannelRef channel{2, 5, 1};
  ConsumerSpec spec{};
  spec.channel = channel;
  spec.prefetch = 1;
  ASSERT_NE(queue.consumers().subscribe(spec, nullptr, nullptr), nullptr);
  push("a");
  push("b");
  EXPECT_FALSE(queue.pump());
  const Deliver delivery = host_.outbox_port.take<Deliver>();
  const MessageRef message = delivery.message;
  EXPECT_EQ(as_text(message->inline_body()), "a");
  EXPECT_EQ(delivery.channel, channel);
  EXPECT_EQ(delivery.queue, queue_id);
  EXPECT_TRUE(host_.outbox_port.all<Deliver>().empty());
}

TEST_F(QueueHostTest, DeliversNothingWhileItIsDeleted) {
  QueueArguments arguments;
  arguments.single_active_consumer = true;
  Queue& queue = make(arguments);
  ConsumerSpec spec{};
  spec.channel = {2, 5, 1};
  Consumer* active = queue.consumers().subscribe(spec, nullptr, nullptr);
  ASSERT_NE(active, nullptr);
  spec.channel = {2, 6, 1};
  ASSERT_NE(queue.consumers().subscribe(spec, nullptr, nullptr), nullptr);
  push("a");
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(host_.outbox_port.take<Deliver>().channel.slot, 5U);
  push("b");
  queue.set_deleting();
  queue.consumers().unsubscribe(*active);
  EXPECT_FALSE(queue.pump());
  queue.catch_up();
  EXPECT_TRUE(host_.outbox_port.all<Deliver>().empty())
      << "the next one is not told of the end yet";
}

TEST_F(QueueHostTest, AsksForTheDeadlineOfTheOldestMessage) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 10;
  host_.set_now(5 * nanos_per_ms);
  Queue& queue = make(arguments);
  push("a");
  ASSERT_EQ(host_.deadlines.size(), 1U);
  EXPECT_EQ(host_.deadlines[0].at, 15 * nanos_per_ms);
  EXPECT_EQ(host_.deadlines[0].queue, queue_id);
  host_.set_now(14 * nanos_per_ms);
  queue.on_deadline(host_.now());
  EXPECT_EQ(queue.counts().ready, 1U);
  host_.set_now(15 * nanos_per_ms);
  queue.on_deadline(host_.now());
  EXPECT_EQ(queue.counts().ready, 0U);
}

TEST_F(QueueHostTest, DeadLettersAreForwardedWhenTheHostSays) {
  QueueArguments arguments;
  arguments.max_length = 1;
  arguments.dead_letter_exchange = "dead";
  Queue& queue = make(arguments);
  push("a");
  push("b");
  push("c");
  EXPECT_EQ(host_.forwarding.size(), 1U) << "asked once at a time";
  EXPECT_TRUE(host_.given_up.empty());
  std::size_t budget = 10;
  EXPECT_FALSE(queue.forwards().forward_pending(budget));
  EXPECT_EQ(budget, 8U);
  ASSERT_EQ(host_.given_up.size(), 2U);
  EXPECT_EQ(host_.given_up[0].body, "a");
  EXPECT_EQ(host_.given_up[1].body, "b");
  EXPECT_EQ(host_.given_up[1].reason, DeathReason::maxlen);
  EXPECT_EQ(host_.published, 2);
  push("d");
  EXPECT_EQ(host_.forwarding.size(), 2U);
}

TEST_F(QueueHostTest, IsAnEvictionCandidateWhileItHoldsMessages) {
  QueueArguments arguments;
  arguments.queue_mode = QueueMode::lazy;
  Queue& queue = make(arguments);
  EXPECT_TRUE(host_.candidates.empty());
  push("a");
  push("b");
  ASSERT_EQ(host_.candidates.size(), 1U);
  EXPECT_TRUE(host_.candidates[0].second);
  queue.storage().on_eviction_done();
  push("c");
  EXPECT_EQ(host_.candidates.size(), 2U);
}

TEST_F(QueueHostTest, AsksToBeDeletedWhenNobodyUsedIt) {
  QueueArguments arguments;
  arguments.expires_ms = 20;
  Queue& queue = make(arguments);
  ASSERT_EQ(host_.deadlines.size(), 1U);
  EXPECT_EQ(host_.deadlines[0].at, 20 * nanos_per_ms);
  host_.set_now(10 * nanos_per_ms);
  queue.note_used();
  host_.set_now(20 * nanos_per_ms);
  queue.on_deadline(host_.now());
  EXPECT_TRUE(host_.expired_queues.empty());
  host_.set_now(30 * nanos_per_ms);
  queue.on_deadline(host_.now());
  ASSERT_EQ(host_.expired_queues.size(), 1U);
  EXPECT_EQ(host_.expired_queues[0], queue_id);
}

TEST_F(QueueHostTest, GetIsAnsweredThroughTheHost) {
  Queue& queue = make({});
  push("a");
  queue.get({queue_id, {0, 1, 1}, true});
  queue.get({queue_id, {0, 1, 1}, true});
  ASSERT_EQ(host_.answers.size(), 2U);
  ASSERT_TRUE(host_.answers[0].message);
  EXPECT_EQ(as_text(host_.answers[0].message->inline_body()), "a");
  EXPECT_FALSE(host_.answers[1].message);
}

}  // namespace
}  // namespace lepus::core
