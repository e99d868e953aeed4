// A client that does not wait for answers: everything is sent in one piece, and the answers come in
// order, whatever could be asked for together.
#include "net/amqp/request_ahead.h"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;

class RequestAheadTest : public ChannelTest {
 protected:
  RequestAheadTest() { client_->link().piece_max = 100'000; }
  void declare_later(std::string_view queue, std::uint16_t channel = 1) {
    QueueDeclare how{};
    how.queue = queue;
    client_->send(channel, how);
  }
  void bind_later(std::string_view queue, std::string_view exchange, std::string_view key) {
    QueueBind how{};
    how.queue = queue;
    how.exchange = exchange;
    how.routing_key = key;
    client_->send(1, how);
  }
  std::string answers() {
    std::string all;
    for (const Event& event : client_->take_events())
      all += (all.empty() ? "" : " ") + std::string{method_name(event.method)};
    return all;
  }
};

INSTANTIATE_TEST_SUITE_P(Homes, RequestAheadTest, ::testing::Bool(), test::home_name);

TEST_P(RequestAheadTest, EachIsAnsweredInOrder) {
  declare("there");
  for (int i = 0; i < 20; ++i) {
    declare_later("q" + std::to_string(i));
    bind_later("", "amq.direct", "k" + std::to_string(i));
    declare_later("there");
  }
  client_->publish("amq.direct", "k7", "body");
  client_->send(1, BasicGet{"q7", true});
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "q" + std::to_string(i));
    (void)client_->expect<QueueBindOk>();
    EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "there");
  }
  EXPECT_EQ(client_->expect<BasicGetOk>().event.body, "body");
}

TEST_P(RequestAheadTest, AFailureComesInItsTurnAndEndsTheChannel) {
  declare_later("a");
  declare_later("b");
  bind_later("b", "missing", "k");
  declare_later("c");
  client_->send(1, ChannelOpen{});
  EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "a");
  EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "b");
  EXPECT_NE(client_->expect_close(1).find("no exchange 'missing'"), std::string::npos);
  QueueDeclare passive{};
  passive.queue = "c";
  passive.passive = true;
  owner_->send(1, passive);
  EXPECT_NE(owner_->expect_close(1).find("no queue 'c'"), std::string::npos);
}

TEST_P(RequestAheadTest, WhatIsAnsweredHereDoesNotOvertake) {
  declare_later("a");
  declare_later("amq.rabbitmq.reply-to");
  declare_later("b");
  QueueDeclare passive{};
  passive.passive = true;
  client_->send(1, passive);
  for (const char* name : {"a", "amq.rabbitmq.reply-to", "b", "b"})
    EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, name);
}

TEST_P(RequestAheadTest, AnotherChannelWaits) {
  client_->open_channel(2);
  declare_later("a");
  declare_later("b");
  declare_later("c", 2);
  declare_later("d");
  EXPECT_EQ(answers(), "queue.declare-ok queue.declare-ok queue.declare-ok queue.declare-ok");
}

TEST_P(RequestAheadTest, ABrokenMethodComesInItsTurn) {
  declare_later("a");
  const std::uint8_t broken[] = {0, 50, 0, 10, 0, 0, 200};
  client_->frame(FrameType::method, 1, broken);
  EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "a");
  EXPECT_NE(client_->expect_close(0), "");
}

TEST_P(RequestAheadTest, MoreThanTheLimitIsAnsweredToo) {
  constexpr std::size_t count = 2 * core::limits::requests_ahead_max + 10;
  for (std::size_t i = 0; i < count; ++i) declare_later("q" + std::to_string(i));
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(client_->expect<QueueDeclareOk>()->queue, "q" + std::to_string(i));
  client_->close();
}

}  // namespace
}  // namespace lepus::amqp
