// Deciding, committing, answering. See topology_writer.h.
#include "tools/server/topology/topology_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/topology/topology_undo.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {

/// What was stored may be older than the exchange, or the configuration names another virtual host.
std::optional<core::TopologyChange> missing_event_exchange(const core::Topology& topology,
                                                           core::IdSource& ids, core::Log& log) {
  const core::VhostInfo* vhost = topology.find_vhost(topology.event_vhost());
  if (vhost == nullptr && !topology.event_vhost().empty())
    log.write(LogLevel::warning, LogCategory::general,
              "no events are told: event_exchange.vhost names no virtual host yet",
              {{"vhost", topology.event_vhost()}});
  if (vhost == nullptr || topology.event_exchange() != nullptr) return std::nullopt;
  return core::make_event_exchange(vhost->id, ids);
}

/// Gives virtual hosts among those added, which are there by now, the default type of the node if
/// they have none.
TopologyWriter::Changes default_types(const core::Topology& topology, const std::string& type,
                                      const TopologyWriter::Changes& changes) {
  TopologyWriter::Changes made;
  if (type.empty()) return made;
  for (const core::TopologyChange& change : changes) {
    const auto* added = std::get_if<core::VhostAdded>(&change);
    const core::VhostInfo* vhost = added == nullptr ? nullptr : topology.find_vhost(added->name);
    if (vhost == nullptr || !vhost->settings.default_queue_type.empty()) continue;
    core::VhostSettings settings = vhost->settings;
    settings.default_queue_type = type;
    made.emplace_back(core::VhostSettingsPut{vhost->id, vhost->name, std::move(settings)});
  }
  return made;
}

}  // namespace

TopologyWriter::TopologyWriter(Parts parts)
    : parts_(std::move(parts)),
      master_(parts_.shard_count),
      store_(parts_.store),
      replication_(parts_.mesh, parts_.shard_count),
      retry_(parts_.log) {
  master_.set_event_vhost(parts_.event_vhost);
  retry_timer_.bind<&TopologyWriter::on_retry>(this);
}

TopologyWriter::~TopologyWriter() { parts_.loop.timers().cancel(retry_timer_); }

// --- The start

std::string TopologyWriter::start(core::StoredDefinitions stored,
                                  const std::vector<std::string>& vhosts) {
  CHECK(replication_.version() == 0);
  store_.load(stored);
  ids_ = core::IdSource{stored.last_id};
  Changes all = std::move(stored.changes);
  for (const core::TopologyChange& change : all) {
    const auto* added = std::get_if<core::QueueAdded>(&change);
    CHECK(added == nullptr || added->queue.home < parts_.shard_count);
    master_.apply(change);
  }
  const auto add = [&](core::TopologyChange change) {
    master_.apply(change);
    store_.record(change);
    all.push_back(std::move(change));
  };
  for (const std::string& name : vhosts) {
    core::TopologyRequest request;
    request.kind = core::TopologyRequest::Kind::add_vhost;
    request.name = name;
    core::Decision decision = core::decide(master_, request, &ids_);
    CHECK(decision.kind != core::Decision::Kind::error);
    for (core::TopologyChange& change : decision.changes) add(std::move(change));
  }
  if (auto exchange = missing_event_exchange(master_, ids_, parts_.log)) add(*std::move(exchange));
  for (core::TopologyChange& change : default_types(master_, parts_.default_queue_type, all))
    add(std::move(change));
  if (store_.has_changes()) {
    store_.begin_commit();
    const std::optional<StoreWriter::Outcome> outcome = store_.take_outcome();
    CHECK(outcome.has_value());
    if (!outcome->error.empty()) return outcome->error;
  }
  // In one piece: shards have no clients yet, and restore what belongs to these queues.
  replication_.append({std::move(all)});
  return {};
}

// --- Deciding

/// While the store is busy all wait, so that they keep their order. Later they are refused when
/// they need the store, and it was asked a moment ago.
void TopologyWriter::request(ControlRequest request) {
  const core::Nanos now = parts_.loop.now();
  if (!parked_.empty() && retry_.is_patient()) return parked_.push_back(std::move(request));
  const bool may_commit = is_held() || retry_.may_try(now);
  carry_out(std::move(request));
  if (may_commit || !is_held()) return;
  for (ControlRequest& control_request : roll_back()) parked_.push_back(std::move(control_request));
  refuse_parked();
}

