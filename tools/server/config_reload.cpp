// See config_reload.h. Which keys differ comes from the table of keys; which members they stand for
// is said by keep_what_needs_restart(), and a test holds the two against each other.
#include "tools/server/config_reload.h"

#include "tools/server/config_keys.h"

namespace lepus::server {

namespace {

/// Copies every member whose keys are marked Reload::restart.
void keep_what_needs_restart(const ServerConfig& running, ServerConfig& config) {
  config.listeners = running.listeners;
  config.tcp = running.tcp;
  config.vhosts = running.vhosts;
  config.recv_buffer_count = running.recv_buffer_count;
  config.recv_buffer_size = running.recv_buffer_size;
  config.shards = running.shards;
  config.cpuset = running.cpuset;
  config.pin = running.pin;
  config.idle = running.idle;
  config.idle_spin_us = running.idle_spin_us;
  config.data_dir = running.data_dir;
}

}  // namespace

ReloadPlan plan_reload(const ServerConfig& running, const ServerConfig& wanted) {
  ReloadPlan plan{.config = wanted, .changed = {}, .need_restart = {}};
  for (const KeySpec& spec : config_keys()) {
    if (spec.show(running) == spec.show(wanted)) continue;
    auto& list = spec.reload == Reload::restart ? plan.need_restart : plan.changed;
    list.emplace_back(spec.name);
  }
  keep_what_needs_restart(running, plan.config);
  return plan;
}

}  // namespace lepus::server
