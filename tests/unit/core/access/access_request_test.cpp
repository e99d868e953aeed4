// What operators ask for: refusals, changes, and nothing when it is so already.
#include "core/access/access_request.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

class AccessRequestTest : public ::testing::Test {
 protected:
  AccessRequestTest() { EXPECT_EQ(run(AddUser{{"ann", "h", "a", {"monitoring"}, {}}}), "1"); }
  /// The refusal, or how many changes.
  std::string run(const AccessRequest& request) {
    const AccessDecision decision = decide(world_.master, request, world_.ids);
    for (const TopologyChange& change : decision.changes) world_.master.apply(change);
    return decision.refusal ? decision.refusal->text : std::to_string(decision.changes.size());
  }
  const UserInfo* user(std::string_view name) const {
    return world_.master.access().find_user(name);
  }

  World world_;
};

TEST_F(AccessRequestTest, Users) {
  EXPECT_EQ(run(AddUser{{"ann", "", "", {}, {}}}), "User \"ann\" already exists");
  EXPECT_EQ(run(AddUser{{"", "", "", {}, {}}}), "a user name must have 1 to 255 bytes");
  EXPECT_EQ(run(ChangePassword{"ann", "h2", "b"}), "1");
  EXPECT_EQ(user("ann")->spec.password_hash, "h2");
  EXPECT_EQ(run(SetUserTags{"ann", {"administrator"}}), "1");
  EXPECT_EQ(run(SetUserTags{"ann", {"administrator"}}), "0");
  EXPECT_TRUE(user("ann")->spec.has_tag("administrator"));
  EXPECT_FALSE(user("ann")->spec.has_tag("monitoring"));
  EXPECT_EQ(run(SetUserLimits{"ann", {5, {}}}), "1");
  EXPECT_EQ(run(SetUserLimits{"ann", {{}, 7}}), "1");
  EXPECT_EQ(user("ann")->spec.limits, (UserLimits{5, 7}));
  EXPECT_EQ(run(ClearUserLimits{"ann", true, false}), "1");
  EXPECT_EQ(user("ann")->spec.limits, (UserLimits{{}, 7}));
  EXPECT_EQ(run(DeleteUser{"ann"}), "1");
  EXPECT_EQ(user("ann"), nullptr);
  for (const AccessRequest& request :
       {AccessRequest{DeleteUser{"ann"}}, AccessRequest{ChangePassword{"ann", "", ""}},
        AccessRequest{SetUserTags{"ann", {}}}, AccessRequest{SetUserLimits{"ann", {}}}})
    EXPECT_EQ(run(request), "User \"ann\" does not exist");
}

TEST_F(AccessRequestTest, Permissions) {
  EXPECT_EQ(run(SetPermissions{{"ann", "/", "^a", ".*", ""}}), "1");
  EXPECT_EQ(run(SetPermissions{{"ann", "/", "^a", ".*", ""}}), "0");
  EXPECT_EQ(run(SetPermissions{{"ann", "/", "*", ".*", ""}}),
            "invalid regular expression '*': no argument for repetition operator: *");
  EXPECT_EQ(run(SetPermissions{{"bob", "/", "", "", ""}}), "User \"bob\" does not exist");
  EXPECT_EQ(run(SetPermissions{{"ann", "v", "", "", ""}}), "Virtual host 'v' does not exist");
  EXPECT_EQ(run(ClearPermissions{"ann", "/"}), "1");
  EXPECT_EQ(run(ClearPermissions{"ann", "/"}), "0");
}

TEST_F(AccessRequestTest, TopicPermissions) {
  EXPECT_EQ(run(SetTopicPermissions{{"ann", "/", "x", "^{username}", ""}}), "1");
  EXPECT_EQ(run(SetTopicPermissions{{"ann", "/", "y", "", "("}}),
            "invalid regular expression '(': missing ): (");
  EXPECT_EQ(run(SetTopicPermissions{{"ann", "/", "y", "", ""}}), "1");
  EXPECT_EQ(run(ClearTopicPermissions{"ann", "/", "x"}), "1");
  EXPECT_EQ(run(SetTopicPermissions{{"ann", "/", "x", "", ""}}), "1");
  EXPECT_EQ(run(ClearTopicPermissions{"ann", "/", {}}), "2");
  EXPECT_EQ(run(ClearTopicPermissions{"ann", "/", {}}), "0");
}

