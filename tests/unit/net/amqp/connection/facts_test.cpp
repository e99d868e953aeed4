// What is read from the facts of a connection.
#include "net/amqp/connection/facts.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"

namespace lepus::amqp {
namespace {

TEST(ConnectionFacts, TheClientMayGiveItsConnectionAName) {
  const io::PeerName peer;
  ConnectionFacts facts{core::ConnectionId{1}, peer};
  EXPECT_EQ(given_name(facts), "");
  core::FieldTableWriter named;
  named.text("product", "test");
  named.text("connection_name", "mine");
  facts.client_properties = named.take();
  EXPECT_EQ(given_name(facts), "mine");
  core::FieldTableWriter odd;
  odd.int64("connection_name", 5);
  facts.client_properties = odd.take();
  EXPECT_EQ(given_name(facts), "");
}

TEST(ConnectionFacts, ASessionIsOwnedByItsUserInItsVhost) {
  const io::PeerName peer;
  ConnectionFacts facts{core::ConnectionId{1}, peer};
  facts.user = "alice";
  facts.user_id = core::UserId{3};
  facts.vhost_name = "/";
  facts.vhost = core::VhostId{4};
  const core::SessionOwner owner = session_owner(facts, 5);
  EXPECT_EQ(owner.user, "alice");
  EXPECT_EQ(owner.user_id, core::UserId{3});
  EXPECT_EQ(owner.vhost_name, "/");
  EXPECT_EQ(owner.vhost, core::VhostId{4});
  EXPECT_EQ(owner.connection, core::ConnectionId{1});
  EXPECT_EQ(owner.channel, 5);
  EXPECT_FALSE(owner.is_operator);
}

}  // namespace
}  // namespace lepus::amqp
