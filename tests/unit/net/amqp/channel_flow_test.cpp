// What bounds deliveries: a limit for a whole channel (qos global), and clients that do not read.
#include "net/amqp/channel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;
using test::Login;
namespace limits = core::limits;

class ChannelFlowTest : public ChannelTest {
 protected:
  ChannelFlowTest() { world_->settings.channel_flow = true; }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelFlowTest, ::testing::Bool(), test::home_name);

// --- A limit for the whole channel

class ChannelLimitTest : public ChannelTest {
 protected:
  /// Deliveries that came next to a qos-ok.
  std::size_t count_after_qos() {
    std::size_t count = 0;
    for (const Event& event : client_->take_events())
      count += event.method == MethodId::basic_deliver ? 1 : 0;
    return count;
  }
  void limit(std::uint16_t count, bool global = true) {
    client_->send(1, BasicQos{0, count, global});
    (void)client_->expect<BasicQosOk>();
  }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelLimitTest, ::testing::Bool(), test::home_name);

TEST_P(ChannelLimitTest, IsSharedByAllConsumers) {
  declare("a");
  declare("b");
  limit(3);
  client_->consume("a", "one");
  client_->consume("b", "two");
  for (int i = 0; i < 5; ++i) {
    client_->publish("", "a", "a");
    client_->publish("", "b", "b");
  }
  EXPECT_EQ(deliveries().size(), 3U);
  ack(1);
  EXPECT_EQ(deliveries().size(), 1U);
  ack(0, true);
  EXPECT_EQ(deliveries().size(), 3U);
  ack(0, true);
  EXPECT_EQ(deliveries().size(), 3U);
  EXPECT_TRUE(client_->quiet());
}

TEST_P(ChannelLimitTest, CanBeRaisedAndLifted) {
  declare("q");
  limit(1);
  client_->consume("q", "tag");
  publish_each("q", "abcdefgh");
  EXPECT_EQ(deliveries(), "a");
  client_->send(1, BasicQos{0, 3, true});
  EXPECT_EQ(count_after_qos(), 2U);
  client_->send(1, BasicQos{0, 0, true});
  EXPECT_EQ(count_after_qos(), 5U);
}

TEST_P(ChannelLimitTest, WhatATransactionSettledCountsUntilItsCommit) {
  declare("a");
  limit(2);
  client_->send(1, TxSelect{});
  (void)client_->expect<TxSelectOk>();
  client_->consume("a", "one");
  for (const char* body : {"1", "2", "3", "4"}) owner_->publish("", "a", body);
  EXPECT_EQ(deliveries(), "12");
  ack(1);
  EXPECT_EQ(deliveries(), "");
  client_->send(1, TxRollback{});
  (void)client_->expect<TxRollbackOk>();
  EXPECT_EQ(deliveries(), "");
  ack(2, true);
  EXPECT_EQ(deliveries(), "");
  client_->send(1, TxCommit{});
  // Where the queue lives here, its deliveries may come before the commit-ok.
  std::string bodies;
  std::size_t commits = 0;
  for (const Event& event : client_->take_events()) {
    bodies += event.body;
    commits += event.method == MethodId::tx_commit_ok ? 1 : 0;
  }
  EXPECT_EQ(bodies, "34");
  EXPECT_EQ(commits, 1U);
}

TEST_P(ChannelLimitTest, TheSmallerOfTwoLimitsHolds) {
  declare("a");
  declare("b");
  limit(1, false);
  limit(10);
  client_->consume("a", "one");
  client_->consume("b", "two");
  publish_each("a", "aaa");
  publish_each("b", "bbb");
  std::string all = deliveries();
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, "ab");
}

/// Queues come, go and run empty while credit is on its way; in the end the limit must be whole.
TEST_P(ChannelLimitTest, NoCreditIsLost) {
  limit(2);
  for (int round = 0; round < 30; ++round) {
    declare("a");
    declare("b");
    client_->send(1, BasicConsume{"a", "one", false, false, false, true, {}});
    client_->send(1, BasicConsume{"b", "two", false, false, false, true, {}});
    client_->settle();
    for (int i = 0; i < 4; ++i) {
      owner_->publish("", "a", "x");
      owner_->publish("", "b", "x");
    }
    const auto run_some = [this] {
      for (std::uint64_t i = world_->random().below(6); i > 0; --i) (void)world_->run_round();
    };
    run_some();
    owner_->send(1, QueuePurge{"a", true});
    run_some();
    client_->send(1, BasicNack{0, true, true});
    run_some();
    client_->send(1, BasicCancel{"one", true});
    owner_->send(1, QueueDelete{"b", false, false, true});
    run_some();
    client_->settle();
    client_->send(1, BasicNack{0, true, false});
    client_->settle();
    owner_->settle();
    owner_->send(1, QueueDelete{"a", false, false, false});
    (void)owner_->expect<QueueDeleteOk>();
    for (const Event& event : client_->take_events())
      ASSERT_FALSE(event.method == MethodId::channel_close) << round << test::describe(event);
  }
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "abcd");
  EXPECT_EQ(deliveries(), "ab");
}

// --- channel.flow

/// As RabbitMQ: clients' own tests rely on it.
TEST_P(ChannelFlowTest, IsRefusedUnlessAskedFor) {
  world_->settings.channel_flow = false;
  Login knows;
  knows.capabilities.push_back("channel_flow");
  const auto other = opened(0, knows);
  other->send(1, ChannelFlow{false});
  EXPECT_FALSE(other->expect<ChannelFlowOk>()->active);
  client_->send(1, ChannelFlow{true});
  EXPECT_TRUE(client_->expect<ChannelFlowOk>()->active);
  client_->send(1, ChannelFlow{false});
  EXPECT_EQ(client_->expect_close(0), "540 NOT_IMPLEMENTED - active=false (20,20)");
}

