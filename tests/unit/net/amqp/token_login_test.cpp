// Users who log in with a token: its scopes are their rights until it expires or is renewed.
#include <gtest/gtest.h>

#include "tests/unit/net/amqp/fake_auth.h"
#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp::test {
namespace {

using core::AuthBackend;
using core::AuthToken;

class TokenLoginTest : public ::testing::Test {
 protected:
  TokenLoginTest() {
    world_.settings.login.backends = {{AuthBackend::oauth2, AuthBackend::oauth2}};
  }
  /// Up to an open channel 1.
  std::unique_ptr<TestClient> opened(AuthToken token) {
    auto client = std::make_unique<TestClient>(world_);
    Login login;
    login.user = "";
    login.password = "the token";
    client->start(login);
    world_.settle();
    EXPECT_EQ(auth_.next(), "user  the token");
    EXPECT_EQ(auth_.questions.front().backend, AuthBackend::oauth2);
    auth_.allow(std::move(token));
    (void)client->expect<ConnectionTune>(0);
    client->send(0, ConnectionTuneOk{2047, 131'072, 0});
    client->send(0, ConnectionOpen{"/"});
    (void)client->expect<ConnectionOpenOk>(0);
    client->open_channel();
    return client;
  }
  void update_secret(TestClient& client, std::string_view secret) {
    client.send(0, ConnectionUpdateSecret{secret, "renewed"});
    world_.settle();
    EXPECT_EQ(auth_.next(), "user ann " + std::string{secret});
  }
  std::int64_t now_s() { return world_.server().services().now() / core::nanos_per_s; }

  FakeAuth auth_;
  BrokerWorld world_{{.auth = &auth_}};
};

TEST_F(TokenLoginTest, ScopesSayWhatIsAllowedAndNobodyIsAskedForIt) {
  const auto client = opened({"ann", {"configure:*/mine", "write:*/amq.default", "read:*/mine"}});
  client->declare("mine");
  client->publish("", "mine", "one");
  EXPECT_EQ(client->message_count("mine"), 1U);
  EXPECT_TRUE(auth_.questions.empty());
  QueueDeclare other{};
  other.queue = "other";
  client->send(1, other);
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - configure access to queue 'other' in vhost '/' refused for user "
            "'ann' (50,10)");
}

TEST_F(TokenLoginTest, ATokenWithoutScopesOpensNoVhost) {
  TestClient client{world_};
  client.start();
  world_.settle();
  auth_.allow(AuthToken{"ann", {"tag:administrator"}});
  (void)client.expect<ConnectionTune>(0);
  client.send(0, ConnectionTuneOk{2047, 131'072, 0});
  client.send(0, ConnectionOpen{"/"});
  EXPECT_EQ(client.expect_close(0),
            "530 NOT_ALLOWED - access to vhost '/' refused for user 'ann' (10,40)");
}

/// As in RabbitMQ: only what needs a right is refused, and a new token mends it.
TEST_F(TokenLoginTest, AnExpiredTokenGivesNoRights) {
  const std::int64_t end = now_s() + 10;
  const auto client = opened({"ann", {"configure:*/*", "write:*/*"}, end});
  client->declare("mine");
  world_.advance(9 * core::nanos_per_s);
  client->declare("mine");
  world_.advance(2 * core::nanos_per_s);
  EXPECT_TRUE(client->quiet()) << "nothing is asked for";
  QueueDeclare other{};
  other.queue = "other";
  client->send(1, other);
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - configure access to queue 'other' in vhost '/' refused for user "
            "'ann', backend rabbit_auth_backend_oauth2 returned an error: \"Provided JWT token has "
            "expired at timestamp " +
                std::to_string(end) + " (validated at " + std::to_string(end + 1) + ")\" (50,10)");
  update_secret(*client, "another");
  auth_.allow(AuthToken{"ann", {"configure:*/*"}, now_s() + 100});
  (void)client->expect<ConnectionUpdateSecretOk>(0);
  client->open_channel();
  client->declare("other");
}

TEST_F(TokenLoginTest, AnExpiredTokenRefusesWhatWasPublishedBefore) {
  const auto client = opened({"ann", {"configure:*/*", "write:*/*"}, now_s() + 10});
  client->declare("mine");
  client->publish("", "mine", "one");
  EXPECT_EQ(client->message_count("mine"), 1U);
  world_.advance(11 * core::nanos_per_s);
  client->publish("", "mine", "two");
  EXPECT_TRUE(client->expect_close(1).starts_with(
      "403 ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused"));
}

TEST_F(TokenLoginTest, AnotherTokenIsAnotherEndAndOtherScopes) {
  const auto client = opened({"ann", {"read:*/*"}, now_s() + 10});
  update_secret(*client, "another");
  EXPECT_TRUE(client->quiet()) << "it is not known yet whether it is good";
  auth_.allow(AuthToken{"ann", {"configure:*/*"}, now_s() + 100});
  (void)client->expect<ConnectionUpdateSecretOk>(0);
  world_.advance(50 * core::nanos_per_s);
  client->declare("q");
}

TEST_F(TokenLoginTest, ATokenThatIsRefusedEndsTheConnection) {
  const auto client = opened({"ann", {"read:*/*"}});
  update_secret(*client, "bad");
  auth_.refuse();
  EXPECT_EQ(client->expect_close(0),
            "530 NOT_ALLOWED - New secret was refused by one of the backends (10,70)");
}

TEST_F(TokenLoginTest, ATokenOfSomebodyElseIsRefused) {
  const auto client = opened({"ann", {"read:*/*"}});
  update_secret(*client, "of bob");
  auth_.allow(AuthToken{"bob", {"read:*/*"}});
  EXPECT_TRUE(client->expect_close(0).starts_with("530"));
}

TEST_F(TokenLoginTest, TheNextBackendSeesTheNameThatTheClientGave) {
  world_.settings.login.backends = {{AuthBackend::oauth2, AuthBackend::internal}, {}};
  TestClient client{world_};
  client.start();
  world_.settle();
  auth_.allow(AuthToken{"stranger", {}});
  (void)client.expect<ConnectionTune>(0);
  client.send(0, ConnectionTuneOk{2047, 131'072, 0});
  client.send(0, ConnectionOpen{"/"});
  (void)client.expect<ConnectionOpenOk>(0);
}

TEST_F(TokenLoginTest, WhoHasAPasswordMayChangeHisSecret) {
  world_.settings.login.backends = {{}};
  TestClient client{world_};
  client.open();
  client.send(0, ConnectionUpdateSecret{"new", ""});
  (void)client.expect<ConnectionUpdateSecretOk>(0);
  EXPECT_TRUE(auth_.questions.empty());
}

}  // namespace
}  // namespace lepus::amqp::test
