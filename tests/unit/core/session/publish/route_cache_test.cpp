// What a kept route stands for, and when it no longer does.
#include "core/session/publish/route_cache.h"

#include <gtest/gtest.h>

#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core {
namespace {

class RouteCacheTest : public ::testing::Test {
 protected:
  RouteCacheTest() {
    world_.must(world_.queue("q"));
    world_.must(world_.exchange("direct", "direct"));
    world_.must(world_.exchange("headers", "headers"));
    world_.must(world_.bind("direct", "q", "key"));
    world_.must(world_.bind("headers", "q", ""));
  }
  const Topology& topology() const { return world_.master; }
  void store(std::string_view exchange, std::string_view key) {
    cache_.store(topology(), *topology().find_exchange(world_.vhost, exchange), key);
  }
  test::World world_;
  RouteCache cache_;
};

TEST_F(RouteCacheTest, HoldsTheLastExchangeAndKey) {
  EXPECT_FALSE(cache_.contains(topology(), "", "")) << "nothing was stored";
  EXPECT_EQ(cache_.find(topology()), nullptr);
  store("direct", "key");
  EXPECT_TRUE(cache_.contains(topology(), "direct", "key"));
  EXPECT_FALSE(cache_.contains(topology(), "direct", "other"));
  EXPECT_FALSE(cache_.contains(topology(), "headers", "key"));
  ASSERT_NE(cache_.find(topology()), nullptr);
  ASSERT_EQ(cache_.find(topology())->size(), 1U);
  EXPECT_EQ((*cache_.find(topology()))[0]->name, "q");
  store("direct", "other");
  EXPECT_FALSE(cache_.contains(topology(), "direct", "key"));
  EXPECT_TRUE(cache_.find(topology())->empty()) << "the route before is not added to";
  EXPECT_EQ(cache_.exchange(), "direct");
  EXPECT_EQ(cache_.key(), "other");
}

TEST_F(RouteCacheTest, AnyChangeOfTheTopologyEndsIt) {
  store("direct", "key");
  world_.must(world_.queue("unrelated"));
  EXPECT_FALSE(cache_.contains(topology(), "direct", "key"));
  EXPECT_EQ(cache_.find(topology()), nullptr);
  EXPECT_EQ(cache_.key(), "key") << "still the key of a message whose content is to come";
}

TEST_F(RouteCacheTest, WithHeadersEachMessageIsRouted) {
  store("headers", "key");
  EXPECT_TRUE(cache_.contains(topology(), "headers", "key")) << "publishing there is allowed";
  EXPECT_EQ(cache_.find(topology()), nullptr);
}

TEST_F(RouteCacheTest, ClearedItHoldsNothing) {
  store("direct", "key");
  cache_.clear();
  EXPECT_FALSE(cache_.contains(topology(), "direct", "key"));
  EXPECT_EQ(cache_.find(topology()), nullptr);
}

}  // namespace
}  // namespace lepus::core
