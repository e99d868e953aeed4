// Scopes of tokens as RabbitMQ reads them.
#include "core/access/scopes.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

AccessQuestion queue(Permission permission, std::string_view name) {
  return {permission, ResourceKind::queue, name};
}

TEST(ScopePattern, AStarStandsForAnyText) {
  EXPECT_TRUE(ScopePattern{"*"}.matches(""));
  EXPECT_TRUE(ScopePattern{"*"}.matches("anything"));
  EXPECT_TRUE(ScopePattern{"a*c"}.matches("abbc"));
  EXPECT_TRUE(ScopePattern{"a*c"}.matches("ac"));
  EXPECT_FALSE(ScopePattern{"a*c"}.matches("acb"));
  EXPECT_TRUE(ScopePattern{"*b*b"}.matches("abcb"));
  EXPECT_FALSE(ScopePattern{"*b*b"}.matches("ab"));
  EXPECT_FALSE(ScopePattern{"ab*ba"}.matches("aba"));
  EXPECT_TRUE(ScopePattern{"plain"}.matches("plain"));
  EXPECT_FALSE(ScopePattern{"plain"}.matches("plainer"));
  EXPECT_FALSE(ScopePattern{""}.matches("x"));
}

TEST(ScopePattern, CharactersThatMeanSomethingCanBeWritten) {
  EXPECT_TRUE(ScopePattern{"%2F"}.matches("/"));
  EXPECT_TRUE(ScopePattern{"a%2Ab"}.matches("a*b"));
  EXPECT_FALSE(ScopePattern{"a%2Ab"}.matches("axb"));
  EXPECT_TRUE(ScopePattern{"100%"}.matches("100%"));
  EXPECT_TRUE(ScopePattern{"%zz"}.matches("%zz"));
}

TEST(Scopes, APermissionIsForNamesInAVhost) {
  const Scopes scopes{{"read:%2F/orders-*", "write:*/x"}};
  EXPECT_TRUE(scopes.allow("/", queue(Permission::read, "orders-1")));
  EXPECT_FALSE(scopes.allow("/", queue(Permission::read, "other")));
  EXPECT_FALSE(scopes.allow("v", queue(Permission::read, "orders-1")));
  EXPECT_FALSE(scopes.allow("/", queue(Permission::write, "orders-1")));
  EXPECT_TRUE(scopes.allow("v", queue(Permission::write, "x")));
  EXPECT_FALSE(scopes.allow("v", queue(Permission::configure, "x")));
}

TEST(Scopes, TheDefaultExchangeHasAName) {
  const Scopes scopes{{"write:*/amq.default"}};
  EXPECT_TRUE(scopes.allow("/", AccessQuestion{Permission::write, ResourceKind::exchange, ""}));
}

TEST(Scopes, ARoutingKeyNarrowsTopicsOnly) {
  const Scopes scopes{{"write:*/amq.topic/a.*"}};
  EXPECT_TRUE(scopes.allow("/", TopicQuestion{Permission::write, "amq.topic", "a.b"}));
  EXPECT_FALSE(scopes.allow("/", TopicQuestion{Permission::write, "amq.topic", "b.a"}));
  EXPECT_FALSE(scopes.allow("/", TopicQuestion{Permission::read, "amq.topic", "a.b"}));
  EXPECT_TRUE(
      scopes.allow("/", AccessQuestion{Permission::write, ResourceKind::exchange, "amq.topic"}));
}

TEST(Scopes, AnyPermissionOpensTheVhost) {
  const Scopes scopes{{"configure:v*/q"}};
  EXPECT_TRUE(scopes.allow_vhost("v1"));
  EXPECT_FALSE(scopes.allow_vhost("w"));
  EXPECT_FALSE(Scopes{{"tag:administrator"}}.allow_vhost("v1"));
}

TEST(Scopes, TagsAreScopesToo) {
  const Scopes scopes{{"tag:administrator", "tag:impersonator", "openid"}};
  EXPECT_EQ(scopes.tags(), (std::vector<std::string>{"administrator", "impersonator"}));
  EXPECT_EQ(scopes.size(), 0U);
}

TEST(Scopes, WhatIsNoneIsLeftOut) {
  const Scopes scopes{{"read:", "read:v", "read:a/b/c/d", "READ:a/b", "delete:a/b", ""}};
  EXPECT_EQ(scopes.size(), 0U);
}

}  // namespace
}  // namespace lepus::core
