// Requests, answers and the end.
#include "tools/server/control.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "core/topology/topology_undo.h"
#include "io/heap.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

Control::Control(Parts parts)
    : parts_(std::move(parts)),
      mesh_(*parts_.mesh),
      shard_count_(parts_.mesh->shard_count()),
      master_(shard_count_),
      replication_(mesh_, shard_count_),
      retry_(*parts_.log),
      alarms_({parts_.loop, parts_.log, this, parts_.memory_watermark_bytes, parts_.memory_bytes,
               parts_.disk_free_bytes, parts_.disk_free_min_bytes, parts_.resident_bytes,
               parts_.cgroup_excess}),
      serves_(shard_count_, false) {
  master_.set_event_vhost(parts_.event_vhost);
  parts_.loop->set_hooks(this);
  retry_timer_.bind<&Control::on_retry>(this);
}

Control::~Control() {
  alarms_.stop();
  parts_.loop->timers().cancel(retry_timer_);
  parts_.loop->set_hooks(nullptr);
}

std::string Control::start(core::StoredDefinitions stored, const std::vector<std::string>& vhosts) {
  CHECK(replication_.version() == 0);
  ids_ = core::IdSource{stored.last_id};
  Changes all = std::move(stored.changes);
  for (const core::TopologyChange& change : all) {
    const auto* added = std::get_if<core::QueueAdded>(&change);
    CHECK(added == nullptr || added->queue.home < shard_count_);
    master_.apply(change);
  }
  for (const std::string& name : vhosts) {
    core::TopologyRequest request;
    request.kind = core::TopologyRequest::Kind::add_vhost;
    request.name = name;
    core::Decision decision = core::decide(master_, request, &ids_);
    CHECK(decision.kind != core::Decision::Kind::error);
    for (core::TopologyChange& change : decision.changes) {
      take(change);
      all.push_back(std::move(change));
    }
  }
  add_event_exchange(all);
  for (core::TopologyChange& change : default_types(all)) {
    take(change);
    all.push_back(std::move(change));
  }
  if (has_uncommitted()) {
    if (std::string error = parts_.store->commit(); !error.empty()) return error;
  }
  // In one piece: shards have no clients yet, and restore what belongs to these queues.
  replication_.append({std::move(all)});
  alarms_.start();
  return {};
}

/// What was stored may be older than the exchange, or the configuration names another virtual host.
void Control::add_event_exchange(Changes& changes) {
  const core::VhostInfo* vhost = master_.find_vhost(parts_.event_vhost);
  if (vhost == nullptr && !parts_.event_vhost.empty())
    parts_.log->write(LogLevel::warning, LogCategory::general,
                      "no events are told: event_exchange.vhost names no virtual host yet",
                      {{"vhost", parts_.event_vhost}});
  if (vhost == nullptr || master_.event_exchange() != nullptr) return;
  changes.emplace_back(core::make_event_exchange(vhost->id, ids_));
  take(changes.back());
}

/// Gives virtual hosts among those added, which are there by now, the default type of the node if
/// they have none.
Control::Changes Control::default_types(const Changes& changes) const {
  Changes made;
  if (parts_.default_queue_type.empty()) return made;
  for (const core::TopologyChange& change : changes) {
    const auto* added = std::get_if<core::VhostAdded>(&change);
    const core::VhostInfo* vhost = added == nullptr ? nullptr : master_.find_vhost(added->name);
    if (vhost == nullptr || !vhost->settings.default_queue_type.empty()) continue;
    core::VhostSettings settings = vhost->settings;
    settings.default_queue_type = parts_.default_queue_type;
    made.emplace_back(core::VhostSettingsPut{vhost->id, vhost->name, std::move(settings)});
  }
  return made;
}

void Control::take(const core::TopologyChange& change) {
  master_.apply(change);
  if (parts_.store != nullptr) parts_.store->record(change);
}

