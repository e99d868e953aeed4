// Who takes the next message, with consumers on another shard: what they get is in the outbox.
#include "core/queue/classic/delivery.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

using test::FakeQueueHost;

constexpr ShardId consumer_shard = 2;

class DeliveryTest : public ::testing::Test {
 protected:
  ~DeliveryTest() override {
    while (!delivery_.consumers().empty()) delivery_.remove(delivery_.consumers().back());
  }

  static QueueInfo info() {
    QueueSpec spec;
    spec.id = QueueId{3};
    return QueueInfo{spec};
  }
  static ConsumerSpec spec(std::uint32_t number, std::uint32_t prefetch = 0) {
    ConsumerSpec made{};
    made.channel = {consumer_shard, number, 1};
    made.number = number;
    made.prefetch = prefetch;
    return made;
  }
  Consumer& add(const ConsumerSpec& spec) {
    Consumer* consumer = delivery_.add(spec, nullptr);
    CHECK(consumer != nullptr);
    delivery_.on_changed(*consumer);
    return *consumer;
  }
  /// The numbers of those who take the next messages; '-': nobody.
  std::string take(std::size_t count, std::string_view body = "x") {
    std::string takers;
    Delivery::Round round{delivery_};
    for (std::size_t i = 0; i < count; ++i) {
      Consumer* taker = round.next_taker({body.size(), count - i});
      if (taker == nullptr) return takers + "-";
      takers += std::to_string(taker->spec.number);
      delivery_.deliver(*taker, {next_++, false, 0, host_.message(body)});
      round.on_taken(*taker);
    }
    must_retry_ = round.must_retry();
    return takers;
  }
  void settle(Consumer& consumer) {
    consumer.drop_unacked(1, 0);
    delivery_.on_changed(consumer);
  }
  /// What was told of single active consumers: "+1" it is, "-1" it is no more.
  std::string told() const {
    std::string all;
    for (const ConsumerActive& one : host_.outbox_port.all<ConsumerActive>())
      all += (one.is_active ? "+" : "-") + std::to_string(one.number);
    return all;
  }

  FakeQueueHost host_;
  QueueInfo info_ = info();
  Delivery delivery_{info_, host_};
  Sequence next_ = 0;
  bool must_retry_ = false;
};

TEST_F(DeliveryTest, NobodyIsThere) {
  EXPECT_FALSE(delivery_.has_takers());
  EXPECT_EQ(take(1), "-");
}

TEST_F(DeliveryTest, EqualsTakeInTurn) {
  for (const std::uint32_t number : {1U, 2U, 3U}) add(spec(number));
  EXPECT_EQ(take(4), "1231");
  EXPECT_EQ(take(2), "23") << "the next walk goes on where the last one ended";
}

TEST_F(DeliveryTest, HigherPriorityTakesWhileItCan) {
  add(spec(1));
  ConsumerSpec high = spec(2, 2);
  high.priority = 5;
  Consumer& urgent = add(high);
  EXPECT_EQ(take(4), "2211");
  settle(urgent);
  EXPECT_EQ(take(2), "21");
}

TEST_F(DeliveryTest, DeliversWhatItWasGiven) {
  Consumer& consumer = add(spec(1));
  delivery_.deliver(consumer, {41, true, 3, host_.message("body")});
  EXPECT_EQ(consumer.unacked_count, 1U);
  const Deliver deliver = host_.outbox_port.take<Deliver>();
  const MessageRef message = deliver.message;
  EXPECT_EQ(as_text(message->inline_body()), "body");
  EXPECT_EQ(deliver.queue, info_.id);
  EXPECT_EQ(deliver.sequence, 41U);
  EXPECT_EQ(deliver.delivery_count, 3U);
  EXPECT_TRUE(deliver.redelivered);
  EXPECT_FALSE(deliver.used_credit);
}

TEST_F(DeliveryTest, WhoIsFullLeavesTheRingUntilItSettles) {
  Consumer& consumer = add(spec(1, 1));
  EXPECT_EQ(take(2), "1-");
  EXPECT_FALSE(delivery_.has_takers());
  settle(consumer);
  EXPECT_TRUE(delivery_.has_takers());
  EXPECT_EQ(take(1), "1");
}

TEST_F(DeliveryTest, WhoHasNoRoomForThisBodyStaysInTheRing) {
  ConsumerSpec narrow = spec(1);
  narrow.prefetch_size = 10;
  add(narrow);
  add(spec(2));
  EXPECT_EQ(take(1, "12345678"), "1");
  EXPECT_EQ(take(2, "12345678"), "22");
  EXPECT_EQ(take(1, "1"), "1");
}

TEST_F(DeliveryTest, CongestionIsTriedAgain) {
  add(spec(1));
  host_.outbox_port.congested_shards.insert(consumer_shard);
  Delivery::Round round{delivery_};
  EXPECT_EQ(round.next_taker({1, 1}), nullptr);
  EXPECT_TRUE(round.must_retry());
  EXPECT_TRUE(delivery_.has_takers());
  EXPECT_FALSE(delivery_.is_able(delivery_.consumers().front(), 1, true));
  host_.outbox_port.congested_shards.clear();
  EXPECT_EQ(take(1), "1");
  EXPECT_FALSE(must_retry_);
}

TEST_F(DeliveryTest, ExclusiveUse) {
  ConsumerSpec exclusive = spec(1);
  exclusive.exclusive = true;
  Consumer& owner = add(exclusive);
  EXPECT_EQ(delivery_.add(spec(2), nullptr), nullptr);
  delivery_.remove(owner);
  add(spec(2));
  EXPECT_EQ(delivery_.add(exclusive, nullptr), nullptr);
  EXPECT_EQ(delivery_.consumers().size(), 1U);
}

