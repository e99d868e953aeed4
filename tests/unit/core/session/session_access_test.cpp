// What each method of a session asks for, and how long what was allowed is remembered.
#include "core/session/session_access.h"

#include <gtest/gtest.h>

#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core {
namespace {

using test::Kind;
using test::text_entry;

class SessionAccessTest : public ::testing::Test {
 protected:
  SessionAccessTest() {
    put_user({});
    grant({"ann", "/", ".*", ".*", ".*"});
    world_.must(world_.exchange("topics", "topic"));
    world_.must(world_.exchange("plain", "direct"));
    world_.must(world_.queue("q"));
    owner_ = {"ann", UserId{1}, "/", world_.vhost, {}};
    access_.emplace(world_.master, owner_);
  }
  void put_user(std::vector<std::string> user_tags) {
    world_.master.apply(UserPut{{"ann", "", "", std::move(user_tags), {}}});
  }
  void grant(const PermissionSpec& permission) { world_.master.apply(PermissionPut{permission}); }
  void grant_topic(const TopicPermissionSpec& permission) {
    world_.master.apply(TopicPermissionPut{permission});
  }
  static std::string say(const Refusal& refusal) { return refusal ? refusal->detail : "yes"; }
  std::string publish(std::string_view exchange, std::string_view key) {
    const ExchangeInfo* info = world_.master.find_exchange(world_.vhost, exchange);
    return say(access_->permit_publish({info, exchange, key}));
  }
  std::string declare(TopologyRequest request, std::string arguments = {}) {
    request.arguments = std::move(arguments);
    return say(access_->permit_declare(request));
  }
  test::World world_;
  SessionOwner owner_;
  std::optional<SessionAccess> access_;
};

TEST_F(SessionAccessTest, DeclaringNeedsConfigure) {
  grant({"ann", "/", "^mine", "", ""});
  EXPECT_EQ(declare(world_.queue("mine")), "yes");
  EXPECT_EQ(declare(world_.queue("other")),
            "configure access to queue 'other' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(declare(world_.exchange("other", "direct")),
            "configure access to exchange 'other' in vhost '/' refused for user 'ann'");
  TopologyRequest passive = world_.queue("other");
  passive.passive = true;
  EXPECT_EQ(declare(passive), "yes");
  EXPECT_EQ(declare(world_.exchange("", "direct")), "yes") << "refused elsewhere";
}

TEST_F(SessionAccessTest, AnExchangeToForwardToNeedsMore) {
  grant({"ann", "/", ".*", "^dlx$", "^readable"});
  const std::string to_dlx = text_entry("x-dead-letter-exchange", "dlx");
  EXPECT_EQ(declare(world_.queue("readable"), to_dlx), "yes");
  EXPECT_EQ(declare(world_.queue("new"), to_dlx),
            "read access to queue 'new' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(declare(world_.queue("readable"), text_entry("x-dead-letter-exchange", "no")),
            "write access to exchange 'no' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(declare(world_.exchange("readable", "direct"), text_entry("alternate-exchange", "no")),
            "write access to exchange 'no' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(declare(world_.queue("q"), to_dlx), "yes") << "it exists";
}

TEST_F(SessionAccessTest, BindingWritesToTheDestinationAndReadsTheSource) {
  grant({"ann", "/", "", "^q$", "^topics$"});
  const auto ask = [&](const TopologyRequest& request) {
    return say(access_->permit_binding(request, ResourceKind::queue));
  };
  EXPECT_EQ(ask(world_.bind("topics", "q", "a")), "yes");
  EXPECT_EQ(ask(world_.bind("topics", "p", "a")),
            "write access to queue 'p' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(ask(world_.bind("plain", "q", "a")),
            "read access to exchange 'plain' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(ask(world_.bind("", "q", "a")), "yes") << "refused elsewhere";
  grant_topic({"ann", "/", "topics", "", "^a"});
  EXPECT_EQ(ask(world_.bind("topics", "q", "a.b")), "yes");
  EXPECT_NE(ask(world_.bind("topics", "q", "b")), "yes");
}

TEST_F(SessionAccessTest, PublishingIsJudgedByExchangeAndTopic) {
  grant({"ann", "/", "", "^topics$", ""});
  grant_topic({"ann", "/", "topics", "^a", ""});
  EXPECT_EQ(publish("topics", "a.b"), "yes");
  EXPECT_EQ(publish("topics", "b"),
            "write access to topic 'b' in exchange 'topics' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(publish("plain", "a"),
            "write access to exchange 'plain' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(publish("nowhere", "a"),
            "write access to exchange 'nowhere' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(publish("topics", "a.c"), "yes");
}

TEST_F(SessionAccessTest, AChangeOfAccessEndsWhatIsRemembered) {
  const AccessQuestion question{Permission::read, ResourceKind::queue, "q"};
  EXPECT_EQ(publish("plain", "a"), "yes");
  EXPECT_EQ(publish("topics", "b"), "yes");
  EXPECT_EQ(say(access_->permit(question)), "yes");
  grant_topic({"ann", "/", "topics", "^a", ""});
  EXPECT_NE(publish("topics", "b"), "yes");
  grant({"ann", "/", "", "", ""});
  EXPECT_NE(publish("plain", "a"), "yes");
  EXPECT_NE(publish("topics", "a"), "yes");
  EXPECT_NE(say(access_->permit(question)), "yes");
}

TEST_F(SessionAccessTest, KeysOfCcMatterAtATopicExchange) {
  grant_topic({"ann", "/", "topics", "^a", ""});
  const std::vector<std::string> keys{"a", "b"};
  EXPECT_NE(say(access_->permit_cc_keys("topics", keys)), "yes");
  EXPECT_EQ(say(access_->permit_cc_keys("topics", std::span{keys}.first(1))), "yes");
  EXPECT_EQ(say(access_->permit_cc_keys("plain", keys)), "yes");
  EXPECT_EQ(say(access_->permit_cc_keys("gone", keys)), "yes");
}

TEST_F(SessionAccessTest, OnlyAnImpersonatorMayNameOthers) {
  PropertiesView view;
  EXPECT_EQ(access_->expected_user_id(view), "ann");
  view.set(Property::user_id);
  view.user_id = "bob";
  EXPECT_EQ(access_->expected_user_id(view), "ann");
  put_user({"impersonator"});
  EXPECT_EQ(access_->expected_user_id(view), "bob");
}

TEST(PublishAccess, HoldsForOneExchangeAndVersion) {
  PublishAccess last;
  EXPECT_FALSE(last.contains(1, ExchangeId{1}));
  last.store(3, ExchangeId{7}, nullptr);
  EXPECT_TRUE(last.contains(3, ExchangeId{7}));
  EXPECT_FALSE(last.contains(4, ExchangeId{7}));
  EXPECT_FALSE(last.contains(3, ExchangeId{8}));
  EXPECT_EQ(last.keys(), nullptr) << "every key";
}

TEST_F(SessionAccessTest, TheOperatorIsNoUserAndMayDoEverything) {
  SessionOwner owner{"op", {}, "/", world_.vhost, {}};
  owner.is_operator = true;
  access_.emplace(world_.master, owner);
  EXPECT_EQ(say(access_->permit({Permission::configure, ResourceKind::queue, "q"})), "yes");
  EXPECT_EQ(publish("topics", "any.key"), "yes");
  EXPECT_EQ(say(access_->permit_cc_keys("topics", std::vector<std::string>{"cc"})), "yes");
  EXPECT_EQ(declare(world_.queue("q2")), "yes");
  TopologyRequest bind = world_.queue("q");
  bind.source = "topics";
  bind.key = "k";
  EXPECT_EQ(say(access_->permit_binding(bind, ResourceKind::queue)), "yes");
  PropertiesView view;
  view.user_id = "anybody";
  view.set(Property::user_id);
  EXPECT_EQ(access_->expected_user_id(view), "anybody");
  owner.is_operator = false;
  access_.emplace(world_.master, owner);
  EXPECT_NE(publish("topics", "any.key"), "yes") << "no user has this name";
}

}  // namespace
}  // namespace lepus::core
