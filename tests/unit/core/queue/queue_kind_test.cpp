// The kinds of queues and what is made of each; streams on a host that only writes down what is
// asked.
#include "core/queue/classic/classic_kind.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "core/queue_kinds.h"
#include "core/stream/stream_queue.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

using test::FakeQueueHost;

class QueueKindTest : public ::testing::Test {
 protected:
  ~QueueKindTest() override {
    while (queue_ && !queue_->consumers().all().empty())
      queue_->consumers().unsubscribe(queue_->consumers().all().back());
    host_.unschedule();
  }
  Queue& make(QueueArguments arguments, QueueType type) {
    QueueSpec spec;
    spec.id = QueueId{5};
    spec.durable = true;
    spec.parsed = std::move(arguments);
    spec.parsed.edit().queue_type = type;
    info_ = std::make_unique<QueueInfo>(spec);
    queue_ = make_queue(*info_, host_);
    return *queue_;
  }
  /// Messages of which no record is needed.
  void push(std::string_view bodies) {
    for (const char body : bodies) {
      static constexpr std::array<std::uint8_t, 2> no_properties{};
      MessageRef message = Message::create({"", "", no_properties, 1}, host_.memory());
      message->append_body(as_bytes(std::string_view{&body, 1}));
      EXPECT_TRUE(queue_->push(std::move(message)));
    }
  }
  Consumer& consume(std::uint32_t number, StreamStart::Kind start, bool limited = false) {
    ConsumerSpec spec{};
    spec.channel = {2, number, 1};
    spec.number = number;
    spec.prefetch = 10;
    spec.limited = limited;
    StreamSpec stream;
    stream.start.kind = start;
    Consumer* consumer = queue_->consumers().subscribe(spec, &stream, nullptr);
    CHECK(consumer != nullptr);
    return *consumer;
  }
  /// What went to this consumer since the last call of sent().
  std::string sent_to(std::uint32_t number) {
    std::string all;
    for (const Deliver& one : host_.outbox_port.all<Deliver>())
      if (one.number == number) all += as_text(one.message->inline_body());
    return all;
  }

  FakeQueueHost host_;
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<Queue> queue_;
};

TEST_F(QueueKindTest, InWhatTheyDiffer) {
  EXPECT_FALSE(classic_kind(QueueType::classic).records_all);
  EXPECT_FALSE(classic_kind(QueueType::classic).counts_returns);
  EXPECT_TRUE(classic_kind(QueueType::quorum).records_all);
  EXPECT_TRUE(classic_kind(QueueType::quorum).counts_returns);
  EXPECT_EQ(make({}, QueueType::quorum).purge_refusal(), nullptr);
  EXPECT_NE(make({}, QueueType::stream).purge_refusal(), nullptr);
}

TEST_F(QueueKindTest, OnlyAStreamIsAStreamQueue) {
  for (const QueueType type : {QueueType::classic, QueueType::quorum, QueueType::stream}) {
    Queue& queue = make({}, type);
    EXPECT_EQ(dynamic_cast<StreamQueue*>(&queue) != nullptr, type == QueueType::stream);
    EXPECT_EQ(queue.record_rule().covers(*host_.message("x")), type != QueueType::classic);
  }
}

TEST_F(QueueKindTest, ConsumersOfAClassicQueueCompete) {
  Queue& queue = make({}, QueueType::classic);
  consume(1, StreamStart::Kind::first);
  consume(2, StreamStart::Kind::first);
  push("abcd");
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(sent_to(1), "ac");
  EXPECT_EQ(sent_to(2), "bd");
  EXPECT_EQ(queue.counts().ready, 0U);
}

TEST_F(QueueKindTest, ConsumersOfAStreamReadAll) {
  Queue& queue = make({}, QueueType::stream);
  push("ab");
  consume(1, StreamStart::Kind::first);
  consume(2, StreamStart::Kind::next);
  push("c");
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(sent_to(1), "abc");
  EXPECT_EQ(sent_to(2), "c");
  EXPECT_EQ(queue.counts().ready, 3U) << "what was delivered stays";
}

TEST_F(QueueKindTest, ASettlementOfAStreamIsCreditOnly) {
  Queue& queue = make({}, QueueType::stream);
  push("a");
  Consumer& consumer = consume(1, StreamStart::Kind::first);
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(consumer.unacked_count, 1U);
  queue.settle({QueueId{5}, 0, 0, consumer.handle, Outcome::rejected}, &consumer);
  EXPECT_EQ(consumer.unacked_count, 0U);
  EXPECT_EQ(queue.counts().ready, 1U);
}

TEST_F(QueueKindTest, RecoverOfAStreamReadsOn) {
  Queue& queue = make({}, QueueType::stream);
  push("a");
  Consumer& consumer = consume(1, StreamStart::Kind::first);
  EXPECT_FALSE(queue.pump());
  host_.outbox_port.clear();
  queue.redeliver({QueueId{5}, 0, 0, consumer.handle, consumer.spec.channel, true}, consumer);
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(sent_to(1), "");
  EXPECT_EQ(consumer.unacked_count, 0U);
  const auto returns = host_.outbox_port.all<CreditReturn>();
  ASSERT_EQ(returns.size(), 1U);
  EXPECT_EQ(returns[0].count, 1U);
}

TEST_F(QueueKindTest, CreditOfAStreamIsKeptUntilItReads) {
  Queue& queue = make({}, QueueType::stream);
  Consumer& consumer = consume(1, StreamStart::Kind::first, true);
  queue.consumers().grant_credit(consumer, {3});
  EXPECT_TRUE(host_.is_scheduled());
  push("a");
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(sent_to(1), "a");
  EXPECT_EQ(host_.outbox_port.take<CreditReturn>().count, 2U);
  EXPECT_FALSE(queue.can_deliver_at_once(1)) << "it has to ask for more";
}

TEST_F(QueueKindTest, AFullStreamDropsTheOldest) {
  QueueArguments arguments;
  arguments.max_length_bytes = 2;
  arguments.overflow = Overflow::reject_publish;
  Queue& queue = make(arguments, QueueType::stream);
  EXPECT_FALSE(queue.surely_refuses(100, 100));
  push("abc");
  EXPECT_EQ(queue.counts().ready, 2U);
  consume(1, StreamStart::Kind::first);
  EXPECT_FALSE(queue.pump());
  EXPECT_EQ(sent_to(1), "bc");
}

TEST_F(QueueKindTest, AStreamDoesNotExpireMessages) {
  QueueArguments arguments;
  arguments.message_ttl_ms = 1;
  Queue& queue = make(arguments, QueueType::stream);
  push("a");
  host_.set_now(nanos_per_s);
  queue.on_deadline(host_.now());
  queue.catch_up();
  EXPECT_EQ(queue.counts().ready, 1U);
}

}  // namespace
}  // namespace lepus::core
