// An import into a broker that runs: what is new, and in which order.
#include "tools/server/definitions/definitions_live.h"

#include <gtest/gtest.h>

#include <variant>

#include "core/topology/topology.h"

namespace lepus::server {
namespace {

constexpr std::string_view live_file = R"({
  "vhosts": [{"name": "/"}, {"name": "new"}],
  "users": [{"name": "ann", "password": "a"}, {"name": "ann", "password": "a"}],
  "queues": [{"name": "q", "vhost": "new", "durable": true, "auto_delete": false, "arguments": {}}],
  "policies": [{"name": "p", "vhost": "new", "pattern": ".*", "definition": {"max-length": 5}}]})";

class LiveImportTest : public ::testing::Test {
 protected:
  LiveImportTest() { topology_.apply(core::VhostAdded{core::VhostId{1}, "/"}); }

  LivePlan plan() {
    Definitions definitions;
    parse_definitions({"file", live_file}, {}, definitions, findings_);
    const std::vector<std::string> vhosts{"/"};
    return plan_live_import({topology_, 1, kept_, definitions, vhosts, {}, 7}, findings_);
  }
  template <class Kind>
  static std::size_t position_of(const LivePlan& plan) {
    for (std::size_t i = 0; i < plan.changes.size(); ++i)
      if (std::holds_alternative<Kind>(plan.changes[i])) return i;
    ADD_FAILURE() << "there is no such change";
    return plan.changes.size();
  }

  core::Topology topology_{2};
  persist::StoredDefinitions kept_;
  Findings findings_;
};

/// Each queue then is merged with its policy once.
TEST_F(LiveImportTest, PoliciesComeBeforeQueues) {
  const LivePlan made = plan();
  EXPECT_EQ(findings_.error(), "");
  EXPECT_LT(position_of<core::VhostAdded>(made), position_of<core::PolicyPut>(made));
  EXPECT_LT(position_of<core::PolicyPut>(made), position_of<core::QueueAdded>(made));
  for (const core::TopologyChange& change : made.changes) topology_.apply(change);
  const core::VhostInfo* vhost = topology_.find_vhost("new");
  ASSERT_NE(vhost, nullptr);
  const core::QueueInfo* queue = topology_.find_queue(vhost->id, "q");
  ASSERT_NE(queue, nullptr);
  ASSERT_NE(queue->policy, nullptr);
  EXPECT_EQ(queue->policy->spec.name, "p");
}

/// The second time the password is found in the row that the first time made.
TEST_F(LiveImportTest, AUserWithTheSamePasswordAgainIsNoChange) {
  const LivePlan made = plan();
  std::size_t users = 0;
  for (const auto& [kind, row] : made.rows) users += kind == persist::DefinitionKind::users ? 1 : 0;
  EXPECT_EQ(users, 1U);
}

}  // namespace
}  // namespace lepus::server
