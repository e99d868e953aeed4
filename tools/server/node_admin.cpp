// See node_admin.h.
#include "tools/server/node_admin.h"

#include <unistd.h>

#include <utility>

#include "io/unix_socket.h"
#include "tools/server/definitions_import.h"
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
  const io::UnixOutcome outcome = io::listen_unix(path);
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

/// Who may log in, whether of the configuration or of the catalog.
std::vector<UserRow> NodeAdmin::users() const {
  std::vector<UserRow> rows;
  for (const auto& [name, user] : node_.settings_.back()->users) {
    JsonWriter tags;
    if (const UserConfig* configured = config().find_user(name)) {
      tags.begin_array();
      for (const std::string& tag : configured->tags) tags.text(tag);
      tags.end_array();
    }
    for (const persist::KeptRow& row : node_.definitions_.kept.of(persist::KeptKind::users))
      if (tags.size() == 0 && row.values[persist::user_name] == name)
        tags.raw(row.values[persist::user_tags]);
    rows.push_back({name, tags.size() == 0 ? "[]" : tags.take()});
  }
  return rows;
}

/// Until the end of the process or the next reload, as with RabbitMQ.
void NodeAdmin::set_memory_watermark(const MemoryWatermark& watermark) {
  node_.config_.memory_watermark = watermark;
  node_.control_->set_memory_watermark(node_.memory_watermark());
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "memory watermark set",
                   {{"watermark_bytes", node_.memory_watermark()}});
}

void NodeAdmin::set_disk_free_limit(const DiskFreeLimit& limit) {
  node_.config_.disk_free_limit = limit;
  node_.control_->set_disk_free_min(node_.disk_free_min());
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "disk free limit set",
                   {{"wanted_bytes", node_.disk_free_min()}});
}

/// What there is now, as the catalog would say it.
core::StoredDefinitions NodeAdmin::snapshot(bool with_exclusive) const {
  const core::Topology& topology = node_.control_->topology();
  core::StoredDefinitions all;
  all.last_id = node_.control_->last_id();
  std::vector<core::TopologyChange> bindings;
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    all.changes.emplace_back(core::VhostAdded{vhost->id, vhost->name});
    for (const core::QueueInfo* queue : topology.queues(vhost->id))
      if (with_exclusive || !queue->exclusive) all.changes.emplace_back(core::QueueAdded{*queue});
    for (const core::ExchangeInfo* exchange : topology.exchanges(vhost->id)) {
      all.changes.emplace_back(core::ExchangeAdded{*exchange});
      exchange->bindings_out.for_each([&](const core::Binding& binding) {
        if (!with_exclusive && binding.queue != nullptr && binding.queue->exclusive) return;
        core::BindingSpec spec{exchange->id, {}, {}, binding.key, binding.arguments};
        if (binding.queue != nullptr) spec.queue = binding.queue->id;
        if (binding.exchange != nullptr) spec.exchange = binding.exchange->id;
        bindings.emplace_back(core::BindingAdded{std::move(spec)});
      });
    }
  }
  for (core::TopologyChange& binding : bindings) all.changes.push_back(std::move(binding));
  return all;
}

std::string NodeAdmin::export_definitions(std::string& text) const {
  return write_definitions(
      {snapshot(false), node_.definitions_.kept, config().product_name, config().product_version},
      text);
}

/// As at start: all of it or nothing, by the same rules. Users can log in at once.
AdminHost::Imported NodeAdmin::import_definitions(const std::string& text,
                                                  const core::ChannelRef& who) {
  Definitions definitions;
  if (std::string error = parse_definitions("definitions", text, definitions); !error.empty())
    return {std::move(error), false};
  ImportPlan plan =
      plan_import(snapshot(true), {definitions, config().vhosts, node_.control_->shard_count()});
  if (!plan.error.empty()) return {std::move(plan.error), false};
  persist::KeptDefinitions kept = node_.definitions_.kept;
  std::vector<std::pair<persist::KeptKind, persist::KeptRow>> rows;
  for (std::size_t index = 0; index < persist::kept_kind_count; ++index) {
    const auto kind = static_cast<persist::KeptKind>(index);
    for (const persist::KeptRow& row : definitions.kept.of(kind))
      if (kept.put(kind, row)) rows.emplace_back(kind, row);
  }
  std::swap(kept, node_.definitions_.kept);
  if (std::string error = node_.add_settings(); !error.empty()) {
    std::swap(kept, node_.definitions_.kept);
    return {std::move(error), false};
  }
  for (const auto& [kind, row] : rows) node_.catalog_.keep(kind, row);
  if (!rows.empty()) node_.control_->broadcast(core::Reconfigure{node_.settings_.back().get()});
  node_.log_.write(core::LogLevel::info, core::LogCategory::general, "definitions imported",
                   {{"file", "by the operator"},
                    {"changes", plan.changes.size()},
                    {"users_and_others", rows.size()},
                    {"bindings_left_out", plan.dangling.size()}});
  if (plan.changes.empty()) return {{}, true};
  node_.control_->apply_plan(std::move(plan.changes), plan.last_id, who);
  return {{}, false};
}

void NodeAdmin::stop_node() { node_.begin_stop("lepusctl"); }

}  // namespace lepus::server
