// Asked for, decided here or elsewhere.
#include "core/session/session_requests.h"

#include <utility>

#include "core/broker/broker.h"
#include "core/queue_kinds.h"
#include "core/session/session_listener.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

// --- What is awaited

void SessionRequests::expect(const Origin& origin, PendingAnswer::Request request) {
  pending_.expect(origin, std::move(request));
  link_.listener.on_request_pending();
}

SessionRequests::Origin SessionRequests::finish() {
  const Origin origin = pending_.finish();
  link_.listener.on_request_done();
  return origin;
}

void SessionRequests::cancel() {
  ahead_.clear();
  pending_.cancel();
  link_.listener.on_request_done();
}

/// What may have to be asked for elsewhere is not judged ahead.
bool SessionRequests::may_ask_ahead() const {
  if (link_.owner.rights != nullptr) return false;
  const bool may_follow = awaits<DeclareQueueRequest>() || awaits<ChangeTopologyRequest>();
  return may_follow && !ahead_.is_full();
}

void SessionRequests::take(PendingAnswer::Answered answered) {
  CHECK(answered.is_final != is_awaited());
  if (std::holds_alternative<RequestFailed>(answered.answer)) ahead_.clear();
  if (answered.is_final && ahead_.empty()) link_.listener.on_request_done();
  sink_.on_answered(std::move(answered));
  judge_ahead();
}

/// One answer is for all that went to the control thread together.
void SessionRequests::on_topology_done(const TopologyDone& done) {
  if (!ahead_.is_sent()) return take(pending_.on_topology_done(done));
  const bool has_failed = done.error != nullptr && done.done_count == 0;
  if (has_failed) return take(pending_.on_topology_done(done));
  ahead_.on_decided(done.error != nullptr ? done.done_count - 1 : ahead_.sent_count(), done.error);
  take(pending_.on_topology_done({link_.ref, 0, nullptr}));
}

/// An answer of this shard comes at once, so this is a loop and not a recursion.
void SessionRequests::judge_ahead() {
  if (is_judging_) return;
  is_judging_ = true;
  while (!is_awaited() && !ahead_.empty()) judge(ahead_.pop());
  is_judging_ = false;
}

void SessionRequests::judge(RequestsAhead::Entry entry) {
  pending_.expect(entry.origin, std::move(entry.awaited));
  TopologyDone done{link_.ref, 0, nullptr};
  if (entry.is_decided) {
    if (entry.error) done.error = std::make_unique<AmqpError>(*std::move(entry.error));
    return take(pending_.on_topology_done(done));
  }
  Refusal refused = permit(entry.request);
  if (!refused) refused = request_topology(entry.request);
  if (!refused) return;
  done.error = std::make_unique<AmqpError>(*std::move(refused));
  take(pending_.on_topology_done(done));
}

// --- Names

Result<std::string> SessionRequests::resolve_queue_name(std::string_view name) const {
  if (!name.empty()) return strip_cr_lf(name);
  if (last_queue_.empty()) return AmqpError{ReplyCode::not_found, "no previously declared queue"};
  return last_queue_;
}

Result<const QueueInfo*> SessionRequests::find_queue(Permission permission, std::string_view name) {
  auto resolved = resolve_queue_name(name);
  if (!resolved.ok()) return std::move(resolved.error());
  if (Refusal refused = access_.permit({permission, ResourceKind::queue, resolved.value()}))
    return *std::move(refused);
  return check_queue_access(link_.broker.topology(), link_.owner.vhost, resolved.value(),
                            link_.owner.connection);
}

std::string SessionRequests::queue_title(std::string_view name) const {
  return core::queue_title(name, link_.owner.vhost_name);
}

// --- Topology

TopologyRequest SessionRequests::new_request(TopologyRequest::Kind kind) const {
  TopologyRequest request;
  request.kind = kind;
  request.from = link_.ref.shard;
  request.connection = link_.owner.connection;
  request.user = link_.owner.user;
  request.vhost = link_.owner.vhost;
  return request;
}

/// A new request, or one behind what is awaited.
Refusal SessionRequests::change_topology(const Origin& origin, const TopologyRequest& request) {
  const bool is_queue = request.kind == TopologyRequest::Kind::declare_queue;
  PendingAnswer::Request awaited = ChangeTopologyRequest{};
  if (is_queue)
    awaited = DeclareQueueRequest{request.name, std::make_unique<TopologyRequest>(request)};
  if (is_awaited()) {
    CHECK(may_ask_ahead());
    ahead_.push({origin, std::move(awaited), request});
  } else {
    if (Refusal refused = permit(request)) return refused;
    expect(origin, std::move(awaited));
    if (Refusal refused = request_topology(request)) {
      finish();
      return refused;
    }
  }
  // If it fails the session ends.
  if (is_queue) last_queue_ = request.name;
  return std::nullopt;
}

