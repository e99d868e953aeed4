// What the objects in the answer to one call are made of.
#pragma once

#include <algorithm>
#include <vector>

#include "tools/server/config/config.h"
#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/objects/object_context.h"
#include "tools/server/samples/sampler.h"

namespace lepus::server {

/// Holds while the call does.
inline ObjectContext object_context(const ApiCall& call) {
  const BrokerView& broker = call.place().broker;
  ObjectContext context{broker.topology(), call.place().sampler.store(),
                        node_name(call.place().host.config())};
  context.consumer_timeout_ms = call.place().host.config().consumer_timeout_ms;
  const auto now_s = static_cast<std::uint64_t>(broker.wall_now() / core::nanos_per_s);
  context.ranges = chart_ranges(call.query(), now_s);
  const ManagementConfig& management = call.place().host.config().management;
  context.has_stats = !management.disable_stats && !call.query().is_true("disable_stats");
  context.has_queue_totals = context.has_stats || management.enable_queue_totals ||
                             call.query().is_true("enable_queue_totals");
  return context;
}

/// Those that are shown to the user, by name.
inline std::vector<const core::VhostInfo*> visible_vhosts(const ApiCall& call) {
  std::vector<const core::VhostInfo*> vhosts = call.topology().vhosts();
  std::erase_if(vhosts, [&](const core::VhostInfo* vhost) {
    return !call.user().may_see(call.topology().access(), vhost->name);
  });
  std::sort(vhosts.begin(), vhosts.end(),
            [](const auto* left, const auto* right) { return left->name < right->name; });
  return vhosts;
}

}  // namespace lepus::server
