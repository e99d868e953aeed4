// Who may do what, in RabbitMQ's words; what is shared and remembered on the way.
#include "core/access/access.h"

#include <gtest/gtest.h>

#include <string>

#include "core/access/access_rules.h"
#include "core/topology/topology.h"

namespace lepus::core {
namespace {

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    put_user("ann");
    grant({"ann", "/", "^ann-.*", "^(ann-|amq\\.default$)", ".*"});
  }
  void put_user(const std::string& name) { access_.on_change(UserPut{{name, "", "", {}, {}}}); }
  void grant(const PermissionSpec& permission) { access_.on_change(PermissionPut{permission}); }
  std::string ask(Permission permission, ResourceKind kind, std::string_view name,
                  std::string_view user = "ann") const {
    const auto refused = check_access(access_, {user, "/"}, {permission, kind, name});
    return refused ? refused->text() : "yes";
  }
  std::string topic(std::string_view exchange, std::string_view key,
                    Permission permission = Permission::write) const {
    const Subject ann{"ann", "/"};
    const auto refused = check_topic(access_.find_topic(ann, exchange, permission), ann,
                                     {permission, exchange, key});
    return refused ? refused->text() : "yes";
  }

  Access access_;
};

TEST_F(AccessTest, PatternsAreLookedForAnywhereInTheName) {
  EXPECT_EQ(ask(Permission::configure, ResourceKind::queue, "ann-q"), "yes");
  EXPECT_EQ(ask(Permission::configure, ResourceKind::queue, "x-ann-q"),
            "ACCESS_REFUSED - configure access to queue 'x-ann-q' in vhost '/' refused for user "
            "'ann'");
  grant({"ann", "/", "q", "", "^$"});
  EXPECT_EQ(ask(Permission::configure, ResourceKind::exchange, "a queue"), "yes");
  EXPECT_EQ(ask(Permission::write, ResourceKind::exchange, "x"),
            "ACCESS_REFUSED - write access to exchange 'x' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(ask(Permission::read, ResourceKind::queue, "q"),
            "ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user 'ann'");
}

TEST_F(AccessTest, TheDefaultExchangeHasAName) {
  EXPECT_EQ(ask(Permission::write, ResourceKind::exchange, ""), "yes");
  grant({"ann", "/", "", "^ann-", ""});
  EXPECT_EQ(ask(Permission::write, ResourceKind::exchange, ""),
            "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for user "
            "'ann'");
}

TEST_F(AccessTest, WithoutAGrantThereIsNoAccess) {
  put_user("bob");
  EXPECT_NE(ask(Permission::read, ResourceKind::queue, "q", "bob"), "yes");
  EXPECT_NE(ask(Permission::read, ResourceKind::queue, "q", "nobody"), "yes");
  EXPECT_EQ(check_vhost_access(access_, {"ann", "/"}), std::nullopt);
  EXPECT_EQ(check_vhost_access(access_, {"bob", "/"})->text(),
            "NOT_ALLOWED - access to vhost '/' refused for user 'bob'");
  EXPECT_NE(check_vhost_access(access_, {"ann", "other"}), std::nullopt);
  access_.on_change(PermissionRemoved{"ann", "/"});
  EXPECT_NE(check_vhost_access(access_, {"ann", "/"}), std::nullopt);
  EXPECT_EQ(access_.pattern_count(), 0U);
}

TEST_F(AccessTest, APatternThatCannotBeReadMatchesNothing) {
  EXPECT_EQ(check_pattern("^(a|b).*$"), "");
  EXPECT_EQ(check_pattern("*"), "no argument for repetition operator: *");
  EXPECT_EQ(check_pattern("^(?!secret)"), "");
  EXPECT_NE(check_pattern("(?!x)y"), "");
  grant({"ann", "/", "*", "(?!x)y", ".*"});
  EXPECT_NE(ask(Permission::configure, ResourceKind::queue, "ann-q"), "yes");
  EXPECT_NE(ask(Permission::write, ResourceKind::exchange, "ann-x"), "yes");
}

