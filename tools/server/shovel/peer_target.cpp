// See peer_target.h.
#include "tools/server/shovel/peer_target.h"

#include "core/limits/shovels.h"

namespace lepus::server {

using amqp::MethodId;

void PeerTarget::on_channel_open() {
  if (end().queue) return declare_queue();
  select();
}

void PeerTarget::select() {
  if (order().ack_mode != ShovelAckMode::on_confirm) return set_ready();
  phase_ = Phase::selecting;
  connection().send(amqp::ConfirmSelect{}, amqp::ClientConnection::Answer::awaited);
}

void PeerTarget::set_ready() {
  connection().note_answered();
  phase_ = Phase::ready;
  events().on_target_ready();
}

bool PeerTarget::on_method(const amqp::MethodReady& method) {
  amqp::QueueDeclareOk declared;
  if (phase_ == Phase::declaring && read(method, declared)) {
    select();
    return true;
  }
  if (phase_ == Phase::selecting && method.method == MethodId::confirm_select_ok) {
    set_ready();
    return true;
  }
  amqp::BasicAck ack;
  amqp::BasicNack nack;
  const bool is_ack = read(method, ack);
  if (phase_ != Phase::ready || (!is_ack && !read(method, nack))) return false;
  const std::uint64_t tag = is_ack ? ack.delivery_tag : nack.delivery_tag;
  const bool is_multiple = is_ack ? ack.multiple : nack.multiple;
  if (tag > published_ || (tag == 0 && !is_multiple)) return false;
  // Tag 0 with multiple means all so far.
  events().on_confirmed(tag == 0 ? published_ : tag, is_multiple, !is_ack);
  return true;
}

bool PeerTarget::is_blocked() const {
  return connection().is_open() && connection().is_stopped(core::limits::shovel_unsent_max);
}

bool PeerTarget::has_room() const {
  return phase_ == Phase::ready && connection().is_open() && !is_blocked();
}

void PeerTarget::publish(const ShovelPublish& publish) {
  ++published_;
  connection().publish({publish.exchange, publish.key, publish.properties, publish.mandatory},
                       publish.body);
}

}  // namespace lepus::server
