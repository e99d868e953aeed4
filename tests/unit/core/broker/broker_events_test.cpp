// Events and the firehose: what is told, to whom, and that nothing is made that nobody wants.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/access/access_request.h"
#include "core/broker/broker.h"
#include "core/limits.h"
#include "core/message/message_rewrite.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

std::string describe(const FieldValue& value);

/// "a=1 b='x'" without the time and who did it.
std::string describe(const FieldTable& table) {
  std::string all;
  for (const FieldEntry& entry : table) {
    if (entry.name == "timestamp_in_ms" || entry.name == "user_who_performed_action") continue;
    all += (all.empty() ? "" : " ") + std::string{entry.name} + "=" + describe(entry.value);
  }
  return all;
}

std::string describe(const FieldValue& value) {
  if (value.is_string()) return "'" + std::string{value.text()} + "'";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.as_int64());
  if (value.is_table()) return "{" + describe(value.table()) + "}";
  std::string list = "[";
  for (const FieldValue& one : value.array()) list += (list.size() > 1 ? "," : "") + describe(one);
  return list + "]";
}

class BrokerEventsTest : public ::testing::Test {
 protected:
  using Kind = TopologyRequest::Kind;

  /// A virtual host of its own, as the first one is there before its name is known.
  BrokerEventsTest() {
    add_events(shard_);
    shard_.broker.advance(1'234 * nanos_per_ms);
  }
  static void add_events(FakeShard& shard) {
    shard.master.set_event_vhost("events");
    shard.broker.set_names("lepus@test", "events");
    TopologyRequest add;
    add.kind = Kind::add_vhost;
    add.name = "events";
    shard.change(add);
    shard.vhost = shard.master.find_vhost("events")->id;
  }
  void listen() {
    shard_.declare("seen");
    shard_.bind("amq.rabbitmq.event", "seen", "#");
    (void)take("seen");
  }
  struct Taken {
    std::string key;
    std::string by;
    std::string text;
    MessageRef message;
  };
  std::vector<Taken> take(std::string_view queue) {
    shard_.pump();
    std::vector<Taken> all;
    FakeChannel reader{shard_.broker};
    const QueueId id = shard_.master.find_queue(shard_.vhost, queue)->id;
    for (;;) {
      shard_.broker.apply(Get{id, reader.ref(), true});
      MessageRef message = reader.gets.back().second;
      if (!message) return all;
      const FieldTable headers = properties_of(*message).header_table();
      const auto by = headers.find("user_who_performed_action");
      all.push_back({std::string{message->routing_key()}, by ? std::string{by->text()} : "",
                     describe(headers), std::move(message)});
    }
  }
  /// "key: headers", one a line.
  std::string told() {
    std::string all;
    for (const Taken& one : take("seen")) all += one.key + ": " + one.text + "\n";
    return all;
  }
  void change(const AccessRequest& request) {
    AccessDecision decision = decide(shard_.master, request, shard_.ids);
    ASSERT_FALSE(decision.refusal) << decision.refusal->text;
    auto changes = std::make_unique<TopologyChanges>();
    changes->list = std::move(decision.changes);
    changes->by = operator_name;
    for (const TopologyChange& one : changes->list) shard_.master.apply(one);
    shard_.broker.apply(TopologyApply{++shard_.version, std::move(changes)});
  }

  FakeShard shard_;
};

TEST_F(BrokerEventsTest, WhoBindsAQueueHearsOfIt) {
  shard_.declare("seen");
  EXPECT_FALSE(shard_.broker.wants_events());
  TopologyRequest bind = shard_.request(Kind::bind_queue, "seen");
  bind.source = "amq.rabbitmq.event";
  bind.key = "binding.*";
  bind.user = "ann";
  shard_.change(bind);
  EXPECT_TRUE(shard_.broker.wants_events());
  const std::vector<Taken> events = take("seen");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].key, "binding.created");
  EXPECT_EQ(events[0].by, "ann");
  const PropertiesView view = properties_of(*events[0].message);
  EXPECT_TRUE(view.is_persistent());
  EXPECT_EQ(view.timestamp_s, 1U);
  EXPECT_EQ(view.header_table().find("timestamp_in_ms")->as_int64(), 1'234);
  EXPECT_EQ(events[0].message->exchange(), "amq.rabbitmq.event");
  EXPECT_EQ(events[0].message->body_size(), 0U);
}

