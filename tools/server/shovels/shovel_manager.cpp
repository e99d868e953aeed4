// See shovel_manager.h.
#include "tools/server/shovels/shovel_manager.h"

#include <algorithm>
#include <functional>
#include <variant>

#include <fmt/format.h>

#include "core/limits/shovels.h"
#include "tools/server/config/config.h"
#include "tools/server/definitions/cluster_name.h"

namespace lepus::server {

using State = ShovelStatus::State;

namespace {

bool is_shovel(const core::ParameterKey& key) { return key.component == shovel_component; }

bool is_about_shovels(const core::TopologyChange& change) {
  const auto* put = std::get_if<core::ParameterPut>(&change);
  const auto* removed = std::get_if<core::ParameterRemoved>(&change);
  return (put != nullptr && is_shovel(put->key)) ||
         (removed != nullptr && is_shovel(removed->key)) ||
         std::holds_alternative<core::VhostRemoved>(change);
}

void copy_ends(const ShovelOrder& order, ShovelStatus& status) {
  status.source_queue = order.source.queue;
  status.source_exchange = order.source.exchange;
  status.source_key = order.source.key;
  status.target_queue = order.target.queue;
  status.target_exchange = order.target.exchange;
  status.target_key = order.target.key;
}

void log_state(core::Log& log, const ShovelStatus& status) {
  const bool is_failed = status.state == State::terminated;
  const std::string_view event = is_failed                        ? "shovel terminated"
                                 : status.state == State::running ? "shovel runs"
                                                                  : "shovel is done";
  log.write(is_failed ? core::LogLevel::warning : core::LogLevel::info, core::LogCategory::general,
            event,
            {{"vhost", status.vhost},
             {"name", status.name},
             {"from", status.source_uri},
             {"to", status.target_uri},
             {"forwarded", status.progress.forwarded},
             {"reason", is_failed ? std::string_view{status.why} : std::string_view{}}});
}

/// Empty, or why there can be no connection.
std::string prepare_end(const AmqpUri& uri, ShovelEnd& end) {
  end.uri = uri.shown();
  end.vhost = uri.vhost;
  if (uri.is_local) {
    end.user = uri.user;
    return {};
  }
  end.peer = std::make_unique<ShovelPeer>();
  end.peer->user = uri.user;
  end.peer->password = uri.password;
  end.peer->uses_external = uri.uses_external;
  end.peer->heartbeat_s = uri.heartbeat_s;
  if (!uri.is_tls) return {};
  net::TlsProblem problem;
  end.peer->tls = net::TlsContext::make_client(uri.tls, problem);
  return end.peer->tls ? "" : problem.text(end.uri);
}

/// The ticket of a connection: the number of its run, and which end it is.
std::uint64_t ticket_of(std::uint32_t number, bool is_target) {
  return std::uint64_t{number} << 1 | (is_target ? 1 : 0);
}

}  // namespace

/// The removal of a parameter is an operator's verb, so that it waits for imports and is logged.
class ShovelManager::ClearSink final : public AdminSink {
 public:
  bool is_answered = false;

 private:
  void on_rows(std::string_view) override {}
  void on_done(std::string_view) override { is_answered = true; }
  void on_error(const AdminError&) override { is_answered = true; }
  bool has_room() const override { return true; }
};

ShovelManager::ShovelManager(const Parts& parts)
    : parts_(parts), connector_(parts.loop, [this](Connector::Outcome&& outcome) {
        on_connected(std::move(outcome));
      }) {}

ShovelManager::~ShovelManager() = default;

void ShovelManager::note_changes(const core::TopologyChanges& changes) {
  is_changed_ |= std::any_of(changes.list.begin(), changes.list.end(), is_about_shovels);
}

void ShovelManager::stop() {
  is_stopped_ = true;
  connector_.stop();
}

// --- Parameters

bool ShovelManager::work() {
  if (is_stopped_) return false;
  std::erase_if(clears_, [](const auto& clear) { return clear->is_answered; });
  const bool was_changed = std::exchange(is_changed_, false);
  if (was_changed) sync();
  if (!parts_.broker.state().is_serving) return was_changed;
  bool worked = was_changed;
  for (auto& [name, entry] : entries_) {
    if (entry.due_at > parts_.broker.now()) continue;
    worked = true;
    if (entry.phase == Phase::waiting) begin_run(name, entry);
    if (entry.phase == Phase::clearing) begin_clear(name, entry);
  }
  return worked;
}

core::Nanos ShovelManager::next_look() const {
  if (is_stopped_) return core::never;
  if (is_changed_) return 0;
  if (!parts_.broker.state().is_serving) return core::never;
  core::Nanos next = core::never;
  for (const auto& [name, entry] : entries_)
    if (entry.phase == Phase::waiting || entry.phase == Phase::clearing)
      next = std::min(next, entry.due_at);
  return next;
}

void ShovelManager::sync() {
  for (auto& [name, entry] : entries_) entry.is_wanted = false;
  const auto& parameters = parts_.broker.topology().parameters();
  auto at = parameters.lower_bound({std::string{shovel_component}, {}, {}});
  for (; at != parameters.end() && is_shovel(at->first); ++at) {
    const auto [found, is_new] = entries_.try_emplace(Name{at->first.vhost, at->first.name});
    Entry& entry = found->second;
    entry.is_wanted = true;
    if (is_new) {
      entry.status.vhost = at->first.vhost;
      entry.status.name = at->first.name;
      set_state(entry, State::starting);
    }
    if (entry.value == at->second) continue;
    entry.value = at->second;
    if (!is_new) stop_run(entry);
  }
  drop_removed();
}

/// A run that is to end says so first.
void ShovelManager::drop_removed() {
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (!entry.is_wanted && entry.phase == Phase::clearing) remember(entry);
    if (!entry.is_wanted) stop_run(entry);
    const bool is_gone = !entry.is_wanted && entry.phase != Phase::stopping;
    at = is_gone ? entries_.erase(at) : std::next(at);
  }
}

