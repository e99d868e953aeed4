// Asked for, decided here or elsewhere.
#include "core/session/session_requests.h"

#include <utility>

#include "core/broker/broker.h"
#include "core/session/queue_kind_rules.h"
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
  pending_.cancel();
  link_.listener.on_request_done();
}

void SessionRequests::take(PendingAnswer::Answered answered) {
  CHECK(answered.is_final != is_awaited());
  if (answered.is_final) link_.listener.on_request_done();
  sink_.on_answered(std::move(answered));
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

/// pending_ says what is to be answered.
SessionRequests::Refusal SessionRequests::request_topology(const TopologyRequest& request) {
  CHECK(is_awaited());
  Decision decision = decide(link_.broker.topology(), request, nullptr);
  switch (decision.kind) {
    case Decision::Kind::error:
      finish();
      return std::move(decision.error);
    case Decision::Kind::satisfied:
      on_topology_done({link_.ref, 0, nullptr});
      break;
    case Decision::Kind::changes:
      link_.broker.ask(request, link_.ref);
      break;
  }
  return std::nullopt;
}

SessionRequests::Refusal SessionRequests::declare_queue(const Origin& origin,
                                                        const TopologyRequest& request) {
  if (Refusal refused = access_.permit_declare(request)) return refused;
  expect(origin, DeclareQueueRequest{request.name, std::make_unique<TopologyRequest>(request)});
  return request_topology(request);
}

void SessionRequests::inspect_declared(const QueueDeclared& done) {
  CHECK(is_awaited());
  CHECK(!done.name.empty());
  last_queue_ = done.name;
  const QueueInfo* info = link_.broker.topology().find_queue(link_.owner.vhost, done.name);
  if (info == nullptr) return declare_again();
  link_.broker.send(info->home, Inspect{info->id, link_.ref});
}

void SessionRequests::declare_again() {
  const auto* declare = pending_.find<DeclareQueueRequest>();
  CHECK(declare != nullptr);
  link_.broker.ask(*declare->request, link_.ref);
}

SessionRequests::Refusal SessionRequests::declare_exchange(const Origin& origin,
                                                           const TopologyRequest& request) {
  if (Refusal refused = access_.permit_declare(request)) return refused;
  expect(origin, ChangeTopologyRequest{});
  return request_topology(request);
}

SessionRequests::Refusal SessionRequests::delete_exchange(const Origin& origin,
                                                          const TopologyRequest& request) {
  if (is_deletable_name(request.name)) {
    if (Refusal refused =
            access_.permit({Permission::configure, ResourceKind::exchange, request.name}))
      return refused;
  }
  expect(origin, ChangeTopologyRequest{});
  return request_topology(request);
}

SessionRequests::Refusal SessionRequests::change_binding(const Origin& origin,
                                                         const TopologyRequest& request,
                                                         ResourceKind destination) {
  if (Refusal refused = access_.permit_binding(request, destination)) return refused;
  expect(origin, ChangeTopologyRequest{});
  return request_topology(request);
}

// --- Queues

SessionRequests::Refusal SessionRequests::purge_queue(const Origin& origin, std::string_view name) {
  auto queue = find_queue(Permission::read, name);
  if (!queue.ok()) return std::move(queue.error());
  expect(origin, PurgeRequest{});
  link_.broker.send(queue.value()->home, Purge{queue.value()->id, link_.ref});
  return std::nullopt;
}

SessionRequests::Refusal SessionRequests::delete_queue(const Origin& origin,
                                                       const Deletion& deletion) {
  auto queue = find_queue(Permission::configure, deletion.name);
  if (!queue.ok()) return std::move(queue.error());
  expect(origin, DeleteQueueRequest{});
  link_.broker.send(queue.value()->home,
                    DeleteQueue{queue.value()->id, link_.ref, deletion.if_unused, deletion.if_empty,
                                link_.owner.user_id});
  return std::nullopt;
}

SessionRequests::Refusal SessionRequests::get(const Origin& origin, std::string_view name,
                                              bool no_ack) {
  auto found = find_queue(Permission::read, name);
  if (!found.ok()) return std::move(found.error());
  const QueueInfo& queue = *found.value();
  if (auto refusal = refuse_get(queue, queue_title(queue.name))) return refusal;
  expect(origin, GetRequest{});
  link_.broker.send(queue.home, Get{queue.id, link_.ref, no_ack});
  return std::nullopt;
}

}  // namespace lepus::core
