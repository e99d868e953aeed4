// basic.ack, nack, reject and recover: what becomes of deliveries that need an acknowledgement
// (core/session/session_settling.h). An unknown tag is a 406.
#pragma once

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class SettleMethods {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit SettleMethods(const ChannelLink& link) : link_(link) {}

  core::Refusal on(const BasicAck& ack) {
    return settling().settle(origin_of(MethodId::basic_ack), {ack.delivery_tag, ack.multiple},
                             core::Outcome::acknowledged);
  }
  core::Refusal on(const BasicNack& nack) {
    return settling().settle(origin_of(MethodId::basic_nack), {nack.delivery_tag, nack.multiple},
                             refused_outcome(nack.requeue));
  }
  core::Refusal on(const BasicReject& reject) {
    return link_.session.unacked().settle(reject.delivery_tag, refused_outcome(reject.requeue));
  }
  core::Refusal on(const BasicRecover& recover) {
    settling().recover(origin_of(MethodId::basic_recover), recover.requeue);
    return std::nullopt;
  }
  core::Refusal on(const BasicRecoverAsync& recover) {
    settling().recover(origin_of(MethodId::basic_recover_async, /*no_wait=*/true), recover.requeue);
    return std::nullopt;
  }

 private:
  core::SessionSettling& settling() { return link_.session.settling(); }
  static core::Outcome refused_outcome(bool requeue) {
    return requeue ? core::Outcome::requeued : core::Outcome::rejected;
  }

  const ChannelLink& link_;
};

}  // namespace lepus::amqp
