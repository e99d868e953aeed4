// A shard's turn, and its way from the first turn to the last.
#include "tools/server/shard.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>

#include "core/limits.h"
#include "io/heap.h"
#include "net/stream/paired_transport.h"
#include "net/stream/socket_transport.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {
constexpr std::string_view shutdown_text =
    "broker forced connection closure with reason 'shutdown'";

std::unique_ptr<net::Transport> make_transport(Shard::Parts& parts) {
  auto sockets =
      std::make_unique<net::SocketTransport>(*parts.loop, parts.transports.descriptor_max);
  if (parts.transports.stack == nullptr) return sockets;
  return std::make_unique<net::PairedTransport>(std::move(sockets),
                                                std::move(parts.transports.stack));
}
}  // namespace

Shard::Shard(Parts parts)
    : parts_(std::move(parts)),
      mesh_(*parts_.mesh, parts_.id),
      message_log_(parts_.storage.message_log != nullptr ? *parts_.storage.message_log
                                                         : ram_message_log_),
      transport_(make_transport(parts_)),
      filters_({parts_.loop, parts_.log, parts_.accepting}),
      broker_({parts_.id, parts_.mesh->shard_count(), &mesh_, &message_log_,
               parts_.storage.restorer, &parts_.loop->profile()},
              parts_.mesh->shard_count()),
      server_({&broker_, parts_.loop, parts_.settings.get(), parts_.log, parts_.seed,
               &Shard::destroy_stream_later, this, parts_.uses, parts_.secret_key,
               parts_.login.auth, parts_.login.guard}),
      requests_{{broker_, server_, transport_.get()},
                ShardMessages{broker_},
                {broker_, *parts_.loop, *parts_.log},
                {parts_.id, parts_.storage.backup}} {
  parts_.loop->set_hooks(this);
  stop_timer_.bind<&Shard::on_stop_deadline>(this);
  deadline_timer_.bind<&Shard::on_deadline>(this);
  broker_.set_wall_clock_offset(parts_.loop->wall_offset());
  broker_.set_names(parts_.node, parts_.event_vhost);
}

Shard::~Shard() {
  parts_.loop->timers().cancel(stop_timer_);
  parts_.loop->timers().cancel(deadline_timer_);
  parts_.loop->set_hooks(nullptr);
}

void Shard::destroy_stream_later(void* self, std::unique_ptr<net::Stream> stream) {
  Shard& shard = *static_cast<Shard*>(self);
  shard.transport_->destroy_later(std::move(stream));
}

void Shard::on_accept(std::unique_ptr<net::Stream> stream, const net::ListenerIdentity& listener) {
  const std::uint64_t others =
      parts_.connection_count
          ? parts_.connection_count() - connections_.load(std::memory_order_relaxed)
          : 0;
  server_.accept({filters_.wrap(std::move(stream), listener), &listener}, others);
}

/// EMFILE also when the listener leaves the reserve alone.
void Shard::on_accept_error(int error_code) {
  const std::size_t cause = error_code == EMFILE ? 0 : error_code == ENFILE ? 1 : 2;
  const std::uint64_t count = accept_errors_[cause].admit(parts_.loop->now());
  if (count == 0) return;
  const char* advice = "see operations/tuning.md, kernel settings";
  if (cause == 0)
    advice =
        "raise the limit of open files of this process (ulimit -n, LimitNOFILE=); clients wait";
  if (cause == 1)
    advice = "raise the limit of open files of the machine (fs.file-max); clients wait";
  parts_.log->write(LogLevel::error, LogCategory::connection, "cannot accept connections",
                    {{"error", std::strerror(error_code)},
                     {"descriptor_max", parts_.transports.descriptor_max},
                     {"count", count},
                     {"do", advice}});
}

/// A connection that came in while the listener closed is told, too.
void Shard::on_listener_closed() {
  --listeners_.open_count;
  if (phase_ == Phase::suspending) server_.close_all(shutdown_text);
}

