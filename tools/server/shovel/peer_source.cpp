// See peer_source.h.
#include "tools/server/shovel/peer_source.h"

#include <algorithm>

namespace lepus::server {

using amqp::MethodId;

void PeerSource::on_channel_open() {
  if (end().queue) return declare_queue();
  amqp::QueueDeclare declare;
  declare.exclusive = true;
  connection().send(declare, amqp::ClientConnection::Answer::awaited);
}

bool PeerSource::on_method(const amqp::MethodReady& method) {
  if (method.method == MethodId::basic_cancel) {
    fail("the consumer was cancelled: the queue was deleted");
    return true;
  }
  if (method.method == MethodId::queue_declare_ok) return on_declared(method);
  if (method.method == MethodId::queue_bind_ok && phase_ == Phase::binding) {
    limit();
  } else if (method.method == MethodId::basic_qos_ok && phase_ == Phase::limiting) {
    subscribe();
  } else if (method.method == MethodId::basic_consume_ok && phase_ == Phase::subscribing) {
    connection().note_answered();
    phase_ = Phase::ready;
    events().on_source_ready(message_count_);
  } else {
    return false;
  }
  return true;
}

bool PeerSource::on_declared(const amqp::MethodReady& method) {
  amqp::QueueDeclareOk done;
  if (!read(method, done)) return false;
  if (phase_ == Phase::counting) {
    connection().note_answered();
    phase_ = Phase::ready;
    events().on_message_count(done.message_count);
    return true;
  }
  if (phase_ != Phase::declaring) return false;
  queue_ = done.queue;
  message_count_ = done.message_count;
  end().queue ? limit() : bind();
  return true;
}

void PeerSource::bind() {
  phase_ = Phase::binding;
  amqp::QueueBind bind;
  bind.queue = queue_;
  bind.exchange = *end().exchange;
  const std::string key = end().key.value_or("");
  bind.routing_key = key;
  connection().send(bind, amqp::ClientConnection::Answer::awaited);
}

void PeerSource::limit() {
  if (order().ack_mode == ShovelAckMode::no_ack) return subscribe();
  phase_ = Phase::limiting;
  amqp::BasicQos qos;
  qos.prefetch_count = static_cast<std::uint16_t>(std::min<std::uint32_t>(order().prefetch, 65535));
  connection().send(qos, amqp::ClientConnection::Answer::awaited);
}

void PeerSource::subscribe() {
  phase_ = Phase::subscribing;
  amqp::BasicConsume consume;
  consume.queue = queue_;
  consume.consumer_tag = "shovel";
  consume.no_ack = order().ack_mode == ShovelAckMode::no_ack;
  consume.arguments = core::as_bytes(order().consumer_arguments);
  connection().send(consume, amqp::ClientConnection::Answer::awaited);
}

/// It may send anything: a message that was not asked for is refused where tags are.
void PeerSource::on_delivery(std::uint64_t tag, core::MessageRef message) {
  if (phase_ != Phase::subscribing && phase_ != Phase::ready && phase_ != Phase::counting)
    return fail("a delivery came before there was a consumer");
  events().on_message(tag, std::move(message));
}

void PeerSource::acknowledge(std::uint64_t tag, bool is_multiple) {
  if (connection().is_open()) connection().send(amqp::BasicAck{tag, is_multiple});
}

void PeerSource::ask_count() {
  if (phase_ != Phase::ready || !connection().is_open()) return;
  amqp::QueueDeclare declare;
  declare.queue = queue_;
  declare.passive = true;
  phase_ = Phase::counting;
  connection().send(declare, amqp::ClientConnection::Answer::awaited);
}

}  // namespace lepus::server
