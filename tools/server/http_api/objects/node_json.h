// The node, what it is made of, and the overview of a cluster of one.
#pragma once

#include <string>

#include "tools/server/admin/admin.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/http_api/objects/object_context.h"

namespace lepus::server {

struct NodeContext {
  const ObjectContext& objects;
  const AdminHost& host;
  const BrokerView& broker;
};

void write_node(const NodeContext& context, JsonWriter& json);
/// The inside of "memory" in /nodes/NAME/memory; `is_relative`: in percent of the total.
void write_node_memory(const NodeContext& context, bool is_relative, JsonWriter& json);

/// What a user sees of the overview.
struct OverviewScope {
  /// Statistics of these virtual hosts; null: of all.
  const std::vector<const core::VhostInfo*>* vhosts = nullptr;
  /// Empty: connections and channels of all users.
  std::string user;
  bool has_listeners = true;
};
void write_overview(const NodeContext& context, const OverviewScope& scope, JsonWriter& json);

}  // namespace lepus::server
