// Putting the configuration together: collect settings from all sources in the order of their
// weight, apply them one by one through the table of keys, then check what only shows at the end.
#include "tools/server/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "tools/server/config_file.h"
#include "tools/server/config_keys.h"

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

void read_settings_of_file(const ConfigSources& sources, std::vector<Setting>& settings,
                           ConfigResult& result) {
  std::string path = sources.file.value_or("");
  if (!sources.file) {
    if (sources.fallback_file.empty() || access(sources.fallback_file.c_str(), F_OK) != 0) return;
    path = sources.fallback_file;
  }
  std::string text;
  if (!read_file(path, text)) {
    result.errors.push_back(fmt::format("{}: cannot read the configuration file: {}", path, text));
    return;
  }
  result.file = path;
  parse_config_text(path, text, settings, result.errors);
}

/// A key given twice in one file is most likely a mistake; as in RabbitMQ the last one counts.
void warn_of_repeated_keys(const std::vector<Setting>& settings, ConfigResult& result) {
  std::map<std::string_view, std::string_view> seen;
  for (const Setting& setting : settings) {
    const auto [before, is_new] = seen.try_emplace(setting.key, setting.origin);
    if (!is_new)
      result.warnings.push_back(fmt::format("{}: key '{}' is set at {} already; this value counts",
                                            setting.origin, setting.key, before->second));
    before->second = setting.origin;
  }
}

void apply(const Setting& setting, ConfigResult& result) {
  const KeyMatch match = find_key(setting.key);
  if (match.spec != nullptr) {
    const auto why =
        match.spec->set(result.config, {.variable = match.variable, .value = setting.value});
    if (why)
      result.errors.push_back(fmt::format("{}: bad value '{}' for key '{}': expected {}{}{}",
                                          setting.origin, setting.value, setting.key,
                                          match.spec->accepts, why->empty() ? "" : "; ", *why));
    return;
  }
  if (is_unsupported_key(setting.key)) {
    result.errors.push_back(fmt::format(
        "{}: key '{}' is known to RabbitMQ but not supported by this version; remove it",
        setting.origin, setting.key));
    return;
  }
  const std::string nearest = nearest_key(setting.key);
  result.errors.push_back(fmt::format("{}: unknown key '{}', {}", setting.origin, setting.key,
                                      nearest.empty()
                                          ? std::string("see lepus --list-config")
                                          : fmt::format("did you mean '{}'?", nearest)));
}

void apply_all(const std::vector<Setting>& settings, ConfigResult& result) {
  // The first listener named replaces the default one, whatever its name.
  const bool names_listeners =
      std::any_of(settings.begin(), settings.end(),
                  [](const Setting& setting) { return setting.key.starts_with("listeners.tcp."); });
  if (names_listeners) result.config.listeners.clear();
  for (const Setting& setting : settings) apply(setting, result);
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
  const auto& listeners = result.config.listeners;
  for (auto one = listeners.begin(); one != listeners.end(); ++one) {
    const bool is_known = std::any_of(listeners.begin(), one, [&](const ListenAddress& other) {
      return other.host == one->host && other.port == one->port;
    });
    if (is_known)
      result.errors.push_back(fmt::format(
          "listeners.tcp.{}: another listener has the same address and port", one->name));
  }
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
  return std::find(loopback_users.begin(), loopback_users.end(), user_name) != loopback_users.end();
}

ConfigResult load_config(const ConfigSources& sources) {
  ConfigResult result;
  result.config.sources = sources;
  std::vector<Setting> settings;
  read_settings_of_file(sources, settings, result);
  warn_of_repeated_keys(settings, result);
  for (const auto& [name, value] : sources.environment)
    for (const Variable& variable : variables)
      if (variable.name == name && !value.empty())
        settings.push_back({name, std::string(variable.key), value});
  for (const std::string& argument : sources.settings)
    parse_set_argument(argument, settings, result.errors);

  apply_all(settings, result);
  if (result.config.cluster_name.empty()) result.config.cluster_name = "lepus@" + sources.host_name;
  remove_repeated_vhosts(result.config.vhosts);
  check_users(result);
  check_listeners(result);
  return result;
}

std::string node_name(const ServerConfig& config) {
  const std::string& host = config.sources.host_name;
  return "lepus@" + (host.empty() ? std::string("localhost") : host);
}

}  // namespace lepus::server
