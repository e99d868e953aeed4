// Its turns. See admin_thread.h.
#include "tools/server/admin_thread.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "io/heap.h"
#include "io/os.h"

namespace lepus::server {

namespace {

/// Returns true if a change is about the name that clients are told.
bool names_cluster(const core::TopologyChanges& changes) {
  const auto is_it = [](const core::ParameterKey& key) {
    return key.component == core::global_component && key.name == core::cluster_name_parameter;
  };
  return std::any_of(
      changes.list.begin(), changes.list.end(), [&](const core::TopologyChange& change) {
        const auto* put = std::get_if<core::ParameterPut>(&change);
        const auto* removed = std::get_if<core::ParameterRemoved>(&change);
        return (put != nullptr && is_it(put->key)) || (removed != nullptr && is_it(removed->key));
      });
}

}  // namespace

AdminThread::AdminThread(const Parts& parts)
    : parts_(parts),
      view_(*parts.mesh, *parts.loop),
      admin_(view_, *parts.host, *parts.log),
      sampler_(view_, *this, parts.sample_interval),
      shovels_({view_, admin_, *parts.host, *parts.log, *parts.loop, parts.may_connect}) {
  parts_.loop->set_hooks(this);
  view_.set_shovels(shovels_);
  timer_.bind<&AdminThread::on_timer>(this);
}

AdminThread::~AdminThread() {
  parts_.loop->timers().cancel(timer_);
  parts_.loop->set_hooks(nullptr);
}

struct AdminThread::Handler {
  // Of the control thread.
  void operator()(const core::TopologyApply& apply) const {
    const core::TurnScope scope(&self.parts_.loop->profile(), core::TurnJob::topology);
    self.view_.apply(apply);
    self.shovels_.note_changes(*apply.changes);
    if (names_cluster(*apply.changes)) self.parts_.host->pass_settings();
  }
  void operator()(const ControlState& state) const { self.view_.set_state(state); }
  void operator()(const core::TopologyDone& done) const { self.admin_.on_topology_done(done); }
  void operator()(const AccessDone& done) const { self.admin_.on_access_done(done); }
  void operator()(const PlanDone& done) const { self.admin_.on_plan_done(done); }
  void operator()(const ReadConfigAgain&) const { (void)self.parts_.host->reload(); }
  void operator()(const TrimHeap&) const { io::trim_heap(); }
  void operator()(const EndAdmin&) const { self.end(); }
  // Of shards; of the control thread, too, when it tells of its turns.
  void operator()(StatsReply& reply) const {
    if (self.sampler_.is_asked(*reply.page)) return self.sampler_.take(*reply.page);
    self.admin_.on_stats(std::move(reply.page));
  }
  void operator()(const core::Reply& reply) const { self.admin_.on_reply(reply); }
  void operator()(MessagesReply& reply) const { self.admin_.on_messages(std::move(reply.result)); }
  void operator()(BackupReport& report) const { self.admin_.on_backup_report(report); }
  void operator()(const ShovelReport& report) const { self.shovels_.on_report(*report.row); }
  void operator()(const Acknowledged& acknowledged) const {
    self.admin_.on_acknowledged(acknowledged.number);
  }

  AdminThread& self;
};

bool AdminThread::drain_mailboxes() {
  const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::requests);
  bool worked = view_.mesh().push_staged();
  worked |= view_.mesh().drain([this](auto& command) { std::visit(Handler{*this}, command); });
  if (!is_ending_) worked |= sampler_.work();
  if (!is_ending_) worked |= shovels_.work();
  if (!is_ending_) worked |= admin_.work();
  return worked;
}

/// The timer only makes a turn.
void AdminThread::flush() {
  admin_.flush();
  if (is_ending_ && !is_end_told_ && parts_.loop->ops_in_flight() == 0) {
    is_end_told_ = true;
    view_.tell_control(AdminEnded{});
  }
  const core::Nanos next_look =
      std::min({admin_.next_look(), sampler_.next_look(), shovels_.next_look()});
  parts_.loop->timers().arm(timer_, is_ending_ ? core::never : next_look);
  view_.mesh().wake();
}

bool AdminThread::may_sleep() {
  return !view_.mesh().has_staged() && !is_ending_ && !admin_.has_work() && !sampler_.has_work() &&
         !shovels_.has_work();
}

SampleStore::NodeGauges AdminThread::gauges() const {
  const AdminHost::Facts facts = parts_.host->facts();
  return {facts.resident_bytes,
          static_cast<std::uint64_t>(std::max<std::int64_t>(facts.disk_free_bytes, 0)),
          io::file_use().used};
}

void AdminThread::end() {
  is_ending_ = true;
  shovels_.stop();
  admin_.stop();
}

bool AdminThread::is_finished() const { return is_end_told_ && parts_.loop->ops_in_flight() == 0; }

}  // namespace lepus::server
