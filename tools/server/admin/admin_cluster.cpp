// Questions of RabbitMQ's tools about the members of a cluster and their queues. There is one node:
// it leads what is here, nothing depends on others, and nothing has to be moved.
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/topology/topology.h"
#include "tools/server/admin/admin_quick.h"
#include "tools/server/admin/feature_flags.h"

namespace lepus::server {

namespace {

using core::QueueType;

/// A row of what RabbitMQ shows of the members of a Raft group.
QuickAnswer leads(const QuickPlace& place, std::string index) {
  return quick_table({{"Node Name", "Raft State", "Membership", "Last Applied", "Commit Index"},
                      {{place.node, "leader", "voter", index, index}},
                      {3, 4}});
}

/// The catalog: changes since the start take the place of a Raft log.
QuickAnswer metadata_store_status(const QuickPlace& place) {
  return leads(place, std::to_string(place.broker.version()));
}

struct FoundQueue {
  const core::QueueInfo* queue = nullptr;
  QuickAnswer refusal = {};  ///< When there is none, or of another type.
};
FoundQueue find_queue_of(const QuickPlace& place, QueueType type) {
  const std::string& name = place.request.arguments[0];
  const core::VhostInfo* vhost = place.broker.topology().find_vhost(place.request.vhost);
  if (vhost == nullptr)
    return {nullptr,
            quick_error(AdminFault::not_found,
                        fmt::format("Virtual host '{}' does not exist", place.request.vhost))};
  const core::QueueInfo* queue = place.broker.topology().find_queue(vhost->id, name);
  if (queue == nullptr)
    return {nullptr, quick_error(AdminFault::not_found, fmt::format("queue '{}' in vhost '{}' does "
                                                                    "not exist",
                                                                    name, vhost->name))};
  if (queue->parsed->queue_type == type) return {queue, {}};
  return {nullptr,
          quick_error(AdminFault::invalid,
                      fmt::format("queue '{}' in vhost '{}' is a {} queue, not a {} one", name,
                                  vhost->name, core::queue_type_name(queue->parsed->queue_type),
                                  core::queue_type_name(type)))};
}

QuickAnswer quorum_status(const QuickPlace& place) {
  const FoundQueue found = find_queue_of(place, QueueType::quorum);
  if (found.queue == nullptr) return found.refusal;
  return quick_table({{"Node Name", "Raft State", "Membership", "Shard"},
                      {{place.node, "leader", "voter", std::to_string(found.queue->home)}},
                      {3}});
}

QuickAnswer stream_status(const QuickPlace& place) {
  const FoundQueue found = find_queue_of(place, QueueType::stream);
  if (found.queue == nullptr) return found.refusal;
  return quick_table({{"role", "node", "shard"},
                      {{"writer", place.node, std::to_string(found.queue->home)}},
                      {2}});
}

QuickAnswer coordinator_status(const QuickPlace& place) {
  return quick_table({{"Node Name", "Raft State"}, {{place.node, "leader"}}});
}

QuickAnswer check_if_quorum_critical(const QuickPlace& place) {
  return {
      fmt::format("Node {} seems to be the only one in a single node cluster, the check does "
                  "not apply",
                  place.node)};
}

QuickAnswer check_for_leaders(const QuickPlace& place) {
  return {fmt::format("Node {} reported no quorum queues without an elected leader", place.node)};
}

QuickAnswer await_online_quorum(const QuickPlace& place) {
  return {
      fmt::format("Node {} is the only one: no queue waits for others to be online", place.node)};
}

QuickAnswer rebalance(const QuickPlace& place) {
  const std::string_view type =
      place.request.arguments.empty() ? "all" : std::string_view{place.request.arguments[0]};
  if (type != "all" && type != "classic" && type != "quorum" && type != "stream")
    return quick_error(AdminFault::usage,
                       fmt::format("'{}' is none of all, classic, quorum, stream", type));
  return {fmt::format("Node {} is the only one: queues have nowhere to move", place.node)};
}

// --- Feature flags

/// The columns that were asked for, out of all there are.
QuickAnswer chosen(const QuickTable& all, const std::vector<std::string>& names,
                   std::size_t preset_count) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; names.empty() && i < preset_count; ++i) indices.push_back(i);
  for (const std::string& name : names) {
    std::size_t index = 0;
    while (index < all.columns.size() && all.columns[index] != name) ++index;
    if (index == all.columns.size())
      return quick_error(AdminFault::usage, fmt::format("Info key(s) {} are not supported", name));
    indices.push_back(index);
  }
  QuickTable table;
  for (const std::size_t index : indices) table.columns.push_back(all.columns[index]);
  for (const std::vector<std::string>& row : all.rows) {
    table.rows.emplace_back();
    for (const std::size_t index : indices) table.rows.back().push_back(row[index]);
  }
  return quick_table(std::move(table));
}

