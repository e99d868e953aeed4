// One element after the other through core::decide(); each decision is applied before the next.
#include "tools/server/definitions_import.h"

#include <fmt/format.h>

#include <utility>

#include "core/topology.h"
#include "core/topology_rules.h"

namespace lepus::server {

namespace {

using Kind = core::TopologyRequest::Kind;

class Planner {
 public:
  Planner(const core::StoredDefinitions& stored, const ImportInput& input);

  void add_vhosts(const std::vector<std::string>& names);
  void add(const std::vector<DefinedItem>& items);
  void bind(const std::vector<DefinedItem>& items);
  ImportPlan take();

 private:
  void declare(const DefinedItem& item);
  bool find_vhost(const DefinedItem& item, core::TopologyRequest& request);
  bool is_implicit(const DefinedItem& item) const;
  bool has_both_ends(const core::TopologyRequest& request) const;
  void decide(const DefinedItem& item, const core::TopologyRequest& request);

  core::Topology topology_;
  core::IdSource ids_;
  core::ShardId next_home_ = 0;
  ImportPlan plan_;
};

Planner::Planner(const core::StoredDefinitions& stored, const ImportInput& input)
    : topology_(input.shard_count), ids_(stored.last_id) {
  CHECK(input.shard_count > 0);
  for (core::TopologyChange change : stored.changes) {
    // Homes of shards that are gone are set right later; here any will do.
    if (auto* added = std::get_if<core::QueueAdded>(&change))
      added->queue.home = static_cast<core::ShardId>(added->queue.home % input.shard_count);
    topology_.apply(change);
  }
}

void Planner::add_vhosts(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    DefinedItem item;
    item.request.kind = Kind::add_vhost;
    item.request.name = name;
    decide(item, item.request);
  }
}

void Planner::add(const std::vector<DefinedItem>& items) {
  for (const DefinedItem& item : items) {
    if (!plan_.error.empty()) return;
    declare(item);
  }
}

void Planner::declare(const DefinedItem& item) {
  core::TopologyRequest request = item.request;
  if (request.kind == Kind::add_vhost) return decide(item, request);
  if (!find_vhost(item, request)) return;
  if (request.kind == Kind::declare_queue) {
    request.from = next_home_;
    if (topology_.find_queue(request.vhost, core::strip_cr_lf(request.name)) == nullptr)
      next_home_ = static_cast<core::ShardId>((next_home_ + 1) % topology_.shard_count());
  }
  decide(item, request);
}

void Planner::bind(const std::vector<DefinedItem>& items) {
  for (const DefinedItem& item : items) {
    core::TopologyRequest request = item.request;
    if (!plan_.error.empty() || !find_vhost(item, request)) return;
    if (is_implicit(item)) continue;
    if (has_both_ends(request)) {
      decide(item, request);
    } else {
      plan_.dangling.push_back(fmt::format("{}: from '{}' to '{}' in vhost '{}'", item.path,
                                           request.source, request.name, item.vhost));
    }
  }
}

bool Planner::find_vhost(const DefinedItem& item, core::TopologyRequest& request) {
  const core::VhostInfo* vhost = topology_.find_vhost(item.vhost);
  if (vhost == nullptr) {
    plan_.error = fmt::format(
        "{}.vhost: there is no virtual host '{}'; add it to the file's vhosts or to the key vhosts",
        item.path, item.vhost);
    return false;
  }
  request.vhost = vhost->id;
  return true;
}

/// Every queue is bound to the default exchange anyway.
bool Planner::is_implicit(const DefinedItem& item) const {
  const core::TopologyRequest& request = item.request;
  return request.kind == Kind::bind_queue && request.source.empty() && request.key == request.name;
}

bool Planner::has_both_ends(const core::TopologyRequest& request) const {
  const std::string target = core::strip_cr_lf(request.name);
  if (topology_.find_exchange(request.vhost, core::strip_cr_lf(request.source)) == nullptr)
    return false;
  return request.kind == Kind::bind_queue
             ? topology_.find_queue(request.vhost, target) != nullptr
             : topology_.find_exchange(request.vhost, target) != nullptr;
}

void Planner::decide(const DefinedItem& item, const core::TopologyRequest& request) {
  core::Decision decision = core::decide(topology_, request, &ids_);
  if (decision.kind == core::Decision::Kind::error) {
    const bool exists = decision.error.detail.starts_with("inequivalent");
    plan_.error =
        fmt::format("{}: {} - {}; {}", item.path, core::reply_code_name(decision.error.code),
                    decision.error.detail,
                    exists ? "make the file agree with what there is, or delete that first"
                           : "correct it in the file or take it out");
    return;
  }
  for (core::TopologyChange& change : decision.changes) {
    topology_.apply(change);
    plan_.changes.push_back(std::move(change));
  }
}

ImportPlan Planner::take() {
  plan_.last_id = ids_.last();
  return std::move(plan_);
}

}  // namespace

ImportPlan plan_import(const core::StoredDefinitions& stored, const ImportInput& input) {
  Planner planner{stored, input};
  planner.add(input.definitions.vhosts);
  planner.add_vhosts(input.vhosts);
  planner.add(input.definitions.exchanges);
  planner.add(input.definitions.queues);
  planner.bind(input.definitions.bindings);
  return planner.take();
}

}  // namespace lepus::server