TEST_P(ChannelFlowTest, AStoppedChannelGetsNothing) {
  declare("q");
  client_->consume("q", "one");
  publish_each("q", "ab");
  EXPECT_EQ(deliveries(), "ab");
  client_->send(1, ChannelFlow{false});
  EXPECT_FALSE(client_->expect<ChannelFlowOk>()->active);
  publish_each("q", "cd");
  EXPECT_TRUE(client_->quiet());
  client_->consume("q", "two");
  EXPECT_TRUE(client_->quiet()) << "neither does a consumer that comes now";
  client_->send(1, ChannelFlow{false});
  EXPECT_FALSE(client_->expect<ChannelFlowOk>()->active);
  EXPECT_EQ(owner_->message_count("q"), 2U);
  client_->send(1, ChannelFlow{true});
  EXPECT_TRUE(client_->expect<ChannelFlowOk>()->active);
  EXPECT_EQ(deliveries(), "cd");
  publish_each("q", "e");
  EXPECT_EQ(deliveries(), "e");
}

TEST_P(ChannelFlowTest, NothingComesBehindFlowOk) {
  declare("q");
  client_->consume("q", "tag", BasicConsume{.no_ack = true});
  std::size_t received = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 10; ++i) owner_->publish("", "q", "x");
    client_->send(1, ChannelFlow{false});
    owner_->settle();
    bool is_stopped = false;
    for (const Event& event : client_->take_events()) {
      if (event.method == MethodId::channel_flow_ok) is_stopped = true;
      if (event.method != MethodId::basic_deliver) continue;
      EXPECT_FALSE(is_stopped);
      ++received;
    }
    EXPECT_TRUE(is_stopped);
    client_->send(1, ChannelFlow{true});
    for (const Event& event : client_->take_events())
      received += event.method == MethodId::basic_deliver ? 1 : 0;
  }
  EXPECT_EQ(received, 200U);
}

TEST_P(ChannelFlowTest, AStoppedChannelMayGetAndClose) {
  declare("q");
  client_->consume("q", "tag");
  client_->send(1, ChannelFlow{false});
  (void)client_->expect<ChannelFlowOk>();
  publish_each("q", "ab");
  client_->send(1, BasicGet{"q", true});
  EXPECT_EQ(client_->expect<BasicGetOk>()->message_count, 1U);
  client_->send(1, ChannelClose{200, "bye", 0, 0});
  (void)client_->expect<ChannelCloseOk>();
  EXPECT_EQ(owner_->message_count("q"), 1U);
}

/// While it is stopped its output runs full and empty again.
TEST_P(ChannelFlowTest, LowOutputDoesNotStartAStoppedChannel) {
  declare("q");
  client_->consume("q", "tag", BasicConsume{.no_ack = true});
  client_->link().window_closed = true;
  client_->link().piece_max = SIZE_MAX;
  const std::string body(60'000, 'x');
  const std::size_t count = 3 * limits::send_high_water / body.size();
  for (std::size_t i = 0; i < count; ++i) owner_->publish("", "q", body);
  owner_->settle();
  client_->send(1, ChannelFlow{false});
  client_->link().window_closed = false;
  const std::size_t before = client_->take_events().size() - 1;
  EXPECT_EQ(owner_->message_count("q"), count - before);
  EXPECT_GT(count, before);
  client_->send(1, ChannelFlow{true});
  EXPECT_EQ(client_->take_events().size() - 1, count - before);
}

// --- Flow: a client that does not read

TEST_P(ChannelFlowTest, ASlowReaderDoesNotFillTheMemory) {
  declare("q");
  const auto reader = opened();
  reader->consume("q", "tag");
  reader->link().window_closed = true;
  const std::string body(10'000, 'x');
  const std::size_t count = 3 * limits::send_high_water / body.size();
  client_->link().piece_max = SIZE_MAX;
  for (std::size_t i = 0; i < count; ++i) client_->publish("", "q", body);
  client_->settle();
  EXPECT_GT(reader->link().unsent, limits::send_high_water / 2);
  // What was on its way when it paused comes on top.
  EXPECT_LT(reader->link().unsent, limits::send_high_water + 3 * 64 * (body.size() + 200));
  EXPECT_GT(owner_->message_count("q"), 0U);
  reader->link().window_closed = false;
  std::size_t received = 0;
  for (const Event& event : reader->take_events()) {
    EXPECT_EQ(event.body.size(), body.size());
    ++received;
  }
  EXPECT_EQ(received, count);
  EXPECT_EQ(owner_->message_count("q"), 0U);
}

TEST_P(ChannelFlowTest, ASlowReaderDoesNotStopTheOthers) {
  declare("q");
  const auto slow = opened();
  slow->consume("q", "tag");
  slow->link().window_closed = true;
  const std::string body(60'000, 'x');
  client_->link().piece_max = SIZE_MAX;
  const std::size_t too_many = 4 * limits::send_high_water / body.size();
  for (std::size_t i = 0; i < too_many; ++i) client_->publish("", "q", body);
  client_->settle();
  const auto quick = opened();
  quick->consume("q", "tag");
  EXPECT_GT(quick->take_events().size(), 0U);
  const std::size_t before = slow->link().unsent;
  for (int i = 0; i < 20; ++i) client_->publish("", "q", body);
  EXPECT_EQ(quick->take_events().size(), 20U);
  EXPECT_EQ(slow->link().unsent, before);
}

}  // namespace
}  // namespace lepus::amqp
