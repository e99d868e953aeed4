// Dispatch, vhosts, closed connections, deleted queues, and what the rules have in common.
#include "core/topology/topology_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/broker/event.h"
#include "core/limits.h"
#include "core/topology/auto_delete.h"
#include "core/topology/topology_decide.h"

namespace lepus::core {

namespace {

struct Predeclared {
  std::string_view name;
  ExchangeType type;
  bool internal;
};
constexpr std::array predeclared{
    Predeclared{"", ExchangeType::direct, false},
    Predeclared{"amq.direct", ExchangeType::direct, false},
    Predeclared{"amq.fanout", ExchangeType::fanout, false},
    Predeclared{"amq.topic", ExchangeType::topic, false},
    Predeclared{"amq.headers", ExchangeType::headers, false},
    Predeclared{"amq.match", ExchangeType::headers, false},
    Predeclared{trace_exchange_name, ExchangeType::topic, true},
};

ExchangeAdded predeclare(const Predeclared& predeclared, VhostId vhost, IdSource& ids) {
  ExchangeSpec exchange;
  exchange.id = ExchangeId{ids.next()};
  exchange.vhost = vhost;
  exchange.name = predeclared.name;
  exchange.type = predeclared.type;
  exchange.internal = predeclared.internal;
  exchange.durable = true;
  return {std::move(exchange)};
}

/// Ids of virtual hosts have 32 bits; the counter, which queues use as well, goes on beyond.
VhostId next_vhost_id(const Topology& topology, IdSource& ids) {
  VhostId id;
  do {
    id = VhostId{static_cast<std::uint32_t>(ids.next())};
  } while (!id || topology.find_vhost(id) != nullptr);
  return id;
}

Decision decide_add_vhost(const Topology& topology, const TopologyRequest& request, IdSource* ids) {
  if (topology.find_vhost(request.name) != nullptr) return satisfied();
  Decision decision = changing();
  if (ids == nullptr) return decision;
  const VhostId id = next_vhost_id(topology, *ids);
  decision.changes.push_back(VhostAdded{id, request.name});
  for (const Predeclared& one : predeclared) decision.changes.push_back(predeclare(one, id, *ids));
  if (request.name == topology.event_vhost())
    decision.changes.push_back(make_event_exchange(id, *ids));
  return decision;
}

Decision decide_delete_vhost(const Topology& topology, const TopologyRequest& request,
                             const IdSource* ids) {
  const VhostInfo* vhost = topology.find_vhost(request.name);
  if (vhost == nullptr) return satisfied();
  Decision decision = changing();
  if (ids == nullptr) return decision;
  for (const QueueInfo* queue : topology.queues(vhost->id))
    decision.changes.push_back(QueueRemoved{queue->id});
  for (const ExchangeInfo* exchange : topology.exchanges(vhost->id)) {
    if (exchange->store != nullptr) decision.changes.push_back(QueueRemoved{exchange->store->id});
    decision.changes.push_back(ExchangeRemoved{exchange->id});
  }
  decision.changes.push_back(VhostRemoved{vhost->id});
  return decision;
}

Decision decide_delete_queue(const Topology& topology, const TopologyRequest& request,
                             const IdSource* ids) {
  const QueueInfo* queue = topology.find_queue(request.queue);
  if (queue == nullptr) return satisfied();
  Decision decision = changing();
  if (ids == nullptr) return decision;
  AutoDeleteCascade cascade{decision.changes};
  cascade.remove_queue(*queue);
  cascade.finish();
  return decision;
}

Decision decide_connection_closed(const Topology& topology, const TopologyRequest& request,
                                  const IdSource* ids) {
  const QueueInfo* queue = topology.first_exclusive_queue(request.connection);
  if (queue == nullptr) return satisfied();
  Decision decision = changing();
  if (ids == nullptr) return decision;
  AutoDeleteCascade cascade{decision.changes};
  for (; queue != nullptr; queue = queue->owned->after) cascade.remove_queue(*queue);
  cascade.finish();
  return decision;
}

Decision decide_in_vhost(const Topology& topology, const TopologyRequest& request, IdSource* ids) {
  using Kind = TopologyRequest::Kind;
  const VhostInfo* vhost = topology.find_vhost(request.vhost);
  if (vhost == nullptr)
    return refuse(ReplyCode::connection_forced, "the vhost of this connection is deleted");
  const RuleInput in{
      topology, request, *vhost, strip_cr_lf(request.name), strip_cr_lf(request.source), ids};
  switch (request.kind) {
    case Kind::declare_exchange:
      return decide_declare_exchange(in);
    case Kind::delete_exchange:
      return decide_delete_exchange(in);
    case Kind::declare_queue:
      return decide_declare_queue(in);
    case Kind::bind_exchange:
    case Kind::bind_queue:
      return decide_bind(in);
    case Kind::unbind_exchange:
    case Kind::unbind_queue:
      return decide_unbind(in);
    case Kind::delete_queue:
    case Kind::connection_closed:
    case Kind::add_vhost:
    case Kind::delete_vhost:
      break;
  }
  constexpr bool request_belongs_to_a_vhost = false;
  CHECK(request_belongs_to_a_vhost);
  return satisfied();
}

}  // namespace

ExchangeAdded make_event_exchange(VhostId vhost, IdSource& ids) {
  return predeclare({event_exchange_name, ExchangeType::topic, true}, vhost, ids);
}

Decision decide(const Topology& topology, const TopologyRequest& request, IdSource* ids) {
  using Kind = TopologyRequest::Kind;
  switch (request.kind) {
    case Kind::add_vhost:
      return decide_add_vhost(topology, request, ids);
    case Kind::delete_vhost:
      return decide_delete_vhost(topology, request, ids);
    case Kind::delete_queue:
      return decide_delete_queue(topology, request, ids);
    case Kind::connection_closed:
      return decide_connection_closed(topology, request, ids);
    case Kind::declare_exchange:
    case Kind::delete_exchange:
    case Kind::declare_queue:
    case Kind::bind_exchange:
    case Kind::bind_queue:
    case Kind::unbind_exchange:
    case Kind::unbind_queue:
      break;
  }
  return decide_in_vhost(topology, request, ids);
}

// ---- Questions of shards ------------------------------------------------------------------------

Result<const QueueInfo*> check_queue_access(const Topology& topology, VhostId vhost,
                                            std::string_view name, ConnectionId connection) {
  const VhostInfo* home = topology.find_vhost(vhost);
  if (home == nullptr)
    return AmqpError{ReplyCode::connection_forced, "the vhost of this connection is deleted"};
  const auto found = home->queues.find(name);
  if (found == home->queues.end()) return missing_queue(name, *home);
  const QueueInfo* queue = *found;
  if (queue->exclusive && queue->owner != connection) return locked_queue(name, *home);
  return queue;
}

Result<const ExchangeInfo*> check_exchange(const Topology& topology, VhostId vhost,
                                           std::string_view name) {
  const VhostInfo* home = topology.find_vhost(vhost);
  if (home == nullptr)
    return AmqpError{ReplyCode::connection_forced, "the vhost of this connection is deleted"};
  const auto found = home->exchanges.find(name);
  if (found == home->exchanges.end()) return missing_exchange(name, *home);
  return static_cast<const ExchangeInfo*>(found->second);
}

Result<const ExchangeInfo*> check_publish(const Topology& topology, VhostId vhost,
                                          std::string_view name) {
  Result<const ExchangeInfo*> exchange = check_exchange(topology, vhost, name);
  if (!exchange.ok() || !exchange.value()->internal) return exchange;
  return AmqpError{ReplyCode::access_refused,
                   fmt::format("cannot publish to internal {}",
                               exchange_title(name, exchange.value()->vhost_info.name))};
}

bool is_deletable_name(std::string_view exchange) {
  return !exchange.empty() && !has_reserved_prefix(exchange);
}

bool is_queue_type(std::string_view type) {
  return type.empty() || type == "classic" || type == "quorum" || type == "stream";
}

// ---- Words and texts ----------------------------------------------------------------------------

std::string strip_cr_lf(std::string_view name) {
  std::string clean{name};
  std::erase_if(clean, [](char letter) { return letter == '\r' || letter == '\n'; });
  return clean;
}

std::string queue_title(std::string_view name, std::string_view vhost) {
  return fmt::format("queue '{}' in vhost '{}'", name, vhost);
}
std::string exchange_title(std::string_view name, std::string_view vhost) {
  return fmt::format("exchange '{}' in vhost '{}'", name, vhost);
}

Decision refuse(AmqpError error) { return Decision{Decision::Kind::error, std::move(error), {}}; }
Decision refuse(ReplyCode code, std::string detail) {
  return refuse(AmqpError{code, std::move(detail)});
}
Decision satisfied() { return Decision{Decision::Kind::satisfied, {}, {}}; }
Decision changing() { return Decision{Decision::Kind::changes, {}, {}}; }

std::optional<AmqpError> check_arguments_size(const TopologyRequest& request) {
  if (request.arguments.size() <= limits::arguments_size_max) return std::nullopt;
  return AmqpError{ReplyCode::precondition_failed,
                   fmt::format("arguments of {} bytes are larger than the limit of {}",
                               request.arguments.size(), limits::arguments_size_max)};
}

std::optional<AmqpError> refuse_default_exchange(std::string_view name) {
  if (!name.empty()) return std::nullopt;
  return AmqpError{ReplyCode::access_refused, "operation not permitted on the default exchange"};
}
AmqpError missing_exchange(std::string_view name, const VhostInfo& vhost) {
  return {ReplyCode::not_found, fmt::format("no {}", exchange_title(name, vhost.name))};
}
AmqpError missing_queue(std::string_view name, const VhostInfo& vhost) {
  return {ReplyCode::not_found, fmt::format("no {}", queue_title(name, vhost.name))};
}
AmqpError locked_queue(std::string_view name, const VhostInfo& vhost) {
  return {
      ReplyCode::resource_locked,
      fmt::format("cannot obtain exclusive access to locked {}. It could be originally declared "
                  "on another connection or the exclusive property value does not match that "
                  "of the original declaration.",
                  queue_title(name, vhost.name))};
}
AmqpError inequivalent(std::string_view property, std::string_view title, std::string_view received,
                       std::string_view current) {
  return {ReplyCode::precondition_failed,
          fmt::format("inequivalent arg '{}' for {}: received '{}' but current is '{}'", property,
                      title, received, current)};
}
std::string_view bool_text(bool value) { return value ? "true" : "false"; }
bool has_reserved_prefix(std::string_view name) { return name.starts_with("amq."); }

}  // namespace lepus::core
