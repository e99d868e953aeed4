// Queue methods: declare, bind, unbind, purge, delete. Topology is changed by the control thread
// (see channel_exchange.cpp); counts and conditions are the business of the queue's home shard.
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;
using Kind = core::TopologyRequest::Kind;

/// An empty name is the queue declared last on this channel.
core::Result<std::string> Channel::resolve_queue_name(std::string_view name) const {
  if (!name.empty()) return core::strip_cr_lf(name);
  if (last_queue_.empty()) return AmqpError{ReplyCode::not_found, "no previously declared queue"};
  return last_queue_;
}

/// The queue a method works on: 403 when the user may not, 404 or 405 when there is none for this
/// connection.
core::Result<const core::QueueInfo*> Channel::find_queue(core::Permission permission,
                                                         std::string_view name) {
  auto resolved = resolve_queue_name(name);
  if (!resolved.ok()) return std::move(resolved.error());
  if (Outcome refused = access_.permit({permission, core::ResourceKind::queue, resolved.value()}))
    return *std::move(refused);
  return core::check_queue_access(broker().topology(), connection_.vhost(), resolved.value(),
                                  connection_.id());
}

Channel::Outcome Channel::on(const QueueDeclare& declare) {
  if (declare.queue == core::reply_to_queue || core::is_reply_name(declare.queue))
    return declare_reply_queue(declare);
  core::TopologyRequest request = new_request(Kind::declare_queue);
  request.passive = declare.passive;
  request.durable = declare.durable;
  request.exclusive = declare.exclusive;
  request.auto_delete = declare.auto_delete;
  request.arguments = core::as_text(declare.arguments);
  request.name = core::strip_cr_lf(declare.queue);
  if (request.name.empty() && declare.passive) {
    auto name = resolve_queue_name({});
    if (!name.ok()) return std::move(name.error());
    request.name = std::move(name.value());
  } else if (request.name.empty()) {
    request.name = connection_.server().generate_name("amq.gen-");
    request.server_named = true;
  }
  if (Outcome refused = access_.permit_declare(request)) return refused;
  if (declare.exclusive) connection_.note_exclusive_queue();
  expect(MethodId::queue_declare, declare.no_wait, core::DeclareQueueRequest{request.name});
  return request_topology(request);
}

Channel::Outcome Channel::on(const QueueBind& bind) {
  return change_queue_binding(Kind::bind_queue, bind, bind.no_wait);
}
Channel::Outcome Channel::on(const QueueUnbind& unbind) {
  return change_queue_binding(Kind::unbind_queue, unbind, false);
}

/// With neither queue nor key the queue declared last is bound by its own name.
template <class Method>
Channel::Outcome Channel::change_queue_binding(Kind kind, const Method& method, bool no_wait) {
  auto name = resolve_queue_name(method.queue);
  if (!name.ok()) return std::move(name.error());
  core::TopologyRequest request = new_request(kind);
  const bool key_is_name = method.queue.empty() && method.routing_key.empty();
  request.key = key_is_name ? name.value() : std::string{method.routing_key};
  request.name = std::move(name.value());
  request.source = core::strip_cr_lf(method.exchange);
  request.arguments = core::as_text(method.arguments);
  if (Outcome refused = access_.permit_binding(request, core::ResourceKind::queue)) return refused;
  expect(Method::id, no_wait, core::ChangeTopologyRequest{});
  return request_topology(request);
}

Channel::Outcome Channel::on(const QueuePurge& purge) {
  auto queue = find_queue(core::Permission::read, purge.queue);
  if (!queue.ok()) return std::move(queue.error());
  expect(MethodId::queue_purge, purge.no_wait, core::PurgeRequest{});
  broker().send(queue.value()->home, core::Purge{queue.value()->id, ref_});
  return std::nullopt;
}

/// Deleting what is not there is fine: 0 messages.
Channel::Outcome Channel::on(const QueueDelete& method) {
  auto name = resolve_queue_name(method.queue);
  if (!name.ok()) return std::move(name.error());
  auto queue = find_queue(core::Permission::configure, name.value());
  if (!queue.ok()) {
    if (queue.error().code != ReplyCode::not_found) return std::move(queue.error());
    if (!method.no_wait) send(QueueDeleteOk{0});
    return std::nullopt;
  }
  expect(MethodId::queue_delete, method.no_wait, core::DeleteQueueRequest{});
  broker().send(queue.value()->home, core::DeleteQueue{queue.value()->id, ref_, method.if_unused,
                                                       method.if_empty, connection_.user_id()});
  return std::nullopt;
}

}  // namespace lepus::amqp
