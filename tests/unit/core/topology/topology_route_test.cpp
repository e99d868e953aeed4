// Routing through whole topologies: order, fan-in, cycles, alternates, what falls when something
// goes.
#include <array>

#include "core/base/time.h"
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

TEST(Route, DefaultExchangeKnowsQueuesByName) {
  World world;
  EXPECT_EQ(world.route("", "q"), Names{});
  world.must(world.queue("q"));
  EXPECT_EQ(world.route("", "q"), Names{"q"});
  world.delete_queue("q");
  EXPECT_EQ(world.route("", "q"), Names{});
}

TEST(Route, OrderIsThatOfTheBindings) {
  World world;
  for (const char* name : {"c", "a", "b", "d"}) {
    world.must(world.queue(name));
    world.must(world.bind("amq.fanout", name, ""));
  }
  EXPECT_EQ(world.route("amq.fanout", "any"), (Names{"c", "a", "b", "d"}));
  world.delete_queue("a");
  EXPECT_EQ(world.route("amq.fanout", "any"), (Names{"c", "b", "d"}));
  world.must(world.bind("amq.fanout", "c", "again"));
  EXPECT_EQ(world.route("amq.fanout", "any"), (Names{"c", "b", "d"}));
}

TEST(Route, EachQueueOnceAlsoAcrossCallsAndKeys) {
  World world;
  world.must(world.queue("a"));
  world.must(world.queue("b"));
  world.must(world.bind("amq.topic", "a", "k.*"));
  world.must(world.bind("amq.topic", "a", "#"));
  world.must(world.bind("amq.topic", "b", "other"));
  EXPECT_EQ(world.route("amq.topic", "k.1"), Names{"a"});
  const std::array<std::string_view, 2> more{"other", "k.2"};
  EXPECT_EQ(world.route("amq.topic", RouteInput{"k.1", {}, more}), (Names{"a", "b"}));

  RouteResult result;
  const ExchangeInfo* topic = world.master.find_exchange(world.vhost, "amq.topic");
  world.master.route(*topic, RouteInput{"k.1", {}, {}}, result);
  world.master.route(*topic, RouteInput{"other", {}, {}}, result);
  EXPECT_EQ(result.size(), 2u);
  EXPECT_FALSE(result.needs_headers());
  result.clear();
  EXPECT_TRUE(result.empty());
}

TEST(Route, CyclesOfExchangesEnd) {
  World world;
  for (const char* name : {"x", "y", "z"}) world.must(world.exchange(name, "fanout"));
  world.must(world.bind_exchange("x", "y", ""));
  world.must(world.bind_exchange("y", "z", ""));
  world.must(world.bind_exchange("z", "x", ""));
  world.must(world.bind_exchange("x", "x", ""));
  world.must(world.queue("q"));
  world.must(world.bind("z", "q", ""));
  for (const char* name : {"x", "y", "z"}) EXPECT_EQ(world.route(name, ""), Names{"q"});
}

TEST(Route, AlternateTakesWhatNobodyWanted) {
  World world;
  TopologyRequest declare = world.exchange("main", "direct");
  declare.arguments = text_entry("alternate-exchange", "spare");
  world.must(declare);
  world.must(world.queue("q"));
  world.must(world.queue("lost"));
  world.must(world.bind("main", "q", "k"));
  EXPECT_EQ(world.route("main", "other"), Names{});  // not declared yet
  world.must(world.exchange("spare", "fanout"));
  world.must(world.bind("spare", "lost", ""));
  EXPECT_EQ(world.route("main", "other"), Names{"lost"});
  EXPECT_EQ(world.route("main", "k"), Names{"q"});
  const std::array<std::string_view, 1> copy{"k"};
  EXPECT_EQ(world.route("main", RouteInput{"other", {}, copy}), Names{"q"});
  // A matching exchange counts as wanted, also when nothing comes of it.
  world.must(world.exchange("empty", "fanout"));
  world.must(world.bind_exchange("main", "empty", "dead"));
  EXPECT_EQ(world.route("main", "dead"), Names{});
}

TEST(Route, HeadersHaveTheirSay) {
  World world;
  world.must(world.queue("q"));
  world.must(world.bind("amq.match", "q", "", text_entry("kind", "a")));
  const std::string headers = text_entry("kind", "a");
  EXPECT_EQ(world.route("amq.match", RouteInput{"", as_bytes(headers), {}}), Names{"q"});
  RouteResult result;
  world.master.route(*world.master.find_exchange(world.vhost, "amq.match"),
                     RouteInput{"", as_bytes(headers), {}}, result);
  EXPECT_TRUE(result.needs_headers());
  EXPECT_EQ(result.size(), 1u);
  EXPECT_EQ(world.route("amq.match", "kind"), Names{});
}

