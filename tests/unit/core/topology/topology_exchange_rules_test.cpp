// Declaring and deleting exchanges: the answers of the golden table, word for word.
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

TEST(ExchangeRules, UnknownAndEmptyTypes) {
  World world;
  EXPECT_EQ(world.answer(world.exchange("x", "nope")),
            "406 PRECONDITION_FAILED - unknown exchange type 'nope'");
  EXPECT_EQ(world.answer(world.exchange("x", "")),
            "406 PRECONDITION_FAILED - invalid exchange type ''");
}

TEST(ExchangeRules, DefaultExchangeIsNobodysToTouch) {
  World world;
  const std::string refused =
      "403 ACCESS_REFUSED - operation not permitted on the default exchange";
  TopologyRequest declare = world.exchange("", "direct");
  declare.durable = true;
  EXPECT_EQ(world.answer(declare), refused);
  declare.passive = true;
  EXPECT_EQ(world.answer(declare), refused);
  EXPECT_EQ(world.answer(world.request(Kind::delete_exchange, "")), refused);
  world.must(world.queue("q"));
  EXPECT_EQ(world.answer(world.bind("", "q", "k")), refused);
  EXPECT_EQ(world.answer(world.bind_exchange("", "amq.topic", "k")), refused);
  EXPECT_EQ(world.answer(world.bind_exchange("amq.topic", "", "k")), refused);
  TopologyRequest unbind = world.bind("", "q", "q");
  unbind.kind = Kind::unbind_queue;
  EXPECT_EQ(world.answer(unbind), refused);
}

TEST(ExchangeRules, ReservedPrefixOnlyMattersForNewNames) {
  World world;
  EXPECT_EQ(world.answer(world.exchange("amq.foo", "direct")),
            "403 ACCESS_REFUSED - exchange name 'amq.foo' contains reserved prefix 'amq.*'");
  TopologyRequest declare = world.exchange("amq.direct", "direct");
  declare.durable = true;
  EXPECT_EQ(world.answer(declare), "satisfied");
  declare.durable = false;
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in "
            "vhost '/': received 'false' but current is 'true'");
}

TEST(ExchangeRules, PredeclaredExchangesAreThere) {
  World world;
  for (const char* name : {"amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match",
                           "amq.rabbitmq.trace"}) {
    TopologyRequest declare = world.exchange(name, "");
    declare.passive = true;
    EXPECT_EQ(world.answer(declare), "satisfied") << name;
    EXPECT_TRUE(world.master.find_exchange(world.vhost, name)->durable);
  }
  EXPECT_EQ(world.master.exchanges(world.vhost).size(), 7u);
  EXPECT_EQ(world.master.find_exchange(world.vhost, "amq.match")->type, ExchangeType::headers);
  const auto publish = check_publish(world.master, world.vhost, "amq.rabbitmq.trace");
  ASSERT_FALSE(publish.ok());
  EXPECT_EQ(
      publish.error().text(),
      "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'");
  EXPECT_TRUE(check_publish(world.master, world.vhost, "").ok());
  EXPECT_EQ(check_publish(world.master, world.vhost, "nope.x").error().text(),
            "NOT_FOUND - no exchange 'nope.x' in vhost '/'");
}

TEST(ExchangeRules, EachPropertyIsCompared) {
  World world;
  world.must(world.exchange("x", "direct"));
  EXPECT_EQ(world.answer(world.exchange("x", "direct")), "satisfied");
  const std::string head = "406 PRECONDITION_FAILED - inequivalent arg ";
  EXPECT_EQ(
      world.answer(world.exchange("x", "fanout")),
      head + "'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'direct'");
  TopologyRequest declare = world.exchange("x", "direct");
  declare.durable = true;
  EXPECT_EQ(
      world.answer(declare),
      head + "'durable' for exchange 'x' in vhost '/': received 'true' but current is 'false'");
  declare = world.exchange("x", "direct");
  declare.auto_delete = true;
  EXPECT_EQ(
      world.answer(declare),
      head + "'auto_delete' for exchange 'x' in vhost '/': received 'true' but current is 'false'");
  declare = world.exchange("x", "direct");
  declare.internal = true;
  EXPECT_EQ(
      world.answer(declare),
      head + "'internal' for exchange 'x' in vhost '/': received 'true' but current is 'false'");
}

