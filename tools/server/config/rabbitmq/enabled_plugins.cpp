// One list of atoms in Erlang's syntax.
#include "tools/server/config/rabbitmq/enabled_plugins.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

constexpr std::string_view file_name = "enabled_plugins";
constexpr std::string_view variable = "RABBITMQ_ENABLED_PLUGINS_FILE";

/// What these do is part of this broker.
constexpr std::array<std::string_view, 16> built_in{
    "rabbitmq_auth_backend_cache",
    "rabbitmq_auth_backend_http",
    "rabbitmq_auth_backend_oauth2",
    "rabbitmq_auth_mechanism_ssl",
    "rabbitmq_consistent_hash_exchange",
    "rabbitmq_delayed_message_exchange",
    "rabbitmq_event_exchange",
    "rabbitmq_management",
    "rabbitmq_management_agent",
    "rabbitmq_message_deduplication",
    "rabbitmq_prometheus",
    "rabbitmq_random_exchange",
    "rabbitmq_recent_history_exchange",
    "rabbitmq_shovel",
    "rabbitmq_shovel_management",
    "rabbitmq_web_dispatch",
};

/// An atom with or without quotes.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
  });
}

/// Without comments of Erlang.
std::string without_comments(std::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    rest.append(line.substr(0, line.find('%'))).push_back(' ');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return rest;
}

}  // namespace

PluginList parse_enabled_plugins(std::string_view text) {
  PluginList list;
  const std::string plain = without_comments(text);
  std::string_view rest = trim(plain);
  if (rest.empty()) return list;
  if (rest.size() < 3 || rest.front() != '[' || rest.back() != '.' ||
      trim(rest.substr(0, rest.size() - 1)).back() != ']') {
    list.error = "this is no list of plugins like [rabbitmq_management,rabbitmq_prometheus].";
    return list;
  }
  rest = trim(rest.substr(0, rest.size() - 1));
  rest = trim(rest.substr(1, rest.size() - 2));
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view name = trim(rest.substr(0, comma));
    if (name.size() > 2 && name.front() == '\'' && name.back() == '\'')
      name = name.substr(1, name.size() - 2);
    if (!is_name(name)) {
      list.error = fmt::format("'{}' is no name of a plugin", name);
      return list;
    }
    list.names.emplace_back(name);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return list;
}

std::string plugin_warning(const std::vector<std::string>& names) {
  std::vector<std::string_view> missing;
  for (const std::string& name : names)
    if (std::ranges::find(built_in, name) == built_in.end()) missing.push_back(name);
  if (missing.empty()) return {};
  return fmt::format(
      "{} {} not part of this broker, which has no plugins: whoever needs what {} finds it "
      "missing; "
      "docs/COMPATIBILITY.md says what there is instead",
      fmt::join(missing, ", "), missing.size() == 1 ? "is" : "are",
      missing.size() == 1 ? "it does" : "they do");
}

std::string find_enabled_plugins(const ConfigSources& sources) {
  for (const auto& [name, value] : sources.environment)
    if (name == variable && !value.empty()) return value;
  const std::filesystem::path config = sources.file.value_or(sources.fallback_file);
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::is_directory(config, error) ? config : config.parent_path();
  const std::filesystem::path path = folder / file_name;
  const bool is_there = !config.empty() && std::filesystem::is_regular_file(path, error);
  return is_there ? path.string() : std::string();
}

void check_enabled_plugins(const ConfigSources& sources, ConfigResult& result) {
  const std::string path = find_enabled_plugins(sources);
  std::string text;
  if (path.empty()) return;
  if (!read_file(path, text)) {
    result.errors.push_back(fmt::format("{}: {}: cannot read it", variable, path));
    return;
  }
  const PluginList list = parse_enabled_plugins(text);
  if (!list.error.empty()) {
    result.errors.push_back(fmt::format("{}: {}", path, list.error));
  } else if (std::string warning = plugin_warning(list.names); !warning.empty()) {
    result.warnings.push_back(fmt::format("{}: {}", path, warning));
  }
}

}  // namespace lepus::server