struct Control::ShardHandler {
  void operator()(core::TopologyAsk& ask) const {
    if (control.phase_ == Phase::failed) return;
    ControlRequest request{ask.channel, ask.message_count};
    request.topology = std::move(ask.request);
    control.take_request(std::move(request));
  }
  void operator()(const core::TopologyApplied& applied) const {
    control.replication_.on_applied(from, applied.version);
    control.answer_ready();
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
  if (phase_ == Phase::failed) return;
  // A suspension is answered before the stop that came meanwhile.
  if (suspends_ && serves_[from]) {
    serves_[from] = false;
    return;
  }
  CHECK(phase_ == Phase::stopping);
  if (++drained_count_ < shard_count_) return;
  phase_ = Phase::ending;
  replication_.stop();
  broadcast([] { return EndThread{}; });
}

void Control::change(const core::AccessRequest& request, std::string by, Changed done) {
  CHECK(done != nullptr);
  if (phase_ == Phase::failed) return;
  if (phase_ != Phase::running)
    return done(core::AccessRefusal{core::AccessRefusal::Reason::stopping, "the broker stops"});
  ControlRequest asked;
  asked.access = request;
  asked.by = std::move(by);
  asked.changed = std::move(done);
  take_request(std::move(asked));
}

/// While the store is busy all wait, so that they keep their order. Later they are refused when
/// they need the store, and it was asked a moment ago.
void Control::take_request(ControlRequest request) {
  const core::Nanos now = parts_.loop->now();
  if (!parked_.empty() && retry_.is_patient()) return parked_.push_back(std::move(request));
  const bool may_commit = has_uncommitted() || retry_.may_try(now);
  carry_out(std::move(request));
  if (may_commit || !has_uncommitted()) return;
  for (ControlRequest& control_request : roll_back()) parked_.push_back(std::move(control_request));
  refuse_parked();
}

void Control::carry_out(ControlRequest request) {
  core::TopologyDone done{request.channel, request.message_count, nullptr};
  if (request.topology != nullptr) {
    core::Decision decision = core::decide(master_, *request.topology, &ids_);
    if (decision.kind == core::Decision::Kind::error) {
      CHECK(request.channel);
      done.error = std::make_unique<core::AmqpError>(std::move(decision.error));
    }
    if (decision.kind == core::Decision::Kind::changes)
      adopt({std::move(decision.changes), request.topology->user});
  } else {
    CHECK(request.access.has_value());
    core::AccessDecision decision = core::decide(master_, *request.access, ids_);
    if (decision.refusal) return request.changed(decision.refusal);
    if (!decision.changes.empty()) adopt({std::move(decision.changes), request.by});
  }
  if (request.channel || request.changed)
    waiting_.push_back({decided_version(), std::move(done), request.changed});
  if (has_uncommitted()) uncommitted_.requests.push_back(std::move(request));
  answer_ready();
}

void Control::adopt(core::TopologyChanges changes) {
  CHECK(phase_ != Phase::failed);
  const auto take_all = [this](const Changes& list) {
    for (const core::TopologyChange& change : list) {
      if (parts_.store != nullptr) core::append_undo(master_, change, uncommitted_.undo);
      take(change);
    }
  };
  take_all(changes.list);
  const Changes types = default_types(changes.list);
  take_all(types);
  changes.list.insert(changes.list.end(), types.begin(), types.end());
  const bool is_deferred = has_uncommitted();
  if (!is_deferred) uncommitted_.undo.clear();
  for (core::TopologyChanges& piece : split_changes(std::move(changes))) {
    if (is_deferred) {
      uncommitted_.pieces.push_back(std::move(piece));
    } else {
      replication_.append(std::move(piece));
    }
  }
}

/// The answer comes later than this call in any case: with the commit, or with what the shards say.
void Control::apply_plan(Changes changes, std::uint64_t last_id, const core::ChannelRef& who) {
  CHECK(!changes.empty());
  CHECK(last_id >= ids_.last());
  CHECK(phase_ == Phase::running);
  ids_ = core::IdSource{last_id};
  adopt({std::move(changes), std::string{core::operator_name}});
  waiting_.push_back({decided_version(), core::TopologyDone{who, 0, nullptr}, nullptr});
  if (has_uncommitted()) uncommitted_.requests.push_back(ControlRequest{who});
}

void Control::answer_ready() {
  const std::uint64_t everywhere = replication_.applied_version();
  while (!waiting_.empty() && waiting_.front().version <= everywhere) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting.changed) {
      waiting.changed(std::nullopt);
    } else {
      answer(std::move(waiting.done));
    }
  }
}

void Control::answer(core::TopologyDone&& done) {
  if (done.channel.shard != shard_count_) return mesh_.send(done.channel.shard, std::move(done));
  if (admin_ != nullptr) admin_->on_topology_done(done);
}

