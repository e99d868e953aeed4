// See node_admin.h.
#include "tools/server/node_admin.h"

#include <pwd.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "core/limits/samples.h"
#include "io/heap.h"
#include "io/os.h"
#include "io/unix_socket.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_reload.h"
#include "tools/server/connection_settings.h"
#include "tools/server/definitions/cluster_name.h"
#include "tools/server/descriptors.h"
#include "tools/server/node.h"

namespace lepus::server {

std::string admin_socket_path(const ServerConfig& config) {
  if (config.management_socket == "none") return {};
  return config.management_socket.empty() ? config.data_dir + "/lepus.sock"
                                          : config.management_socket;
}

namespace {

/// Listings and scrapes use a whole processor for a second: where all of them are busy, threads
/// that messages pass through come first, nearly ten to one.
constexpr int admin_thread_nice = 10;

/// Once, before clients are served: a directory of users may be on the network.
std::string own_user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::string("unknown") : entry->pw_name;
}

}  // namespace

NodeAdmin::NodeAdmin(Node& node, std::unique_ptr<io::Driver> driver, TlsSetup tls, HttpTls http_tls)
    : node_(node),
      log_(node.log_system_.producer("admin")),
      config_(node.config_),
      tls_(std::move(tls)),
      http_tls_(std::move(http_tls)),
      started_at_(node.loop_->now()),
      driver_(std::move(driver)),
      loop_(*driver_, io::IdlePolicy{io::IdleMode::sleep, 0}),
      definitions_(node.catalog_) {
  node_.mesh_.set_admin_loop(loop_);
  work_ = std::make_unique<AdminThread>(
      AdminThread::Parts{&node_.mesh_, &loop_, &log_, this,
                         config_.statistics_interval_ms * core::nanos_per_ms, true});
  http_ = std::make_unique<NodeHttp>(
      NodeHttp::Parts{&loop_, work_.get(), this, &node_.auth_.logins, &log_,
                      http_descriptor_max(io::file_use().limit), node_.auth_.make_link(loop_)},
      config_, http_tls_);
}

NodeAdmin::~NodeAdmin() {
  CHECK(!thread_.joinable());
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
      AdminSocket::Parts{&loop_, &work_->admin(), &log_, geteuid(), own_user_name()}, outcome.fd);
  socket_->start();
  return {};
}

void NodeAdmin::run_thread() {
  thread_ = std::thread([this] {
    io::name_thread("admin");
    io::lower_thread_priority(admin_thread_nice);
    if (node_.placement_.pin) {
      const std::string error = io::pin_thread_to(node_.placement_.control_cpus);
      if (!error.empty())
        log_.write(core::LogLevel::warning, core::LogCategory::general, "cannot pin admin thread",
                   {{"text", error}});
    }
    http_->start();
    while (!work_->is_finished()) loop_.run_turn();
  });
}

void NodeAdmin::join() { thread_.join(); }

AdminHost::Facts NodeAdmin::facts() const {
  const NodeLimits limits = this->limits();
  Facts facts;
  facts.uptime_s = static_cast<std::uint64_t>((loop_.now() - started_at_) / core::nanos_per_s);
  facts.memory_bytes = node_.memory_bytes();
  facts.memory_parts = node_.memory_parts();
  facts.resident_bytes = io::resident_size();
  facts.memory_watermark_bytes = limits.memory_watermark;
  facts.disk_free_bytes = node_.control_->alarms().disk_free();
  facts.disk_free_min_bytes = limits.disk_free_min;
  facts.connection_count = node_.connection_count();
  facts.logins = node_.auth_.logins.counts();
  facts.log_memory = &node_.log_system_.memory();
  facts.placement = &node_.placement_;
  facts.bypass = node_.doors_.bypass.facts();
  return facts;
}

NodeLimits NodeAdmin::limits() const {
  return node_limits(config_, read_available_memory(), node_.shards_.size());
}

void NodeAdmin::tell_limits() {
  const NodeLimits limits = this->limits();
  node_.set_paging(limits.paging_size);
  work_->view().tell_control(SetLimits{limits.memory_watermark, limits.disk_free_min});
}

void NodeAdmin::pass_settings() {
  auto all = std::make_unique<std::vector<ReplaceSettings>>();
  for (std::size_t i = 0; i < node_.shards_.size(); ++i) {
    auto settings = make_settings(config_);
    settings->cluster_name = cluster_name_with(config_, work_->view().topology());
    all->push_back({std::move(settings), std::make_unique<TlsSetup>(tls_)});
  }
  http_->set_config(config_, http_tls_);
  work_->sampler().set_interval(config_.statistics_interval_ms * core::nanos_per_ms);
  work_->view().tell_control(PassSettings{std::move(all)});
}

/// Until the end of the process or the next reload, as with RabbitMQ.
void NodeAdmin::set_memory_watermark(const MemoryWatermark& watermark) {
  config_.memory_watermark = watermark;
  tell_limits();
  log_.write(core::LogLevel::info, core::LogCategory::general, "memory watermark set",
             {{"watermark_bytes", limits().memory_watermark}});
}

void NodeAdmin::set_disk_free_limit(const DiskFreeLimit& limit) {
  config_.disk_free_limit = limit;
  tell_limits();
  log_.write(core::LogLevel::info, core::LogCategory::general, "disk free limit set",
             {{"wanted_bytes", limits().disk_free_min}});
}

