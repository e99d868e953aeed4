// Looking keys up, guessing what was meant, and writing the table as documentation.
#include "tools/server/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "tools/server/config_value.h"

namespace lepus::server {

namespace {

/// RabbitMQ's keys and families of keys that have no meaning here (yet). "ssl_" is a prefix of
/// names, everything else is a key with all that follows it after a dot.
constexpr auto unsupported_keys = std::to_array<std::string_view>({
    "amqp10_client",
    "amqp_client",
    "anonymous_login_pass",
    "anonymous_login_user",
    "auth_",
    "background_gc_enabled",
    "background_gc_target_interval",
    "channel_interceptor",
    "channel_max_per_node",
    "classic_queue",
    "cluster_exchange_limit",
    "cluster_formation",
    "cluster_keepalive_interval",
    "cluster_partition_handling",
    "cluster_queue_limit",
    "cluster_tags",
    "collect_statistics",
    "collect_statistics_interval",
    "consumer_disconnected_timeout",
    "credential_validator",
    "default_limits",
    "default_policies",
    "default_queue_type",
    "default_worker_pool_size",
    "definitions",
    "delegate_count",
    "distribution",
    "erlang",
    "exchange_types",
    "federation",
    "hipe_compile",
    "initial_frame_max",
    "link_max_per_session",
    "listeners.ssl",
    "log.channel",
    "log.connection",
    "log.console",
    "log.default",
    "log.error_logger_format_depth",
    "log.exchange",
    "log.federation",
    "log.file",
    "log.journald",
    "log.mirroring",
    "log.queue",
    "log.ra",
    "log.summarize_process_state",
    "log.syslog",
    "log.upgrade",
    "log.user",
    "management",
    "management_agent",
    "max_channels_per_connection",
    "memory_monitor_interval",
    "message_interceptors",
    "message_store_shutdown_timeout",
    "metadata_store",
    "mirroring_",
    "mnesia_",
    "motd_file",
    "mqtt",
    "net_ticktime",
    "node_tags",
    "num_acceptors",
    "password_hashing_module",
    "prevent_startup_if_node_was_reset",
    "prometheus",
    "proxy_protocol",
    "queue_",
    "quorum_queue",
    "raft",
    "ranch_connection_max",
    "reverse_dns_lookups",
    "runtime_parameters",
    "session_max_per_connection",
    "socket_writer",
    "ssl_",
    "stomp",
    "stream",
    "sysmon_handler",
    "tcp_listen_options",
    "vhost_max",
    "vhost_restart_strategy",
    "vm_memory_calculation_strategy",
});

bool is_in_family(std::string_view name, std::string_view family) {
  if (!name.starts_with(family)) return false;
  return family.ends_with('_') || name.size() == family.size() || name[family.size()] == '.';
}

/// A pattern split around its part with '$'; `variable` is empty when it has none.
struct Pattern {
  std::string_view before;
  std::string_view variable;
  std::string_view after;
};

Pattern split_pattern(std::string_view name) {
  const std::size_t dollar = name.find('$');
  if (dollar == std::string_view::npos) return {.before = name, .variable = {}, .after = {}};
  const std::size_t end = std::min(name.find('.', dollar), name.size());
  return {.before = name.substr(0, dollar),
          .variable = name.substr(dollar, end - dollar),
          .after = name.substr(end)};
}

/// The part of `name` with the given number, counted in dots; "" when it has not so many.
std::string_view part_at(std::string_view name, std::ptrdiff_t index) {
  for (; index > 0; --index) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return {};
    name = name.substr(dot + 1);
  }
  return name.substr(0, name.find('.'));
}

/// What a key of this pattern would be called if the wrong `name` were meant to be one.
std::string candidate_for(std::string_view pattern_text, std::string_view name) {
  const Pattern pattern = split_pattern(pattern_text);
  if (pattern.variable.empty()) return std::string(pattern_text);
  const auto index = std::count(pattern.before.begin(), pattern.before.end(), '.');
  const std::string_view part = part_at(name, index);
  return fmt::format("{}{}{}", pattern.before, part.empty() ? pattern.variable : part,
                     pattern.after);
}

void add_wrapped(std::string& out, std::string_view doc) {
  constexpr std::size_t width = 96;
  while (!doc.empty()) {
    std::size_t end = doc.size() <= width ? doc.size() : doc.rfind(' ', width);
    if (end == std::string_view::npos) end = doc.size();
    fmt::format_to(std::back_inserter(out), "## {}\n", doc.substr(0, end));
    doc = end < doc.size() ? doc.substr(end + 1) : std::string_view{};
  }
}

std::string_view reload_text(Reload reload) {
  switch (reload) {
    case Reload::at_once:
      return "at once";
    case Reload::new_connections:
      return "new connections";
    case Reload::restart:
      return "restart";
    case Reload::new_data_dir:
      return "new data directory";
  }
  return "restart";
}

}  // namespace