void TopologyWriter::carry_out(ControlRequest request) {
  core::TopologyDone done{request.channel, request.message_count, nullptr};
  if (request.topology != nullptr) {
    done.error = carry_out(*request.topology, /*joins=*/false);
    done.done_count = done.error == nullptr;
    for (std::size_t i = 0; i < request.more_count() && done.error == nullptr; ++i) {
      done.error = carry_out((*request.more)[i], /*joins=*/true);
      done.done_count += done.error == nullptr;
    }
    CHECK(done.error == nullptr || request.channel);
  } else {
    CHECK(request.access.has_value());
    core::AccessDecision decision = core::decide(master_, *request.access, ids_);
    if (decision.refusal) return request.changed(decision.refusal);
    if (!decision.changes.empty()) adopt({std::move(decision.changes), request.by});
  }
  if (request.channel || request.changed)
    waiting_.push_back({decided_version(), std::move(done), request.changed});
  if (is_held()) uncommitted_.requests.push_back(std::move(request));
  answer_ready();
}

/// Returns what is wrong with the request; null: it is done. `joins`: shards may apply it in one
/// step with what was decided before it.
std::unique_ptr<core::AmqpError> TopologyWriter::carry_out(const core::TopologyRequest& request,
                                                           bool joins) {
  core::Decision decision = core::decide(master_, request, &ids_);
  if (decision.kind == core::Decision::Kind::error)
    return std::make_unique<core::AmqpError>(std::move(decision.error));
  if (decision.kind == core::Decision::Kind::changes)
    adopt({std::move(decision.changes), request.user}, joins);
  return nullptr;
}

void TopologyWriter::adopt(core::TopologyChanges changes, bool joins) {
  const auto take_all = [this](const Changes& list) {
    for (const core::TopologyChange& change : list) {
      if (parts_.store != nullptr) core::append_undo(master_, change, uncommitted_.undo);
      master_.apply(change);
      store_.record(change);
    }
  };
  take_all(changes.list);
  const Changes types = default_types(master_, parts_.default_queue_type, changes.list);
  take_all(types);
  changes.list.insert(changes.list.end(), types.begin(), types.end());
  const bool is_deferred = is_held();
  if (!is_deferred) uncommitted_.undo.clear();
  for (core::TopologyChanges& piece : split_changes(std::move(changes))) {
    if (is_deferred) {
      uncommitted_.add(std::move(piece), joins);
    } else {
      replication_.append(std::move(piece));
    }
  }
}

void TopologyWriter::Decided::add(core::TopologyChanges piece, bool joins) {
  const bool fits =
      joins && !pieces.empty() && pieces.back().by == piece.by &&
      pieces.back().list.size() + piece.list.size() <= core::limits::topology_piece_max;
  if (!fits) return pieces.push_back(std::move(piece));
  std::move(piece.list.begin(), piece.list.end(), std::back_inserter(pieces.back().list));
}

/// The answer comes later than this call in any case: with the commit, or with what the shards say.
void TopologyWriter::apply_plan(Changes changes, std::uint64_t last_id,
                                const core::ChannelRef& who) {
  CHECK(!changes.empty());
  CHECK(last_id >= ids_.last());
  ids_ = core::IdSource{last_id};
  adopt({std::move(changes), std::string{core::operator_name}});
  waiting_.push_back({decided_version(), core::TopologyDone{who, 0, nullptr}, nullptr});
  if (is_held()) uncommitted_.requests.push_back(ControlRequest{who});
}

// --- Committing

/// An answer may be followed by the next change.
void TopologyWriter::flush() {
  for (;;) {
    if (store_.is_committing()) {
      const std::optional<StoreWriter::Outcome> outcome = store_.take_outcome();
      if (!outcome) return;
      finish_commit(*outcome);
    } else if (store_.has_changes()) {
      committing_ = std::exchange(uncommitted_, {});
      store_.begin_commit();
    } else {
      return;
    }
  }
}

void TopologyWriter::finish_commit(const StoreWriter::Outcome& outcome) {
  const core::TurnScope scope(&parts_.loop.profile(), core::TurnJob::catalog);
  if (!outcome.error.empty()) {
    retry_.failed(outcome.fault, outcome.error, parts_.loop.now());
    return take_back();
  }
  retry_.worked();
  send(committing_);
  // Nothing of what was decided meanwhile may be durable.
  if (!store_.has_changes()) send(uncommitted_);
  answer_ready();
}

void TopologyWriter::send(Decided& decided) {
  for (core::TopologyChanges& piece : decided.pieces) replication_.append(std::move(piece));
  decided = {};
}

