// basic.ack, nack, reject and recover: what becomes of deliveries that need an acknowledgement
// (core/session/session_unacked.h). An unknown tag is a 406.
#pragma once

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class SettleMethods {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit SettleMethods(const ChannelLink& link) : link_(link) {}

  core::Refusal on(const BasicAck& ack) {
    return unacked().settle(ack.delivery_tag, ack.multiple, core::Outcome::acknowledged);
  }
  core::Refusal on(const BasicNack& nack) {
    return unacked().settle(nack.delivery_tag, nack.multiple, refused_outcome(nack.requeue));
  }
  core::Refusal on(const BasicReject& reject) {
    return unacked().settle(reject.delivery_tag, false, refused_outcome(reject.requeue));
  }
  core::Refusal on(const BasicRecover& recover) {
    unacked().recover(recover.requeue);
    link_.send(BasicRecoverOk{});
    return std::nullopt;
  }
  core::Refusal on(const BasicRecoverAsync& recover) {
    unacked().recover(recover.requeue);
    return std::nullopt;
  }

 private:
  core::SessionUnacked& unacked() { return link_.session.unacked(); }
  static core::Outcome refused_outcome(bool requeue) {
    return requeue ? core::Outcome::requeued : core::Outcome::rejected;
  }

  const ChannelLink& link_;
};

}  // namespace lepus::amqp
