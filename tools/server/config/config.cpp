// Putting the configuration together: collect settings from all sources in the order of their
// weight, apply them one by one through the table of keys, then check what only shows at the end.
#include "tools/server/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <span>

#include "net/amqp/settings.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_logins.h"
#include "tools/server/config/config_value.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"
#include "tools/server/config/rabbitmq/enabled_plugins.h"

namespace lepus::server {

namespace {

/// Variables of the environment that stand for a key. RabbitMQ gives them more weight than the
/// file.
struct Variable {
  std::string_view name;
  std::string_view key;
};
constexpr std::array variables = {
    Variable{"RABBITMQ_DEFAULT_USER", "default_user"},
    Variable{"RABBITMQ_DEFAULT_PASS", "default_pass"},
    Variable{"RABBITMQ_DEFAULT_VHOST", "default_vhost"},
};

/// A key given twice in one file is most likely a mistake; as in RabbitMQ the last one counts.
void warn_of_repeated_keys(std::span<const Setting> settings, std::vector<std::string>& warnings) {
  std::map<std::string_view, std::string_view> seen;
  for (const Setting& setting : settings) {
    const auto [before, is_new] = seen.try_emplace(setting.key, setting.origin);
    if (!is_new)
      warnings.push_back(fmt::format("{}: key '{}' is set at {} already; this value counts",
                                     setting.origin, setting.key, before->second));
    before->second = setting.origin;
  }
}

/// Files exist to be layered, so a key set in two of them is no reason for a warning.
void read_config_files(const ConfigSources& sources, SettingList& list, ConfigResult& result) {
  const std::vector<std::string> files = find_config_files(sources);
  if (files.empty() && sources.file)
    list.warnings.push_back(fmt::format("{}: there is no *.conf in this directory", *sources.file));
  for (const std::string& path : files) {
    std::string text;
    if (!read_file(path, text, config_file_size_max)) {
      list.errors.push_back(fmt::format("{}: cannot read the configuration file: {}", path, text));
      continue;
    }
    result.files.push_back(path);
    const std::size_t before = list.settings.size();
    parse_config_text(path, text, sources.environment, list);
    warn_of_repeated_keys(std::span(list.settings).subspan(before), list.warnings);
  }
}

/// As in RabbitMQ an absolute limit in the files outweighs a relative one, wherever they stand.
void drop_relative_limits(SettingList& list) {
  for (const std::string_view limit : {"vm_memory_high_watermark", "disk_free_limit"}) {
    const std::string absolute = fmt::format("{}.absolute", limit);
    const std::string relative = fmt::format("{}.relative", limit);
    const auto found =
        std::find_if(list.settings.begin(), list.settings.end(),
                     [&](const Setting& setting) { return setting.key == absolute; });
    if (found == list.settings.end()) continue;
    const std::string origin = found->origin;
    std::erase_if(list.settings, [&](const Setting& one) {
      if (one.key != relative) return false;
      list.warnings.push_back(fmt::format("{}: key '{}' does not count: '{}' is set at {}",
                                          one.origin, one.key, absolute, origin));
      return true;
    });
  }
}

std::string unknown_key(const Setting& setting) {
  const std::string nearest = nearest_key(setting.key);
  return fmt::format("{}: unknown key '{}', {}", setting.origin, setting.key,
                     nearest.empty() ? std::string("see lepus --list-config")
                                     : fmt::format("did you mean '{}'?", nearest));
}

void apply(const Setting& setting, const KeyMatch& match, ConfigResult& result) {
  const bool is_encrypted = setting.value.starts_with("encrypted:");
  const auto why =
      is_encrypted ? SetOutcome("encrypted values cannot be read")
                   : match.spec->set(result.config, {match.variable, setting.value, match.second});
  if (why)
    result.errors.push_back(fmt::format("{}: bad value '{}' for key '{}': expected {}{}{}",
                                        setting.origin, setting.value, setting.key,
                                        match.spec->accepts, why->empty() ? "" : "; ", *why));
}

/// The first key of a list replaces the list's default.
void clear_named_lists(const std::vector<Setting>& settings, ServerConfig& config) {
  const auto names = [&](std::string_view list) {
    return std::any_of(settings.begin(), settings.end(),
                       [&](const Setting& setting) { return setting.key.starts_with(list); });
  };
  if (names("listeners.tcp.")) config.listeners.clear();
  if (names("ssl_options.versions."))
    config.tls.options.has_tls12 = config.tls.options.has_tls13 = false;
  if (names("management.ssl.versions."))
    config.management.door.tls.has_tls12 = config.management.door.tls.has_tls13 = false;
  if (names("prometheus.ssl.versions."))
    config.prometheus.door.tls.has_tls12 = config.prometheus.door.tls.has_tls13 = false;
  if (names("auth_mechanisms.")) config.auth.mechanisms.clear();
  if (names("auth_backends.")) config.auth.backends.clear();
}

void apply_all(const std::vector<Setting>& settings, ConfigResult& result) {
  clear_named_lists(settings, result.config);
  RabbitmqReport rabbitmq;
  for (const Setting& setting : settings) {
    if (result.errors.size() >= config_errors_max) {
      result.errors.emplace_back(
          "too many errors; the rest of the configuration was not looked at");
      break;
    }
    if (const KeyMatch match = find_key(setting.key); match.spec != nullptr)
      apply(setting, match, result);
    else if (const RabbitmqKey* key = find_rabbitmq_key(setting.key))
      rabbitmq.add(setting, *key);
    else
      result.errors.push_back(unknown_key(setting));
  }
  rabbitmq.write(result.errors, result.warnings);
}

void check_users(ConfigResult& result) {
  const auto& users = result.config.users;
  for (auto user = users.begin(); user != users.end(); ++user) {
    const bool is_known = std::any_of(
        users.begin(), user, [&](const UserConfig& other) { return other.name == user->name; });
    if (is_known)
      result.errors.push_back(fmt::format(
          "user '{}' is both default_user and one of default_users; name it once", user->name));
    else if (user != users.begin() && user->password.empty())
      result.errors.push_back(
          fmt::format("user '{0}' has no password; set default_users.{0}.password", user->name));
  }
}

void check_listeners(ConfigResult& result) {
  const std::vector<ListenAddress> listeners = result.config.all_listeners();
  for (auto one = listeners.begin(); one != listeners.end(); ++one) {
    const bool is_known = std::any_of(listeners.begin(), one, [&](const ListenAddress& other) {
      return other.host == one->host && other.port == one->port && other.path == one->path;
    });
    if (is_known)
      result.errors.push_back(
          fmt::format("{}: another listener has the same {}", listener_key(*one),
                      one->kind == ListenerKind::unix_socket ? "path" : "address and port"));
    if (one->kind == ListenerKind::unix_socket && one->path.empty())
      result.errors.push_back(fmt::format("{0}.mode: there is no such listener; set {0} to a path",
                                          listener_key(*one)));
  }
}

/// Options of TLS under keys that begin with `keys`, for `who`. What the files hold is looked at
/// when they are read.
void check_tls(std::string_view keys, const net::TlsOptions& options, std::string_view who,
               ConfigResult& result) {
  const auto need = [&](std::string_view key, const std::string& value, std::string_view user) {
    if (value.empty())
      result.errors.push_back(
          fmt::format("{}.{}: it is not set, and {} needs it", keys, key, user));
  };
  need("certfile", options.own.certfile, who);
  need("keyfile", options.own.keyfile, who);
  if (options.verify_peer) {
    need("cacertfile", options.cacertfile, fmt::format("{}.verify = verify_peer", keys));
  } else if (options.fail_if_no_peer_cert) {
    result.errors.push_back(
        fmt::format("{0}.fail_if_no_peer_cert: clients are not asked for a certificate; set "
                    "{0}.verify = verify_peer",
                    keys));
  }
}

void check_tls(ConfigResult& result) {
  const ServerConfig& config = result.config;
  if (config.has_tls_listener()) {
    const bool is_amqp = std::ranges::any_of(
        config.listeners, [](const auto& one) { return one.kind == ListenerKind::ssl; });
    const bool is_management = config.management.door.has_tls();
    check_tls("ssl_options", config.tls.options,
              is_amqp                   ? "listeners.ssl"
              : speaks_tls(config.dpdk) ? "net.dpdk.ssl_port"
              : is_management           ? "management.ssl"
                                        : "prometheus.ssl",
              result);
  }
  if (config.management.door.has_own_certificate())
    check_tls("management.ssl", config.management.door.tls, "management.ssl", result);
  if (config.prometheus.door.has_own_certificate())
    check_tls("prometheus.ssl", config.prometheus.door.tls, "prometheus.ssl", result);
}

void remove_repeated_vhosts(std::vector<std::string>& vhosts) {
  std::vector<std::string> unique;
  for (std::string& name : vhosts)
    if (std::find(unique.begin(), unique.end(), name) == unique.end())
      unique.push_back(std::move(name));
  vhosts = std::move(unique);
}

}  // namespace

const UserConfig* ServerConfig::find_user(std::string_view name) const {
  for (const UserConfig& user : users)
    if (user.name == name) return &user;
  return nullptr;
}

bool ServerConfig::is_loopback_only(std::string_view user_name) const {
  const auto& names = auth.loopback_users;
  return std::find(names.begin(), names.end(), user_name) != names.end();
}

bool ServerConfig::has_tls_listener() const {
  if (speaks_tls(dpdk)) return true;
  for (const HttpDoor* door : {&management.door, &prometheus.door})
    if (door->has_tls() && !door->has_own_certificate()) return true;
  return std::ranges::any_of(
      listeners, [](const ListenAddress& address) { return address.kind == ListenerKind::ssl; });
}

std::vector<ListenAddress> ServerConfig::http_listeners() const {
  std::vector<ListenAddress> found;
  const auto add = [&](const HttpPort& door, std::uint16_t default_port, ListenerKind kind) {
    found.push_back({{}, door.host, door.port.value_or(default_port), kind});
  };
  if (management.door.has_plain())
    add(management.door.tcp, ManagementConfig::default_port, ListenerKind::management);
  if (management.door.has_tls())
    add(management.door.ssl, ManagementConfig::default_tls_port, ListenerKind::management_ssl);
  if (prometheus.door.has_plain())
    add(prometheus.door.tcp, PrometheusConfig::default_port, ListenerKind::prometheus);
  if (prometheus.door.has_tls())
    add(prometheus.door.ssl, PrometheusConfig::default_tls_port, ListenerKind::prometheus_ssl);
  return found;
}

std::vector<ListenAddress> ServerConfig::all_listeners() const {
  std::vector<ListenAddress> all = listeners;
  const std::vector<ListenAddress> http = http_listeners();
  all.insert(all.end(), http.begin(), http.end());
  return all;
}

ConfigResult load_config(const ConfigSources& sources) {
  ConfigResult result;
  result.config.sources = sources;
  result.config.log.journald = sources.stderr_is_journal;
  result.config.log.console = !sources.stderr_is_journal;
  SettingList list;
  read_config_files(sources, list, result);
  drop_relative_limits(list);
  for (const auto& [name, value] : sources.environment)
    for (const Variable& variable : variables)
      if (variable.name == name && !value.empty())
        list.settings.push_back({name, std::string(variable.key), value});
  for (const std::string& argument : sources.settings) parse_set_argument(argument, list);
  result.errors = std::move(list.errors);
  result.warnings.insert(result.warnings.end(), list.warnings.begin(), list.warnings.end());

  apply_all(list.settings, result);
  if (result.config.cluster_name.empty()) result.config.cluster_name = "lepus@" + sources.host_name;
  remove_repeated_vhosts(result.config.vhosts);
  check_enabled_plugins(sources, result);
  check_users(result);
  check_listeners(result);
  check_tls(result);
  check_logins(result);
  return result;
}

std::vector<std::string> find_config_files(const ConfigSources& sources) {
  const std::string path = sources.file.value_or(sources.fallback_file);
  if (path.empty()) return {};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return list_config_files(path);
  std::vector<std::string> files;
  if (sources.file || std::filesystem::exists(path, error)) files.push_back(path);
  const auto directory = std::filesystem::path(path).parent_path() / "conf.d";
  for (std::string& file : list_config_files(directory.string())) files.push_back(std::move(file));
  return files;
}

std::string node_name(const ServerConfig& config) {
  const std::string& host = config.sources.host_name;
  return "lepus@" + (host.empty() ? std::string("localhost") : host);
}

}  // namespace lepus::server
