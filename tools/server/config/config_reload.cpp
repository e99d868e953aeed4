// See config_reload.h. Which keys differ comes from the table of keys; which members they stand for
// is said by keep_what_needs_restart(), and a test holds the two against each other.
#include "tools/server/config/config_reload.h"

#include <fmt/ranges.h>

#include "tools/server/config/config_keys.h"

namespace lepus::server {

namespace {

/// Copies every member whose keys are marked Reload::restart.
void keep_what_needs_restart(const ServerConfig& running, ServerConfig& config) {
  config.listeners = running.listeners;
  const std::uint32_t send_timeout_ms = config.tcp.send_timeout_ms;  // Of new connections.
  config.tcp = running.tcp;
  config.tcp.send_timeout_ms = send_timeout_ms;
  config.dpdk = running.dpdk;
  config.dpdk_limits = running.dpdk_limits;
  config.auth.failures = running.auth.failures;
  config.auth.backends = running.auth.backends;
  config.auth.http = running.auth.http;
  config.auth.oauth2 = running.auth.oauth2;
  config.management.door.tcp = running.management.door.tcp;
  config.management.door.ssl = running.management.door.ssl;
  config.prometheus.door.tcp = running.prometheus.door.tcp;
  config.prometheus.door.ssl = running.prometheus.door.ssl;
  config.vhosts = running.vhosts;
  config.event_vhost = running.event_vhost;
  config.default_queue_type = running.default_queue_type;
  config.recv_buffer_count = running.recv_buffer_count;
  config.recv_buffer_size = running.recv_buffer_size;
  config.shards = running.shards;
  config.cpuset = running.cpuset;
  config.pin = running.pin;
  config.idle = running.idle;
  config.idle_spin_us = running.idle_spin_us;
  config.idle_disk_spin_us = running.idle_disk_spin_us;
  config.io_driver = running.io_driver;
  config.data_dir = running.data_dir;
  config.management_socket = running.management_socket;
  config.journal_sync = running.journal_sync;
  config.journal_sync_interval_ms = running.journal_sync_interval_ms;
  config.journal_segment_size = running.journal_segment_size;
  config.load_definitions = running.load_definitions;
  config.import_rules.skips_unchanged = running.import_rules.skips_unchanged;
}

std::vector<std::string>& list_of(ReloadPlan& plan, Reload reload) {
  switch (reload) {
    case Reload::restart:
      return plan.need_restart;
    case Reload::new_data_dir:
      return plan.too_late;
    case Reload::at_once:
    case Reload::new_connections:
      break;
  }
  return plan.changed;
}

}  // namespace

ReloadPlan plan_reload(const ServerConfig& running, const ServerConfig& wanted) {
  ReloadPlan plan{.config = wanted, .changed = {}, .need_restart = {}, .too_late = {}};
  for (const KeySpec& spec : config_keys()) {
    if (spec.show(running) == spec.show(wanted)) continue;
    list_of(plan, spec.reload).emplace_back(spec.name);
  }
  keep_what_needs_restart(running, plan.config);
  return plan;
}

ReloadOutcome reload_config(const ServerConfig& running, LogSystem& log_system, core::Log& log) {
  constexpr auto category = core::LogCategory::general;
  ConfigResult wanted = load_config(running.sources);
  for (const std::string& warning : wanted.warnings)
    log.write(core::LogLevel::warning, category, "configuration warning", {{"text", warning}});
  for (const std::string& error : wanted.errors)
    log.write(core::LogLevel::error, category, "configuration error", {{"text", error}});

  ReloadPlan plan =
      wanted.ok() ? plan_reload(running, wanted.config) : plan_reload(running, running);
  std::string log_error;
  if (const auto error = log_system.apply(plan.config.log)) {
    log.write(core::LogLevel::error, category, "log not reopened", {{"text", *error}});
    plan.config.log = running.log;
    log_error = *error;
  }
  for (const std::string& key : plan.changed)
    log.write(core::LogLevel::info, category, "configuration changed", {{"key", key}});
  for (const std::string& key : plan.need_restart)
    log.write(core::LogLevel::warning, category, "changed key needs a restart", {{"key", key}});
  for (const std::string& key : plan.too_late)
    log.write(core::LogLevel::warning, category,
              "changed key counts in a new data directory only: change users with the control "
              "interface",
              {{"key", key}});
  if (wanted.ok())
    log.write(core::LogLevel::info, category, "configuration reloaded",
              {{"files", fmt::format("{}", fmt::join(wanted.files, " "))}});
  else
    log.write(core::LogLevel::error, category, "configuration kept as it was",
              {{"errors", wanted.errors.size()}});
  if (!log_error.empty()) wanted.errors.push_back(std::move(log_error));
  return {std::move(plan.config), std::move(wanted.errors)};
}

}  // namespace lepus::server
