// Who is made in a new data directory, how rows become changes, and what the operator is told.
#include "tools/server/default_users.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/definitions/policy_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/access/password_hash.h"
#include "core/topology/topology.h"
#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_warnings.h"

namespace lepus::server {
namespace {

using persist::DefinitionKind;
using persist::StoredDefinitions;

/// Of the password s3cret.
constexpr const char* known_hash = "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h";

StoredDefinitions with_user(const std::string& name, const std::string& limits = "{}") {
  StoredDefinitions stored_rows;
  EXPECT_TRUE(
      stored_rows.put(DefinitionKind::users,
                      {{name, known_hash, "rabbit_password_hashing_sha256", R"(["a"])", limits}}));
  return stored_rows;
}

std::size_t count_of(const std::vector<std::string>& all, const std::string& part) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& one) {
    return one.find(part) != std::string::npos;
  }));
}

const std::vector<core::TopologyChange> two_vhosts{core::VhostAdded{core::VhostId{1}, "/"},
                                                   core::VhostAdded{core::VhostId{2}, "v"}};

TEST(DefaultUsers, AreMadeWithTheirPermissions) {
  ServerConfig config;
  config.users[0].tags = {"administrator"};
  config.users.push_back({"shop", "x", {}, "^shop", "", ".*", "^v$"});
  core::Random random{7};
  StoredDefinitions stored_rows;
  add_default_users(config, {"/", "v"}, random, stored_rows);
  core::Topology topology{1};
  for (const core::TopologyChange& change : two_vhosts) topology.apply(change);
  const AccessLoad load = load_access(stored_rows, two_vhosts);
  EXPECT_EQ(load.error, "");
  for (const core::TopologyChange& change : load.changes) topology.apply(change);
  const core::Access& access = topology.access();
  ASSERT_NE(access.find_user("guest"), nullptr);
  EXPECT_TRUE(access.find_user("guest")->spec.has_tag("administrator"));
  EXPECT_TRUE(access.allows({"guest", "/"}, core::Permission::write, "any"));
  EXPECT_TRUE(access.allows({"guest", "v"}, core::Permission::write, "any"));
  EXPECT_EQ(access.find_grant({"shop", "/"}), nullptr);
  EXPECT_TRUE(access.allows({"shop", "v"}, core::Permission::configure, "shop.q"));
  EXPECT_FALSE(access.allows({"shop", "v"}, core::Permission::write, "shop.q"));
  core::PasswordHash read;
  const core::UserSpec& shop = access.find_user("shop")->spec;
  ASSERT_EQ(read.read(shop.hashing_algorithm, shop.password_hash), "");
  EXPECT_TRUE(read.matches("x"));
  EXPECT_NE(shop.password_hash, make_user("shop", "x", random).password_hash);
  EXPECT_EQ(make_user("shop", "", random).password_hash, "");
}

TEST(DefaultUsers, APasswordThatDoesNotCountIsSaid) {
  ServerConfig config;
  EXPECT_TRUE(default_user_warnings(config, with_user("shop")).empty());
  config.users = {{"shop", "s3cret", {}}};
  EXPECT_TRUE(default_user_warnings(config, with_user("shop")).empty());
  config.users[0].password = "other";
  EXPECT_EQ(count_of(default_user_warnings(config, with_user("shop")), "user 'shop'"), 1U);
  config.users[0] = {"gone", "s3cret", {}};
  EXPECT_EQ(count_of(default_user_warnings(config, with_user("shop")), "user 'gone'"), 1U);
}