Refusal SessionRequests::permit(const TopologyRequest& request) {
  using Kind = TopologyRequest::Kind;
  switch (request.kind) {
    case Kind::declare_exchange:
    case Kind::declare_queue:
      return access_.permit_declare(request);
    case Kind::bind_queue:
    case Kind::unbind_queue:
      return access_.permit_binding(request, ResourceKind::queue);
    case Kind::bind_exchange:
    case Kind::unbind_exchange:
      return access_.permit_binding(request, ResourceKind::exchange);
    case Kind::delete_exchange:
      if (!is_deletable_name(request.name)) return std::nullopt;
      return access_.permit({Permission::configure, ResourceKind::exchange, request.name});
    case Kind::delete_queue:
    case Kind::connection_closed:
    case Kind::add_vhost:
    case Kind::delete_vhost:
      break;
  }
  constexpr bool is_asked_by_sessions = false;
  CHECK(is_asked_by_sessions);
  return std::nullopt;
}

/// pending_ says what is to be answered. Returns an error of the replica, which is not told yet.
Refusal SessionRequests::request_topology(const TopologyRequest& request) {
  CHECK(is_awaited());
  CHECK(!ahead_.is_sent());
  Decision decision = decide(link_.broker.topology(), request, nullptr);
  switch (decision.kind) {
    case Decision::Kind::error:
      return std::move(decision.error);
    case Decision::Kind::satisfied:
      on_topology_done({link_.ref, 0, nullptr});
      break;
    case Decision::Kind::changes:
      send_to_control(request);
      break;
  }
  return std::nullopt;
}

/// With it goes what is asked for behind it, as far as it is known to be permitted: what a binding
/// may do depends on its exchange, which must be on this replica and stay as it is.
void SessionRequests::send_to_control(const TopologyRequest& request) {
  using Kind = TopologyRequest::Kind;
  bool declares_exchange = request.kind == Kind::declare_exchange;
  const auto may_go = [&](const TopologyRequest& next) {
    const bool binds = next.kind == Kind::bind_queue || next.kind == Kind::bind_exchange;
    const bool is_known = !binds || (!declares_exchange && link_.broker.topology().find_exchange(
                                                               next.vhost, next.source) != nullptr);
    declares_exchange = declares_exchange || next.kind == Kind::declare_exchange;
    return is_known && !permit(next);
  };
  link_.broker.ask(request, link_.ref, ahead_.send(may_go));
}

void SessionRequests::inspect_declared(const QueueDeclared& done) {
  CHECK(is_awaited());
  CHECK(!done.name.empty());
  const QueueInfo* info = link_.broker.topology().find_queue(link_.owner.vhost, done.name);
  if (info == nullptr) return declare_again();
  link_.broker.send(info->home, Inspect{info->id, link_.ref});
}

void SessionRequests::declare_again() {
  const auto* declare = pending_.find<DeclareQueueRequest>();
  CHECK(declare != nullptr);
  link_.broker.ask(*declare->request, link_.ref);
}

// --- Queues

Refusal SessionRequests::purge_queue(const Origin& origin, std::string_view name) {
  auto queue = find_queue(Permission::read, name);
  if (!queue.ok()) return std::move(queue.error());
  expect(origin, PurgeRequest{});
  link_.broker.send(queue.value()->home, Purge{queue.value()->id, link_.ref});
  return std::nullopt;
}

Refusal SessionRequests::delete_queue(const Origin& origin, const Deletion& deletion) {
  auto queue = find_queue(Permission::configure, deletion.name);
  if (!queue.ok()) return std::move(queue.error());
  expect(origin, DeleteQueueRequest{});
  link_.broker.send(queue.value()->home,
                    DeleteQueue{queue.value()->id, link_.ref, deletion.if_unused, deletion.if_empty,
                                link_.owner.user_id});
  return std::nullopt;
}

Refusal SessionRequests::get(const Origin& origin, std::string_view name, bool no_ack) {
  auto found = find_queue(Permission::read, name);
  if (!found.ok()) return std::move(found.error());
  const QueueInfo& queue = *found.value();
  if (auto refusal = refuse_get(queue, queue_title(queue.name))) return refusal;
  expect(origin, GetRequest{});
  link_.broker.send(queue.home, Get{queue.id, link_.ref, no_ack});
  return std::nullopt;
}

}  // namespace lepus::core
