// Connections that are over and whose socket is left to the client for a while, refused logins, and
// heartbeats.
#include "net/amqp/connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/limits.h"
#include "tests/unit/net/amqp/connection_world.h"

namespace lepus::amqp {
namespace {

using core::nanos_per_s;
using test::Login;
using test::TestClient;

class ConnectionLingerTest : public test::ConnectionTest {};

INSTANTIATE_TEST_SUITE_P(Pieces, ConnectionLingerTest, ::testing::Values(0, 1, 3, 40));

TEST_P(ConnectionLingerTest, WhoGuessesPasswordsWaits) {
  Login wrong;
  wrong.password = "secret";
  std::vector<std::unique_ptr<TestClient>> clients;
  std::size_t told = 0;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(client(world_));
    clients.back()->start(wrong);
    const auto events = clients.back()->take_events();
    if (!events.empty() && events.back().method == MethodId::connection_close) ++told;
  }
  EXPECT_EQ(told, static_cast<std::size_t>(core::limits::login_failures_told_at_once));
  world_.advance(3 * nanos_per_s + core::nanos_per_ms);
  EXPECT_TRUE(clients.back()->expect_close(0).starts_with("403 ACCESS_REFUSED"));
  clients.back()->send(0, ConnectionCloseOk{});
  expect_silent_end(*clients.back());
}

TEST_P(ConnectionLingerTest, FewSocketsAreLeftToClients) {
  Login wrong;
  wrong.password = "secret";
  wrong.capabilities.clear();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < core::limits::lingering_max + 2; ++i) {
    clients.push_back(client(world_));
    clients.back()->start(wrong);
    world_.settle();
  }
  EXPECT_TRUE(clients[0]->link().closed);
  EXPECT_TRUE(clients[1]->link().closed);
  EXPECT_FALSE(clients[2]->link().closed);
  EXPECT_EQ(world_.server().active_count(), 0U);
}

TEST_P(ConnectionLingerTest, TheClientClosesTheSocketAfterCloseOk) {
  const auto one = opened();
  for (int i = 0; i < 32; ++i) one->send(0, ConnectionClose{200, "bye", 0, 0});
  for (int i = 0; i < 32; ++i) (void)one->expect<ConnectionCloseOk>(0);
  EXPECT_EQ(world_.server().active_count(), 0U);
  world_.advance(20 * nanos_per_s);
  EXPECT_FALSE(one->link().server_sent_fin);
  one->frame(FrameType::heartbeat, 0, {});
  one->send(1, ChannelOpen{});
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  (void)one->expect<ConnectionCloseOk>(0);
  world_.advance(10 * nanos_per_s + core::nanos_per_ms);
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionLingerTest, AShortHeartbeatIsAShortWaitForTheClientsEnd) {
  Login login;
  login.heartbeat = 4;
  const auto one = opened(login);
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  (void)one->expect<ConnectionCloseOk>(0);
  expect_end_after(*one, 4 * nanos_per_s);
}

TEST_P(ConnectionLingerTest, CloseOksThatNobodyReadsAreNotKept) {
  const auto one = opened();
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  (void)one->expect<ConnectionCloseOk>(0);
  one->link().window_closed = true;
  for (int i = 0; i < 10'000; ++i) one->send(0, ConnectionClose{200, "bye", 0, 0});
  world_.settle();
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionLingerTest, AStopDoesNotWaitForLingeringSockets) {
  const auto one = opened();
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  (void)one->expect<ConnectionCloseOk>(0);
  world_.stop();
  world_.settle();
  EXPECT_TRUE(one->link().closed);
}

TEST_P(ConnectionLingerTest, TheFirstHeartbeatComesAfterHalfTheInterval) {
  Login login;
  login.heartbeat = 10;
  const auto one = opened(login);
  const core::Nanos second = nanos_per_s;
  world_.advance(4 * second + 900 * core::nanos_per_ms);
  EXPECT_TRUE(one->quiet());
  EXPECT_EQ(one->heartbeat_count(), 0U);
  world_.advance(200 * core::nanos_per_ms);
  EXPECT_TRUE(one->quiet());
  EXPECT_EQ(one->heartbeat_count(), 1U);
}

TEST_P(ConnectionLingerTest, NoHalfIntervalIsSilent) {
  Login login;
  login.heartbeat = 10;
  const auto one = opened(login);
  world_.advance(3 * nanos_per_s);
  one->open_channel(2);
  world_.advance(2 * nanos_per_s + 100 * core::nanos_per_ms);
  EXPECT_TRUE(one->quiet());
  EXPECT_EQ(one->heartbeat_count(), 0U);  // Something else was said meanwhile.
  world_.advance(3 * nanos_per_s);
  EXPECT_TRUE(one->quiet());
  EXPECT_EQ(one->heartbeat_count(), 1U);
}

TEST_P(ConnectionLingerTest, HeartbeatsDoNotPileUpForAClientThatDoesNotRead) {
  Login login;
  login.heartbeat = 10;
  const auto one = opened(login);
  world_.settle();
  one->link().window_closed = true;
  for (int i = 0; i < 100; ++i) {
    world_.advance(5 * nanos_per_s);
    one->frame(FrameType::heartbeat, 0, {});
  }
  world_.settle();
  EXPECT_LE(one->link().unsent, 8U);
}

}  // namespace
}  // namespace lepus::amqp
