// One element after the other through core::decide(); each decision is applied before the next.
#include "tools/server/definitions/definitions_import.h"

#include <fmt/format.h>

#include <utility>

#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/topology/topology.h"
#include "core/topology/topology_rules.h"
#include "persist/catalog/access_rows.h"

namespace lepus::server {

namespace {

using Kind = core::TopologyRequest::Kind;

class Planner {
 public:
  Planner(const core::StoredDefinitions& stored, const ImportInput& input, Findings& findings);

  void add_vhosts(const std::vector<std::string>& names);
  void add_settings(const persist::StoredDefinitions& stored_rows, const std::string& default_type);
  void add(const std::vector<DefinedItem>& items);
  void bind(const std::vector<DefinedItem>& items);
  ImportPlan take();

 private:
  void declare(const DefinedItem& item);
  void declare_queue(const DefinedItem& item, core::TopologyRequest& request);
  bool find_vhost(const DefinedItem& item, core::TopologyRequest& request);
  bool has_both_ends(const core::TopologyRequest& request) const;
  void decide(const DefinedItem& item, const core::TopologyRequest& request);

  core::Topology topology_;
  core::IdSource ids_;
  core::ShardId next_home_ = 0;
  Findings& findings_;
  ImportPlan plan_;
};

Planner::Planner(const core::StoredDefinitions& stored, const ImportInput& input,
                 Findings& findings)
    : topology_(input.shard_count), ids_(stored.last_id), findings_(findings) {
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

/// Queues without a type get that of their virtual host, else that of the node.
void Planner::add_settings(const persist::StoredDefinitions& stored_rows,
                           const std::string& default_type) {
  for (const persist::DefinitionRow& row :
       stored_rows.of(persist::DefinitionKind::vhost_properties)) {
    core::VhostSettings settings;
    const core::VhostInfo* vhost = topology_.find_vhost(row.values[0]);
    if (vhost == nullptr || !persist::read_vhost(row, settings).empty()) continue;
    if (!core::is_queue_type(settings.default_queue_type)) continue;
    topology_.apply(core::VhostSettingsPut{vhost->id, vhost->name, std::move(settings)});
  }
  for (const core::VhostInfo* vhost : topology_.vhosts()) {
    if (!vhost->settings.default_queue_type.empty()) continue;
    core::VhostSettings settings = vhost->settings;
    settings.default_queue_type = default_type;
    topology_.apply(core::VhostSettingsPut{vhost->id, vhost->name, std::move(settings)});
  }
}

void Planner::add(const std::vector<DefinedItem>& items) {
  for (const DefinedItem& item : items) declare(item);
}

void Planner::declare(const DefinedItem& item) {
  core::TopologyRequest request = item.request;
  if (request.kind == Kind::add_vhost) return decide(item, request);
  if (!find_vhost(item, request)) return;
  if (request.kind == Kind::declare_queue) return declare_queue(item, request);
  decide(item, request);
}

void Planner::declare_queue(const DefinedItem& item, core::TopologyRequest& request) {
  const core::QueueInfo* existing =
      topology_.find_queue(request.vhost, core::strip_cr_lf(request.name));
  const bool has_type =
      core::FieldTable{core::as_bytes(request.arguments)}.find(queue_type_key).has_value();
  request.from = next_home_;
  if (existing != nullptr) {
    // The default type is for new ones: it may have changed since this one was made.
    core::FieldTableWriter added;
    added.text(queue_type_key, core::queue_type_name(existing->parsed->queue_type));
    if (!has_type) request.arguments += added.take();
  } else {
    next_home_ = static_cast<core::ShardId>((next_home_ + 1) % topology_.shard_count());
  }
  decide(item, request);
  if (existing != nullptr || !item.is_classic) return;
  const core::QueueInfo* queue =
      topology_.find_queue(request.vhost, core::strip_cr_lf(request.name));
  if (queue != nullptr && queue->parsed->queue_type != core::QueueType::classic)
    findings_.warn_of_each(
        "the type is classic, but there is no argument x-queue-type and the virtual host has "
        "another default type, which counts, as in RabbitMQ",
        item.path);
}

void Planner::bind(const std::vector<DefinedItem>& items) {
  for (const DefinedItem& item : items) {
    core::TopologyRequest request = item.request;
    if (!find_vhost(item, request)) continue;
    const std::string path = fmt::format("{} (from '{}' to '{}' in vhost '{}')", item.path,
                                         request.source, request.name, item.vhost);
    if (core::strip_cr_lf(request.source).empty()) {
      // Every queue is bound to the default exchange by its name anyway.
      const bool is_implicit = request.kind == Kind::bind_queue && request.key == request.name;
      if (!is_implicit)
        findings_.warn_of_each("bindings from the default exchange have no effect and are left out",
                               path);
    } else if (has_both_ends(request)) {
      decide(item, request);
    } else {
      findings_.warn_of_each(
          "the source or destination is neither in the file nor here, so the binding is left out "
          "(RabbitMQ exports bindings of exclusive queues and internal exchanges without them)",
          path);
    }
  }
}

bool Planner::find_vhost(const DefinedItem& item, core::TopologyRequest& request) {
  const core::VhostInfo* vhost = topology_.find_vhost(item.vhost);
  if (vhost == nullptr) {
    findings_.refuse(fmt::format("{}.vhost: {} ('{}')", item.path, no_such_vhost(item.vhost),
                                 item.request.name));
    return false;
  }
  request.vhost = vhost->id;
  return true;
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
    findings_.refuse(
        fmt::format("{}: {} - {}; {}", item.path, core::reply_code_name(decision.error.code),
                    decision.error.detail,
                    exists ? "make the file agree with what there is, or delete that first"
                           : "correct it in the file or take it out"));
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

ImportPlan plan_import(const core::StoredDefinitions& stored, const ImportInput& input,
                       Findings& findings) {
  Planner planner{stored, input, findings};
  planner.add(input.definitions.vhosts);
  planner.add_vhosts(input.vhosts);
  planner.add_settings(input.stored_rows, input.default_queue_type);
  planner.add(input.definitions.exchanges);
  planner.add(input.definitions.queues);
  planner.bind(input.definitions.bindings);
  return planner.take();
}

std::vector<std::string> vhosts_with(const core::StoredDefinitions& stored,
                                     const Definitions& definitions,
                                     const std::vector<std::string>& configured) {
  std::vector<std::string> names = configured;
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* added = std::get_if<core::VhostAdded>(&change)) names.push_back(added->name);
  for (const DefinedItem& item : definitions.vhosts) names.push_back(item.vhost);
  return names;
}

}  // namespace lepus::server
