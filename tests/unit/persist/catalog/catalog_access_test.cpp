// Users, permissions, settings and limits in the catalog: what a change leaves in the tables, and
// what goes with a user or virtual host.
#include <gtest/gtest.h>

#include "persist/catalog/access_rows.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist {
namespace {

class CatalogAccessTest : public test::CatalogTest {
 protected:
  CatalogAccessTest() {
    restart();
    add_vhost("/");
    add_vhost("v");
  }
  void change(const core::TopologyChange& change) {
    master_->apply(change);
    catalog_->record(change);
  }
  StoredDefinitions reloaded() {
    commit();
    restart();
    StoredDefinitions stored_rows;
    EXPECT_EQ(catalog_->load_rows(stored_rows), "");
    return stored_rows;
  }
  core::VhostId vhost(std::string_view name) const { return master_->find_vhost(name)->id; }
};

TEST_F(CatalogAccessTest, AUserAsHeWas) {
  core::UserSpec ann{"ann", "h", "a", {"x", "\"y\""}, {5, {}}};
  change(core::UserPut{ann});
  ann.limits.channels = 7;
  change(core::UserPut{ann});
  const StoredDefinitions stored_rows = reloaded();
  ASSERT_EQ(stored_rows.of(DefinitionKind::users).size(), 1U);
  core::UserSpec read;
  EXPECT_EQ(read_user(stored_rows.of(DefinitionKind::users)[0], read), "");
  EXPECT_EQ(read, ann);
}

TEST_F(CatalogAccessTest, ADeletedUserTakesHisPermissionsAlong) {
  for (const char* name : {"ann", "bob"}) {
    change(core::UserPut{{name, "h", "a", {}, {}}});
    change(core::PermissionPut{{name, "/", "c", "w", "r"}});
    change(core::TopicPermissionPut{{name, "/", "x", "w", "r"}});
  }
  EXPECT_TRUE(catalog_->had_users());
  change(core::UserRemoved{"ann"});
  StoredDefinitions stored_rows = reloaded();
  ASSERT_EQ(stored_rows.of(DefinitionKind::users).size(), 1U);
  ASSERT_EQ(stored_rows.of(DefinitionKind::permissions).size(), 1U);
  EXPECT_EQ(read_permission(stored_rows.of(DefinitionKind::permissions)[0]),
            (core::PermissionSpec{"bob", "/", "c", "w", "r"}));
  ASSERT_EQ(stored_rows.of(DefinitionKind::topic_permissions).size(), 1U);
  EXPECT_EQ(read_topic_permission(stored_rows.of(DefinitionKind::topic_permissions)[0]),
            (core::TopicPermissionSpec{"bob", "/", "x", "w", "r"}));
  EXPECT_TRUE(catalog_->had_users());
}

TEST_F(CatalogAccessTest, NobodyWasThereAtFirst) { EXPECT_FALSE(catalog_->had_users()); }

TEST_F(CatalogAccessTest, WhatIsTakenAwayIsGone) {
  change(core::UserPut{{"ann", "h", "a", {}, {}}});
  for (const char* name : {"/", "v"}) change(core::PermissionPut{{"ann", name, "c", "w", "r"}});
  for (const char* name : {"x", "y"})
    change(core::TopicPermissionPut{{"ann", "/", name, "w", "r"}});
  change(core::PermissionRemoved{"ann", "/"});
  change(core::TopicPermissionRemoved{"ann", "/", "y"});
  const StoredDefinitions stored_rows = reloaded();
  ASSERT_EQ(stored_rows.of(DefinitionKind::permissions).size(), 1U);
  EXPECT_EQ(stored_rows.of(DefinitionKind::permissions)[0].values[1], "v");
  ASSERT_EQ(stored_rows.of(DefinitionKind::topic_permissions).size(), 1U);
  EXPECT_EQ(stored_rows.of(DefinitionKind::topic_permissions)[0].values[2], "x");
}

TEST_F(CatalogAccessTest, ADeletedVirtualHostTakesEverythingAlong) {
  change(core::UserPut{{"ann", "h", "a", {}, {}}});
  for (const char* name : {"/", "v"}) {
    change(core::PermissionPut{{"ann", name, "c", "w", "r"}});
    change(core::VhostSettingsPut{vhost(name), name, {"about", {"t"}, "classic"}});
    change(core::VhostLimitsPut{vhost(name), name, {1, {}}});
  }
  test::TopologyRequest remove;
  remove.kind = test::Kind::delete_vhost;
  remove.name = "v";
  must(remove);
  const StoredDefinitions stored_rows = reloaded();
  for (const DefinitionKind kind : {DefinitionKind::permissions, DefinitionKind::vhost_properties,
                                    DefinitionKind::parameters}) {
    ASSERT_EQ(stored_rows.of(kind).size(), 1U);
    EXPECT_NE(std::find(stored_rows.of(kind)[0].values.begin(),
                        stored_rows.of(kind)[0].values.end(), "/"),
              stored_rows.of(kind)[0].values.end());
  }
  core::VhostSettings settings;
  EXPECT_EQ(read_vhost(stored_rows.of(DefinitionKind::vhost_properties)[0], settings), "");
  EXPECT_EQ(settings, (core::VhostSettings{"about", {"t"}, "classic"}));
  core::VhostLimits limits;
  EXPECT_EQ(read_vhost_limits(stored_rows.of(DefinitionKind::parameters)[0], limits), "");
  EXPECT_EQ(limits, (core::VhostLimits{1, {}}));
  change(core::VhostLimitsPut{vhost("/"), "/", {}});
  EXPECT_TRUE(reloaded().of(DefinitionKind::parameters).empty());
}

}  // namespace
}  // namespace lepus::persist