TEST_F(BrokerEventsTest, QueuesExchangesBindings) {
  listen();
  TopologyRequest exchange = shard_.request(Kind::declare_exchange, "x");
  exchange.type = "topic";
  exchange.auto_delete = true;
  shard_.change(exchange);
  const QueueId queue = shard_.declare("q");
  shard_.bind("x", "q", "k");
  EXPECT_EQ(told(),
            "exchange.created: name='x' vhost='events' type='topic' durable=false "
            "auto_delete=true internal=false arguments={}\n"
            "queue.created: name='q' vhost='events' type='classic' durable=false "
            "auto_delete=false exclusive=false arguments={}\n"
            "binding.created: source_name='x' source_kind='exchange' destination_name='q' "
            "destination_kind='queue' routing_key='k' arguments={} vhost='events'\n");
  shard_.delete_queue(queue);
  const std::vector<Taken> events = take("seen");
  std::string keys;
  for (const Taken& one : events) keys += one.key + " by " + one.by + "\n";
  EXPECT_EQ(keys,
            "binding.deleted by rmq-internal\nqueue.deleted by rmq-internal\n"
            "exchange.deleted by rmq-internal\n");
}

TEST_F(BrokerEventsTest, WhatAnOperatorChanges) {
  listen();
  change(AddUser{{"ann", "hash", "a", {}, {}}});
  change(SetUserTags{"ann", {"monitoring"}});
  change(ChangePassword{"ann", "other", "a"});
  change(ChangePassword{"ann", "", "a"});
  change(SetUserLimits{"ann", {5, {}}});
  change(ClearUserLimits{"ann", true, true});
  EXPECT_EQ(told(),
            "user.created: name='ann'\nuser.tags.set: name='ann' tags=['monitoring']\n"
            "user.password.changed: name='ann'\nuser.password.cleared: name='ann'\n"
            "user.limits.set: name='limits' username='ann' max-connections=5\n"
            "user.limits.cleared: name='limits' username='ann'\n");
  change(SetPermissions{{"ann", "events", "c", "w", "r"}});
  change(ClearPermissions{"ann", "events"});
  change(SetVhostLimits{"events", {{}, 7}});
  change(SetParameter{{"global", "", "p"}, "1"});
  change(ClearParameter{{"global", "", "p"}});
  change(DeleteUser{"ann"});
  EXPECT_EQ(told(),
            "permission.created: user='ann' vhost='events' configure='c' write='w' read='r'\n"
            "permission.deleted: user='ann' vhost='events'\n"
            "vhost.limits.set: name='limits' vhost='events' max-queues=7\n"
            "parameter.set: component='global' name='p' value='1'\n"
            "parameter.cleared: component='global' name='p'\nuser.deleted: name='ann'\n");
  change(AddVhost{"v", "what for", std::vector<std::string>{"t"}, {}});
  const std::vector<Taken> events = take("seen");
  ASSERT_EQ(events.size(), 8U);  // With its seven exchanges.
  EXPECT_EQ(events[0].key, "vhost.created");
  EXPECT_EQ(events[0].by, "rmq-cli");
  EXPECT_EQ(events[0].text,
            "name='v' description='what for' tags=['t'] default_queue_type='undefined' "
            "tracing=false");
}

TEST_F(BrokerEventsTest, AlarmsAreToldWhenTheyChange) {
  listen();
  shard_.broker.apply(Alarm{true, false});
  shard_.broker.apply(Alarm{true, true});
  shard_.broker.apply(Alarm{false, true});
  EXPECT_EQ(told(),
            "alarm.set: source='memory' node='lepus@test'\n"
            "alarm.set: source='disk' node='lepus@test'\n"
            "alarm.cleared: source='memory' node='lepus@test'\n");
}

TEST_F(BrokerEventsTest, OneShardTellsOfWhatAllLearn) {
  FakeShard other{1};
  add_events(other);
  const QueueId seen = other.declare("seen", 1);
  other.bind("amq.rabbitmq.event", "seen", "#");
  other.declare("q", 1);
  EXPECT_EQ(other.inspect(seen).message_count, 0U);
  other.broker.emit(make_event("connection.created", "ann"));
  other.pump();
  EXPECT_EQ(other.inspect(seen).message_count, 1U);
}

TEST_F(BrokerEventsTest, OtherVirtualHostsHaveNoSuchExchange) {
  EXPECT_EQ(shard_.master.find_exchange(shard_.master.find_vhost("/")->id, "amq.rabbitmq.event"),
            nullptr);
  ASSERT_NE(shard_.broker.topology().event_exchange(), nullptr);
  TopologyRequest remove;
  remove.kind = Kind::delete_vhost;
  remove.name = "events";
  shard_.change(remove);
  EXPECT_EQ(shard_.broker.topology().event_exchange(), nullptr);
  EXPECT_FALSE(shard_.broker.wants_events());
  shard_.broker.emit(make_event("connection.created", "ann"));  // Nobody hears it.
}

