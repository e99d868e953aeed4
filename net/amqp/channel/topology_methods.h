// The methods of queues, exchanges and bindings: queue.* and exchange.* as requests of the session
// (core/session/session_requests.h). What they led to is told by answers.h.
#pragma once

#include <string>

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class TopologyMethods {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit TopologyMethods(const ChannelLink& link) : link_(link) {}

  core::Refusal on(const QueueDeclare& declare);
  core::Refusal on(const QueueBind& bind);
  core::Refusal on(const QueueUnbind& unbind);
  core::Refusal on(const QueuePurge& purge);
  core::Refusal on(const QueueDelete& method);
  core::Refusal on(const ExchangeDeclare& declare);
  core::Refusal on(const ExchangeDelete& method);
  core::Refusal on(const ExchangeBind& bind);
  core::Refusal on(const ExchangeUnbind& unbind);

 private:
  using Kind = core::TopologyRequest::Kind;

  core::SessionRequests& requests() { return link_.session.requests(); }
  core::Refusal declare_reply_queue(const QueueDeclare& declare);
  template <class Method>
  core::Refusal change_queue_binding(Kind kind, const Method& method, bool no_wait);
  template <class Method>
  core::Refusal change_exchange_binding(Kind kind, const Method& method);

  const ChannelLink& link_;
  std::string undecided_name_;  ///< Generated for a queue.declare that is done again.
};

}  // namespace lepus::amqp
