// Users whom a service outside of the broker knows: what it is asked, when, and what comes of its
// answers, of late ones, and of none.
#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"
#include "tests/unit/net/amqp/fake_auth.h"
#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp::test {
namespace {

using core::AuthBackend;

class RemoteLoginTest : public ::testing::Test {
 protected:
  RemoteLoginTest() { world_.settings.login.backends = {{AuthBackend::http, AuthBackend::http}}; }
  static Login ann() {
    Login made;
    made.user = "ann";
    made.password = "pass";
    return made;
  }
  std::string asked() {
    world_.settle();
    return auth_.next();
  }
  void allow(const std::string& question, std::vector<std::string> tags = {}) {
    ASSERT_EQ(asked(), question);
    auth_.allow(std::move(tags));
  }
  /// Up to an open channel 1.
  std::unique_ptr<TestClient> opened(std::vector<std::string> tags = {}) {
    auto client = std::make_unique<TestClient>(world_);
    client->start(ann());
    allow("user ann pass", std::move(tags));
    (void)client->expect<ConnectionTune>(0);
    client->send(0, ConnectionTuneOk{2047, 131'072, 0});
    client->send(0, ConnectionOpen{"/"});
    allow("vhost ann /");
    (void)client->expect<ConnectionOpenOk>(0);
    client->open_channel();
    return client;
  }
  /// As the operator's guest, of the internal backend.
  void declare(std::string_view queue) {
    const auto backends = std::exchange(world_.settings.login.backends, {{}});
    TestClient guest{world_};
    guest.open();
    guest.declare(queue);
    guest.close();
    world_.settings.login.backends = backends;
  }

  FakeAuth auth_;
  BrokerWorld world_{{.auth = &auth_}};
};

TEST_F(RemoteLoginTest, EachStepWaitsForItsAnswer) {
  TestClient client{world_};
  client.start(ann());
  EXPECT_TRUE(client.quiet());
  EXPECT_EQ(asked(), "user ann pass");
  auth_.allow();
  (void)client.expect<ConnectionTune>(0);
  client.send(0, ConnectionTuneOk{2047, 131'072, 0});
  client.send(0, ConnectionOpen{"/"});
  client.send(1, ChannelOpen{});  // Sent ahead.
  EXPECT_TRUE(client.quiet());
  EXPECT_EQ(asked(), "vhost ann /");
  auth_.allow();
  (void)client.expect<ConnectionOpenOk>(0);
  (void)client.expect<ChannelOpenOk>(1);
}

TEST_F(RemoteLoginTest, ARefusalIsToldAsThatOfAWrongPassword) {
  for (const auto kind : {core::AuthAnswer::Kind::refused, core::AuthAnswer::Kind::failed}) {
    TestClient client{world_};
    client.start(ann());
    world_.settle();
    auth_.answer(kind);
    EXPECT_EQ(client.expect_close(0),
              "403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For "
              "details see the broker logfile. (0,0)");
  }
}

TEST_F(RemoteLoginTest, NobodyLogsInWhenNobodyCanBeAsked) {
  auth_.is_full = true;
  TestClient client{world_};
  client.start(ann());
  EXPECT_TRUE(client.expect_close(0).starts_with("403 ACCESS_REFUSED"));
}

TEST_F(RemoteLoginTest, ALateAnswerIsForNobody) {
  TestClient client{world_};
  client.start(ann());
  EXPECT_EQ(asked(), "user ann pass");
  client.link().reset = true;
  world_.settle();
  auth_.allow();
  world_.settle();
  EXPECT_EQ(world_.server().connection_count(), 0U);
}

TEST_F(RemoteLoginTest, TheHandshakeDoesNotWaitForEver) {
  TestClient client{world_};
  client.start(ann());
  EXPECT_EQ(asked(), "user ann pass");
  world_.advance(world_.settings.handshake_timeout + core::nanos_per_s);
  EXPECT_TRUE(client.link().closed);
  auth_.allow();
}

TEST_F(RemoteLoginTest, BackendsAreTriedInOrder) {
  world_.settings.login.backends = {{}, {AuthBackend::http, AuthBackend::http}};
  TestClient guest{world_};
  guest.open();
  EXPECT_EQ(asked(), "") << "the internal one knows guest";
  TestClient client{world_};
  client.start(ann());
  allow("user ann pass");
  (void)client.expect<ConnectionTune>(0);
}

TEST_F(RemoteLoginTest, WhoLetsInAndWhoSaysWhatIsAllowedMayDiffer) {
  world_.settings.login.backends = {{AuthBackend::http, AuthBackend::internal}};
  TestClient client{world_};
  Login login = ann();
  login.user = "guest";
  client.start(login);
  allow("user guest pass");
  (void)client.expect<ConnectionTune>(0);
  client.send(0, ConnectionTuneOk{2047, 131'072, 0});
  client.send(0, ConnectionOpen{"/"});
  (void)client.expect<ConnectionOpenOk>(0);
  EXPECT_EQ(asked(), "") << "permissions are the internal backend's";
  TestClient other{world_};
  other.start(ann());
  allow("user ann pass");
  EXPECT_TRUE(other.expect_close(0).starts_with("403")) << "who is not known there";
}

TEST_F(RemoteLoginTest, AVirtualHostMayBeRefused) {
  TestClient client{world_};
  client.start(ann());
  allow("user ann pass");
  (void)client.expect<ConnectionTune>(0);
  client.send(0, ConnectionTuneOk{2047, 131'072, 0});
  client.send(0, ConnectionOpen{"/"});
  EXPECT_EQ(asked(), "vhost ann /");
  auth_.refuse();
  EXPECT_EQ(client.expect_close(0),
            "530 NOT_ALLOWED - access to vhost '/' refused for user 'ann' (10,40)");
}

TEST_F(RemoteLoginTest, APublishWaitsUntilItIsKnownToBeAllowed) {
  declare("q");
  const auto client = opened();
  client->publish("", "q", "one");
  client->publish("", "q", "two");
  EXPECT_EQ(asked(), "write exchange amq.default");
  EXPECT_EQ(auth_.questions.size(), 1U);
  auth_.allow();
  client->settle();
  EXPECT_EQ(asked(), "") << "the answer is kept for the second";
  EXPECT_EQ(client->message_count("q"), 2U);
}

TEST_F(RemoteLoginTest, AnAnswerIsKeptForItsTimeOnly) {
  declare("q");
  const auto client = opened();
  client->publish("", "q", "one");
  allow("write exchange amq.default");
  world_.advance(world_.settings.login.answers_kept + core::nanos_per_s);
  client->publish("", "q", "two");
  EXPECT_EQ(asked(), "write exchange amq.default");
  auth_.refuse();
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for "
            "user 'ann' (60,40)");
}

TEST_F(RemoteLoginTest, ADeclarationAsksAllThatItNeedsEachInItsTurn) {
  const auto client = opened();
  core::FieldTableWriter table;
  table.text("x-dead-letter-exchange", "dead");
  const std::string arguments = table.take();
  QueueDeclare declare{};
  declare.queue = "work";
  declare.arguments = core::as_bytes(arguments);
  client->send(1, declare);
  allow("configure queue work");
  allow("read queue work");
  EXPECT_TRUE(client->quiet());
  allow("write exchange dead");
  EXPECT_EQ(client->expect<QueueDeclareOk>()->queue, "work");
}

TEST_F(RemoteLoginTest, AGeneratedNameIsTheOneThatWasAskedFor) {
  const auto client = opened();
  client->send(1, QueueDeclare{});
  const std::string question = asked();
  ASSERT_TRUE(question.starts_with("configure queue amq.gen-"));
  auth_.allow();
  EXPECT_EQ("configure queue " + std::string{client->expect<QueueDeclareOk>()->queue}, question);
}

TEST_F(RemoteLoginTest, RoutingKeysOfATopicExchangeAreAskedFor) {
  declare("q");
  const auto client = opened();
  client->publish("amq.topic", "a.b", "one");
  allow("write exchange amq.topic");
  allow("write topic amq.topic a.b");
  client->settle();
  EXPECT_EQ(asked(), "");
  client->publish("amq.topic", "a.c", "two");
  EXPECT_EQ(asked(), "write topic amq.topic a.c");
  auth_.refuse();
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - write access to topic 'a.c' in exchange 'amq.topic' in vhost '/' "
            "refused for user 'ann' (60,40)");
}

TEST_F(RemoteLoginTest, WhatFailsIsRefusedAndAskedAgainNextTime) {
  const auto client = opened();
  QueueDeclare declare{};
  declare.queue = "q";
  client->send(1, declare);
  EXPECT_EQ(asked(), "configure queue q");
  auth_.fail();
  EXPECT_TRUE(client->expect_close(1).starts_with("403 ACCESS_REFUSED"));
  client->open_channel();
  client->send(1, declare);
  allow("configure queue q");
  EXPECT_EQ(client->expect<QueueDeclareOk>()->queue, "q");
}

TEST_F(RemoteLoginTest, WhenNobodyCanBeAskedAMethodIsRefusedAtOnce) {
  const auto client = opened();
  auth_.is_full = true;
  QueueDeclare declare{};
  declare.queue = "q";
  client->send(1, declare);
  EXPECT_TRUE(client->expect_close(1).starts_with("403 ACCESS_REFUSED"));
}

TEST_F(RemoteLoginTest, WhatIsSentBehindAQuestionWaitsInOrder) {
  const auto client = opened();
  for (const char* name : {"a", "b"}) {
    QueueDeclare declare{};
    declare.queue = name;
    client->send(1, declare);
  }
  EXPECT_EQ(asked(), "configure queue a");
  EXPECT_EQ(auth_.questions.size(), 1U);
  auth_.allow();
  EXPECT_EQ(client->expect<QueueDeclareOk>()->queue, "a");
  allow("configure queue b");
  EXPECT_EQ(client->expect<QueueDeclareOk>()->queue, "b");
}

TEST_F(RemoteLoginTest, ADeletedVirtualHostClosesItsConnections) {
  const auto client = opened();
  world_.change(core::DeleteVhost{"/"});
  EXPECT_TRUE(client->expect_close(0).starts_with("320 CONNECTION_FORCED"));
}

TEST_F(RemoteLoginTest, AConnectionThatEndsMeanwhileLeavesNothing) {
  const auto client = opened();
  QueueDeclare declare{};
  declare.queue = "q";
  client->send(1, declare);
  EXPECT_EQ(asked(), "configure queue q");
  world_.server().close_all("broker forced connection closure with reason 'shutdown'");
  EXPECT_TRUE(client->expect_close(0).starts_with("320"));
  auth_.allow();
  EXPECT_TRUE(client->quiet());
}

}  // namespace
}  // namespace lepus::amqp::test