TEST_F(AccessTest, TopicPermissionsAreOfTheirExchangeOnly) {
  EXPECT_EQ(topic("amq.topic", "any.key"), "yes");
  access_.on_change(TopicPermissionPut{{"ann", "/", "amq.topic", "^{username}\\.", "^{vhost}"}});
  EXPECT_EQ(topic("amq.topic", "ann.k"), "yes");
  EXPECT_EQ(topic("amq.topic", "bob.k"),
            "ACCESS_REFUSED - write access to topic 'bob.k' in exchange 'amq.topic' in vhost "
            "'/' refused for user 'ann'");
  EXPECT_EQ(topic("amq.topic", "/k", Permission::read), "yes");
  EXPECT_NE(topic("amq.topic", "ann.k", Permission::read), "yes");
  EXPECT_EQ(topic("other", "bob.k"), "yes");
  access_.on_change(TopicPermissionRemoved{"ann", "/", "amq.topic"});
  EXPECT_EQ(topic("amq.topic", "bob.k"), "yes");
}

TEST_F(AccessTest, VariablesStandForThemselvesOnly) {
  EXPECT_EQ(expand_pattern("^{username}.{username}$", "username", "a.b"), "^a\\.b.a\\.b$");
  EXPECT_EQ(expand_pattern("^{client_id}$", "username", "a"), "^{client_id}$");
}

TEST_F(AccessTest, EqualPatternsAreCompiledOnce) {
  const std::size_t before = access_.pattern_count();
  put_user("bob");
  grant({"bob", "/", "^ann-.*", ".*", ".*"});
  EXPECT_EQ(access_.pattern_count(), before);
  access_.on_change(UserRemoved{"ann"});
  EXPECT_EQ(access_.pattern_count(), 2U);
  access_.forget_vhost("/");
  EXPECT_EQ(access_.pattern_count(), 0U);
}

TEST_F(AccessTest, AUserAddedAgainIsAnotherOne) {
  const UserId first = access_.find_user("ann")->id;
  put_user("ann");
  EXPECT_EQ(access_.find_user("ann")->id, first);
  access_.on_change(UserRemoved{"ann"});
  put_user("ann");
  EXPECT_NE(access_.find_user("ann")->id, first);
  EXPECT_EQ(access_.find_grant({"ann", "/"}), nullptr);
}

TEST(AccessCache, KnowsTheLastFewOfOneVersion) {
  AccessCache cache;
  const AccessQuestion first{Permission::read, ResourceKind::queue, "q"};
  EXPECT_FALSE(cache.knows(1, first));
  cache.remember(1, first);
  EXPECT_TRUE(cache.knows(1, first));
  EXPECT_FALSE(cache.knows(1, {Permission::write, ResourceKind::queue, "q"}));
  EXPECT_FALSE(cache.knows(1, {Permission::read, ResourceKind::exchange, "q"}));
  EXPECT_FALSE(cache.knows(2, first));
  for (int i = 0; i < 8; ++i)
    cache.remember(1, {Permission::read, ResourceKind::queue, "q" + std::to_string(i)});
  EXPECT_FALSE(cache.knows(1, first));
  EXPECT_TRUE(cache.knows(1, {Permission::read, ResourceKind::queue, "q7"}));
  cache.remember(2, first);
  EXPECT_FALSE(cache.knows(2, {Permission::read, ResourceKind::queue, "q7"}));
  EXPECT_TRUE(cache.knows(2, first));
}

TEST(Limit, NothingAndNegativeAreNone) {
  EXPECT_FALSE(is_reached({}, 1'000'000));
  EXPECT_FALSE(is_reached(-1, 1'000'000));
  EXPECT_TRUE(is_reached(0, 0));
  EXPECT_FALSE(is_reached(2, 1));
  EXPECT_TRUE(is_reached(2, 2));
}

}  // namespace
}  // namespace lepus::core