TEST(Route, VersionGrowsWithEveryChange) {
  World world;
  const std::uint64_t before = world.master.version();
  EXPECT_EQ(before, 8u);  // the vhost and seven exchanges
  world.must(world.queue("q"));
  world.must(world.bind("amq.topic", "q", "k"));
  EXPECT_EQ(world.master.version(), before + 2);
  EXPECT_EQ(world.answer(world.queue("q")), "satisfied");
  EXPECT_EQ(world.master.version(), before + 2);
}

TEST(AutoDeleteCascade, AutoDeleteExchangesGoWithTheirLastBinding) {
  World world;
  TopologyRequest declare = world.exchange("x", "direct");
  declare.auto_delete = true;
  world.must(declare);
  world.must(world.queue("q"));
  world.must(world.queue("p"));
  world.must(world.bind("x", "q", "1"));
  world.must(world.bind("x", "q", "2"));
  world.must(world.bind("x", "p", "3"));
  world.delete_queue("q");
  EXPECT_NE(world.master.find_exchange(world.vhost, "x"), nullptr);
  TopologyRequest unbind = world.bind("x", "p", "3");
  unbind.kind = Kind::unbind_queue;
  const Decision decision = world.run(unbind);
  ASSERT_EQ(decision.changes.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<BindingRemoved>(decision.changes[0]));
  EXPECT_TRUE(std::holds_alternative<ExchangeRemoved>(decision.changes[1]));
  EXPECT_EQ(world.master.find_exchange(world.vhost, "x"), nullptr);
}

TEST(AutoDeleteCascade, ChainsAndCyclesOfAutoDeleteExchangesFallTogether) {
  World world;
  for (const char* name : {"x", "y", "z", "kept"}) {
    TopologyRequest declare = world.exchange(name, "fanout");
    declare.auto_delete = true;
    world.must(declare);
  }
  world.must(world.queue("q"));
  world.must(world.queue("other"));
  world.must(world.bind("x", "q", ""));
  world.must(world.bind_exchange("y", "x", ""));
  world.must(world.bind_exchange("z", "y", ""));
  world.must(world.bind_exchange("kept", "y", ""));
  world.must(world.bind("kept", "other", ""));
  world.delete_queue("q");
  for (const char* name : {"x", "y", "z"})
    EXPECT_EQ(world.master.find_exchange(world.vhost, name), nullptr) << name;
  EXPECT_EQ(world.master.find_exchange(world.vhost, "kept")->bindings_out.size(), 1u);

  TopologyRequest declare = world.exchange("self", "fanout");
  declare.auto_delete = true;
  world.must(declare);
  world.must(world.bind_exchange("self", "self", ""));
  world.must(world.request(Kind::delete_exchange, "self"));
  EXPECT_EQ(world.master.find_exchange(world.vhost, "self"), nullptr);
}

/// Thousands of bindings among ten times as many of others: a scan of those would take minutes.
TEST(AutoDeleteCascade, QueueWithManyBindingsGoesWithoutTouchingOthers) {
  World world;
  world.must(world.queue("many"));
  world.must(world.queue("rest"));
  for (int number = 0; number < 30'000; ++number) {
    const std::string key = "k." + std::to_string(number);
    const char* exchange = number % 2 == 0 ? "amq.topic" : "amq.direct";
    world.master.apply(
        BindingAdded{{world.master.find_exchange(world.vhost, exchange)->id,
                      world.master.find_queue(world.vhost, number % 10 == 0 ? "many" : "rest")->id,
                      {},
                      key,
                      {}}});
  }
  TopologyRequest remove = world.request(Kind::delete_queue, {});
  remove.queue = world.master.find_queue(world.vhost, "many")->id;
  const Decision decision = decide(world.master, remove, &world.ids);
  EXPECT_EQ(decision.changes.size(), 1u);
  world.master.apply(decision.changes[0]);
  EXPECT_EQ(world.master.find_queue(world.vhost, "rest")->bindings.size(), 27'000u);
  const ExchangeInfo* topic = world.master.find_exchange(world.vhost, "amq.topic");
  RouteResult result;
  world.master.route(*topic, RouteInput{"k.10", {}, {}}, result);
  EXPECT_TRUE(result.empty());
  world.master.route(*topic, RouteInput{"k.12", {}, {}}, result);
  EXPECT_EQ(result.size(), 1u);
}

}  // namespace
}  // namespace lepus::core::test
