// See node_admin.h.
#include "tools/server/node_admin.h"

#include <pwd.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "io/unix_socket.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/node.h"

namespace lepus::server {

std::string admin_socket_path(const ServerConfig& config) {
  if (config.management_socket == "none") return {};
  return config.management_socket.empty() ? config.data_dir + "/lepus.sock"
                                          : config.management_socket;
}

namespace {

/// Once, before clients are served: a directory of users may be on the network.
std::string own_user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::string("unknown") : entry->pw_name;
}

}  // namespace

NodeAdmin::NodeAdmin(Node& node)
    : node_(node),
      started_at_(node.loop_->now()),
      definitions_({*node.control_, node.catalog_, node.config_, node.log_}),
      admin_(*node.control_, *this, node.log_) {}

NodeAdmin::~NodeAdmin() {
  if (!path_.empty()) io::remove_unix(path_);
}

std::string NodeAdmin::start() {
  const std::string path = admin_socket_path(config());
  if (path.empty()) return {};
  // In data_dir nobody else can be: it is locked.
  const bool is_ours = config().management_socket.empty();
  const io::UnixOutcome outcome =
      io::listen_unix(path, is_ours ? io::UnixPlace::own : io::UnixPlace::shared);
  if (outcome.fd < 0)
    return outcome.error +
           ". It is where lepusctl connects: set management.socket to another path, or to none";
  path_ = path;
  socket_ = std::make_unique<AdminSocket>(
      AdminSocket::Parts{node_.loop_.get(), &admin_, &node_.log_, geteuid(), own_user_name()},
      outcome.fd);
  socket_->start();
  return {};
}

void NodeAdmin::stop() {
  if (socket_) socket_->stop();
}

const ServerConfig& NodeAdmin::config() const { return node_.config_; }

AdminHost::Facts NodeAdmin::facts() const {
  Facts facts;
  facts.uptime_s =
      static_cast<std::uint64_t>((node_.loop_->now() - started_at_) / core::nanos_per_s);
  facts.memory_bytes = node_.memory_bytes();
  facts.resident_bytes = node_.control_->alarms().resident();
  facts.memory_watermark_bytes = node_.memory_watermark();
  facts.disk_free_bytes = node_.control_->alarms().disk_free();
  facts.disk_free_min_bytes = node_.disk_free_min();
  facts.connection_count = node_.connection_count();
  facts.is_serving = node_.control_->is_serving();
  facts.turns = node_.loop_->profile().totals();
  return facts;
}

/// Until the end of the process or the next reload, as with RabbitMQ.
void NodeAdmin::set_memory_watermark(const MemoryWatermark& watermark) {
  node_.config_.memory_watermark = watermark;
  node_.control_->alarms().set_memory_watermark(node_.memory_watermark());
  node_.set_paging();
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "memory watermark set",
                   {{"watermark_bytes", node_.memory_watermark()}});
}

void NodeAdmin::set_disk_free_limit(const DiskFreeLimit& limit) {
  node_.config_.disk_free_limit = limit;
  node_.control_->alarms().set_disk_free_min(node_.disk_free_min());
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "disk free limit set",
                   {{"wanted_bytes", node_.disk_free_min()}});
}

std::string NodeAdmin::export_definitions(std::string& text) const {
  return definitions_.write(text);
}

AdminHost::Imported NodeAdmin::import_definitions(const std::string& text, const std::string& vhost,
                                                  const core::ChannelRef& who) {
  return definitions_.import(text, vhost, who);
}

void NodeAdmin::stop_node() { node_.begin_stop("lepusctl"); }

AdminHost::ResumeOutcome NodeAdmin::resume(bool is_last_try) { return node_.resume(is_last_try); }

void NodeAdmin::reload() { node_.reload(); }

/// As lines of the configuration would: both sinks let through what the categories do.
std::string NodeAdmin::set_log_level(std::string_view category, std::string_view level) {
  std::vector<std::string> keys{"log.file.level", "log.console.level", "log.default.level"};
  if (!category.empty()) keys.back() = fmt::format("log.{}.level", category);
  ServerConfig changed = node_.config_;
  for (const std::string& key : keys) {
    const KeyMatch match = find_key(key);
    if (match.spec == nullptr || match.spec->name != key)
      return fmt::format("there is no log category '{}'", category);
    if (match.spec->set(changed, {match.variable, level}))
      return fmt::format("'{}' is no log level: expected {}", level, match.spec->accepts);
  }
  if (const auto error = node_.log_system_.apply(changed.log)) return *error;
  node_.config_.log = changed.log;
  return {};
}

/// Of the keys that count for connections to come: others need the whole of a reload.
std::string NodeAdmin::set_value(std::string_view key, std::string_view value) {
  const KeyMatch match = find_key(key);
  if (match.spec == nullptr) return fmt::format("'{}' is no key of the configuration", key);
  if (match.spec->reload != Reload::new_connections)
    return fmt::format("'{}' cannot be set so: change the configuration", key);
  ServerConfig changed = node_.config_;
  if (const SetOutcome refused = match.spec->set(changed, {match.variable, value}))
    return fmt::format("{} = {}: expected {}", key, value, match.spec->accepts);
  node_.config_ = std::move(changed);
  node_.apply_settings();
  return {};
}

}  // namespace lepus::server
