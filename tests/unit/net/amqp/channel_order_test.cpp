// Order on one channel: what follows a publish sees the queue after the message was delivered, or
// expired. The queue lives on the client's shard or on another; everything is sent in one piece.
#include <gtest/gtest.h>

#include <string>

#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ByteVector;
using test::ChannelTest;
using test::Event;

class ChannelOrderTest : public ChannelTest {
 protected:
  /// A queue whose messages live for no time, with a name for its dead letters.
  void declare_ttl_0(std::string_view queue, std::string_view dead_letters = {}) {
    core::FieldTableWriter table;
    table.int32("x-message-ttl", 0);
    if (!dead_letters.empty()) {
      table.text("x-dead-letter-exchange", "");
      table.text("x-dead-letter-routing-key", dead_letters);
    }
    const std::string arguments = table.take();
    QueueDeclare how{};
    how.arguments = core::as_bytes(arguments);
    declare(queue, how);
  }
  static ByteVector expiration(std::string_view text) {
    core::PropertiesView view;
    view.expiration = text;
    view.set(core::Property::expiration);
    return core::encode_properties(view);
  }
  /// Names of the methods that came, and how many deliveries.
  std::string answers() {
    std::string all;
    for (const Event& event : client_->take_events())
      all += (all.empty() ? "" : " ") + std::string{method_name(event.method)};
    return all;
  }
  void get(std::string_view queue) { client_->send(1, BasicGet{queue, true}); }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelOrderTest, ::testing::Bool(), test::home_name);

TEST_P(ChannelOrderTest, AWaitingConsumerComesBeforeAGet) {
  declare("q");
  client_->consume("q", "tag");
  client_->publish("", "q", "a");
  get("q");
  EXPECT_EQ(answers(), "basic.deliver basic.get-empty");
}

TEST_P(ChannelOrderTest, AWaitingConsumerComesBeforeAPurge) {
  declare("q");
  client_->consume("q", "tag");
  client_->publish("", "q", "a");
  client_->send(1, QueuePurge{"q", false});
  EXPECT_EQ(client_->expect<BasicDeliver>().event.body, "a");
  EXPECT_EQ(client_->expect<QueuePurgeOk>()->message_count, 0U);
}

TEST_P(ChannelOrderTest, ACancelledConsumerGetsWhatWasPublishedBefore) {
  declare("q");
  client_->consume("q", "tag");
  client_->publish("", "q", "a");
  client_->send(1, BasicCancel{"tag", false});
  EXPECT_EQ(client_->expect<BasicDeliver>().event.body, "a");
  (void)client_->expect<BasicCancelOk>();
  EXPECT_EQ(client_->message_count("q"), 0U);
}

TEST_P(ChannelOrderTest, MoreThanAShareIsDeliveredBeforeAGet) {
  declare("q");
  client_->consume("q", "tag", BasicConsume{.no_ack = true});
  client_->link().piece_max = SIZE_MAX;
  const std::size_t count = 3 * core::limits::deliveries_per_pump_max;
  for (std::size_t i = 0; i < count; ++i) client_->publish("", "q", "a");
  get("q");
  std::size_t deliveries = 0;
  for (const Event& event : client_->take_events()) {
    EXPECT_NE(method_name(event.method), "basic.get-ok");
    deliveries += event.method == MethodId::basic_deliver ? 1 : 0;
  }
  EXPECT_EQ(deliveries, count);
}

TEST_P(ChannelOrderTest, WhatLivesForNoTimeIsNeverHandedOut) {
  declare_ttl_0("q");
  declare("plain");
  client_->publish("", "q", "a");
  get("q");
  EXPECT_EQ(answers(), "basic.get-empty");
  client_->publish("", "plain", "a", expiration("0"));
  get("plain");
  EXPECT_EQ(answers(), "basic.get-empty");
  client_->publish("", "q", "a");
  EXPECT_EQ(client_->message_count("q"), 0U);
  client_->publish("", "q", "a");
  client_->consume("q", "tag");
  EXPECT_TRUE(client_->quiet());
  client_->publish("", "q", "b");
  EXPECT_EQ(deliveries(), "b") << "a consumer that waits gets it";
}

/// The consumer can take it only behind the acknowledgement, and then it is too late.
TEST_P(ChannelOrderTest, WhatLivesForNoTimeDoesNotWaitForAnAcknowledgement) {
  declare_ttl_0("q", "dead");
  declare("dead");
  client_->send(1, BasicQos{0, 1, false});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(deliveries(), "a");
  client_->publish("", "q", "b");
  ack(1);
  client_->settle();
  EXPECT_TRUE(client_->quiet());
  EXPECT_EQ(owner_->message_count("dead"), 1U);
  EXPECT_EQ(client_->message_count("q"), 0U);
}

/// One leads to the next, and the last one back to the first: nothing of that runs in itself.
TEST_P(ChannelOrderTest, ALongChainOfDeadLettersEnds) {
  constexpr int length = 300;
  for (int i = 0; i < length; ++i)
    declare_ttl_0("q" + std::to_string(i), "q" + std::to_string((i + 1) % length));
  client_->publish("", "q0", "a");
  client_->settle();
  for (int i = 0; i < length; ++i) EXPECT_EQ(client_->message_count("q" + std::to_string(i)), 0U);
}

}  // namespace
}  // namespace lepus::amqp
