// Values that are more than one member of ServerConfig; see config_keys_access.h.
#include "tools/server/config/config_keys_access.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "core/access/access_pattern.h"
#include "core/limits.h"

namespace lepus::server::access {

namespace {

// ---- Users and virtual hosts ----

UserConfig& user_named(ServerConfig& config, std::string_view name) {
  for (UserConfig& user : config.users)
    if (user.name == name) return user;
  config.users.push_back({.name = std::string(name), .password = {}, .tags = {}});
  return config.users.back();
}
SetOutcome set_default_user(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  config.users[0].name = given.value;
  return taken();
}
std::string show_default_user(const ServerConfig& config) { return config.users[0].name; }
SetOutcome set_default_pass(ServerConfig& config, const KeyText& given) {
  config.users[0].password = given.value;
  return taken();
}
std::string show_default_pass(const ServerConfig& config) { return config.users[0].password; }
SetOutcome set_default_user_tag(ServerConfig& config, const KeyText& given) {
  const auto value = parse_bool(given.value);
  if (!value) return refused();
  auto& tags = config.users[0].tags;
  std::erase(tags, given.variable);
  if (*value) tags.emplace_back(given.variable);
  return taken();
}
std::string show_default_user_tags(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.users[0].tags, ","));
}
SetOutcome set_user_password(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  user_named(config, given.variable).password = given.value;
  return taken();
}
std::string show_users(const ServerConfig& config) {
  std::string all;
  for (const UserConfig& user : std::span(config.users).subspan(1))
    fmt::format_to(std::back_inserter(all), "{}:{}:{}:{}:{}:{}:{};", user.name, user.password,
                   fmt::join(user.tags, ","), user.configure, user.write, user.read,
                   user.vhost_pattern);
  return all;
}
SetOutcome set_user_tags(ServerConfig& config, const KeyText& given) {
  auto& tags = user_named(config, given.variable).tags;
  tags.clear();
  for (const std::string_view tag : split_list(given.value)) tags.emplace_back(tag);
  return taken();
}
SetOutcome set_pattern(std::string& target, const KeyText& given) {
  if (std::string why = core::check_pattern(given.value); !why.empty()) return refused(why);
  target = given.value;
  return taken();
}
template <std::string UserConfig::*Pattern>
constexpr Access default_pattern = {
    [](ServerConfig& config, const KeyText& given) {
      return set_pattern(config.users[0].*Pattern, given);
    },
    [](const ServerConfig& config) { return config.users[0].*Pattern; }};
template <std::string UserConfig::*Pattern>
constexpr Access added_pattern = {[](ServerConfig& config, const KeyText& given) {
                                    return set_pattern(user_named(config, given.variable).*Pattern,
                                                       given);
                                  },
                                  show_nothing};

SetOutcome set_default_vhost(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  config.vhosts[0] = given.value;
  return taken();
}
std::string show_default_vhost(const ServerConfig& config) { return config.vhosts[0]; }
SetOutcome add_vhosts(ServerConfig& config, const KeyText& given) {
  const auto names = split_list(given.value);
  if (names.empty()) return refused("it is empty");
  config.vhosts.insert(config.vhosts.end(), names.begin(), names.end());
  return taken();
}
SetOutcome add_vhost(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  config.vhosts.emplace_back(given.value);
  return taken();
}
std::string show_vhosts(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.vhosts.begin() + 1, config.vhosts.end(), ","));
}

SetOutcome set_default_queue_type(ServerConfig& config, const KeyText& given) {
  constexpr std::array<std::string_view, 3> types = {"classic", "quorum", "stream"};
  for (const std::string_view type : types) {
    if (given.value != type && given.value != fmt::format("rabbit_{}_queue", type)) continue;
    config.default_queue_type = type == "classic" ? std::string_view{} : type;
    return taken();
  }
  return refused();
}
std::string show_default_queue_type(const ServerConfig& config) {
  return config.default_queue_type.empty() ? "classic" : config.default_queue_type;
}
// ---- Memory ----