TEST_F(AccessRequestTest, VirtualHosts) {
  EXPECT_EQ(run(AddVhost{"v", "about v", {{"t"}}, "classic"}), "9");
  EXPECT_EQ(world_.master.find_vhost("v")->settings.description, "about v");
  EXPECT_EQ(run(AddVhost{"v", {}, {}, {}}), "0");
  EXPECT_EQ(run(AddVhost{"v", "else", {}, {}}), "1");
  EXPECT_EQ(world_.master.find_vhost("v")->settings.tags, std::vector<std::string>{"t"});
  EXPECT_EQ(run(AddVhost{"w", {}, {}, "mirrored"}), "Unsupported default queue type 'mirrored'");
  EXPECT_EQ(run(SetPermissions{{"ann", "v", ".*", ".*", ".*"}}), "1");
  EXPECT_EQ(run(SetVhostLimits{"v", {3, 4}}), "1");
  EXPECT_EQ(run(DeleteVhost{"v"}), "8");
  EXPECT_EQ(run(DeleteVhost{"v"}), "Virtual host 'v' does not exist");
  EXPECT_EQ(run(SetVhostLimits{"v", {}}), "Virtual host 'v' does not exist");
  EXPECT_EQ(run(AddVhost{"v", {}, {}, {}}), "8");
  EXPECT_EQ(world_.master.access().find({"ann", "v"}), nullptr);
}

TEST_F(AccessRequestTest, AProtectedVirtualHostIsNotDeleted) {
  const auto protect = [](bool is_on) {
    UpdateVhost vhost{"v", {}, {}, {}};
    vhost.protected_from_deletion = is_on;
    return vhost;
  };
  EXPECT_EQ(run(protect(true)), "Virtual host 'v' does not exist");
  EXPECT_EQ(run(AddVhost{"v", {}, {}, {}}), "8");
  EXPECT_EQ(run(protect(true)), "1");
  EXPECT_EQ(run(protect(true)), "0");
  EXPECT_EQ(run(UpdateVhost{"v", "about v", {}, {}}), "1") << "other settings leave it as it is";
  EXPECT_EQ(run(DeleteVhost{"v"}),
            "Virtual host 'v' is protected from deletion; disable_vhost_deletion_protection ends "
            "that");
  EXPECT_EQ(run(protect(false)), "1");
  EXPECT_EQ(run(DeleteVhost{"v"}), "8");
}

TEST_F(AccessRequestTest, AVirtualHostHasNoMoreQueuesThanItsLimit) {
  EXPECT_EQ(run(SetVhostLimits{"/", {{}, 1}}), "1");
  World& world = world_;
  world.replica.apply(VhostLimitsPut{world.vhost, "/", {{}, 1}});
  world.must(world.queue("first"));
  EXPECT_EQ(world.answer(world.queue("first")), "satisfied");
  EXPECT_EQ(world.answer(world.queue("second")),
            "406 PRECONDITION_FAILED - cannot declare queue 'second': queue limit in vhost '/' (1) "
            "is reached");
  world.delete_queue("first");
  EXPECT_EQ(world.answer(world.queue("second")), "changes");
}

