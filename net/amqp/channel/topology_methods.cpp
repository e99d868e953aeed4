// Queue and exchange methods become topology requests.
#include "net/amqp/channel/topology_methods.h"

#include <string>
#include <utility>

#include "core/topology/topology_rules.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Refusal;
using core::ReplyCode;

// --- Queues

Refusal TopologyMethods::on(const QueueDeclare& declare) {
  if (declare.queue == core::reply_to_queue || core::is_reply_name(declare.queue))
    return declare_reply_queue(declare);
  core::TopologyRequest request = requests().new_request(Kind::declare_queue);
  request.passive = declare.passive;
  request.durable = declare.durable;
  request.exclusive = declare.exclusive;
  request.auto_delete = declare.auto_delete;
  request.arguments = core::as_text(declare.arguments);
  request.name = core::strip_cr_lf(declare.queue);
  if (request.name.empty() && declare.passive) {
    auto name = requests().resolve_queue_name({});
    if (!name.ok()) return std::move(name.error());
    request.name = std::move(name.value());
  } else if (request.name.empty()) {
    request.name = undecided_name_.empty() ? link_.context.services.generate_name("amq.gen-")
                                           : std::exchange(undecided_name_, {});
    request.server_named = true;
  }
  if (declare.exclusive) link_.context.host.note_exclusive_queue();
  Refusal refused =
      requests().change_topology(origin_of(MethodId::queue_declare, declare.no_wait), request);
  const bool is_done_again = refused && refused->is_undecided && request.server_named;
  if (is_done_again) undecided_name_ = std::move(request.name);
  return refused;
}

/// Responders declare the name they were given to see whether the requester is still there.
Refusal TopologyMethods::declare_reply_queue(const QueueDeclare& declare) {
  if (declare.queue != core::reply_to_queue &&
      !core::is_reply_target(link_.broker(), declare.queue))
    return AmqpError{ReplyCode::not_found, "no " + requests().queue_title(declare.queue)};
  if (!declare.no_wait) link_.send(QueueDeclareOk{declare.queue, 0, 1});
  return std::nullopt;
}

Refusal TopologyMethods::on(const QueueBind& bind) {
  return change_queue_binding(Kind::bind_queue, bind, bind.no_wait);
}
Refusal TopologyMethods::on(const QueueUnbind& unbind) {
  return change_queue_binding(Kind::unbind_queue, unbind, false);
}

/// With neither queue nor key the queue declared last is bound by its own name.
template <class Method>
Refusal TopologyMethods::change_queue_binding(Kind kind, const Method& method, bool no_wait) {
  auto name = requests().resolve_queue_name(method.queue);
  if (!name.ok()) return std::move(name.error());
  core::TopologyRequest request = requests().new_request(kind);
  const bool key_is_name = method.queue.empty() && method.routing_key.empty();
  request.key = key_is_name ? name.value() : std::string{method.routing_key};
  request.name = std::move(name.value());
  request.source = core::strip_cr_lf(method.exchange);
  request.arguments = core::as_text(method.arguments);
  return requests().change_topology(origin_of(Method::id, no_wait), request);
}

Refusal TopologyMethods::on(const QueuePurge& purge) {
  return requests().purge_queue(origin_of(MethodId::queue_purge, purge.no_wait), purge.queue);
}

/// Deleting what is not there is fine: 0 messages.
Refusal TopologyMethods::on(const QueueDelete& method) {
  auto name = requests().resolve_queue_name(method.queue);
  if (!name.ok()) return std::move(name.error());
  Refusal refused = requests().delete_queue(origin_of(MethodId::queue_delete, method.no_wait),
                                            {name.value(), method.if_unused, method.if_empty});
  if (!refused || refused->code != ReplyCode::not_found) return refused;
  if (!method.no_wait) link_.send(QueueDeleteOk{0});
  return std::nullopt;
}

// --- Exchanges

Refusal TopologyMethods::on(const ExchangeDeclare& declare) {
  core::TopologyRequest request = requests().new_request(Kind::declare_exchange);
  request.name = core::strip_cr_lf(declare.exchange);
  request.type = declare.type;
  request.passive = declare.passive;
  request.durable = declare.durable;
  request.auto_delete = declare.auto_delete;
  request.internal = declare.internal;
  request.arguments = core::as_text(declare.arguments);
  return requests().change_topology(origin_of(MethodId::exchange_declare, declare.no_wait),
                                    request);
}

Refusal TopologyMethods::on(const ExchangeDelete& method) {
  core::TopologyRequest request = requests().new_request(Kind::delete_exchange);
  request.name = core::strip_cr_lf(method.exchange);
  request.if_unused = method.if_unused;
  return requests().change_topology(origin_of(MethodId::exchange_delete, method.no_wait), request);
}

Refusal TopologyMethods::on(const ExchangeBind& bind) {
  return change_exchange_binding(Kind::bind_exchange, bind);
}
Refusal TopologyMethods::on(const ExchangeUnbind& unbind) {
  return change_exchange_binding(Kind::unbind_exchange, unbind);
}

template <class Method>
Refusal TopologyMethods::change_exchange_binding(Kind kind, const Method& method) {
  core::TopologyRequest request = requests().new_request(kind);
  request.source = core::strip_cr_lf(method.source);
  request.name = core::strip_cr_lf(method.destination);
  request.key = method.routing_key;
  request.arguments = core::as_text(method.arguments);
  return requests().change_topology(origin_of(Method::id, method.no_wait), request);
}

}  // namespace lepus::amqp