SetOutcome set_watermark_fraction(ServerConfig& config, const KeyText& given) {
  const auto fraction = parse_fraction(given.value);
  if (!fraction || !(*fraction > 0.0) || *fraction > 1.0) return refused();
  config.memory_watermark = {.is_relative = true, .fraction = *fraction, .size = 0};
  return taken();
}
std::string show_watermark_fraction(const ServerConfig& config) {
  const MemoryWatermark& mark = config.memory_watermark;
  return mark.is_relative ? fmt::format("{}", mark.fraction) : std::string{};
}
SetOutcome set_watermark_size(ServerConfig& config, const KeyText& given) {
  const auto size_given = parse_size(given.value);
  if (!size_given || *size_given == 0) return refused();
  config.memory_watermark = {.is_relative = false, .fraction = 0, .size = *size_given};
  return taken();
}
std::string show_watermark_size(const ServerConfig& config) {
  const MemoryWatermark& mark = config.memory_watermark;
  return mark.is_relative ? std::string{} : format_size(mark.size);
}
SetOutcome set_paging_ratio(ServerConfig& config, const KeyText& given) {
  const auto ratio = parse_fraction(given.value);
  if (!ratio || !(*ratio > 0.0) || *ratio > 1.0) return refused();
  config.memory_paging_ratio = *ratio;
  return taken();
}
std::string show_paging_ratio(const ServerConfig& config) {
  return fmt::format("{}", config.memory_paging_ratio);
}
SetOutcome set_disk_factor(ServerConfig& config, const KeyText& given) {
  const auto factor = parse_fraction(given.value);
  if (!factor || !(*factor > 0.0) || *factor > 1000.0) return refused();
  config.disk_free_limit = {.is_relative = true, .factor = *factor, .size = 0};
  return taken();
}
std::string show_disk_factor(const ServerConfig& config) {
  const DiskFreeLimit& limit = config.disk_free_limit;
  return limit.is_relative ? fmt::format("{}", limit.factor) : std::string{};
}
SetOutcome set_disk_size(ServerConfig& config, const KeyText& given) {
  const auto size_given = parse_size(given.value);
  if (!size_given) return refused();
  config.disk_free_limit = {.is_relative = false, .factor = 0, .size = *size_given};
  return taken();
}
std::string show_disk_size(const ServerConfig& config) {
  const DiskFreeLimit& limit = config.disk_free_limit;
  return limit.is_relative ? std::string{} : format_size(limit.size);
}
SetOutcome set_total_memory(ServerConfig& config, const KeyText& given) {
  const auto size_given = parse_size(given.value);
  if (!size_given || *size_given == 0) return refused();
  config.total_memory_override = *size_given;
  return taken();
}
std::string show_total_memory(const ServerConfig& config) {
  return config.total_memory_override ? format_size(*config.total_memory_override) : std::string{};
}
SetOutcome set_recv_buffers(ServerConfig& config, const KeyText& given) {
  const auto count = parse_number(given.value);
  if (!count || *count == 0 || *count > 32768 || (*count & (*count - 1)) != 0) return refused();
  config.recv_buffer_count = static_cast<std::uint32_t>(*count);
  return taken();
}
std::string show_recv_buffers(const ServerConfig& config) {
  return fmt::format("{}", config.recv_buffer_count);
}

// ---- Threads ----

SetOutcome set_shards(ServerConfig& config, const KeyText& given) {
  if (given.value == "auto") {
    config.shards = 0;
    return taken();
  }
  return number<1, core::limits::shards_max, &ServerConfig::shards>.set(config, given);
}
std::string show_shards(const ServerConfig& config) {
  return config.shards == 0 ? std::string("auto") : fmt::format("{}", config.shards);
}
SetOutcome set_cpuset(ServerConfig& config, const KeyText& given) {
  auto cpus = parse_cpu_list(given.value);
  if (!cpus) return refused();
  config.cpuset = std::move(*cpus);
  return taken();
}
std::string show_cpuset(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.cpuset, ","));
}
SetOutcome set_pin(ServerConfig& config, const KeyText& given) {
  const auto value = parse_bool(given.value);
  if (!value && given.value != "auto") return refused();
  config.pin = !value ? PinMode::automatic : *value ? PinMode::on : PinMode::off;
  return taken();
}
std::string show_pin(const ServerConfig& config) {
  if (config.pin == PinMode::automatic) return "auto";
  return std::string(format_bool(config.pin == PinMode::on));
}

constexpr std::array<std::string_view, 3> idle_names = {"sleep", "adaptive", "poll"};

SetOutcome set_idle(ServerConfig& config, const KeyText& given) {
  const auto* name = std::find(idle_names.begin(), idle_names.end(), given.value);
  if (name == idle_names.end()) return refused();
  config.idle = static_cast<IdleMode>(name - idle_names.begin());
  return taken();
}
std::string show_idle(const ServerConfig& config) {
  return std::string(idle_names[static_cast<std::size_t>(config.idle)]);
}

constexpr std::array<std::string_view, 3> driver_names = {"auto", "io_uring", "epoll"};

SetOutcome set_io_driver(ServerConfig& config, const KeyText& given) {
  const auto* name = std::find(driver_names.begin(), driver_names.end(), given.value);
  if (name == driver_names.end()) return refused();
  config.io_driver = static_cast<DriverChoice>(name - driver_names.begin());
  return taken();
}
std::string show_io_driver(const ServerConfig& config) {
  return std::string(driver_names[static_cast<std::size_t>(config.io_driver)]);
}

// ---- Journal ----

constexpr std::array<std::string_view, 3> sync_names = {"always", "interval", "os"};