TEST_F(AccessRequestTest, ADefaultQueueTypeIsForQueuesThatCouldBeOfIt) {
  World& world = world_;
  for (Topology* one : {&world.master, &world.replica})
    one->apply(VhostSettingsPut{world.vhost, "/", {"", {}, "quorum"}});
  TopologyRequest request = world.queue("q");
  EXPECT_EQ(world.answer(request), "changes");  // Transient: no quorum queue could be meant.
  request = world.queue("durable");
  request.durable = true;
  EXPECT_EQ(world.answer(request), "changes");
  EXPECT_EQ(world.master.find_queue(world.vhost, "q")->parsed->queue_type, QueueType::classic);
  EXPECT_EQ(world.master.find_queue(world.vhost, "durable")->parsed->queue_type, QueueType::quorum);
  EXPECT_EQ(world.answer(request), "satisfied") << "declared again without a type";
  request = world.queue("other");
  request.durable = true;
  request.arguments = text_entry("x-queue-type", "classic");
  EXPECT_EQ(world.answer(request), "changes");
  EXPECT_EQ(world.master.find_queue(world.vhost, "other")->parsed->queue_type, QueueType::classic);
}

TEST_F(AccessRequestTest, SettingsOfVirtualHosts) {
  EXPECT_EQ(run(UpdateVhost{"/", "first", std::vector<std::string>{"a", "b"}, "quorum"}), "1");
  EXPECT_EQ(run(UpdateVhost{"/", "first", {}, {}}), "0");
  const VhostInfo& vhost = *world_.master.find_vhost("/");
  EXPECT_EQ(vhost.settings, (VhostSettings{"first", {"a", "b"}, "quorum"}));
  EXPECT_EQ(run(UpdateVhost{"/", {}, {}, "odd"}), "Unsupported default queue type 'odd'");
  EXPECT_EQ(run(UpdateVhost{"v", "x", {}, {}}), "Virtual host 'v' does not exist");
  EXPECT_EQ(run(SetTrace{"/", true}), "1");
  EXPECT_EQ(run(SetTrace{"/", true}), "0");
  EXPECT_EQ(run(SetTrace{"v", true}), "Virtual host 'v' does not exist");
}

/// A global parameter.
ParameterKey global(std::string name) { return {"global", "", std::move(name)}; }

TEST_F(AccessRequestTest, Parameters) {
  EXPECT_EQ(run(SetParameter{global("p"), "1"}), "1");
  EXPECT_EQ(run(SetParameter{global("p"), "1"}), "0");
  EXPECT_EQ(run(SetParameter{global("p"), "2"}), "1");
  EXPECT_EQ(run(SetParameter{global(""), "2"}), "the name of a parameter must have 1 to 255 bytes");
  EXPECT_EQ(run(SetParameter{global("p"), "x", "no JSON"}), "no JSON");
  EXPECT_EQ(run(ClearParameter{{"global", "", "p"}}), "1");
  EXPECT_EQ(run(ClearParameter{{"global", "", "p"}}), "Parameter does not exist");
  EXPECT_EQ(run(SetVhostLimits{"/", {1, {}}}), "1");
  EXPECT_EQ(run(ClearParameter{{"vhost-limits", "/", "other"}}), "Parameter does not exist");
  EXPECT_EQ(run(ClearParameter{{"vhost-limits", "/", "limits"}}), "1");
  EXPECT_EQ(run(ClearParameter{{"vhost-limits", "/", "limits"}}), "Parameter does not exist");
  EXPECT_EQ(run(ClearParameter{{"vhost-limits", "v", "limits"}}),
            "Virtual host 'v' does not exist");
  EXPECT_EQ(run(ClearParameter{{"operator_policy", "/", "o"}}), "Parameter does not exist");
  EXPECT_EQ(run(Refuse{"not so"}), "not so");
}

TEST_F(AccessRequestTest, ParametersGoWithTheirVirtualHost) {
  EXPECT_EQ(run(AddVhost{"v", {}, {}, {}}), "8");
  const ParameterKey key{"shovel", "v", "s"};
  world_.master.apply(ParameterPut{key, "{}"});
  EXPECT_EQ(world_.master.parameters().count(key), 1U);
  EXPECT_EQ(run(DeleteVhost{"v"}), "8");
  EXPECT_TRUE(world_.master.parameters().empty());
}

}  // namespace
}  // namespace lepus::core::test
