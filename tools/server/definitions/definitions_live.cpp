// See definitions_live.h.
#include "tools/server/definitions/definitions_live.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <variant>

#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_import.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_warnings.h"

namespace lepus::server {

namespace {

using core::TopologyChange;

void add_bindings(const core::ExchangeInfo& exchange, bool with_exclusive,
                  std::vector<TopologyChange>& out) {
  exchange.bindings_out.for_each([&](const core::Binding& binding) {
    if (!with_exclusive && binding.queue != nullptr && binding.queue->exclusive) return;
    out.emplace_back(core::BindingAdded{core::spec_of(binding)});
  });
}

/// Whether what a change says is so already. Of users and virtual hosts that are not there yet
/// nothing is.
class IsSo {
 public:
  explicit IsSo(const core::Topology& topology) : topology_(topology) {}

  bool operator()(const core::UserPut& change) const {
    const core::UserInfo* user = topology_.access().find_user(change.user.name);
    return user != nullptr && user->spec == change.user;
  }
  bool operator()(const core::PermissionPut& change) const {
    const auto& wanted = change.permission;
    const core::Grant* grant = topology_.access().find_grant({wanted.user, wanted.vhost});
    return grant != nullptr && grant->spec == wanted;
  }
  bool operator()(const core::TopicPermissionPut& change) const {
    const auto& wanted = change.permission;
    const core::VhostAccess* access = topology_.access().find({wanted.user, wanted.vhost});
    if (access == nullptr) return false;
    const auto found = access->topics.find(wanted.exchange);
    return found != access->topics.end() && found->second.spec == wanted;
  }
  bool operator()(const core::VhostSettingsPut& change) const {
    const core::VhostInfo* vhost = topology_.find_vhost(change.id);
    return vhost != nullptr && vhost->settings == change.settings;
  }
  bool operator()(const core::VhostLimitsPut& change) const {
    const core::VhostInfo* vhost = topology_.find_vhost(change.id);
    return vhost != nullptr && vhost->limits == change.limits;
  }
  bool operator()(const core::PolicyPut& change) const {
    const core::VhostInfo* vhost = topology_.find_vhost(change.vhost);
    if (vhost == nullptr) return false;
    const core::PolicyList& list = change.is_operator ? vhost->operator_policies : vhost->policies;
    const core::Policy* policy = list.find(change.policy.name);
    return policy != nullptr && policy->spec == change.policy;
  }
  bool operator()(const core::ParameterPut& change) const {
    const auto found = topology_.parameters().find(change.key);
    return found != topology_.parameters().end() && found->second == change.value;
  }
  template <class Change>
  bool operator()(const Change&) const {
    return false;
  }

 private:
  const core::Topology& topology_;
};

}  // namespace

core::StoredDefinitions snapshot_definitions(const core::Topology& topology, bool with_exclusive) {
  core::StoredDefinitions all;
  std::vector<TopologyChange> bindings;
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    all.changes.emplace_back(core::VhostAdded{vhost->id, vhost->name});
    for (const core::ExchangeInfo* exchange : topology.exchanges(vhost->id)) {
      all.changes.emplace_back(core::ExchangeAdded{*exchange});
      add_bindings(*exchange, with_exclusive, bindings);
    }
    for (const core::QueueInfo* queue : topology.queues(vhost->id))
      if (with_exclusive || !queue->exclusive) all.changes.emplace_back(core::QueueAdded{*queue});
  }
  std::move(bindings.begin(), bindings.end(), std::back_inserter(all.changes));
  return all;
}

LivePlan plan_live_import(const LiveInput& input, Findings& findings) {
  LivePlan plan;
  core::StoredDefinitions stored = snapshot_definitions(input.topology, true);
  stored.last_id = input.last_id;
  check_rows(vhosts_with(stored, input.definitions, input.vhosts), input.definitions, findings);
  persist::StoredDefinitions stored_rows = input.stored_rows;
  core::Random random{input.seed};
  for (DefinedRow& row : merge_rows(input.definitions, random, stored_rows))
    plan.rows.emplace_back(row.kind, std::move(row.row));
  persist::StoredDefinitions brought;
  for (const auto& [kind, row] : plan.rows) (void)brought.put(kind, row);
  for (const std::string& text : definition_warnings(brought)) findings.warn(text);
  ImportPlan made = plan_import(stored,
                                {input.definitions, input.vhosts, stored_rows,
                                 input.default_queue_type, input.topology.shard_count()},
                                findings);
  plan.last_id = made.last_id;
  plan.changes = std::move(made.changes);
  stored.changes.insert(stored.changes.end(), plan.changes.begin(), plan.changes.end());
  AccessLoad access = load_access(stored_rows, stored.changes);
  if (!access.error.empty()) findings.fail(access.error);
  for (const std::string& text : access.warnings) findings.warn(text);
  plan.removals = std::move(access.removals);
  for (TopologyChange& change : access.changes)
    if (!std::visit(IsSo{input.topology}, change)) plan.changes.push_back(std::move(change));
  order_for_start(plan.changes);
  return plan;
}

}  // namespace lepus::server
