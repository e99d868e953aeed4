// Events reach who is bound to amq.rabbitmq.event, with RabbitMQ's keys and headers.
#include "net/amqp/connection/events.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/properties.h"
#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp {
namespace {

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() {
    world_.broker().set_names("lepus@host", "/");
    core::IdSource ids{1'000};  // None of the world's own.
    world_.publish({core::make_event_exchange(world_.topology().find_vhost("/")->id, ids)});
    world_.settle();
    facts_.user = "alice";
    facts_.vhost_name = "of alice";
    facts_.mechanism = "PLAIN";
    facts_.tuned = {10, 60, 131'072};
  }
  void listen() {
    watcher_.open();
    watcher_.declare("events");
    watcher_.send(1, QueueBind{"events", core::event_exchange_name, "#", false, {}});
    (void)watcher_.expect<QueueBindOk>();
    BasicConsume no_ack{};
    no_ack.no_ack = true;
    watcher_.consume("events", "tag", no_ack);
    (void)watcher_.take_events();
  }
  /// The next event: its key, and what one of its headers says.
  std::string next(std::string_view header) {
    const auto events = watcher_.take_events();
    if (events.size() != 1) return std::to_string(events.size()) + " events";
    BasicDeliver deliver;
    EXPECT_TRUE(decode(core::Bytes{events[0].arguments}, deliver));
    core::PropertiesView view;
    EXPECT_TRUE(core::decode_properties(events[0].properties, view));
    const auto value = core::FieldTable{view.headers}.find(header);
    const std::string text = value && value->is_string() ? std::string{value->text()} : "none";
    return std::string{deliver.routing_key} + ": " + text;
  }

  test::BrokerWorld world_{{}};
  test::TestClient watcher_{world_};
  const io::PeerName peer_{{"10.0.0.1", 40'000}, {"10.0.0.2", 5672}};
  ConnectionFacts facts_{core::ConnectionId{(std::uint64_t{1} << 48) | 9}, peer_};
};

TEST_F(EventsTest, NothingIsMadeWhenNobodyListens) {
  const std::uint64_t before = world_.broker().memory().message_bytes;
  emit_connection_created(world_.broker(), facts_);
  emit_connection_closed(world_.broker(), facts_, "why");
  EXPECT_FALSE(world_.broker().has_work());
  EXPECT_EQ(world_.broker().memory().message_bytes, before);
}

TEST_F(EventsTest, EachHasItsKeyAndHeaders) {
  listen();
  core::Broker& broker = world_.broker();
  emit_login(broker, facts_, {"alice", "PLAIN"});
  EXPECT_EQ(next("name"), "user.authentication.success: alice");
  emit_login(broker, facts_, {"bob", "PLAIN", "password wrong"});
  EXPECT_EQ(next("error"), "user.authentication.failure: password wrong");
  emit_connection_created(broker, facts_);
  EXPECT_EQ(next("name"), "connection.created: " + peer_.text());
  emit_connection_created(broker, facts_);
  EXPECT_EQ(next("user_provided_name"), "connection.created: none");
  core::FieldTableWriter properties;
  properties.text("connection_name", "hers");
  facts_.client_properties = properties.take();
  emit_connection_closed(broker, facts_, "missed heartbeats");
  EXPECT_EQ(next("reason"), "connection.closed: missed heartbeats");
  emit_connection_closed(broker, facts_, "");
  EXPECT_EQ(next("user_provided_name"), "connection.closed: hers");
  emit_channel(broker, facts_, 3, true);
  EXPECT_EQ(next("name"), "channel.created: " + peer_.text() + " (3)");
  emit_channel(broker, facts_, 3, false);
  EXPECT_EQ(next("vhost"), "channel.closed: of alice");
  core::SessionConsumer consumer;
  consumer.tag = "her tag";
  emit_consumer(broker, facts_, {3, true}, consumer);
  EXPECT_EQ(next("consumer_tag"), "consumer.created: her tag");
  emit_consumer(broker, facts_, {3, false}, consumer);
  EXPECT_EQ(next("channel"), "consumer.deleted: <lepus@host.0.9.3>");
}

}  // namespace
}  // namespace lepus::amqp
