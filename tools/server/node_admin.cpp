// See node_admin.h.
#include "tools/server/node_admin.h"

#include <unistd.h>

#include <utility>

#include "io/unix_socket.h"
#include "tools/server/definitions_live.h"
#include "tools/server/definitions_write.h"
#include "tools/server/node.h"

namespace lepus::server {

std::string admin_socket_path(const ServerConfig& config) {
  if (config.management_socket == "none") return {};
  return config.management_socket.empty() ? config.data_dir + "/lepus.sock"
                                          : config.management_socket;
}

NodeAdmin::NodeAdmin(Node& node) : node_(node), admin_(*node.control_, *this) {}

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
      AdminSocket::Parts{node_.loop_.get(), &admin_, &node_.log_, geteuid()}, outcome.fd);
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
      static_cast<std::uint64_t>((node_.loop_->now() - node_.started_at_) / core::nanos_per_s);
  facts.memory_bytes = node_.memory_bytes();
  facts.memory_watermark_bytes = node_.memory_watermark();
  facts.disk_free_bytes = node_.disk_.free_bytes(config().data_dir);
  facts.disk_free_min_bytes = node_.disk_free_min();
  facts.connection_count = node_.connection_count();
  facts.is_serving = node_.control_->is_serving();
  return facts;
}

/// Until the end of the process or the next reload, as with RabbitMQ.
void NodeAdmin::set_memory_watermark(const MemoryWatermark& watermark) {
  node_.config_.memory_watermark = watermark;
  node_.control_->set_memory_watermark(node_.memory_watermark());
  node_.set_paging();
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "memory watermark set",
                   {{"watermark_bytes", node_.memory_watermark()}});
}

void NodeAdmin::set_disk_free_limit(const DiskFreeLimit& limit) {
  node_.config_.disk_free_limit = limit;
  node_.control_->set_disk_free_min(node_.disk_free_min());
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "disk free limit set",
                   {{"wanted_bytes", node_.disk_free_min()}});
}

std::string NodeAdmin::export_definitions(std::string& text) const {
  persist::KeptDefinitions kept;
  if (std::string error = node_.catalog_.load_kept(kept); !error.empty()) return error;
  const core::StoredDefinitions stored =
      snapshot_definitions(node_.control_->topology(), /*with_exclusive=*/false);
  return write_definitions({stored, kept, config().product_name, config().product_version}, text);
}

/// As at start: all of it or nothing, by the same rules.
AdminHost::Imported NodeAdmin::import_definitions(const std::string& text,
                                                  const core::ChannelRef& who) {
  Definitions definitions;
  persist::KeptDefinitions kept;
  std::string error = parse_definitions("definitions", text, definitions);
  if (error.empty()) error = node_.catalog_.load_kept(kept);
  if (!error.empty()) return {std::move(error), false};
  Control& control = *node_.control_;
  LivePlan plan =
      plan_live_import({control.topology(), control.last_id(), kept, definitions, config().vhosts});
  if (!plan.error.empty()) return {std::move(plan.error), false};
  for (const auto& [kind, row] : plan.rows) node_.catalog_.keep(kind, row);
  for (const core::TopologyChange& change : plan.removals) node_.catalog_.record(change);
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "definitions imported",
                   {{"file", "by the operator"},
                    {"changes", plan.changes.size()},
                    {"users_and_others", plan.rows.size()}});
  for (const std::string& warning : plan.warnings)
    node_.log_.write(core::LogLevel::warning, core::LogCategory::general, "definitions",
                     {{"text", warning}});
  if (plan.changes.empty()) return {{}, true};
  control.apply_plan(std::move(plan.changes), plan.last_id, who);
  return {{}, false};
}

void NodeAdmin::stop_node() { node_.begin_stop("lepusctl"); }

}  // namespace lepus::server
