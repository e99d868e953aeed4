// Who may log in, and what the operator is told of definitions that are not applied.
#include "tools/server/login_users.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tools/server/definitions_warnings.h"

namespace lepus::server {
namespace {

using persist::KeptDefinitions;
using persist::KeptKind;

/// Of the password s3cret.
constexpr const char* hash = "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h";

KeptDefinitions with_user(const std::string& name, const std::string& limits = "{}") {
  KeptDefinitions kept;
  EXPECT_TRUE(
      kept.put(KeptKind::users, {{name, hash, "rabbit_password_hashing_sha256", "[]", limits}}));
  return kept;
}

TEST(LoginUsers, TheBuiltInGuestGivesWayToImportedUsers) {
  const LoginUsers alone = login_users({}, {});
  ASSERT_EQ(alone.users.size(), 1U);
  EXPECT_TRUE(alone.users.at("guest").accepts("guest"));
  EXPECT_TRUE(alone.users.at("guest").loopback_only);
  const LoginUsers other = login_users({}, with_user("shop"));
  ASSERT_EQ(other.users.size(), 1U);
  EXPECT_TRUE(other.users.at("shop").accepts("s3cret"));
  EXPECT_FALSE(other.users.at("shop").loopback_only);
  const LoginUsers guest = login_users({}, with_user("guest"));
  EXPECT_TRUE(guest.users.at("guest").accepts("s3cret"));
  EXPECT_FALSE(guest.users.at("guest").accepts("guest"));
  EXPECT_TRUE(guest.users.at("guest").loopback_only);
  EXPECT_TRUE(guest.warnings.empty());
}

TEST(LoginUsers, TheConfigurationCounts) {
  ServerConfig config;
  config.users = {{"shop", "from the file", {}}, {"extra", "x", {}}};
  const LoginUsers both = login_users(config, with_user("shop"));
  EXPECT_EQ(both.users.size(), 2U);
  EXPECT_TRUE(both.users.at("shop").accepts("from the file"));
  EXPECT_FALSE(both.users.at("shop").accepts("s3cret"));
  ASSERT_EQ(both.warnings.size(), 1U);
  EXPECT_NE(both.warnings[0].find("user 'shop'"), std::string::npos);
  config.users[0].password = "s3cret";
  EXPECT_TRUE(login_users(config, with_user("shop")).warnings.empty());
}

TEST(LoginUsers, ADamagedRowIsAnError) {
  KeptDefinitions kept = with_user("shop");
  kept.of(KeptKind::users)[0].values[persist::user_hash] = "edited";
  EXPECT_EQ(login_users({}, kept).error,
            "catalog, table users, user 'shop': the password hash is not base64");
}

std::size_t count_of(const std::vector<std::string>& all, const std::string& part) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& one) {
    return one.find(part) != std::string::npos;
  }));
}

TEST(DefinitionWarnings, OneForEachKind) {
  EXPECT_TRUE(definition_warnings({}, {"/"}).empty());
  KeptDefinitions kept = with_user("u", R"({"max-connections":1})");
  (void)kept.put(KeptKind::permissions, {{"u", "/", ".*", ".*", ".*"}});
  (void)kept.put(KeptKind::policies, {{"/", "p", "", "all", "{}", "0"}});
  (void)kept.put(KeptKind::policies, {{"/", "q", "", "all", "{}", "0"}});
  (void)kept.put(KeptKind::parameters, {{"operator_policy", "/", "o", "{}"}});
  (void)kept.put(KeptKind::parameters, {{"shovel", "/", "s", "{}"}});
  (void)kept.put(KeptKind::global_parameters, {{"cluster_name", "\"c\""}});
  const std::vector<std::string> all = definition_warnings(kept, {"/"});
  EXPECT_EQ(all.size(), 6U);
  EXPECT_EQ(count_of(all, "1 permissions are stored"), 1U);
  EXPECT_EQ(count_of(all, "2 policies are stored"), 1U);
  EXPECT_EQ(count_of(all, "1 operator policies are stored"), 1U);
  EXPECT_EQ(count_of(all, "1 parameters"), 1U);
  EXPECT_EQ(count_of(all, "1 global parameters are stored"), 1U);
  EXPECT_EQ(count_of(all, "limits of 1 users"), 1U);
  EXPECT_EQ(count_of(all, "not applied yet"), 6U);
}

TEST(DefinitionWarnings, ARestrictionIsSaidLoudly) {
  const std::string loud = "ACCESS IS NOT RESTRICTED";
  KeptDefinitions kept = with_user("u");
  EXPECT_EQ(count_of(definition_warnings(kept, {"/"}), "user 'u' has no permissions in vhost '/'"),
            1U);
  (void)kept.put(KeptKind::permissions, {{"u", "/", ".*", ".*", ".*"}});
  EXPECT_EQ(count_of(definition_warnings(kept, {"/"}), loud), 0U);
  EXPECT_EQ(count_of(definition_warnings(kept, {"/", "v"}), loud), 1U);
  (void)kept.put(KeptKind::topic_permissions, {{"u", "/", "x", ".*", ".*"}});
  EXPECT_EQ(count_of(definition_warnings(kept, {"/"}), loud), 0U);
  (void)kept.put(KeptKind::topic_permissions, {{"u", "/", "x", "^a", ".*"}});
  EXPECT_EQ(count_of(definition_warnings(kept, {"/"}), loud), 1U);
  for (const std::size_t column : {2U, 3U, 4U}) {
    KeptDefinitions one = with_user("u");
    persist::KeptRow row{{"u", "/", ".*", ".*", ".*"}};
    row.values[column] = "^shop";
    (void)one.put(KeptKind::permissions, row);
    EXPECT_EQ(count_of(definition_warnings(one, {"/"}), loud), 1U) << column;
  }
}

}  // namespace
}  // namespace lepus::server