QuickAnswer list_feature_flags(const QuickPlace& place) {
  QuickTable all{{"name", "state", "stability", "provided_by", "desc"}, {}};
  for (const FeatureFlag& flag : feature_flags())
    all.rows.push_back(
        {std::string{flag.name}, "enabled", "stable", "lepus", std::string{flag.doc}});
  return chosen(all, place.request.arguments, 2);
}

/// Scripts of deployments enable all after an upgrade.
QuickAnswer enable_feature_flag(const QuickPlace& place) {
  const std::string& name = place.request.arguments[0];
  if (name == "all") return {"Every feature is enabled already."};
  if (find_feature_flag(name) != nullptr)
    return {fmt::format("The feature flag {} is enabled already.", name)};
  return quick_error(
      AdminFault::not_found,
      fmt::format("there is no feature flag '{}': list_feature_flags lists them", name));
}

/// Nothing that is there is going to be taken away.
QuickAnswer list_deprecated_features(const QuickPlace& place) {
  return chosen({{"name", "deprecation_phase", "provided_by", "desc"}, {}}, place.request.arguments,
                2);
}

QuickAnswer check_deprecated_features(const QuickPlace& place) {
  return {fmt::format("Node {} reported no deprecated features in use", place.node)};
}

// --- Virtual hosts

QuickAnswer reconcile_vhosts(const QuickPlace&) {
  return {"All virtual hosts run: there is nothing to start"};
}

QuickAnswer restart_vhost(const QuickPlace& place) {
  const std::string& name = place.request.vhost;
  if (place.broker.topology().find_vhost(name) == nullptr)
    return quick_error(AdminFault::not_found,
                       fmt::format("Virtual host '{}' does not exist", name));
  return {fmt::format("Virtual host '{}' on node {} runs already", name, place.node)};
}

constexpr std::size_t columns_max = 20;
constexpr std::array cluster_table{
    QuickVerb{"await_online_quorum_plus_one", 0, 0, await_online_quorum},
    QuickVerb{"check_for_quorum_queues_without_an_elected_leader", 0, 1, check_for_leaders},
    QuickVerb{"check_if_any_deprecated_features_are_used", 0, 0, check_deprecated_features},
    QuickVerb{"check_if_node_is_quorum_critical", 0, 0, check_if_quorum_critical},
    QuickVerb{"coordinator_status", 0, 0, coordinator_status},
    QuickVerb{"enable_feature_flag", 1, 1, enable_feature_flag},
    QuickVerb{"list_deprecated_features", 0, columns_max, list_deprecated_features},
    QuickVerb{"list_feature_flags", 0, columns_max, list_feature_flags},
    QuickVerb{"metadata_store_status", 0, 0, metadata_store_status},
    QuickVerb{"post_upgrade", 0, 0, rebalance},
    QuickVerb{"quorum_status", 1, 1, quorum_status},
    QuickVerb{"rebalance", 1, 1, rebalance},
    QuickVerb{"reconcile_vhosts", 0, 0, reconcile_vhosts},
    QuickVerb{"restart_vhost", 0, 0, restart_vhost},
    QuickVerb{"stream_status", 1, 1, stream_status},
};

}  // namespace

std::span<const QuickVerb> cluster_verbs() { return cluster_table; }

}  // namespace lepus::server