KeyMatch find_key(std::string_view name) {
  KeyMatch best;
  for (const KeySpec& spec : config_keys()) {
    if (spec.name == name) return {.spec = &spec, .variable = {}};
    const Pattern pattern = split_pattern(spec.name);
    if (pattern.variable.empty()) continue;
    const std::size_t fixed_size = pattern.before.size() + pattern.after.size();
    if (name.size() <= fixed_size) continue;
    if (!name.starts_with(pattern.before) || !name.ends_with(pattern.after)) continue;
    best = {.spec = &spec,
            .variable = name.substr(pattern.before.size(), name.size() - fixed_size)};
  }
  return best;
}

bool is_unsupported_key(std::string_view name) {
  const auto matches = [name](std::string_view family) { return is_in_family(name, family); };
  return std::any_of(unsupported_keys.begin(), unsupported_keys.end(), matches);
}

std::string nearest_key(std::string_view name) {
  std::string nearest;
  std::size_t distance_min = std::max<std::size_t>(2, name.size() / 4) + 1;
  for (const KeySpec& spec : config_keys()) {
    std::string candidate = candidate_for(spec.name, name);
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= distance_min) continue;
    distance_min = distance;
    nearest = std::move(candidate);
  }
  return nearest;
}

std::string format_config_example() {
  std::string out =
      "## Configuration of lepus: every key, commented out, with its default. Written by\n"
      "## `lepus --list-config`. Lines are `key = value`; `#` starts a comment; a value that "
      "holds\n"
      "## a `#` or must keep its blanks is put between single quotes.\n";
  std::string_view section;
  const ServerConfig defaults;
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != section)
      fmt::format_to(std::back_inserter(out), "\n## ---- {} ----\n", spec.section);
    section = spec.section;
    out += '\n';
    add_wrapped(out, spec.doc);
    add_wrapped(out, fmt::format("Accepts: {}. A change takes: {}.", spec.accepts,
                                 reload_text(spec.reload)));
    const std::string value = spec.show(defaults);
    fmt::format_to(std::back_inserter(out), "# {} ={}{}\n", spec.name, value.empty() ? "" : " ",
                   value);
  }
  return out;
}

std::string format_config_reference() {
  std::string out;
  std::string_view section;
  const ServerConfig defaults;
  for (const KeySpec& spec : config_keys()) {
    if (spec.section != section)
      fmt::format_to(std::back_inserter(out),
                     "{}### {}\n\n| key | default | accepts | what it is for | change takes |\n"
                     "|---|---|---|---|---|\n",
                     section.empty() ? "" : "\n", spec.section);
    section = spec.section;
    const std::string value = spec.show(defaults);
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {} |\n", spec.name,
                   value.empty() ? std::string("-") : fmt::format("`{}`", value), spec.accepts,
                   spec.doc, reload_text(spec.reload));
  }
  return out;
}

}  // namespace lepus::server