/// What is connected meanwhile has no run to belong to.
void ShovelManager::stop_run(Entry& entry) {
  if (entry.phase == Phase::stopping) return;
  if (entry.phase == Phase::on_shard) {
    parts_.broker.send(entry.shard, StopShovel{entry.number});
    entry.phase = Phase::stopping;
    return;
  }
  entry.order.reset();
  entry.phase = Phase::waiting;
  entry.due_at = 0;
}

bool ShovelManager::restart(const std::string& vhost, const std::string& name) {
  const auto found = entries_.find({vhost, name});
  if (found == entries_.end()) return false;
  stop_run(found->second);
  return true;
}

// --- A run

void ShovelManager::begin_run(const Name& name, Entry& entry) {
  entry.number = ++last_number_;
  entry.phase = Phase::connecting;
  set_state(entry, State::starting);
  entry.status.progress = {};
  if (std::string error = prepare(name, entry); !error.empty()) {
    if (entry.phase == Phase::given_up) {
      entry.status.why = std::move(error);
      set_state(entry, State::terminated);
      return log_state(parts_.log, entry.status);
    }
    return fail(entry, std::move(error));
  }
  send_when_connected(entry);
}

/// Empty, or why there is no run. A definition that is wrong is given up, until it is another one.
std::string ShovelManager::prepare(const Name& name, Entry& entry) {
  ShovelDefinition definition;
  std::string error = read_shovel(entry.value, definition);
  if (error.empty() && entries_.size() > core::limits::shovels_max)
    error = fmt::format("there are more than {} shovels", core::limits::shovels_max);
  if (!error.empty()) {
    entry.phase = Phase::given_up;
    return error;
  }
  entry.reconnect_s = definition.reconnect_s;
  entry.order = std::make_unique<ShovelOrder>(std::move(definition.order));
  ShovelOrder& order = *entry.order;
  order.number = entry.number;
  order.vhost = name.first;
  order.name = name.second;
  order.changes.cluster_name = cluster_name_with(parts_.host.config(), parts_.broker.topology());
  copy_ends(order, entry.status);
  const std::uint64_t attempt = entry.attempt++;
  const AmqpUri& from = definition.source_uris[attempt % definition.source_uris.size()];
  const AmqpUri& to = definition.target_uris[attempt % definition.target_uris.size()];
  error = prepare_end(from, order.source);
  if (error.empty()) error = prepare_end(to, order.target);
  entry.status.source_uri = order.source.uri;
  entry.status.target_uri = to.shown();
  if (error.empty() && !parts_.may_connect && (order.source.peer || order.target.peer))
    error = "this process makes no connections";
  if (!error.empty()) return error;
  const auto connect = [this](const AmqpUri& uri, std::uint64_t ticket) {
    connector_.connect({ticket, uri.host, uri.port, uri.connect_wait});
  };
  if (order.source.peer) connect(from, ticket_of(entry.number, false));
  if (order.target.peer) connect(to, ticket_of(entry.number, true));
  return {};
}

