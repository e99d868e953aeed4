// Requests, answers and the end.
#include "tools/server/control.h"

#include <algorithm>
#include <utility>

#include "io/heap.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

Control::Control(Parts parts)
    : parts_(std::move(parts)),
      mesh_(*parts_.mesh),
      shard_count_(parts_.mesh->shard_count()),
      writer_({mesh_, shard_count_, *parts_.loop, *parts_.log, parts_.store, *this,
               parts_.event_vhost, parts_.default_queue_type}),
      alarms_({parts_.loop, parts_.log, this, parts_.memory_watermark_bytes, parts_.memory_bytes,
               parts_.disk_free, parts_.disk_free_min_bytes, parts_.process_memory}),
      serves_(shard_count_, false) {
  parts_.loop->set_hooks(this);
}

Control::~Control() {
  alarms_.stop();
  parts_.loop->set_hooks(nullptr);
}

std::string Control::start(core::StoredDefinitions stored, const std::vector<std::string>& vhosts) {
  std::string error = writer_.start(std::move(stored), vhosts);
  if (error.empty()) alarms_.start();
  return error;
}

struct Control::ShardHandler {
  void operator()(core::TopologyAsk& ask) const {
    ControlRequest request{ask.channel, ask.message_count};
    request.topology = std::move(ask.request);
    request.more = std::move(ask.more);
    control.writer_.request(std::move(request));
  }
  void operator()(const core::TopologyApplied& applied) const {
    control.writer_.on_applied(from, applied.version);
  }
  void operator()(const Serving&) const { control.serves_[from] = true; }
  void operator()(const ConnectionsClosed&) const { control.on_connections_closed(from); }
  // Answers to the AdminService.
  void operator()(const core::Reply& reply) const {
    if (control.admin_ != nullptr) control.admin_->on_reply(reply);
  }
  void operator()(StatsReply& reply) const {
    if (control.admin_ != nullptr) control.admin_->on_stats(std::move(reply.page));
  }
  void operator()(MessagesReply& reply) const {
    if (control.admin_ != nullptr) control.admin_->on_messages(std::move(reply.result));
  }

  Control& control;
  core::ShardId from;
};

bool Control::drain_mailboxes() {
  const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::requests);
  bool worked = mesh_.push_staged();
  worked |= mesh_.drain([this](core::ShardId from, ShardToControl& command) {
    std::visit(ShardHandler{*this, from}, command);
  });
  if (admin_ != nullptr) worked |= admin_->work();
  return worked;
}

void Control::on_connections_closed(core::ShardId from) {
  // A suspension is answered before the stop that came meanwhile.
  if (suspends_ && serves_[from]) {
    serves_[from] = false;
    return;
  }
  CHECK(phase_ == Phase::stopping);
  if (++drained_count_ < shard_count_) return;
  phase_ = Phase::ending;
  writer_.stop_sending();
  broadcast([] { return EndThread{}; });
}

void Control::change(const core::AccessRequest& request, std::string by, Changed done) {
  CHECK(done != nullptr);
  if (phase_ != Phase::running)
    return done(core::AccessRefusal{core::AccessRefusal::Reason::stopping, "the broker stops"});
  ControlRequest asked;
  asked.access = request;
  asked.by = std::move(by);
  asked.changed = std::move(done);
  writer_.request(std::move(asked));
}

void Control::apply_plan(Changes changes, std::uint64_t last_id, const core::ChannelRef& who) {
  CHECK(phase_ == Phase::running);
  writer_.apply_plan(std::move(changes), last_id, who);
}

void Control::flush() {
  writer_.flush();
  if (admin_ != nullptr) admin_->flush();
  mesh_.wake();
}

void Control::on_answer(core::TopologyDone&& done) {
  if (done.channel.shard != shard_count_) return mesh_.send(done.channel.shard, std::move(done));
  if (admin_ != nullptr) admin_->on_topology_done(done);
}

void Control::on_alarm(const core::Alarm& alarm) {
  broadcast([&] { return alarm; });
}

/// Every thread has a heap of its own, and what one frees may belong to another.
void Control::on_trim() {
  broadcast([] { return TrimHeap{}; });
  const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::heap);
  io::trim_heap();
}

void Control::suspend() {
  if (phase_ != Phase::running || std::exchange(suspends_, true)) return;
  broadcast([] { return SuspendClients{}; });
}

void Control::resume(std::vector<std::vector<int>> sockets) {
  CHECK(is_suspended());
  CHECK(sockets.size() == shard_count_);
  suspends_ = false;
  for (core::ShardId shard = 0; shard < shard_count_; ++shard)
    mesh_.send(shard, ResumeClients{std::move(sockets[shard])});
}

bool Control::is_serving() const {
  return !suspends_ && std::all_of(serves_.begin(), serves_.end(), [](bool one) { return one; });
}

bool Control::is_suspended() const {
  return suspends_ && std::none_of(serves_.begin(), serves_.end(), [](bool one) { return one; });
}

void Control::stop() {
  if (phase_ != Phase::running) return;
  phase_ = Phase::stopping;
  alarms_.stop();
  broadcast([] { return core::StopServing{}; });
  writer_.begin_stop();
}

bool Control::is_finished() {
  return phase_ == Phase::ending && !mesh_.has_staged() && !writer_.store().is_committing() &&
         writer_.store().is_idle();
}

}  // namespace lepus::server
