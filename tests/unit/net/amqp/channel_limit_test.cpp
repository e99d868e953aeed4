// qos: what counts against a limit shared by the channel, and limits in bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;

class ChannelQosTest : public ChannelTest {
 protected:
  void limit(std::uint16_t count, bool global = true, std::uint32_t size = 0) {
    client_->send(1, BasicQos{size, count, global});
    client_->settle();
    std::string bodies;
    for (const Event& event : client_->take_events()) bodies += event.body;
    after_qos_ = bodies;
  }
  void publish_sizes(std::string_view queue, std::initializer_list<std::size_t> sizes) {
    for (const std::size_t size : sizes) owner_->publish("", queue, std::string(size, 'x'));
    owner_->settle();
  }
  /// Sizes of what was delivered: "10 20".
  std::string sizes() {
    std::string all;
    for (const Event& event : client_->take_events()) {
      EXPECT_EQ(method_name(event.method), "basic.deliver");
      all += (all.empty() ? "" : " ") + std::to_string(event.body.size());
    }
    return all;
  }
  std::string after_qos_;  ///< Bodies that came with the last qos-ok.
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelQosTest, ::testing::Bool(), test::home_name);

// --- A limit of the channel

TEST_P(ChannelQosTest, WhatWasUnacknowledgedBeforeCounts) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(deliveries(), "a");
  limit(2);
  publish_each("q", "bc");
  EXPECT_EQ(deliveries(), "b");
  ack(1);
  EXPECT_EQ(deliveries(), "c");
}

TEST_P(ChannelQosTest, WhatWasGotBeforeCountsAndLaterNot) {
  declare("q");
  declare("other");
  publish_each("q", "ab");
  client_->send(1, BasicGet{"q", false});
  EXPECT_EQ(client_->expect<BasicGetOk>()->delivery_tag, 1U);
  limit(1);
  client_->consume("other", "tag");
  publish_each("other", "cd");
  EXPECT_EQ(deliveries(), "");
  ack(1);
  EXPECT_EQ(deliveries(), "c");
  ack(2);
  EXPECT_EQ(deliveries(), "d");
  ack(3);
  client_->send(1, BasicGet{"q", false});
  EXPECT_EQ(client_->expect<BasicGetOk>().event.body, "b");
  publish_each("other", "e");
  EXPECT_EQ(deliveries(), "e");
}

TEST_P(ChannelQosTest, AConsumerWithoutAcknowledgementIsHeldByIt) {
  declare("a");
  declare("b");
  limit(1);
  client_->consume("a", "one");
  client_->consume("b", "two", BasicConsume{.no_ack = true});
  publish_each("b", "123");
  EXPECT_EQ(deliveries(), "123") << "alone it is not";
  publish_each("a", "x");
  EXPECT_EQ(deliveries(), "x");
  publish_each("b", "45");
  EXPECT_EQ(deliveries(), "");
  ack(4);
  EXPECT_EQ(deliveries(), "45");
}

TEST_P(ChannelQosTest, WhatATransactionSettledCountsWhenTheLimitComes) {
  declare("q");
  client_->send(1, TxSelect{});
  (void)client_->expect<TxSelectOk>();
  client_->consume("q", "tag");
  owner_->publish("", "q", "a");
  owner_->settle();
  EXPECT_EQ(deliveries(), "a");
  ack(1);
  client_->settle();
  limit(1);
  owner_->publish("", "q", "b");
  owner_->settle();
  EXPECT_EQ(deliveries(), "");
  client_->send(1, TxCommit{});
  std::string bodies;
  for (const Event& event : client_->take_events()) bodies += event.body;
  EXPECT_EQ(bodies, "b");
}

TEST_P(ChannelQosTest, LimitsThatComeAndGoLeaveItWhole) {
  declare("q");
  client_->consume("q", "tag");
  for (int round = 0; round < 20; ++round) {
    client_->send(1, BasicQos{0, static_cast<std::uint16_t>(round % 2 == 0 ? 3 : 0), true});
    for (int i = 0; i < 3; ++i) owner_->publish("", "q", "x");
    for (std::uint64_t i = world_->random().below(6); i > 0; --i) (void)world_->run_round();
  }
  limit(0);
  (void)client_->take_events();
  client_->send(1, BasicAck{0, true});
  client_->settle();
  limit(2);
  publish_each("q", "abc");
  EXPECT_EQ(deliveries(), "ab");
}

// --- Limits in bytes

TEST_P(ChannelQosTest, BytesOfOneConsumer) {
  declare("q");
  limit(0, false, 100);
  client_->consume("q", "tag");
  publish_sizes("q", {60, 40, 1, 300});
  EXPECT_EQ(sizes(), "60 40");
  ack(1);
  EXPECT_EQ(sizes(), "1");
  ack(2);
  EXPECT_EQ(sizes(), "");
  ack(3);
  EXPECT_EQ(sizes(), "300") << "nothing else is unacknowledged";
  publish_sizes("q", {1});
  EXPECT_EQ(sizes(), "");
  client_->send(1, BasicReject{4, false});
  EXPECT_EQ(sizes(), "1");
}

TEST_P(ChannelQosTest, BytesDoNotHoldWhoDoesNotAcknowledge) {
  declare("q");
  limit(0, false, 10);
  client_->consume("q", "tag", BasicConsume{.no_ack = true});
  publish_sizes("q", {60, 40});
  EXPECT_EQ(sizes(), "60 40");
}

/// What is too large goes to the other consumer, and the next one fits again.
TEST_P(ChannelQosTest, WhoHasNoRoomForThisOneGetsTheNext) {
  declare("q");
  limit(0, false, 100);
  client_->consume("q", "small");
  publish_sizes("q", {50});
  EXPECT_EQ(sizes(), "50");
  limit(1, false, 0);
  publish_sizes("q", {80});
  EXPECT_EQ(sizes(), "");
  client_->consume("q", "large");
  EXPECT_EQ(sizes(), "80");
  publish_sizes("q", {50});
  EXPECT_EQ(sizes(), "50");
}

TEST_P(ChannelQosTest, BytesOfTheWholeChannel) {
  declare("a");
  declare("b");
  limit(0, true, 100);
  client_->consume("a", "one");
  client_->consume("b", "two");
  publish_sizes("a", {60});
  EXPECT_EQ(sizes(), "60");
  publish_sizes("b", {50, 30});
  EXPECT_EQ(sizes(), "");
  publish_sizes("a", {40});
  EXPECT_EQ(sizes(), "40");
  ack(0, true);
  EXPECT_EQ(sizes(), "50 30");
  ack(0, true);
  publish_sizes("b", {500});
  EXPECT_EQ(sizes(), "500");
  ack(0, true);
  client_->settle();
  limit(1, true, 100);
  publish_sizes("a", {10, 10});
  EXPECT_EQ(sizes(), "10") << "both limits hold";
}

}  // namespace
}  // namespace lepus::amqp