TEST(ExchangeRules, AlternateExchangeIsComparedOtherArgumentsAreNot) {
  World world;
  world.must(world.exchange("x", "direct"));
  TopologyRequest declare = world.exchange("x", "direct");
  declare.arguments = text_entry("alternate-exchange", "amq.fanout");
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'x' in "
            "vhost '/': received the value 'amq.fanout' of type 'longstr' but current is none");
  declare.arguments = text_entry("whatever", "1");
  EXPECT_EQ(world.answer(declare), "satisfied");
  declare = world.exchange("y", "direct");
  declare.arguments = int_entry("alternate-exchange", 1);
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in "
            "exchange 'y' in vhost '/'");
}

TEST(ExchangeRules, PassiveAsksForExistenceOnly) {
  World world;
  world.must(world.exchange("x", "direct"));
  TopologyRequest declare = world.exchange("x", "nope");
  declare.passive = true;
  declare.durable = true;
  EXPECT_EQ(world.answer(declare), "satisfied");
  declare.name = "nope.x";
  EXPECT_EQ(world.answer(declare), "404 NOT_FOUND - no exchange 'nope.x' in vhost '/'");
}

TEST(ExchangeRules, Deleting) {
  World world;
  EXPECT_EQ(world.answer(world.request(Kind::delete_exchange, "nope.x")), "satisfied");
  for (const std::string name : {"amq.direct", "amq.nope"}) {
    EXPECT_EQ(
        world.answer(world.request(Kind::delete_exchange, name)),
        "403 ACCESS_REFUSED - deletion of system exchange '" + name + "' in vhost '/' not allowed");
  }
  world.must(world.exchange("x", "fanout"));
  world.must(world.queue("q"));
  world.must(world.bind("x", "q", ""));
  TopologyRequest remove = world.request(Kind::delete_exchange, "x");
  remove.if_unused = true;
  EXPECT_EQ(world.answer(remove), "406 PRECONDITION_FAILED - exchange 'x' in vhost '/' in use");
  remove.if_unused = false;
  EXPECT_EQ(world.answer(remove), "changes");
  EXPECT_EQ(world.master.find_exchange(world.vhost, "x"), nullptr);
  EXPECT_TRUE(world.master.find_queue(world.vhost, "q")->bindings.empty());
}

TEST(ExchangeRules, NamesLoseCarriageReturnsAndLineFeeds) {
  World world;
  world.must(world.exchange("a\r\nb", "direct"));
  EXPECT_NE(world.master.find_exchange(world.vhost, "ab"), nullptr);
  EXPECT_EQ(world.answer(world.request(Kind::delete_exchange, "\nab\r")), "changes");
}

TEST(ExchangeRules, VhostsComeAndGoWithAllInside) {
  World world;
  TopologyRequest add = world.request(Kind::add_vhost, "other");
  EXPECT_EQ(world.answer(add), "changes");
  EXPECT_EQ(world.answer(add), "satisfied");
  TopologyRequest queue = world.queue("q");
  queue.vhost = world.master.find_vhost("other")->id;
  world.must(queue);
  EXPECT_EQ(world.master.find_queue(world.vhost, "q"), nullptr);
  TopologyRequest bind = world.bind("amq.topic", "q", "#");
  bind.vhost = queue.vhost;
  world.must(bind);
  TopologyRequest remove = world.request(Kind::delete_vhost, "other");
  EXPECT_EQ(world.answer(remove), "changes");
  EXPECT_EQ(world.answer(remove), "satisfied");
  EXPECT_EQ(world.master.vhosts().size(), 1u);
  EXPECT_EQ(world.master.queue_count(), 0u);
  EXPECT_EQ(world.run(queue).error.code, ReplyCode::connection_forced);
}

/// Queues use the same counter: a busy broker passes 2^32 in some weeks.
TEST(ExchangeRules, VhostsHaveIdsOf32BitsWhereverTheCounterIs) {
  World world;
  std::vector<VhostId> found;
  std::uint64_t round = 0;
  for (const char* name : {"a", "b", "c"}) {
    world.ids = IdSource{(++round << 32) - 1};
    world.must(world.request(Kind::add_vhost, name));
    found.push_back(world.master.find_vhost(name)->id);
  }
  for (const VhostId id : found) EXPECT_NE(id, world.vhost);
  EXPECT_NE(found[0], found[1]);
  EXPECT_NE(found[1], found[2]);
  EXPECT_NE(found[0], found[2]);
}

}  // namespace
}  // namespace lepus::core::test
