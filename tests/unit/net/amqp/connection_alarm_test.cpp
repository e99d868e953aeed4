// Input that is held: while an alarm blocks publishers, and while an answer is awaited; also when
// the connection ends meanwhile.
#include "net/amqp/connection.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/unit/net/amqp/connection_world.h"

namespace lepus::amqp {
namespace {

using test::Login;
namespace limits = core::limits;

class ConnectionAlarmTest : public test::ConnectionTest {};

INSTANTIATE_TEST_SUITE_P(Pieces, ConnectionAlarmTest, ::testing::Values(0, 1, 3, 40));

// --- Alarms

TEST_P(ConnectionAlarmTest, AnAlarmBlocksPublishersOnly) {
  const auto publisher = opened();
  const auto consumer = opened();
  publisher->declare("q");
  publisher->publish("", "q", "before");
  publisher->settle();
  world_.broadcast(core::Alarm{true});
  EXPECT_TRUE(publisher->quiet());  // Told only when it publishes.
  publisher->publish("", "q", "held");
  EXPECT_EQ(publisher->expect<ConnectionBlocked>(0)->reason, "low on memory");
  publisher->publish("", "q", "held too");
  EXPECT_TRUE(publisher->quiet());
  consumer->consume("q", "tag");
  EXPECT_EQ(consumer->expect<BasicDeliver>().event.body, "before");
  EXPECT_TRUE(consumer->quiet());
  world_.broadcast(core::Alarm{false});
  (void)publisher->expect<ConnectionUnblocked>(0);
  EXPECT_EQ(consumer->expect<BasicDeliver>().event.body, "held");
  EXPECT_EQ(consumer->expect<BasicDeliver>().event.body, "held too");
  EXPECT_TRUE(publisher->quiet());
}

TEST_P(ConnectionAlarmTest, ABodyUnderWayWaitsForTheEndOfAnAlarm) {
  const auto publisher = opened();
  if (GetParam() > 0) publisher->link().piece_max = 5'000;
  publisher->declare("q");
  const std::string body(800'000, 'b');
  publisher->send(1, BasicPublish{"", "q", false, false});
  publisher->content_header(1, body.size(), test::TestClient::no_properties);
  const auto send_part = [&](std::size_t first, std::size_t last) {
    for (std::size_t at = first; at < last; at += 100'000)
      publisher->frame(FrameType::body, 1, core::as_bytes(body.substr(at, 100'000)));
  };
  send_part(0, 200'000);
  EXPECT_TRUE(publisher->quiet());
  const std::uint64_t before = world_.broker().memory().message_bytes;
  world_.broadcast(core::Alarm{true});
  world_.settle();
  send_part(200'000, 800'000);
  (void)publisher->expect<ConnectionBlocked>(0);
  EXPECT_TRUE(publisher->link().reading_paused);
  EXPECT_LE(world_.broker().memory().message_bytes, before + 2 * limits::body_chunk_size);
  world_.broadcast(core::Alarm{false});
  (void)publisher->expect<ConnectionUnblocked>(0);
  EXPECT_FALSE(publisher->link().reading_paused);
  EXPECT_EQ(publisher->message_count("q"), 1U);
  publisher->consume("q", "tag");
  EXPECT_EQ(publisher->expect<BasicDeliver>().event.body, body);
}

TEST_P(ConnectionAlarmTest, WhoHoldsUnfinishedBodiesInAMemoryAlarmIsClosedInTheEnd) {
  const auto small = opened();
  const auto large = opened();
  for (const auto& [client, size] : {std::pair{small.get(), std::size_t{50'000}},
                                     std::pair{large.get(), 2 * limits::content_stop_bytes}}) {
    if (GetParam() > 0) client->link().piece_max = 20'000;
    client->send(1, BasicPublish{"", "q", false, false});
    client->content_header(1, 2 * size, test::TestClient::no_properties);
    const std::string part(50'000, 'b');
    for (std::size_t at = 0; at < size; at += part.size())
      client->frame(FrameType::body, 1, core::as_bytes(part));
  }
  world_.settle();
  world_.broadcast(core::Alarm{.memory = true});
  world_.settle();
  for (test::TestClient* client : {small.get(), large.get()}) {
    client->frame(FrameType::body, 1, core::as_bytes("more"));
    (void)client->expect<ConnectionBlocked>(0);
  }
  world_.advance(limits::content_stop_wait - core::nanos_per_s);
  EXPECT_TRUE(large->quiet());
  world_.advance(2 * core::nanos_per_s);
  EXPECT_TRUE(large->expect_close(0).starts_with("506 RESOURCE_ERROR"));
  EXPECT_TRUE(small->quiet());
  EXPECT_LE(world_.broker().memory().message_bytes, 100'000U);
}

TEST_P(ConnectionAlarmTest, AndWhoHoldsATransaction) {
  const auto client = opened();
  if (GetParam() > 0) client->link().piece_max = 20'000;
  client->declare("q");
  client->send(1, TxSelect{});
  (void)client->expect<TxSelectOk>();
  const std::string body(100'000, 'b');
  for (std::size_t size = 0; size <= limits::content_stop_bytes; size += body.size())
    client->publish("", "q", body);
  EXPECT_TRUE(client->quiet());
  world_.broadcast(core::Alarm{.memory = true});
  world_.settle();
  client->publish("", "q", "one more");
  (void)client->expect<ConnectionBlocked>(0);
  world_.advance(limits::content_stop_wait + core::nanos_per_s);
  EXPECT_TRUE(client->expect_close(0).starts_with("506 RESOURCE_ERROR"));
  EXPECT_EQ(world_.broker().memory().message_bytes, 0U);
}

TEST_P(ConnectionAlarmTest, WhatIsShortIsNamedAndTheLastOneCounts) {
  const auto publisher = opened();
  const auto other = opened();
  publisher->declare("q");
  world_.broadcast(core::Alarm{.disk = true});
  world_.settle();
  publisher->publish("", "q", "held");
  EXPECT_EQ(publisher->expect<ConnectionBlocked>(0)->reason, "low on disk");
  world_.broadcast(core::Alarm{.memory = true, .disk = true});
  EXPECT_TRUE(publisher->quiet());
  other->publish("", "q", "held");
  EXPECT_EQ(other->expect<ConnectionBlocked>(0)->reason, "low on memory & disk");
  world_.broadcast(core::Alarm{.memory = true});
  EXPECT_TRUE(publisher->quiet());
  world_.broadcast(core::Alarm{});
  (void)publisher->expect<ConnectionUnblocked>(0);
  (void)other->expect<ConnectionUnblocked>(0);
  EXPECT_EQ(publisher->message_count("q"), 2U);
}

TEST_P(ConnectionAlarmTest, AnAlarmIsNotToldToWhoCannotHear) {
  Login deaf;
  deaf.capabilities.clear();
  const auto publisher = opened(deaf);
  publisher->declare("q");
  world_.broadcast(core::Alarm{true});
  world_.settle();
  publisher->publish("", "q", "held");
  EXPECT_TRUE(publisher->quiet());
  world_.broadcast(core::Alarm{false});
  EXPECT_TRUE(publisher->quiet());
  EXPECT_EQ(publisher->message_count("q"), 1U);
}

TEST_P(ConnectionAlarmTest, ABlockedPublisherFillsOnlyItsShareOfMemory) {
  const auto publisher = opened();
  publisher->declare("q");
  world_.broadcast(core::Alarm{true});
  world_.settle();
  const std::string body(1'000, 'b');
  constexpr std::size_t count = 600;
  if (GetParam() > 0) publisher->link().piece_max = 5'000;  // More than is kept, but quickly.
  for (std::size_t i = 0; i < count; ++i) publisher->publish("", "q", body);
  (void)publisher->expect<ConnectionBlocked>(0);
  EXPECT_TRUE(publisher->link().reading_paused);
  EXPECT_EQ(publisher->link().to_server.empty(), GetParam() == 0);
  world_.broadcast(core::Alarm{false});
  (void)publisher->expect<ConnectionUnblocked>(0);
  EXPECT_FALSE(publisher->link().reading_paused);
  EXPECT_EQ(publisher->message_count("q"), count);
}

/// Held frames are there in full when the connection is told to go, and the client goes on talking.
TEST_P(ConnectionAlarmTest, ABlockedClientThatIsGoneIsNoticedAtOnce) {
  const auto other = opened();
  for (const bool reset : {true, false}) {
    const auto publisher = opened();
    QueueDeclare how{};
    how.exclusive = true;
    const std::string mine = reset ? "mine" : "mine too";
    publisher->declare(mine, how);
    world_.broadcast(core::Alarm{true});
    world_.settle();
    if (GetParam() > 0) publisher->link().piece_max = 5'000;
    for (int i = 0; i < 500; ++i) publisher->publish("", "q", std::string(1'000, 'b'));
    (void)publisher->expect<ConnectionBlocked>(0);
    EXPECT_TRUE(publisher->link().reading_paused);
    (reset ? publisher->link().reset : publisher->link().half_closed) = true;
    world_.settle();
    EXPECT_EQ(world_.server().connection_count(), 1U);
    EXPECT_TRUE(publisher->link().closed);
    world_.broadcast(core::Alarm{false});
    other->declare(mine);
  }
}

TEST_P(ConnectionAlarmTest, WhatAClientSentBeforeItWentIsReadAfterAnAnswer) {
  const auto one = opened();
  if (GetParam() > 0) one->link().piece_max = 5'000;
  world_.control_sleeps = true;
  QueueDeclare how{};
  how.queue = "q2";
  one->send(1, how);
  one->publish("", "q2", "first");
  one->publish("", "q2", std::string(core::limits::held_input_max, 'x'));
  one->link().half_closed = true;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 1U);
  world_.control_sleeps = false;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
  const auto two = opened();
  EXPECT_EQ(two->message_count("q2"), 2U);
}

TEST_P(ConnectionAlarmTest, ButNotForEver) {
  const auto one = opened();
  world_.control_sleeps = true;
  one->send(1, QueueDeclare{"q2"});
  one->publish("", "q2", "held");
  one->link().half_closed = true;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 1U);
  world_.advance(5 * core::nanos_per_s + core::nanos_per_ms);
  EXPECT_TRUE(one->link().closed);
  world_.control_sleeps = false;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
}

TEST_P(ConnectionAlarmTest, StopWhileBlocked) {
  const auto publisher = opened();
  publisher->declare("q");
  world_.broadcast(core::Alarm{true});
  world_.settle();
  if (GetParam() > 0) publisher->link().piece_max = 5'000;
  for (int i = 0; i < 500; ++i) publisher->publish("", "q", std::string(1'000, 'b'));
  (void)publisher->expect<ConnectionBlocked>(0);
  publisher->publish("", "q", "more");
  world_.stop();
  publisher->publish("", "q", "and more");
  EXPECT_TRUE(publisher->expect_close(0).starts_with("320"));
  publisher->send(0, ConnectionCloseOk{});
  EXPECT_TRUE(publisher->quiet());
  EXPECT_TRUE(publisher->link().server_sent_fin);
}

TEST_P(ConnectionAlarmTest, StopWhileAnAnswerIsAwaited) {
  const auto one = opened();
  world_.control_sleeps = true;
  one->send(1, QueueDeclare{"q"});
  one->publish("", "q", "held");
  world_.settle();
  world_.stop();
  one->publish("", "q", "later");
  EXPECT_TRUE(one->expect_close(0).starts_with("320"));
  world_.control_sleeps = false;
  one->send(0, ConnectionCloseOk{});
  EXPECT_TRUE(one->quiet());
  EXPECT_TRUE(one->link().server_sent_fin);
}

TEST_P(ConnectionAlarmTest, TheClientLeavesWhileAnAnswerIsAwaited) {
  for (const bool reset : {true, false}) {
    const auto one = opened();
    world_.control_sleeps = true;
    one->send(1, QueueDeclare{"q"});
    one->publish("", "q", "held");
    world_.settle();
    (reset ? one->link().reset : one->link().half_closed) = true;
    world_.settle();
    world_.control_sleeps = false;
    world_.settle();
    EXPECT_EQ(world_.server().connection_count(), 0U);
  }
}

}  // namespace
}  // namespace lepus::amqp