/// The commit did not work: what was asked waits for the next try, in front of what came later, or
/// is refused. A plan was made for what was there then, so it does not wait.
void TopologyWriter::take_back() {
  std::deque<ControlRequest> requests = roll_back();
  std::deque<ControlRequest> plans;
  for (; !requests.empty(); requests.pop_back())
    (requests.back().is_plan() ? plans : parked_).push_front(std::move(requests.back()));
  for (ControlRequest& plan : plans) refuse(plan);
  if (!retry_.is_patient()) refuse_parked();
  if (!parked_.empty() || retry_.is_in_doubt())
    parts_.loop.timers().arm(retry_timer_, retry_.next_try());
}

/// The master is as the shards are. Returns what was asked since the last commit.
std::deque<ControlRequest> TopologyWriter::roll_back() {
  CHECK(!store_.is_committing());
  std::vector<core::TopologyChange> undo = std::exchange(committing_.undo, {});
  std::move(uncommitted_.undo.begin(), uncommitted_.undo.end(), std::back_inserter(undo));
  std::reverse(undo.begin(), undo.end());
  for (const core::TopologyChange& change : undo) master_.apply(change);
  store_.roll_back(undo);
  std::deque<ControlRequest> requests = std::exchange(committing_.requests, {});
  for (ControlRequest& request : uncommitted_.requests) requests.push_back(std::move(request));
  committing_ = {};
  uncommitted_ = {};
  while (!waiting_.empty() && waiting_.back().version > decided_version()) waiting_.pop_back();
  return requests;
}

/// They are part of this turn's commit.
void TopologyWriter::on_retry(io::Timer&) {
  std::deque<ControlRequest> requests = std::exchange(parked_, {});
  for (ControlRequest& request : requests) carry_out(std::move(request));
  if (retry_.is_in_doubt() && !is_held()) store_.touch();
}

// --- Refusing

void TopologyWriter::begin_stop() {
  is_stopping_ = true;
  if (!parked_.empty() && !retry_.is_patient() && !is_held()) refuse_parked();
}

/// Those that need the store get an error, or wait on when they cannot fail; the others are done.
void TopologyWriter::refuse_parked() {
  CHECK(!is_held());
  std::deque<ControlRequest> requests = std::exchange(parked_, {});
  std::deque<ControlRequest> refused;
  for (ControlRequest& request : requests) {
    carry_out(std::move(request));
    if (!is_held()) continue;
    for (ControlRequest& control_request : roll_back())
      (control_request.cannot_fail() && !is_stopping_ ? parked_ : refused)
          .push_back(std::move(control_request));
  }
  for (ControlRequest& request : refused) refuse(request);
  if (!parked_.empty() && !retry_timer_.armed())
    parts_.loop.timers().arm(retry_timer_, retry_.next_try());
}

/// The first that would change something fails: those before it are done.
void TopologyWriter::refuse(ControlRequest& request) {
  if (request.changed)
    return request.changed(
        core::AccessRefusal{core::AccessRefusal::Reason::not_stored, retry_.text()});
  if (!request.channel) return;
  core::TopologyDone done{request.channel, request.message_count, nullptr};
  if (request.cannot_fail()) {
    done.done_count = 1;
  } else {
    done.error = std::make_unique<core::AmqpError>(
        core::AmqpError{core::ReplyCode::resource_error, retry_.reason()});
  }
  const auto is_done = [this](const core::TopologyRequest& one) {
    return core::decide(master_, one, nullptr).kind == core::Decision::Kind::satisfied;
  };
  if (request.more_count() > 0 && is_done(*request.topology)) {
    const std::vector<core::TopologyRequest>& more = *request.more;
    done.done_count = 1 + static_cast<std::uint32_t>(
                              std::find_if_not(more.begin(), more.end(), is_done) - more.begin());
    if (done.done_count > more.size()) done.error.reset();
  }
  if (request.more_count() == 0) return parts_.listener.on_answer(std::move(done));
  // Some of it may have been done now.
  waiting_.push_back({decided_version(), std::move(done), nullptr});
  answer_ready();
}

// --- Answering

void TopologyWriter::on_applied(core::ShardId shard, std::uint64_t version) {
  replication_.on_applied(shard, version);
  answer_ready();
}

void TopologyWriter::answer_ready() {
  const std::uint64_t everywhere = replication_.applied_version();
  while (!waiting_.empty() && waiting_.front().version <= everywhere) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    if (waiting.changed) {
      waiting.changed(std::nullopt);
    } else {
      parts_.listener.on_answer(std::move(waiting.done));
    }
  }
}

}  // namespace lepus::server