struct Shard::Handler {
  /// What the broker or one of its queues is to do.
  template <class Command>
  requires core::OneOf<Command, core::BrokerCommand> || core::OneOf<Command, core::QueueCommand>
  void operator()(Command& command) const { shard.broker_.apply(std::move(command)); }
  void operator()(ReplaceSettings& command) const {
    shard.server_.set_settings(*command.settings);
    shard.parts_.settings = std::move(command.settings);
    shard.filters_.set_tls(std::move(*command.tls));
  }
  void operator()(const TrimHeap&) const { io::trim_heap(); }
  void operator()(const SuspendClients&) const {
    CHECK(shard.phase_ == Phase::serving);
    shard.phase_ = Phase::suspending;
    shard.close_doors();
  }
  void operator()(ResumeClients& command) const {
    CHECK(shard.phase_ == Phase::suspended);
    for (net::Listening& one : command.listeners) shard.add_listener(std::move(one));
    shard.start_listeners();
  }
  void operator()(const Acknowledge& command) const {
    shard.mesh_.tell_admin(Acknowledged{command.number});
  }
  void operator()(AskStats& command) const {
    shard.requests_.stats.take(std::move(command.request));
  }
  void operator()(AskMessages& command) const {
    auto refused = shard.requests_.messages.take(
        std::move(command.request), amqp::publish_settings(shard.server_.services().settings()));
    if (refused) shard.mesh_.tell_admin(MessagesReply{std::move(refused)});
  }
  void operator()(StartShovel& command) const {
    auto refused = shard.requests_.shovels.take(
        std::move(command.order), amqp::publish_settings(shard.server_.services().settings()),
        shard.phase_ == Phase::serving);
    if (refused) shard.mesh_.tell_admin(ShovelReport{std::move(refused)});
  }
  void operator()(const BackupOrder& order) const { shard.requests_.backup.take(order); }
  void operator()(const StopShovel& command) const { shard.requests_.shovels.stop(command.number); }
  void operator()(const EndThread&) const {
    CHECK(shard.phase_ == Phase::drained);
    shard.phase_ = Phase::finished;
    if (shard.parts_.login.auth != nullptr) shard.parts_.login.auth->close();
    if (!shard.has_unwritten()) return;
    io::Loop& loop = *shard.parts_.loop;
    loop.timers().arm(shard.stop_timer_, loop.now() + core::limits::shutdown_wait);
  }

  Shard& shard;
};

/// Those that may take long have a job of their own.
template <class Command>
void Shard::on_command(Command& command) {
  if constexpr (std::is_same_v<Command, core::PeerCommand>) {
    const auto apply = [this]<class Kind>(Kind& one) {
      if constexpr (!std::is_same_v<Kind, core::TopologyKnown>) broker_.apply(std::move(one));
    };
    std::visit(apply, command);
  } else {
    core::TurnJob job = core::TurnJob::commands;
    if constexpr (std::is_same_v<Command, ControlToShard>) {
      if (std::holds_alternative<core::TopologyApply>(command)) job = core::TurnJob::topology;
      if (std::holds_alternative<TrimHeap>(command)) job = core::TurnJob::heap;
    }
    const core::TurnScope scope(&parts_.loop->profile(), job);
    std::visit(Handler{*this}, command);
  }
}

bool Shard::drain_mailboxes() {
  broker_.set_wall_clock_offset(parts_.loop->wall_offset());
  broker_.advance(parts_.loop->now());
  bool worked = transport_->poll();
  worked |= filters_.poll();
  worked |= requests_.shovels.poll();
  worked |= mesh_.push_staged();
  if (const std::size_t count = mesh_.drain([this](auto& command) { on_command(command); })) {
    broker_.counters.mailbox_depth.count(count);
    worked = true;
  }
  // What time alone has done may be for another shard, which has to be woken for it.
  if (!worked && !server_.has_work() && !broker_.has_work()) return mesh_.has_news();
  {
    const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::input);
    server_.resume_inputs();
  }
  broker_.pump();
  pump();
  return worked || mesh_.has_news();
}

/// What is to be started, in any order of events.
void Shard::pump() {
  if (phase_ == Phase::starting && !broker_.topology().vhosts().empty()) {
    start_listeners();
  }
  // A suspension is answered first.
  const bool may_stop = phase_ == Phase::serving || phase_ == Phase::suspended;
  if (may_stop && broker_.stopping()) begin_stop();
}

void Shard::start_listeners() {
  phase_ = Phase::serving;
  listeners_.open_count = listeners_.waiting.size();
  for (net::Listening& one : std::exchange(listeners_.waiting, {}))
    transport_->listen(std::move(one), *this);
  mesh_.tell_control(Serving{});
}

void Shard::close_doors() {
  transport_->stop();
  server_.close_all(shutdown_text);
  requests_.shovels.stop_all();
  parts_.loop->timers().arm(stop_timer_, parts_.loop->now() + core::limits::shutdown_wait);
}

void Shard::begin_stop() {
  phase_ = Phase::stopping;
  message_log_.stop_moving();
  for (auto& result : requests_.messages.stop()) mesh_.tell_admin(MessagesReply{std::move(result)});
  close_doors();
}