SetOutcome set_journal_sync(ServerConfig& config, const KeyText& given) {
  const auto* name = std::find(sync_names.begin(), sync_names.end(), given.value);
  if (name == sync_names.end()) return refused();
  config.journal_sync = static_cast<persist::SyncMode>(name - sync_names.begin());
  return taken();
}
std::string show_journal_sync(const ServerConfig& config) {
  return std::string(sync_names[static_cast<std::size_t>(config.journal_sync)]);
}
SetOutcome set_segment_size(ServerConfig& config, const KeyText& given) {
  constexpr std::uint64_t unit = 64 << 10;
  constexpr std::uint64_t size_min = 1 << 20;
  constexpr std::uint64_t size_max = 1 << 30;
  const auto value = parse_size(given.value);
  if (!value || *value < size_min || *value > size_max || *value % unit != 0) return refused();
  config.journal_segment_size = *value;
  return taken();
}
std::string show_segment_size(const ServerConfig& config) {
  return format_size(config.journal_segment_size);
}

// ---- Log ----

SetOutcome set_log_file(ServerConfig& config, const KeyText& given) {
  if (given.value.empty() || given.value == "true") return refused();
  config.log.file = given.value == "false" ? std::string_view{} : given.value;
  return taken();
}
std::string show_log_file(const ServerConfig& config) {
  return config.log.file.empty() ? std::string("false") : config.log.file;
}
SetOutcome set_log_stdio(ServerConfig& config, const KeyText& given) {
  if (given.value != "stdout" && given.value != "stderr") return refused();
  config.log.console_to_stdout = given.value == "stdout";
  return taken();
}
std::string show_log_stdio(const ServerConfig& config) {
  return config.log.console_to_stdout ? "stdout" : "stderr";
}

SetOutcome set_definitions_backend(ServerConfig&, const KeyText& given) {
  constexpr std::array<std::string_view, 4> local_names = {
      "local_filesystem", "local", "rabbit_definitions_import_local_filesystem",
      "rabbitmq_definitions_import_local_filesystem"};
  if (std::find(local_names.begin(), local_names.end(), given.value) != local_names.end())
    return taken();
  return refused("definitions come from a file or a directory only: name it in load_definitions");
}
SetOutcome set_on_unsupported(ServerConfig& config, const KeyText& given) {
  if (given.value != "refuse" && given.value != "skip") return refused();
  config.import_rules.on_unsupported =
      given.value == "skip" ? OnUnsupported::skip : OnUnsupported::refuse;
  return taken();
}
std::string show_on_unsupported(const ServerConfig& config) {
  return config.import_rules.on_unsupported == OnUnsupported::skip ? "skip" : "refuse";
}

}  // namespace

constexpr Access default_user = {set_default_user, show_default_user};
constexpr Access default_pass = {set_default_pass, show_default_pass};
constexpr Access default_user_tag = {set_default_user_tag, show_default_user_tags};
constexpr Access user_password = {set_user_password, show_users};
constexpr Access user_tags = {set_user_tags, show_nothing};
constexpr Access default_configure = default_pattern<&UserConfig::configure>;
constexpr Access default_write = default_pattern<&UserConfig::write>;
constexpr Access default_read = default_pattern<&UserConfig::read>;
constexpr Access user_configure = added_pattern<&UserConfig::configure>;
constexpr Access user_write = added_pattern<&UserConfig::write>;
constexpr Access user_read = added_pattern<&UserConfig::read>;
constexpr Access user_vhost_pattern = added_pattern<&UserConfig::vhost_pattern>;
constexpr Access default_queue_type = {set_default_queue_type, show_default_queue_type};
constexpr Access default_vhost = {set_default_vhost, show_default_vhost};
constexpr Access vhosts = {add_vhosts, show_vhosts};
constexpr Access vhost = {add_vhost, show_nothing};
constexpr Access watermark_fraction = {set_watermark_fraction, show_watermark_fraction};
constexpr Access watermark_size = {set_watermark_size, show_watermark_size};
constexpr Access paging_ratio = {set_paging_ratio, show_paging_ratio};
constexpr Access disk_factor = {set_disk_factor, show_disk_factor};
constexpr Access disk_size = {set_disk_size, show_disk_size};
constexpr Access total_memory = {set_total_memory, show_total_memory};
constexpr Access recv_buffers = {set_recv_buffers, show_recv_buffers};
constexpr Access shards = {set_shards, show_shards};
constexpr Access cpuset = {set_cpuset, show_cpuset};
constexpr Access pin = {set_pin, show_pin};
constexpr Access idle = {set_idle, show_idle};
constexpr Access io_driver = {set_io_driver, show_io_driver};
constexpr Access journal_sync = {set_journal_sync, show_journal_sync};
constexpr Access segment_size = {set_segment_size, show_segment_size};
constexpr Access log_file = {set_log_file, show_log_file};
constexpr Access log_stdio = {set_log_stdio, show_log_stdio};
constexpr Access definitions_backend = {set_definitions_backend, show_nothing};
constexpr Access on_unsupported = {set_on_unsupported, show_on_unsupported};

}  // namespace lepus::server::access
