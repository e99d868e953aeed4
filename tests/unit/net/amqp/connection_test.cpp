// Connections through a whole broker without sockets: the handshake, the ways to end, heartbeats.
#include "net/amqp/connection.h"

#include <gtest/gtest.h>

#include "tests/unit/net/amqp/connection_world.h"

namespace lepus::amqp {
namespace {

using core::nanos_per_s;
using test::ConnectionTest;
using test::Login;
using test::TestClient;
using namespace std::string_view_literals;

constexpr std::string_view amqp_header = "AMQP\0\0\x09\x01"sv;

INSTANTIATE_TEST_SUITE_P(Pieces, ConnectionTest, ::testing::Values(0, 1, 3, 40));

// --- Handshake

TEST_P(ConnectionTest, Handshake) {
  const auto one = client(world_);
  one->raw(amqp_header);
  const auto start = one->expect<ConnectionStart>(0);
  EXPECT_EQ(start->version_major, 0);
  EXPECT_EQ(start->version_minor, 9);
  EXPECT_NE(start->mechanisms.find("PLAIN"), std::string_view::npos);
  const core::FieldTable properties{start->server_properties};
  EXPECT_EQ(properties.find("product")->text(), "RabbitMQ");
  EXPECT_TRUE(properties.find("capabilities")->table().find("publisher_confirms")->as_bool());
  one->send(0, ConnectionStartOk{{}, "PLAIN", "\0guest\0guest"sv, "en_US"});
  const auto tune = one->expect<ConnectionTune>(0);
  EXPECT_EQ(tune->channel_max, world_.settings.channel_max);
  EXPECT_EQ(tune->frame_max, world_.settings.frame_max);
  EXPECT_EQ(tune->heartbeat, world_.settings.heartbeat_s);
  one->send(0, ConnectionTuneOk{10, 8192, 0});
  one->send(0, ConnectionOpen{"/"});
  (void)one->expect<ConnectionOpenOk>(0);
  one->open_channel(10);
  one->close();
}

TEST_P(ConnectionTest, PipelinedHandshake) {
  const auto one = client(world_);
  one->raw(amqp_header);
  one->send(0, ConnectionStartOk{{}, "PLAIN", "\0guest\0guest"sv, "en_US"});
  one->send(0, ConnectionTuneOk{10, 8192, 0});
  one->send(0, ConnectionOpen{"/"});
  one->send(1, ChannelOpen{});
  (void)one->expect<ConnectionStart>(0);
  (void)one->expect<ConnectionTune>(0);
  (void)one->expect<ConnectionOpenOk>(0);
  (void)one->expect<ChannelOpenOk>(1);
  EXPECT_TRUE(one->quiet());
}

TEST_P(ConnectionTest, AmqPlain) {
  core::FieldTableWriter table;
  table.text("LOGIN", "guest");
  table.text("PASSWORD", "guest");
  const std::string response = table.take();
  const auto one = client(world_);
  one->raw(amqp_header);
  (void)one->expect<ConnectionStart>(0);
  one->send(0, ConnectionStartOk{{}, "AMQPLAIN", response, "en_US"});
  (void)one->expect<ConnectionTune>(0);
}

TEST_P(ConnectionTest, OnlyWhatIsOfferedIsAMechanism) {
  world_.settings.mechanisms = {"PLAIN"};
  const auto one = client(world_);
  one->raw(amqp_header);
  EXPECT_EQ(one->expect<ConnectionStart>(0)->mechanisms, "PLAIN");
  one->send(0, ConnectionStartOk{{}, "AMQPLAIN", {}, "en_US"});
  EXPECT_TRUE(one->quiet());
}

TEST_P(ConnectionTest, AnotherProtocolGetsOurHeader) {
  const auto one = client(world_);
  one->raw("HTTP/1.1 200 OK\r\n");
  world_.settle();
  EXPECT_EQ(core::as_text(one->link().from_server), amqp_header);
  EXPECT_TRUE(one->link().server_sent_fin);
}

TEST_P(ConnectionTest, AWrongPasswordIsToldToWhoCanHearIt) {
  Login wrong;
  wrong.password = "secret";
  const auto one = client(world_);
  one->start(wrong);
  EXPECT_EQ(one->expect_close(0),
            "403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For "
            "details see the broker logfile. (0,0)");
  one->send(0, ConnectionCloseOk{});
  expect_silent_end(*one);

  wrong.capabilities.clear();
  const auto deaf = client(world_);
  deaf->start(wrong);
  EXPECT_TRUE(deaf->quiet());
  expect_end_after(*deaf, 3 * nanos_per_s);
}

TEST_P(ConnectionTest, AUserWithAHashLogsInWithHisPassword) {
  world_.change(core::AddUser{{"shop",
                               "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h",
                               "rabbit_password_hashing_sha256",
                               {},
                               {}}});
  world_.grant({"shop", "/", "", "", ""});
  world_.settle();
  Login login;
  login.user = "shop";
  login.password = "s3cret";
  (void)opened(login);
  for (const char* wrong : {"", "s3cre", "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h"}) {
    login.password = wrong;
    const auto one = client(world_);
    one->start(login);
    EXPECT_TRUE(one->expect_close(0).starts_with("403 ACCESS_REFUSED - Login was refused"));
  }
}

TEST_P(ConnectionTest, UnknownUserMechanismAndMalformedResponse) {
  Login nobody;
  nobody.user = "nobody";
  const auto one = client(world_);
  one->start(nobody);
  EXPECT_TRUE(one->expect_close(0).starts_with("403 ACCESS_REFUSED - Login was refused"));
  Login external;
  external.mechanism = "EXTERNAL";
  const auto two = client(world_);
  two->start(external);
  (void)two->take_events();
  expect_end_after(*two, 3 * nanos_per_s);
  const auto three = client(world_);
  three->raw(amqp_header);
  (void)three->expect<ConnectionStart>(0);
  three->send(0, ConnectionStartOk{{}, "PLAIN", "guest"sv, "en_US"});
  (void)three->take_events();
  expect_end_after(*three, 3 * nanos_per_s);
}

TEST_P(ConnectionTest, TuneOkBeyondTheOffer) {
  const auto tune = [this](ConnectionTuneOk tune_ok) {
    const auto one = client(world_);
    one->start();
    (void)one->expect<ConnectionTune>(0);
    one->send(0, tune_ok);
    return one->expect_close(0);
  };
  EXPECT_EQ(tune({10, 131'073, 0}),
            "530 NOT_ALLOWED - negotiated frame_max = 131073 is higher than the maximum allowed "
            "value (131072) (10,31)");
  EXPECT_EQ(tune({10, 4095, 0}),
            "530 NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value "
            "(4096) (10,31)");
  EXPECT_EQ(tune({2048, 4096, 0}),
            "530 NOT_ALLOWED - negotiated channel_max = 2048 is higher than the maximum allowed "
            "value (2047) (10,31)");
}

TEST_P(ConnectionTest, AnUnknownVhost) {
  const auto one = client(world_);
  one->start();
  (void)one->expect<ConnectionTune>(0);
  one->send(0, ConnectionTuneOk{10, 4096, 0});
  one->send(0, ConnectionOpen{"nowhere"});
  EXPECT_EQ(one->expect_close(0), "530 NOT_ALLOWED - vhost nowhere not found (10,40)");
}

TEST_P(ConnectionTest, AHandshakeTakesTooLong) {
  const auto silent = client(world_);
  const auto slow = client(world_);
  slow->start();
  const auto done = opened();
  world_.advance(11 * nanos_per_s);
  EXPECT_TRUE(silent->link().closed);
  EXPECT_TRUE(slow->link().closed);
  EXPECT_FALSE(done->link().closed);
}

TEST_P(ConnectionTest, TheLimitOfConnections) {
  world_.settings.connections_max = 2;
  const auto one = opened();
  const auto two = opened();
  const auto three = client(world_);
  three->raw(amqp_header);
  world_.settle();
  EXPECT_TRUE(three->link().server_sent_fin);
  three->link().half_closed = true;
  two->link().reset = true;
  world_.settle();
  const auto four = opened();
  four->close();
}

// --- Errors of the connection

TEST_P(ConnectionTest, AChannelThatIsNotOpen) {
  const auto one = opened();
  one->send(5, BasicAck{1, false});
  EXPECT_EQ(one->expect_close(0), "504 CHANNEL_ERROR - expected 'channel.open' (60,80)");
  one->send(0, ConnectionCloseOk{});
  expect_silent_end(*one);
}

TEST_P(ConnectionTest, AChannelOpenedTwice) {
  const auto one = opened();
  one->send(1, ChannelOpen{});
  EXPECT_EQ(one->expect_close(0), "504 CHANNEL_ERROR - second 'channel.open' seen (20,10)");
}

TEST_P(ConnectionTest, TooManyChannels) {
  Login few;
  few.channel_max = 2;
  const auto one = opened(few);
  one->open_channel(9);
  one->send(3, ChannelOpen{});
  EXPECT_EQ(one->expect_close(0),
            "530 NOT_ALLOWED - number of channels opened (2) has reached the negotiated "
            "channel_max (2) (0,0)");
}

TEST_P(ConnectionTest, ABrokenFrame) {
  const auto one = opened();
  one->raw("\x01\x00\x01\x00\x00\x00\x04\x00\x14\x00\x0a\x00"sv);
  EXPECT_TRUE(one->expect_close(0).starts_with("501 FRAME_ERROR"));
  one->raw("garbage that is not read any more");
  EXPECT_TRUE(one->quiet());
  world_.advance(5 * nanos_per_s + core::nanos_per_ms);
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionTest, FramesAfterAnErrorAreIgnored) {
  const auto one = opened();
  one->send(5, BasicAck{1, false});
  one->send(1, QueueDeclare{"q"});
  one->send(0, ConnectionCloseOk{});
  one->send(1, QueueDeclare{"q"});
  EXPECT_TRUE(one->expect_close(0).starts_with("504"));
  expect_silent_end(*one);
  EXPECT_EQ(world_.topology().queue_count(), 0U);
}

TEST_P(ConnectionTest, BothCloseAtOnce) {
  const auto one = opened();
  one->send(5, BasicAck{1, false});
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  EXPECT_TRUE(one->expect_close(0).starts_with("504"));
  (void)one->expect<ConnectionCloseOk>(0);
  one->send(0, ConnectionCloseOk{});
  expect_silent_end(*one);
}

// --- Ends

TEST_P(ConnectionTest, CloseTakesExclusiveQueuesAlong) {
  const auto one = opened();
  QueueDeclare mine;
  mine.exclusive = true;
  one->declare("mine", mine);
  one->declare("ours");
  EXPECT_EQ(world_.topology().queue_count(), 2U);
  one->close();
  EXPECT_EQ(world_.topology().queue_count(), 1U);
}

TEST_P(ConnectionTest, AResetTakesExclusiveQueuesAlong) {
  const auto one = opened();
  QueueDeclare mine;
  mine.exclusive = true;
  one->declare("mine", mine);
  one->link().reset = true;
  world_.settle();
  EXPECT_EQ(world_.topology().queue_count(), 0U);
  EXPECT_EQ(world_.server().connection_count(), 0U);
}

/// connection.close and the end of the stream arrive before the control thread has answered.
TEST_P(ConnectionTest, TheClientLeavesWhileItsQueuesGo) {
  const auto one = opened();
  QueueDeclare mine;
  mine.exclusive = true;
  one->declare("mine", mine);
  world_.control_sleeps = true;
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  world_.settle();
  one->link().half_closed = true;
  world_.settle();
  world_.control_sleeps = false;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
  EXPECT_EQ(world_.topology().queue_count(), 0U);
}

TEST_P(ConnectionTest, TheBrokerStopsWhileQueuesGo) {
  const auto one = opened();
  QueueDeclare mine;
  mine.exclusive = true;
  one->declare("mine", mine);
  world_.control_sleeps = true;
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  world_.settle();
  world_.stop();
  world_.settle();
  world_.control_sleeps = false;
  world_.settle();
  one->link().reset = true;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
}

TEST_P(ConnectionTest, StopIs320) {
  const auto one = opened();
  const auto halfway = client(world_);
  halfway->start();
  world_.settle();
  world_.stop();
  EXPECT_EQ(
      one->expect_close(0),
      "320 CONNECTION_FORCED - broker forced connection closure with reason 'shutdown' (0,0)");
  one->send(0, ConnectionCloseOk{});
  expect_silent_end(*one);
  EXPECT_TRUE(halfway->link().server_sent_fin);
  const auto late = client(world_);
  late->raw(amqp_header);
  expect_silent_end(*late);
}

TEST_P(ConnectionTest, CloseOkThatNeverComes) {
  const auto one = opened();
  world_.stop();
  (void)one->expect<ConnectionClose>(0);
  EXPECT_FALSE(one->link().server_sent_fin);
  world_.advance(5 * nanos_per_s + core::nanos_per_ms);
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionTest, AHalfCloseEndsIt) {
  const auto one = opened();
  one->link().half_closed = true;
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
}

// --- Time

TEST_P(ConnectionTest, HeartbeatsBothWays) {
  Login login;
  login.heartbeat = 10;
  const auto one = opened(login);
  for (int i = 0; i < 12; ++i) {
    world_.advance(5 * nanos_per_s);
    one->frame(FrameType::heartbeat, 0, {});
  }
  EXPECT_TRUE(one->quiet());
  EXPECT_GE(one->heartbeat_count(), 5U);
  EXPECT_FALSE(one->link().closed);
  // Without a word, after three intervals: the peer is not there.
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(one->link().closed);
    world_.advance(5 * nanos_per_s);
  }
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionTest, NoHeartbeatWasAgreed) {
  const auto one = opened();
  for (int i = 0; i < 20; ++i) world_.advance(60 * nanos_per_s);
  EXPECT_TRUE(one->quiet());
  EXPECT_EQ(one->heartbeat_count(), 0U);
  one->close();
}

// --- The rest

TEST_P(ConnectionTest, UpdateSecret) {
  const auto one = opened();
  one->send(0, ConnectionUpdateSecret{"new", "why"});
  (void)one->expect<ConnectionUpdateSecretOk>(0);
}

TEST_P(ConnectionTest, GeneratedNamesDiffer) {
  const auto one = opened();
  const std::string first = one->declare("");
  const std::string second = one->declare("");
  EXPECT_TRUE(first.starts_with("amq.gen-"));
  EXPECT_EQ(first.size(), 8U + 22U);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace lepus::amqp