TEST(LoadAccess, LimitsTagsAndSettings) {
  StoredDefinitions stored_rows = with_user("u", R"({"max-connections": 3, "max-channels": -1})");
  (void)stored_rows.put(DefinitionKind::vhost_properties,
                        {{"v", R"({"limits": [], "metadata": {"description": "d", "tags": ["t"],
                            "default_queue_type": "quorum"}})"}});
  (void)stored_rows.put(DefinitionKind::vhost_properties,
                        {{"/", R"({"default_queue_type": "nope"})"}});
  (void)stored_rows.put(
      DefinitionKind::parameters,
      {{"vhost-limits", "v", "limits", R"({"max-queues": 9, "max-connections": 0})"}});
  const AccessLoad load = load_access(stored_rows, two_vhosts);
  EXPECT_EQ(load.error, "");
  EXPECT_EQ(count_of(load.warnings, "default queue type 'nope'"), 1U);
  core::Topology topology{1};
  for (const core::TopologyChange& change : two_vhosts) topology.apply(change);
  for (const core::TopologyChange& change : load.changes) topology.apply(change);
  EXPECT_EQ(topology.access().find_user("u")->spec.limits, (core::UserLimits{3, -1}));
  EXPECT_EQ(topology.access().find_user("u")->spec.tags, std::vector<std::string>{"a"});
  EXPECT_EQ(topology.find_vhost("v")->settings, (core::VhostSettings{"d", {"t"}, "quorum"}));
  EXPECT_EQ(topology.find_vhost("/")->settings, core::VhostSettings{});
  EXPECT_EQ(topology.find_vhost("v")->limits, (core::VhostLimits{0, 9}));
  EXPECT_EQ(definition_warnings(stored_rows).size(), 0U);
}

TEST(LoadAccess, WhatIsAboutNobodyIsRemoved) {
  StoredDefinitions stored_rows = with_user("u");
  (void)stored_rows.put(DefinitionKind::permissions, {{"u", "/", ".*", ".*", ".*"}});
  (void)stored_rows.put(DefinitionKind::permissions, {{"u", "gone", ".*", ".*", ".*"}});
  (void)stored_rows.put(DefinitionKind::permissions, {{"gone", "/", ".*", ".*", ".*"}});
  (void)stored_rows.put(DefinitionKind::topic_permissions, {{"gone", "/", "x", ".*", ".*"}});
  const AccessLoad load = load_access(stored_rows, two_vhosts);
  EXPECT_EQ(load.error, "");
  EXPECT_EQ(load.changes.size(), 2U);
  EXPECT_EQ(load.removals.size(), 3U);
  EXPECT_EQ(count_of(load.warnings, "are removed: there is no such"), 3U);
}

TEST(LoadAccess, APatternThatCannotBeReadAllowsNothing) {
  StoredDefinitions stored_rows = with_user("u");
  (void)stored_rows.put(DefinitionKind::permissions, {{"u", "/", "(?!x)y", ".*", ".*"}});
  const AccessLoad load = load_access(stored_rows, two_vhosts);
  EXPECT_EQ(load.error, "");
  EXPECT_EQ(count_of(load.warnings, "the pattern '(?!x)y' matches nothing"), 1U);
}

TEST(LoadAccess, ADamagedRowIsAnError) {
  StoredDefinitions stored_rows = with_user("shop");
  stored_rows.of(DefinitionKind::users)[0].values[persist::user_hash] = "edited";
  EXPECT_EQ(load_access(stored_rows, two_vhosts).error,
            "catalog, table users, user 'shop': the password hash is not base64");
  EXPECT_EQ(load_access(with_user("shop", "{\"max-channels\": \"a\"}"), two_vhosts).error,
            "catalog, table users, user 'shop': 'max-channels' is not a whole number");
  EXPECT_EQ(load_access(with_user("shop", "{"), two_vhosts).error,
            "catalog, table users, user 'shop': not JSON");
}