void Control::flush() {
  // An answer may be followed by the next change.
  while (phase_ != Phase::failed && has_uncommitted()) commit();
  if (admin_ != nullptr) admin_->flush();
  mesh_.wake();
}

void Control::commit() {
  std::string error;
  {
    const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::catalog);
    error = parts_.store->commit();
  }
  if (!error.empty() && parts_.store->fault() == core::DefinitionStore::Fault::broken)
    return fail(error);
  if (!error.empty()) {
    retry_.failed(parts_.store->fault(), std::move(error), parts_.loop->now());
    return take_back();
  }
  CHECK(!has_uncommitted());
  retry_.worked();
  uncommitted_.undo.clear();
  uncommitted_.requests.clear();
  for (std::deque<core::TopologyChanges>& pieces = uncommitted_.pieces; !pieces.empty();
       pieces.pop_front())
    replication_.append(std::move(pieces.front()));
  answer_ready();
}

/// The commit did not work: what was asked waits for the next try, in front of what came later, or
/// is refused. A plan was made for what was there then, so it does not wait.
void Control::take_back() {
  std::deque<ControlRequest> requests = roll_back();
  std::deque<ControlRequest> plans;
  for (; !requests.empty(); requests.pop_back())
    (requests.back().is_plan() ? plans : parked_).push_front(std::move(requests.back()));
  for (ControlRequest& plan : plans) refuse(plan);
  if (!retry_.is_patient()) refuse_parked();
  if (!parked_.empty()) parts_.loop->timers().arm(retry_timer_, retry_.next_try());
}

/// The master is as the shards are. Returns what was asked since the last commit.
std::deque<ControlRequest> Control::roll_back() {
  CHECK(has_uncommitted());
  std::vector<core::TopologyChange> undo = std::exchange(uncommitted_.undo, {});
  std::reverse(undo.begin(), undo.end());
  for (const core::TopologyChange& change : undo) master_.apply(change);
  parts_.store->roll_back(undo);
  CHECK(!has_uncommitted());
  uncommitted_.pieces.clear();
  while (!waiting_.empty() && waiting_.back().version > decided_version()) waiting_.pop_back();
  return std::exchange(uncommitted_.requests, {});
}

/// They are part of this turn's commit.
void Control::on_retry(io::Timer&) {
  std::deque<ControlRequest> requests = std::exchange(parked_, {});
  for (ControlRequest& request : requests) carry_out(std::move(request));
}

/// Those that need the store get an error, or wait on when they cannot fail; the others are done.
void Control::refuse_parked() {
  std::deque<ControlRequest> requests = std::exchange(parked_, {});
  std::deque<ControlRequest> refused;
  for (ControlRequest& request : requests) {
    carry_out(std::move(request));
    if (!has_uncommitted()) continue;
    for (ControlRequest& control_request : roll_back())
      (control_request.cannot_fail() && phase_ == Phase::running ? parked_ : refused)
          .push_back(std::move(control_request));
  }
  for (ControlRequest& request : refused) refuse(request);
  if (!parked_.empty() && !retry_timer_.armed())
    parts_.loop->timers().arm(retry_timer_, retry_.next_try());
}

/// A stop does not wait for what cannot fail: nothing of it is there after it but what is stored.
void Control::refuse(ControlRequest& request) {
  if (request.changed)
    return request.changed(
        core::AccessRefusal{core::AccessRefusal::Reason::not_stored, retry_.text()});
  if (!request.channel) return;
  core::TopologyDone done{request.channel, request.message_count, nullptr};
  if (!request.cannot_fail())
    done.error = std::make_unique<core::AmqpError>(
        core::AmqpError{core::ReplyCode::resource_error, retry_.reason()});
  answer(std::move(done));
}

/// What is held and who waits for it are left as they are: neither may become known.
void Control::fail(const std::string& reason) {
  phase_ = Phase::failed;
  alarms_.stop();
  parts_.loop->timers().cancel(retry_timer_);
  parts_.log->write(LogLevel::critical, LogCategory::general,
                    "definitions cannot be made durable: the broker ends", {{"text", reason}});
  if (parts_.on_store_failure) parts_.on_store_failure(reason);
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
  if (!parked_.empty() && !retry_.is_patient()) refuse_parked();
}

bool Control::is_finished() const { return phase_ == Phase::ending && !mesh_.has_staged(); }

}  // namespace lepus::server