/// A table with tables in it, as deep as one may be.
std::string deep_table() {
  FieldTableWriter writer;
  for (std::uint32_t level = 1; level < limits::field_table_depth_max; ++level)
    writer.begin_table("t");
  for (std::uint32_t level = 1; level < limits::field_table_depth_max; ++level) writer.end();
  return writer.take();
}

class FirehoseTest : public BrokerEventsTest {
 protected:
  FirehoseTest() {
    shard_.declare("copies");
    shard_.bind("amq.rabbitmq.trace", "copies", "#");
  }
  MessageRef message(const PropertiesView& view, std::string_view exchange) {
    const std::vector<std::uint8_t> properties = encode_properties(view);
    MessageRef made =
        Message::create({exchange, "key", properties, 4, true, 3}, shard_.broker.memory());
    made->append_body(as_bytes("body"));
    return made;
  }
  Trace trace() {
    Trace made;
    made.vhost = shard_.vhost;
    made.connection = "a -> b";
    made.channel = 7;
    made.user = "ann";
    return made;
  }
};

TEST_F(FirehoseTest, TellsOfAPublishedMessage) {
  shard_.declare("q");
  PropertiesView view;
  view.set(Property::delivery_mode);
  view.delivery_mode = 2;
  view.set(Property::timestamp);
  view.timestamp_s = 5'000'000'000;
  view.set(Property::type);
  view.type = "order";
  FieldTableWriter headers;
  headers.begin_array("CC");
  headers.text({}, "second");
  headers.end();
  view.set(Property::headers);
  view.headers = headers.bytes();
  RouteResult route;
  route.add(*shard_.broker.topology().find_queue(shard_.vhost, "q"));
  Trace what = trace();
  what.routed = &route;
  const auto where = shard_.broker.trace(what, *message(view, "x"));
  ASSERT_TRUE(where);
  EXPECT_EQ(where->size(), 1U);
  const std::vector<Taken> copies = take("copies");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].key, "publish.x");
  EXPECT_EQ(as_text(copies[0].message->inline_body()), "body");
  EXPECT_FALSE(copies[0].message->persistent());
  EXPECT_EQ(copies[0].text,
            "exchange_name='x' routing_keys=['key','second'] properties={headers={CC=['second']} "
            "delivery_mode=2 timestamp=5000000000 type='order'} node='lepus@test' vhost='events' "
            "connection='a -> b' channel=7 user='ann' routed_queues=['q']");
}

TEST_F(FirehoseTest, TellsOfADelivery) {
  Trace what = trace();
  what.queue = "q";
  what.redelivered = true;
  EXPECT_TRUE(shard_.broker.trace(what, *message({}, "x")));
  const std::vector<Taken> copies = take("copies");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].key, "deliver.q");
  EXPECT_EQ(copies[0].text,
            "exchange_name='x' routing_keys=['key'] properties={} node='lepus@test' redelivered=1 "
            "vhost='events' connection='a -> b' channel=7 user='ann'");
}

TEST_F(FirehoseTest, NeverTellsOfItself) {
  EXPECT_FALSE(shard_.broker.trace(trace(), *message({}, "amq.rabbitmq.trace")));
  EXPECT_TRUE(take("copies").empty());
}

TEST_F(FirehoseTest, ALongNameAndDeepHeadersAreCut) {
  const std::string deep = deep_table();
  PropertiesView view;
  view.set(Property::headers);
  view.headers = as_bytes(deep);
  const std::string name(255, 'n');
  Trace what = trace();
  what.queue = name;
  EXPECT_TRUE(shard_.broker.trace(what, *message(view, "x")));
  const std::vector<Taken> copies = take("copies");
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].key, "deliver." + std::string(247, 'n'));
  EXPECT_NE(copies[0].text.find("properties={headers={}}"), std::string::npos);
}

TEST_F(FirehoseTest, IsOfTheVirtualHost) {
  Trace what = trace();
  what.vhost = shard_.master.find_vhost("/")->id;
  EXPECT_FALSE(shard_.broker.trace(what, *message({}, "x")));
  change(SetTrace{"events", true});
  EXPECT_TRUE(shard_.broker.topology().find_vhost("events")->is_traced);
  EXPECT_FALSE(shard_.broker.topology().find_vhost("/")->is_traced);
  EXPECT_EQ(shard_.broker.topology().trace_changes(), 1U);
  change(SetTrace{"events", false});
  EXPECT_FALSE(shard_.broker.topology().find_vhost("events")->is_traced);
}

}  // namespace
}  // namespace lepus::core
