// See operator_world.h.
#include "tests/fuzz/operator_world.h"

#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>

#include "core/topology/topology_rules.h"
#include "tools/server/definitions/definitions_write.h"
#include "tools/server/node_limits.h"

namespace lepus::server::fuzz {

namespace {

constexpr std::uint64_t memory_size = std::uint64_t{8} << 30;
constexpr int turns_max = 200;

void check_json(std::string_view text) {
  simdjson::dom::parser parser;
  CHECK(parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS);
}

}  // namespace

void CheckingSink::on_rows(std::string_view rows) {
  CHECK(answers_ == 0);
  check_json(rows);
}
void CheckingSink::on_done(std::string_view result) {
  CHECK(++answers_ == 1);
  check_json(result);
}
void CheckingSink::on_error(const AdminError& error) {
  CHECK(++answers_ == 1);
  CHECK(!error.text.empty());
}

void FuzzShard::declare(const core::TopologyRequest& request) {
  end_.tell_control(core::TopologyAsk{{}, 0, std::make_unique<core::TopologyRequest>(request)});
}

void FuzzShard::run() {
  (void)end_.push_staged();
  (void)end_.drain([this](auto& command) { on_command(command); });
  end_.wake();
}

void FuzzShard::on(const core::TopologyApply& command) {
  for (const core::TopologyChange& change : command.changes->list) replica_.apply(change);
  end_.tell_control(core::TopologyApplied{command.version});
}

void FuzzShard::on(const core::Purge& command) {
  end_.tell_admin(core::Reply{command.channel, 0, 0, {}, id_, command.queue, nullptr});
}

void FuzzShard::on(const core::ResolveUnreadable& command) {
  end_.tell_admin(core::Reply{command.channel, 0, 0, {}, id_, command.queue, nullptr});
}

/// A fuzzer writes no backups.
void FuzzShard::on(const BackupOrder& order) {
  if (order.step != BackupOrder::Step::freeze) return;
  end_.tell_admin(BackupReport{order.number, id_, BackupReport::State::refused, nullptr,
                               std::make_unique<std::string>("messages live in memory only")});
}

void FuzzShard::on(const AskStats& command) {
  auto page = std::make_unique<core::StatsPage>();
  page->number = command.request->number;
  page->last = true;
  for (const core::QueueId queue : command.request->queues) page->queues.push_back({.id = queue});
  page->closed_count = command.request->connections.size();
  end_.tell_admin(StatsReply{std::move(page)});
}

/// Its one queue has one message, which comes back as it was asked for.
void FuzzShard::on(const AskMessages& command) {
  const core::MessageRequest& request = *command.request;
  auto result = std::make_unique<core::MessageResult>();
  result->number = request.number;
  result->is_routed = request.exchange.empty();
  if (request.kind == core::MessageRequest::Kind::trace) {
    result->trace = std::make_unique<core::TraceAnswer>();
    result->trace->next = request.trace->after + 1;
    core::TraceEntry entry;
    entry.exchange = request.trace->filter.exchange;
    entry.properties = request.trace->filter.user;  // Any bytes, which may be no properties.
    entry.body = request.trace->filter.queue;
    result->trace->entries.assign(std::min(request.trace->count_max, 3U), entry);
  }
  if (request.kind == core::MessageRequest::Kind::get ||
      request.kind == core::MessageRequest::Kind::browse) {
    core::ShownMessage message;
    message.routing_key = request.queue;
    message.properties = request.properties;
    message.body = std::string("a\0\xff\"", 4).substr(0, request.body_size_max);
    message.body_size = 4;
    result->messages.assign(std::min(request.count_max, 3U), message);
  }
  end_.tell_admin(MessagesReply{std::move(result)});
}

/// It ends at once, and is tried again.
void FuzzShard::on(const StartShovel& command) {
  auto row = std::make_unique<ShovelReportRow>();
  row->number = command.order->number;
  row->ended = ShovelReportRow::Ended::failed;
  end_.tell_admin(ShovelReport{std::move(row)});
}

void FuzzShard::on(const core::DeleteQueue& command) {
  auto request = std::make_unique<core::TopologyRequest>();
  request->kind = core::TopologyRequest::Kind::delete_queue;
  request->queue = command.queue;
  end_.tell_control(core::TopologyAsk{command.channel, 0, std::move(request)});
}

Directory::Directory() {
  const bool has_memory = ::access("/dev/shm", W_OK) == 0;
  std::string name = has_memory ? "/dev/shm/lepus-fuzz-XXXXXX" : "/tmp/lepus-fuzz-XXXXXX";
  CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const std::string& Directory::emptied() {
  for (const auto& file : std::filesystem::directory_iterator(path_))
    std::filesystem::remove_all(file);
  return path_;
}

Mesh& OperatorWorld::linked_mesh() {
  for (core::ShardId id = 0; id < 3; ++id) mesh_.set_loop(id, loops_[id]);
  mesh_.set_admin_loop(loops_[3]);
  return mesh_;
}

OperatorWorld::OperatorWorld(const std::string& directory) {
  config_.data_dir = directory;
  config_.sources.host_name = "h";
  StartDefinitions start;
  CHECK(catalog_.open({catalog_path(config_), 7}).empty());
  CHECK(load_start_definitions({config_, catalog_, log_, 2, 1}, start).empty());
  control_ =
      std::make_unique<Control>(Control::Parts{&linked_mesh(), &loops_[2], &log_, memory_size,
                                               [] { return 0; }, &catalog_, nullptr, 0, "/"});
  for (core::ShardId id = 0; id < 2; ++id) shards_[id] = std::make_unique<FuzzShard>(mesh_, id);
  thread_ = std::make_unique<AdminThread>(AdminThread::Parts{&mesh_, &loops_[3], &log_, this});
  CHECK(control_->start(std::move(start.stored), {"/"}).empty());
  for (const auto& shard : shards_) shard->start();
  run();
  core::TopologyRequest declare;
  declare.kind = core::TopologyRequest::Kind::declare_queue;
  declare.vhost = control_->topology().find_vhost("/")->id;
  declare.name = "q";
  declare.durable = true;
  shards_[0]->declare(declare);
  run();
}

OperatorWorld::~OperatorWorld() {
  run();
  thread_.reset();
}

void OperatorWorld::run() {
  for (int turn = 0; turn < 8; ++turn) {
    loops_[2].run_turn();
    loops_[3].run_turn();
    for (const auto& shard : shards_) shard->run();
  }
}

void OperatorWorld::ask(AdminRequest request) {
  // It would wait for ever: nothing lets clients in again.
  const bool may_wait = request.verb == "await_startup";
  CheckingSink sink;
  const std::uint32_t number = thread_->admin().start(std::move(request), sink);
  for (int turn = 0; turn < turns_max && !sink.is_answered(); ++turn) run();
  CHECK(sink.is_answered() || may_wait);
  thread_->admin().cancel(number);
}

void OperatorWorld::set_memory_watermark(const MemoryWatermark& watermark) {
  config_.memory_watermark = watermark;
  tell_limits();
}

void OperatorWorld::set_disk_free_limit(const DiskFreeLimit& limit) {
  config_.disk_free_limit = limit;
  tell_limits();
}

void OperatorWorld::tell_limits() {
  const NodeLimits limits = node_limits(config_, memory_size, 2);
  thread_->view().tell_control(SetLimits{limits.memory_watermark, limits.disk_free_min});
}

AdminHost::ResumeOutcome OperatorWorld::resume(bool) {
  thread_->view().tell_control(ResumeBroker{std::make_unique<ShardListeners>(2)});
  return {Resumed::listening};
}

void OperatorWorld::check_restart(const std::string& directory) {
  ServerConfig config;
  config.data_dir = directory;
  core::NullLog log;
  persist::Catalog catalog;
  StartDefinitions start;
  CHECK(catalog.open({catalog_path(config), 7}).empty());
  CHECK(load_start_definitions({config, catalog, log, 2, 1}, start).empty());
  core::Topology topology{2};
  for (const core::TopologyChange& change : start.stored.changes) topology.apply(change);
}

}  // namespace lepus::server::fuzz