void ShovelManager::on_connected(Connector::Outcome&& outcome) {
  if (is_stopped_) return;
  const auto found = find_run(static_cast<std::uint32_t>(outcome.ticket >> 1));
  if (found == entries_.end() || found->second.phase != Phase::connecting) return;
  Entry& entry = found->second;
  ShovelEnd& end = (outcome.ticket & 1) != 0 ? entry.order->target : entry.order->source;
  if (!outcome.socket.is_connected())
    return fail(entry, fmt::format("cannot connect to {}: {}", end.uri, outcome.error));
  end.peer->socket = std::move(outcome.socket);
  send_when_connected(entry);
}

void ShovelManager::send_when_connected(Entry& entry) {
  for (const ShovelEnd* end : {&entry.order->source, &entry.order->target})
    if (end->peer && !end->peer->socket.is_connected()) return;
  entry.shard = shard_for(entry);
  entry.phase = Phase::on_shard;
  parts_.broker.send(entry.shard, StartShovel{std::move(entry.order)});
}

/// Where the queue of this broker is at home, if there is one.
core::ShardId ShovelManager::shard_for(const Entry& entry) const {
  const core::Topology& topology = parts_.broker.topology();
  for (const ShovelEnd* end : {&entry.order->source, &entry.order->target}) {
    if (end->peer || !end->queue) continue;
    const core::VhostInfo* vhost = topology.find_vhost(end->vhost);
    const core::QueueInfo* queue =
        vhost == nullptr ? nullptr : topology.find_queue(vhost->id, *end->queue);
    if (queue != nullptr) return queue->home;
  }
  return static_cast<core::ShardId>(entry.number % parts_.broker.shard_count());
}

// --- What becomes of it

ShovelManager::Entries::iterator ShovelManager::find_run(std::uint32_t number) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const auto& one) { return one.second.number == number; });
}

void ShovelManager::on_report(const ShovelReportRow& row) {
  const auto found = find_run(row.number);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.status.progress = row.progress;
  if (row.ended == ShovelReportRow::Ended::no) {
    if (row.is_running && entry.status.state != State::running) {
      set_state(entry, State::running);
      log_state(parts_.log, entry.status);
    }
    return;
  }
  // As it was told: with another definition the next run begins.
  if (entry.phase == Phase::stopping) {
    entry.phase = Phase::waiting;
    entry.due_at = 0;
    if (!entry.is_wanted) entries_.erase(found);
    return;
  }
  if (entry.phase != Phase::on_shard) return;
  if (row.ended == ShovelReportRow::Ended::done) {
    entry.phase = Phase::clearing;
    entry.due_at = 0;
    return;
  }
  fail(entry, row.why.empty() ? "the broker lets no clients in" : row.why);
}

void ShovelManager::fail(Entry& entry, std::string why) {
  entry.order.reset();
  entry.status.why = std::move(why);
  const bool is_tried_again = entry.reconnect_s > 0;
  entry.phase = is_tried_again ? Phase::waiting : Phase::given_up;
  entry.due_at = parts_.broker.now() + entry.reconnect_s * core::nanos_per_s;
  set_state(entry, State::terminated);
  log_state(parts_.log, entry.status);
}

/// Another try follows when the catalog cannot be written at the moment.
void ShovelManager::begin_clear(const Name& name, Entry& entry) {
  entry.due_at = parts_.broker.now() + core::limits::shovel_reconnect_s_default * core::nanos_per_s;
  AdminRequest request;
  request.verb = "clear_parameter";
  request.vhost = name.first;
  request.arguments = {std::string{shovel_component}, name.second};
  request.by = "shovel '" + name.second + "'";
  request.via = "its end";
  clears_.push_back(std::make_unique<ClearSink>());
  (void)parts_.admin.start(std::move(request), *clears_.back());
}

/// It is done, and its parameter gone.
void ShovelManager::remember(Entry& entry) {
  set_state(entry, State::done);
  log_state(parts_.log, entry.status);
  ended_.push_back(entry.status);
  if (ended_.size() > core::limits::shovels_ended_max) ended_.pop_front();
}

void ShovelManager::set_state(Entry& entry, State state) {
  entry.status.state = state;
  entry.status.changed_at = parts_.broker.wall_now();
}

// --- For operators

std::vector<ShovelStatus> ShovelManager::list() const {
  std::vector<ShovelStatus> rows;
  for (const auto& [name, entry] : entries_)
    if (entry.is_wanted) rows.push_back(entry.status);
  return rows;
}

std::optional<ShovelStatus> ShovelManager::find(const std::string& vhost,
                                                const std::string& name) const {
  const auto found = entries_.find({vhost, name});
  if (found != entries_.end() && found->second.is_wanted) return found->second.status;
  for (auto at = ended_.rbegin(); at != ended_.rend(); ++at)
    if (at->vhost == vhost && at->name == name) return *at;
  return std::nullopt;
}

}  // namespace lepus::server
