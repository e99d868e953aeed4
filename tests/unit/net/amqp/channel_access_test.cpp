// What a user may do over a connection, and what happens to it when that is changed meanwhile.
#include <gtest/gtest.h>

#include "core/message/properties.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp::test {
namespace {

class ChannelAccessTest : public ChannelTest {
 protected:
  ChannelAccessTest() {
    world_->add_user("ann", "pass");
    grant(".*", ".*", ".*");
  }
  void grant(const char* configure, const char* write, const char* read) {
    world_->grant({"ann", "/", configure, write, read});
    world_->settle();
  }
  std::unique_ptr<TestClient> ann() { return opened(0, login()); }
  static Login login() {
    Login made;
    made.user = "ann";
    made.password = "pass";
    return made;
  }
  /// How connection.open is answered.
  std::string open_error() {
    TestClient client{*world_, 0};
    client.start(login());
    (void)client.expect<ConnectionTune>(0);
    client.send(0, ConnectionTuneOk{2047, 131'072, 0});
    client.send(0, ConnectionOpen{"/"});
    return client.expect_close(0);
  }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelAccessTest, ::testing::Bool(), home_name);

TEST_P(ChannelAccessTest, APermissionThatIsTakenAwayCountsForTheNextPublish) {
  declare("q");
  const auto client = ann();
  client->publish("", "q", "1");
  client->publish("", "q", "2");
  EXPECT_EQ(client->message_count("q"), 2U);
  grant(".*", "^other$", ".*");
  client->publish("", "q", "3");
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for "
            "user 'ann' (60,40)");
  EXPECT_EQ(owner_->message_count("q"), 2U);
}

TEST_P(ChannelAccessTest, WhatWasAllowedIsAskedAgainAfterAChange) {
  declare("q");
  const auto client = ann();
  for (int i = 0; i < 2; ++i) {
    client->send(1, BasicGet{"q", true});
    (void)client->expect<BasicGetEmpty>();
  }
  grant(".*", ".*", "^$");
  client->send(1, BasicGet{"q", true});
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user 'ann' "
            "(60,70)");
}

TEST_P(ChannelAccessTest, RoutingKeysOfATopicExchange) {
  world_->change(core::SetTopicPermissions{{"ann", "/", "amq.topic", "^{username}\\.", "^a\\."}});
  const auto client = ann();
  client->publish("amq.topic", "ann.x", "1");
  client->publish("amq.topic", "ann.y", "1");
  client->publish("amq.direct", "bob.x", "1");
  EXPECT_TRUE(client->quiet());
  client->publish("amq.topic", "bob.x", "1");
  EXPECT_EQ(client->expect_close(1),
            "403 ACCESS_REFUSED - write access to topic 'bob.x' in exchange 'amq.topic' in vhost "
            "'/' refused for user 'ann' (60,40)");
}

TEST_P(ChannelAccessTest, AnImpersonatorSpeaksForOthers) {
  core::PropertiesView view;
  view.set(core::Property::user_id);
  view.user_id = "bob";
  ByteVector properties(core::encoded_size(view));
  (void)core::encode_properties(properties.data(), view);
  const auto client = ann();
  world_->change(core::SetUserTags{"ann", {"impersonator"}});
  client->publish("amq.fanout", "k", "1", properties);
  EXPECT_TRUE(client->quiet());
  world_->change(core::SetUserTags{"ann", {}});
  client->publish("amq.fanout", "k", "1", properties);
  EXPECT_EQ(client->expect_close(1),
            "406 PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was "
            "'ann' (60,40)");
}

TEST_P(ChannelAccessTest, ADeletedUsersConnectionsAreClosed) {
  const auto client = ann();
  Login half = login();
  TestClient waiting{*world_, 0};
  waiting.start(half);
  (void)waiting.expect<ConnectionTune>(0);
  world_->change(core::DeleteUser{"ann"});
  EXPECT_EQ(client->expect_close(0), "320 CONNECTION_FORCED - user 'ann' is deleted (0,0)");
  EXPECT_TRUE(waiting.link().server_sent_fin);
  world_->add_user("ann", "pass");
  EXPECT_TRUE(open_error().ends_with("access to vhost '/' refused for user 'ann' (10,40)"));
  EXPECT_EQ(owner_->declare("still"), "still");
}

TEST_P(ChannelAccessTest, AUserDeletedAndAddedAtOnceIsAnother) {
  const auto client = ann();
  world_->publish({core::UserRemoved{"ann"}});
  world_->add_user("ann", "pass");
  EXPECT_EQ(client->expect_close(0), "320 CONNECTION_FORCED - user 'ann' is deleted (0,0)");
}

TEST_P(ChannelAccessTest, ADeletedVirtualHostTakesEverythingAlong) {
  declare("q");
  const auto client = ann();
  client->consume("q", "tag");
  client->publish("", "q", "left behind");
  client->settle();
  (void)client->take_events();
  world_->change(core::DeleteVhost{"/"});
  std::string last;
  for (const Event& event : client->take_events()) last = describe(event);
  EXPECT_EQ(last, "connection.close 320 CONNECTION_FORCED - vhost '/' is deleted (0,0)");
  EXPECT_EQ(world_->broker(GetParam() ? 1 : 0).census().queues, 0U);
  EXPECT_EQ(open_error(), "530 NOT_ALLOWED - vhost / not found (10,40)");
  world_->change(core::AddVhost{"/", {}, {}, {}});
  EXPECT_EQ(open_error(), "530 NOT_ALLOWED - access to vhost '/' refused for user 'ann' (10,40)");
}

TEST_P(ChannelAccessTest, LimitsOfConnections) {
  world_->change(core::SetUserLimits{"ann", {1, {}}});
  const auto first = ann();
  EXPECT_EQ(open_error(),
            "530 NOT_ALLOWED - connection refused for user 'ann': user connection limit (1) is "
            "reached (10,40)");
  first->close();
  const auto second = ann();
  world_->change(core::ClearUserLimits{"ann", true, true});
  world_->change(core::SetVhostLimits{"/", {0, {}}});
  EXPECT_EQ(open_error(),
            "530 NOT_ALLOWED - access to vhost '/' refused for user 'ann': connection limit (0) is "
            "reached (10,40)");
}

TEST_P(ChannelAccessTest, LimitsOfChannels) {
  world_->change(core::SetUserLimits{"ann", {{}, 2}});
  const auto client = ann();
  client->open_channel(2);
  client->send(2, ChannelClose{200, "bye", 0, 0});
  client->send(3, ChannelOpen{});
  (void)client->expect<ChannelCloseOk>(2);
  (void)client->expect<ChannelOpenOk>(3);
  client->send(4, ChannelOpen{});
  EXPECT_EQ(client->expect_close(0),
            "530 NOT_ALLOWED - number of channels opened for user 'ann' has reached the maximum "
            "allowed user limit of (2) (0,0)");
}

}  // namespace
}  // namespace lepus::amqp::test
