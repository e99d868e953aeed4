// Requests, answers and the end.
#include "tools/server/control.h"

#include <algorithm>
#include <utility>

#include "io/heap.h"
#include "tools/server/listeners/listening.h"

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

  Control& control;
  core::ShardId from;
};

struct Control::AdminHandler {
  void operator()(const core::TopologyApplied& applied) const {
    control.writer_.replication().on_admin_applied(applied.version);
  }
  void operator()(core::TopologyAsk& ask) const {
    ControlRequest request{ask.channel, ask.message_count};
    request.topology = std::move(ask.request);
    control.writer_.request(std::move(request));
  }
  void operator()(AskAccess& ask) const { control.on_access(std::move(ask)); }
  void operator()(AskPlan& ask) const { control.on_plan(std::move(ask)); }
  void operator()(const AskTurns& ask) const {
    auto page = std::make_unique<core::StatsPage>();
    page->number = ask.number;
    page->last = true;
    page->threads.push_back({control.shard_count_, control.parts_.loop->profile().totals()});
    control.mesh_.tell_admin(StatsReply{std::move(page)});
  }
  void operator()(const ForceAlarm& force) const { control.alarms_.set_forced(force.alarm); }
  void operator()(const SetLimits& limits) const {
    control.alarms_.set_memory_watermark(limits.memory_watermark_bytes);
    control.alarms_.set_disk_free_min(limits.disk_free_min_bytes);
  }
  void operator()(PassSettings& pass) const {
    CHECK(pass.settings->size() == control.shard_count_);
    auto next = pass.settings->begin();
    control.broadcast([&] { return std::move(*next++); });
  }
  void operator()(const SuspendBroker&) const { control.suspend(); }
  void operator()(ResumeBroker& resume) const { control.resume(std::move(*resume.sockets)); }
  void operator()(const StopBroker&) const {
    control.parts_.on_stop_asked ? control.parts_.on_stop_asked() : control.stop();
  }
  void operator()(const AskAcknowledge& ask) const {
    control.broadcast([&] { return Acknowledge{ask.number}; });
  }
  void operator()(const AdminEnded&) const { control.has_admin_ended_ = true; }

  Control& control;
};

bool Control::drain_mailboxes() {
  const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::requests);
  bool worked = mesh_.push_staged();
  worked |= mesh_.drain(
      [this](core::ShardId from, ShardToControl& command) {
        std::visit(ShardHandler{*this, from}, command);
      },
      [this](AdminToControl& command) {
        std::visit(AdminHandler{*this}, command);
        tell_state();
      });
  return worked;
}

/// Before what depends on it is sent to anybody else.
void Control::tell_state() {
  const ControlState state{phase_ == Phase::running, is_serving(),    suspends_,
                           is_suspended(),           alarms_.alarm(), alarms_.forced()};
  if (state == told_state_) return;
  told_state_ = state;
  mesh_.tell_admin(ControlState{state});
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
  writer_.replication().stop();
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

void Control::on_access(AskAccess&& ask) {
  change(*ask.request, ask.by.empty() ? std::string{core::operator_name} : std::move(ask.by),
         [this, number = ask.number](const std::optional<core::AccessRefusal>& refusal) {
           mesh_.tell_admin(AccessDone{
               number, refusal ? std::make_unique<core::AccessRefusal>(*refusal) : nullptr});
         });
}

void Control::on_plan(AskPlan&& ask) {
  const core::ChannelRef who{shard_count_, ask.number, 1};
  auto outcome = std::make_unique<PlanOutcome>();
  if (phase_ == Phase::running) {
    *outcome = carry_out(std::move(*ask.request), who);
  } else {
    outcome->is_unavailable = true;
    outcome->error = "the broker stops";
  }
  mesh_.tell_admin(PlanDone{ask.number, std::move(outcome)});
}

/// The TopologyDone comes behind the outcome: at the earliest at the end of this turn.
PlanOutcome Control::carry_out(PlanRequest request, const core::ChannelRef& who) {
  CHECK(phase_ == Phase::running);
  const PlanBase base = writer_.plan_base();
  TopologyPlan& plan = request.plan;
  if (request.planner != nullptr) {
    plan = request.planner->plan(writer_.topology(), base.last_id);
  } else if (request.base != base) {
    return {.base = base};
  }
  if (!plan.outcome.error.empty()) return std::move(plan.outcome);
  if (plan.write) writer_.store().record(std::move(plan.write));
  for (const core::TopologyChange& removal : plan.removals) writer_.store().record(removal);
  plan.outcome.is_done = plan.changes.empty();
  if (!plan.outcome.is_done) writer_.apply_plan(std::move(plan.changes), plan.last_id, who);
  return std::move(plan.outcome);
}

void Control::flush() {
  writer_.flush();
  tell_state();
  mesh_.wake();
}

void Control::on_answer(core::TopologyDone&& done) {
  if (done.channel.shard != shard_count_) return mesh_.send(done.channel.shard, std::move(done));
  mesh_.tell_admin(std::move(done));
}

void Control::on_alarm(const core::Alarm& alarm) {
  tell_state();
  broadcast([&] { return alarm; });
}

/// Every thread has a heap of its own, and what one frees may belong to another.
void Control::on_trim() {
  broadcast([] { return TrimHeap{}; });
  mesh_.tell_admin(TrimHeap{});
  writer_.store().trim_heap();
  const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::heap);
  io::trim_heap();
}

void Control::suspend() {
  if (phase_ != Phase::running || std::exchange(suspends_, true)) return;
  broadcast([] { return SuspendClients{}; });
}

/// Another operator may have been faster, or a stop.
void Control::resume(ShardListeners listeners) {
  CHECK(listeners.size() == shard_count_);
  if (!is_suspended() || phase_ != Phase::running) return close_listeners(listeners);
  suspends_ = false;
  for (core::ShardId shard = 0; shard < shard_count_; ++shard)
    mesh_.send(shard, ResumeClients{std::move(listeners[shard])});
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