/// Clients and listeners are gone.
void Shard::end_phase() {
  parts_.loop->timers().cancel(stop_timer_);
  phase_ = phase_ == Phase::stopping ? Phase::drained : Phase::suspended;
  mesh_.tell_control(ConnectionsClosed{});
}

void Shard::on_deadline(io::Timer&) {
  broker_.advance(parts_.loop->now());
  broker_.pump();
}

void Shard::on_stop_deadline(io::Timer&) {
  if (phase_ != Phase::finished) return server_.abort_all();
  gives_up_ = true;
  parts_.log->write(LogLevel::error, LogCategory::general,
                    "the journal has no room: what was not confirmed is lost", {});
}

void Shard::flush() {
  broker_.set_memory_pressure_threshold(memory_.pressure_threshold.load(std::memory_order_relaxed));
  // First: connections it closes are told in this turn.
  if (requests_.stats.has_work()) {
    const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::statistics);
    mesh_.tell_admin(StatsReply{requests_.stats.work()});
  }
  if (requests_.messages.has_work()) {
    const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::messages);
    requests_.messages.work();
  }
  if (!requests_.shovels.is_empty()) {
    const core::TurnScope scope(&parts_.loop->profile(), core::TurnJob::messages);
    requests_.shovels.work();
  }
  broker_.flush();
  if (auto report = requests_.backup.collect()) mesh_.tell_admin(std::move(*report));
  server_.write_acks();
  for (auto& result : requests_.messages.collect())
    mesh_.tell_admin(MessagesReply{std::move(result)});
  for (auto& report : requests_.shovels.collect())
    mesh_.tell_admin(ShovelReport{std::move(report)});
  broker_.pump();
  filters_.flush();
  transport_->flush();
  requests_.shovels.flush();
  server_.end_turn();
  const bool is_closing = phase_ == Phase::stopping || phase_ == Phase::suspending;
  if (is_closing && server_.connection_count() == 0 && listeners_.open_count == 0 &&
      requests_.shovels.is_empty())
    end_phase();
  if (phase_ == Phase::suspended && broker_.stopping()) {  // The stop came meanwhile.
    begin_stop();
    end_phase();
  }
  note_memory();
  connections_.store(server_.active_count(), std::memory_order_relaxed);
  // While memory falls there is a turn that notices its rest: until then what any thread frees goes
  // back at once.
  const core::Nanos rest =
      memory_.release.is_on() ? parts_.loop->now() + core::limits::memory_fall_rest : core::never;
  parts_.loop->timers().arm(deadline_timer_, std::min(broker_.next_deadline(), rest));
  mesh_.wake();
}

void Shard::note_memory() {
  // The control thread and the admin thread have a copy of the topology, too.
  const core::MemoryAccount& account = broker_.memory();
  const std::uint64_t copies = parts_.id == 0 ? 2 * account.topology_bytes : 0;
  const std::uint64_t output = transport_->output_bytes() + requests_.shovels.output_bytes();
  const std::uint64_t unwritten = message_log_.memory_bytes();
  const std::uint64_t held = account.total() + output + unwritten;
  const MemoryParts parts{account.message_bytes,
                          account.index_bytes,
                          account.topology_bytes + copies,
                          account.session_bytes,
                          account.unacked_bytes,
                          output,
                          unwritten};
  for (std::size_t i = 0; i < parts.size(); ++i)
    memory_.parts[i].store(parts[i], std::memory_order_relaxed);
  memory_.release.set(memory_.fall.note(held, parts_.loop->now()));
}

MemoryParts Shard::memory_parts() const {
  MemoryParts parts{};
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i] = memory_.parts[i].load(std::memory_order_relaxed);
  return parts;
}

bool Shard::may_sleep() {
  return transport_->may_sleep() && !filters_.has_work() && !broker_.has_work() &&
         !server_.has_work() && !requests_.stats.has_work() && !requests_.messages.has_work() &&
         !requests_.shovels.has_work() && !mesh_.has_staged() && !message_log_.has_work() &&
         (phase_ != Phase::finished || (has_unwritten() && !gives_up_));
}

/// Also when the journal waits for room, and has nothing to do until then.
bool Shard::has_unwritten() const {
  return message_log_.has_work() || message_log_.durable() < message_log_.open_batch();
}

/// What sessions of other shards gave back before their connections were closed is done first.
bool Shard::is_finished() const {
  if (phase_ != Phase::finished || parts_.loop->ops_in_flight() > 0) return false;
  for (core::ShardId from = 0; from < parts_.mesh->shard_count(); ++from)
    if (from != parts_.id && !parts_.mesh->peer_ring(from, parts_.id).empty()) return false;
  return !has_unwritten() || gives_up_;
}

}  // namespace lepus::server