TEST_F(DeliveryTest, SingleActiveConsumer) {
  info_.effective.edit().single_active_consumer = true;
  Consumer& first = add(spec(1));
  add(spec(2));
  EXPECT_EQ(take(3), "111");
  EXPECT_EQ(told(), "+1");
  delivery_.remove(first);
  EXPECT_EQ(told(), "+1+2");
  EXPECT_EQ(take(1), "2");
  ConsumerSpec exclusive = spec(3);
  exclusive.exclusive = true;
  EXPECT_EQ(delivery_.add(exclusive, nullptr), nullptr);
}

TEST_F(DeliveryTest, TheNextSingleActiveConsumerIsTheOldestOfHighestPriority) {
  info_.effective.edit().single_active_consumer = true;
  Consumer& first = add(spec(1));
  add(spec(2));
  for (std::uint32_t number = 3; number <= 4; ++number) {
    ConsumerSpec high = spec(number);
    high.priority = 1;
    add(high);
  }
  EXPECT_EQ(told(), "+1-1+3") << "the first of the higher ones takes over";
  delivery_.remove(first);
  EXPECT_EQ(told(), "+1-1+3");
  EXPECT_EQ(take(2), "33");
}

TEST_F(DeliveryTest, SingleActiveConsumerSettlesBeforeItHandsOver) {
  info_.effective.edit().single_active_consumer = true;
  Consumer& first = add(spec(1));
  EXPECT_EQ(take(1), "1");
  ConsumerSpec high = spec(2);
  high.priority = 1;
  add(high);
  EXPECT_EQ(take(1), "-");
  EXPECT_EQ(told(), "+1");
  settle(first);
  EXPECT_EQ(told(), "+1-1+2");
  EXPECT_EQ(take(1), "2");
}

TEST_F(DeliveryTest, HandoverIsOffWhenTheOtherOneLeaves) {
  info_.effective.edit().single_active_consumer = true;
  add(spec(1));
  EXPECT_EQ(take(1), "1");
  ConsumerSpec high = spec(2);
  high.priority = 1;
  Consumer& second = add(high);
  EXPECT_EQ(take(1), "-");
  delivery_.remove(second);
  EXPECT_EQ(take(1), "1");
  EXPECT_EQ(told(), "+1");
}

// --- Credit of a limit that the channel's consumers share

TEST_F(DeliveryTest, CreditIsAskedForOnceAndUsed) {
  ConsumerSpec limited = spec(1);
  limited.limited = true;
  Consumer& consumer = add(limited);
  EXPECT_EQ(take(5), "-");
  delivery_.on_changed(consumer);
  EXPECT_EQ(take(5), "-");
  const auto requests = host_.outbox_port.all<CreditRequest>();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].wanted, 5U);
  EXPECT_EQ(requests[0].size, 1U);
  EXPECT_EQ(requests[0].consumer, consumer.handle);
  delivery_.credit().grant(consumer, {2});
  delivery_.on_changed(consumer);
  EXPECT_EQ(take(5), "11-");
  const auto deliveries = host_.outbox_port.all<Deliver>();
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_TRUE(deliveries[0].used_credit);
  EXPECT_EQ(host_.outbox_port.all<CreditRequest>().size(), 2U);
}

TEST_F(DeliveryTest, UnusedCreditGoesBack) {
  ConsumerSpec limited = spec(1);
  limited.limited = true;
  Consumer& consumer = add(limited);
  EXPECT_EQ(take(3), "-");
  delivery_.credit().grant(consumer, {3});
  delivery_.on_changed(consumer);
  EXPECT_EQ(take(1), "1");
  EXPECT_TRUE(delivery_.credit().has_unused());
  delivery_.give_up_credit();
  EXPECT_FALSE(delivery_.credit().has_unused());
  const auto returns = host_.outbox_port.all<CreditReturn>();
  ASSERT_EQ(returns.size(), 1U);
  EXPECT_EQ(returns[0].count, 2U);
  EXPECT_EQ(returns[0].channel, limited.channel);
}

TEST_F(DeliveryTest, CreditForSmallerBodiesIsNoCredit) {
  ConsumerSpec limited = spec(1);
  limited.limited = true;
  Consumer& consumer = add(limited);
  delivery_.credit().grant(consumer, {.count = 4, .size_max = 2});
  EXPECT_EQ(take(1, "12"), "1");
  EXPECT_EQ(take(1, "123"), "-");
  EXPECT_EQ(host_.outbox_port.all<CreditReturn>().size(), 1U);
  ASSERT_EQ(host_.outbox_port.all<CreditRequest>().size(), 1U);
  EXPECT_EQ(host_.outbox_port.all<CreditRequest>()[0].size, 3U);
}

TEST_F(DeliveryTest, WhoHasToAskAnotherShardIsAbleOnlyInHope) {
  ConsumerSpec limited = spec(1);
  limited.limited = true;
  Consumer& consumer = add(limited);
  EXPECT_TRUE(delivery_.is_able(consumer, 1, true));
  EXPECT_TRUE(host_.outbox_port.all<CreditRequest>().empty());
  EXPECT_FALSE(delivery_.is_able(consumer, 1, false));
  EXPECT_EQ(host_.outbox_port.all<CreditRequest>().size(), 1U);
}

}  // namespace
}  // namespace lepus::core