std::string NodeAdmin::export_definitions(std::string& text) const {
  return NodeDefinitions::write(config_, work_->view().topology(), text);
}

AdminHost::Import NodeAdmin::read_import(const ImportText& input) {
  NodeDefinitions::Import read =
      definitions_.read(config_, {input.text, input.vhost, input.skips_invalid});
  return {std::move(read.error), std::move(read.planner)};
}

/// What was opened in vain is closed again: the operator may try once more.
AdminHost::ResumeOutcome NodeAdmin::resume(bool is_last_try) {
  constexpr core::Nanos no_wait = 0;
  const ListenTurn turn{no_wait};
  if (!is_last_try && (!turn.is_held() || is_any_in_use(config_.listeners)))
    return {Resumed::address_in_use};
  auto sockets = std::make_unique<ShardListeners>();
  std::string error = wait_until_free(config_.listeners, no_wait);
  if (error.empty()) error = node_.open_sockets(turn, log_, *sockets);
  if (error.empty()) {
    work_->view().tell_control(ResumeBroker{std::move(sockets)});
    return {Resumed::listening};
  }
  close_listeners(*sockets);
  return {Resumed::failed, std::move(error)};
}

/// What is wrong leaves everything about TLS as it was `before`. The files may be others although
/// their names are the same.
std::string NodeAdmin::reload_tls(const TlsKeys& before) {
  TlsSetup setup;
  HttpTls http;
  std::string error = make_tls(config_, setup);
  if (error.empty()) error = make_http_tls(config_, http);
  if (error.empty()) {
    tls_ = std::move(setup);
    http_tls_ = std::move(http);
    const std::int64_t now_s = (loop_.now() + loop_.wall_offset()) / core::nanos_per_s;
    for (const TlsSetup* one : all_tls()) log_certificates(*one, log_, now_s);
  } else {
    config_.tls = before.amqp;
    config_.management.door.tls = before.management;
    config_.prometheus.door.tls = before.prometheus;
    log_.write(core::LogLevel::error, core::LogCategory::general,
               "TLS certificates kept as they were", {{"text", error}});
  }
  return error;
}

std::vector<const TlsSetup*> NodeAdmin::all_tls() const {
  std::vector<const TlsSetup*> all{&tls_};
  if (config_.management.door.has_own_certificate()) all.push_back(&http_tls_.management);
  if (config_.prometheus.door.has_own_certificate()) all.push_back(&http_tls_.prometheus);
  return all;
}

NodeAdmin::TlsKeys NodeAdmin::tls_keys() const {
  return {config_.tls, config_.management.door.tls, config_.prometheus.door.tls};
}

std::string NodeAdmin::reload_certificates() {
  const TlsKeys before = tls_keys();
  std::string error = reload_tls(before);
  if (error.empty()) pass_settings();
  return error;
}

std::string NodeAdmin::reload() {
  node_.service_.reloading(loop_.now());
  const TlsKeys before = tls_keys();
  ReloadOutcome outcome = reload_config(config_, node_.log_system_, log_);
  config_ = std::move(outcome.config);
  std::vector<std::string>& errors = outcome.errors;
  if (std::string error = reload_tls(before); !error.empty()) errors.push_back(std::move(error));
  tell_limits();
  pass_settings();
  node_.service_.ready(errors.empty() ? "serving; the configuration was read again"
                                      : "serving; what was to be read again is wrong: see the log");
  return fmt::format("{}", fmt::join(errors, "\n"));
}

std::string NodeAdmin::reopen_log() {
  const auto error = node_.log_system_.reopen();
  return error.value_or(std::string{});
}

/// As lines of the configuration would: both sinks let through what the categories do.
std::string NodeAdmin::set_log_level(std::string_view category, std::string_view level) {
  std::vector<std::string> keys{"log.file.level", "log.console.level", "log.default.level"};
  if (!category.empty()) keys.back() = fmt::format("log.{}.level", category);
  ServerConfig changed = config_;
  for (const std::string& key : keys) {
    const KeyMatch match = find_key(key);
    if (match.spec == nullptr || match.spec->name != key)
      return fmt::format("there is no log category '{}'", category);
    if (match.spec->set(changed, {match.variable, level, match.second}))
      return fmt::format("'{}' is no log level: expected {}", level, match.spec->accepts);
  }
  if (const auto error = node_.log_system_.apply(changed.log)) return *error;
  config_.log = changed.log;
  return {};
}

/// Of the keys that count for connections to come: others need the whole of a reload.
std::string NodeAdmin::set_value(std::string_view key, std::string_view value) {
  const KeyMatch match = find_key(key);
  if (match.spec == nullptr) return fmt::format("'{}' is no key of the configuration", key);
  if (match.spec->reload != Reload::new_connections)
    return fmt::format("'{}' cannot be set so: change the configuration", key);
  ServerConfig changed = config_;
  if (const SetOutcome refused = match.spec->set(changed, {match.variable, value, match.second}))
    return fmt::format("{} = {}: expected {}", key, value, match.spec->accepts);
  const TlsKeys before = tls_keys();
  config_ = std::move(changed);
  if (tls_keys() != before)
    if (std::string error = reload_tls(before); !error.empty()) return error;
  pass_settings();
  return {};
}

}  // namespace lepus::server
