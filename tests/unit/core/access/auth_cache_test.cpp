// Answers are kept for a while and make room for newer ones.
#include "core/access/auth_cache.h"

#include <gtest/gtest.h>

#include "core/access/auth_port.h"

namespace lepus::core {
namespace {

TEST(AuthCache, KeepsAnAnswerForItsTime) {
  AuthCache cache{10};
  cache.put("a", true, 100, 200);
  cache.put("b", false, 100, 200);
  EXPECT_EQ(cache.find("a", 199), true);
  EXPECT_EQ(cache.find("b", 199), false);
  EXPECT_EQ(cache.find("a", 200), std::nullopt);
  EXPECT_EQ(cache.find("c", 100), std::nullopt);
}

TEST(AuthCache, KeepsNothingWhoseTimeIsOver) {
  AuthCache cache{10};
  cache.put("a", true, 100, 100);
  EXPECT_EQ(cache.find("a", 100), std::nullopt);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(AuthCache, MakesRoomByTheOldest) {
  AuthCache cache{2};
  cache.put("a", true, 0, 1000);
  cache.put("b", true, 1, 1001);
  cache.put("c", true, 2, 1002);
  EXPECT_EQ(cache.find("a", 3), std::nullopt);
  EXPECT_EQ(cache.find("b", 3), true);
  EXPECT_EQ(cache.find("c", 3), true);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(AuthCache, AnAnswerGivenAnewOutlivesItsFirstPlace) {
  AuthCache cache{2};
  cache.put("a", true, 0, 10);
  cache.put("a", false, 11, 21);
  EXPECT_EQ(cache.find("a", 12), false);
  cache.put("b", true, 13, 23);
  EXPECT_EQ(cache.find("a", 14), false);
}

TEST(AuthCache, WhatIsTooOldGoesAsOthersCome) {
  AuthCache cache{100};
  for (int i = 0; i < 10; ++i) cache.put("old" + std::to_string(i), true, 0, 10);
  for (int i = 0; i < 5; ++i) cache.put("new" + std::to_string(i), true, 20, 30);
  EXPECT_EQ(cache.size(), 5U);
}

TEST(AuthCache, NoTwoQuestionsHaveTheSameKey) {
  AuthQuestion one;
  one.kind = AuthQuestion::Kind::resource;
  one.user = "u";
  one.vhost = "v1";
  one.name = "n";
  AuthQuestion other = one;
  other.user = "uv";
  other.vhost = "1";
  EXPECT_NE(auth_cache_key(one), auth_cache_key(other));
  other = one;
  other.permission = Permission::write;
  EXPECT_NE(auth_cache_key(one), auth_cache_key(other));
  other = one;
  other.resource = ResourceKind::queue;
  EXPECT_NE(auth_cache_key(one), auth_cache_key(other));
  other = one;
  other.kind = AuthQuestion::Kind::topic;
  EXPECT_NE(auth_cache_key(one), auth_cache_key(other));
  other = one;
  other.name = "";
  other.routing_key = "n";
  EXPECT_NE(auth_cache_key(one), auth_cache_key(other));
  other = one;
  EXPECT_EQ(auth_cache_key(one), auth_cache_key(other));
}

}  // namespace
}  // namespace lepus::core