TEST(DefinitionWarnings, OneForEachKind) {
  EXPECT_TRUE(definition_warnings({}).empty());
  StoredDefinitions stored_rows = with_user("u", R"({"max-connections":1})");
  (void)stored_rows.put(DefinitionKind::permissions, {{"u", "/", ".*", ".*", ".*"}});
  (void)stored_rows.put(DefinitionKind::policies, {{"/", "p", "", "all", "{}", "0"}});
  (void)stored_rows.put(DefinitionKind::policies, {{"/", "q", "", "all", "{}", "0"}});
  (void)stored_rows.put(DefinitionKind::parameters, {{"operator_policy", "/", "o", "{}"}});
  (void)stored_rows.put(DefinitionKind::parameters, {{"shovel", "/", "s", "{}"}});
  (void)stored_rows.put(
      DefinitionKind::parameters,
      {{"shovel", "/", "t",
        R"({"src-uri":"amqp://","src-queue":"a","dest-uri":"amqp://","dest-queue":"b"})"}});
  (void)stored_rows.put(DefinitionKind::parameters, {{"federation-upstream", "/", "f", "{}"}});
  (void)stored_rows.put(DefinitionKind::global_parameters, {{"cluster_name", "\"c\""}});
  (void)stored_rows.put(DefinitionKind::global_parameters, {{"cluster_tags", "{}"}});
  const std::vector<std::string> all = definition_warnings(stored_rows);
  EXPECT_EQ(all.size(), 4U);
  EXPECT_EQ(count_of(all, "shovel 's' of virtual host '/' will not run: Key \"src-uri\""), 1U);
  EXPECT_EQ(count_of(all, "1 shovels will run here"), 1U);
  EXPECT_EQ(count_of(all, "1 parameters of the component 'federation-upstream'"), 1U);
  EXPECT_EQ(count_of(all, "1 global parameters are stored"), 1U);
}

TEST(LoadAccess, PoliciesOfBothKinds) {
  StoredDefinitions stored_rows;
  (void)stored_rows.put(
      DefinitionKind::policies,
      {{"v", "long", "^q", "queues", R"({"max-length": 5, "ha-mode": "all"})", "7"}});
  (void)stored_rows.put(DefinitionKind::policies,
                        {{"v", "odd", "", "all", R"({"shards-per-node": 2})", "0"}});
  (void)stored_rows.put(DefinitionKind::policies, {{"v", "bad", "", "all", "{", "0"}});
  (void)stored_rows.put(DefinitionKind::parameters,
                        {{"operator_policy", "v", "o", R"({"pattern": "q", "priority":
                 3, "apply-to": "queues", "definition": {"max-length": 2}})"}});
  (void)stored_rows.put(DefinitionKind::parameters,
                        {{"operator_policy", "v", "odd", R"({"pattern": 5, "definition": {}})"}});
  (void)stored_rows.put(DefinitionKind::parameters,
                        {{"operator_policy", "v", "pairs", R"({"pattern": "q",
                 "definition": [["expires", 9]]})"}});
  const AccessLoad load = load_access(stored_rows, two_vhosts);
  EXPECT_EQ(load.error, "");
  EXPECT_EQ(count_of(load.warnings, "'pattern' is not a text"), 1U);
  EXPECT_EQ(count_of(load.warnings, "'shards-per-node' is of a plugin that is not there"), 1U);
  EXPECT_EQ(count_of(load.warnings, "policy 'bad' in vhost 'v'"), 1U);
  core::Topology topology{1};
  for (const core::TopologyChange& change : two_vhosts) topology.apply(change);
  for (const core::TopologyChange& change : load.changes) topology.apply(change);
  const core::VhostInfo* vhost = topology.find_vhost("v");
  EXPECT_EQ(count_of(load.warnings, "policy 'odd' in vhost 'v' has no effect: "), 2U);
  EXPECT_EQ(vhost->policies.all().size(), 2U);
  EXPECT_EQ(vhost->policies.find("long")->spec.priority, 7);
  const core::Policy* limiting = vhost->operator_policies.find("o");
  ASSERT_NE(limiting, nullptr);
  EXPECT_EQ(limiting->spec.priority, 3);
  EXPECT_NE(vhost->operator_policies.find("pairs"), nullptr) << "as RabbitMQ 3.10 exports it";
  // What is recorded when it is set again is what was read.
  core::PolicySpec again;
  EXPECT_EQ(read_policy_row(persist::policy_row(limiting->spec, true), true, again), "");
  EXPECT_EQ(again.definition, limiting->spec.definition);
}

}  // namespace
}  // namespace lepus::server
