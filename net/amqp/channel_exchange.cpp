// Exchange methods, and the way of every topology change: judged on this shard's replica first,
// where most answers are known; only a real change goes to the control thread, whose answer comes
// when every shard has applied it.
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using Kind = core::TopologyRequest::Kind;

core::TopologyRequest Channel::new_request(Kind kind) const {
  core::TopologyRequest request;
  request.kind = kind;
  request.from = ref_.shard;
  request.connection = connection_.id();
  request.user = connection_.user();
  request.vhost = connection_.vhost();
  return request;
}

/// pending_ says what is to be answered.
Channel::Outcome Channel::request_topology(const core::TopologyRequest& request) {
  core::Decision decision = core::decide(broker().topology(), request, nullptr);
  switch (decision.kind) {
    case core::Decision::Kind::error:
      finish_request();
      return std::move(decision.error);
    case core::Decision::Kind::satisfied:
      take_answer(pending_.on_topology_done({ref_, 0, nullptr}));
      break;
    case core::Decision::Kind::changes:
      broker().ask(request, ref_);
      break;
  }
  return std::nullopt;
}

Channel::Outcome Channel::on(const ExchangeDeclare& declare) {
  core::TopologyRequest request = new_request(Kind::declare_exchange);
  request.name = core::strip_cr_lf(declare.exchange);
  request.type = declare.type;
  request.passive = declare.passive;
  request.durable = declare.durable;
  request.auto_delete = declare.auto_delete;
  request.internal = declare.internal;
  request.arguments = core::as_text(declare.arguments);
  if (Outcome refused = access_.permit_declare(request)) return refused;
  expect(MethodId::exchange_declare, declare.no_wait, core::ChangeTopologyRequest{});
  return request_topology(request);
}

Channel::Outcome Channel::on(const ExchangeDelete& method) {
  core::TopologyRequest request = new_request(Kind::delete_exchange);
  request.name = core::strip_cr_lf(method.exchange);
  request.if_unused = method.if_unused;
  if (core::is_deletable_name(request.name)) {
    if (Outcome refused = access_.permit(
            {core::Permission::configure, core::ResourceKind::exchange, request.name}))
      return refused;
  }
  expect(MethodId::exchange_delete, method.no_wait, core::ChangeTopologyRequest{});
  return request_topology(request);
}

Channel::Outcome Channel::on(const ExchangeBind& bind) {
  return change_exchange_binding(Kind::bind_exchange, bind);
}
Channel::Outcome Channel::on(const ExchangeUnbind& unbind) {
  return change_exchange_binding(Kind::unbind_exchange, unbind);
}

template <class Method>
Channel::Outcome Channel::change_exchange_binding(Kind kind, const Method& method) {
  core::TopologyRequest request = new_request(kind);
  request.source = core::strip_cr_lf(method.source);
  request.name = core::strip_cr_lf(method.destination);
  request.key = method.routing_key;
  request.arguments = core::as_text(method.arguments);
  if (Outcome refused = access_.permit_binding(request, core::ResourceKind::exchange))
    return refused;
  expect(Method::id, method.no_wait, core::ChangeTopologyRequest{});
  return request_topology(request);
}

}  // namespace lepus::amqp
