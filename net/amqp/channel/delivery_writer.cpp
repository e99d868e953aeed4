// Deliveries as frames, and the credit of a limit that consumers share.
#include "net/amqp/channel/delivery_writer.h"

#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/message/header_splice.h"

namespace lepus::amqp {

namespace {

constexpr std::string_view delivery_count_header = "x-delivery-count";

}  // namespace

/// With a header that tells of this delivery alone.
template <class Method>
void DeliveryWriter::write_with_header(const Method& method, core::MessageRef message,
                                       std::string_view header, std::int64_t value) {
  std::vector<std::uint8_t>& properties = link_.context.services.properties_scratch();
  core::splice_header(message->properties(), header, value, properties);
  link_.output.writer().content(link_.number, method, properties, std::move(message));
}

bool DeliveryWriter::on_deliver(const core::Deliver& delivery, core::MessageRef message) {
  Output& output = link_.output;
  core::Session& session = link_.session;
  Writer& writer = output.writer();
  const bool is_reply = !delivery.queue;
  // Nobody holds back who replies; RabbitMQ promises a reply once at most.
  if (is_reply && writer.brake().unsent_bytes() > core::limits::replies_unsent_max) return true;
  const core::Session::Taken taken = session.take_delivery(delivery, *message);
  if (taken.tag == 0) return true;
  const std::uint64_t begin = writer.position();
  const BasicDeliver deliver{*taken.consumer_tag, taken.tag, delivery.redelivered,
                             message->exchange(), message->routing_key()};
  if (delivery.is_stream) {
    write_with_header(deliver, std::move(message), "x-stream-offset",
                      static_cast<std::int64_t>(delivery.sequence));
  } else if (delivery.delivery_count > 0) {
    write_with_header(deliver, std::move(message), delivery_count_header, delivery.delivery_count);
  } else {
    writer.content(link_.number, deliver, std::move(message));
  }
  if (is_reply) writer.note_answer(begin);
  output.touch();
  if (is_reply || !output.pauses_consumers()) return true;
  session.deliveries().pause(delivery.number);
  return false;
}

void DeliveryWriter::write_got(const core::GetReply& reply, std::uint64_t tag,
                               core::MessageRef message) {
  if (!message) return link_.send(BasicGetEmpty{});
  Writer& writer = link_.output.writer();
  const std::uint64_t begin = writer.position();
  const BasicGetOk ok{tag, reply.redelivered, message->exchange(), message->routing_key(),
                      reply.message_count};
  if (reply.delivery_count > 0) {
    write_with_header(ok, std::move(message), delivery_count_header, reply.delivery_count);
  } else {
    writer.content(link_.number, ok, std::move(message));
  }
  writer.note_answer(begin);
  link_.output.touch();
}

void DeliveryWriter::on_consumer_active(std::uint32_t number, bool is_active) {
  link_.session.deliveries().on_active(number, is_active);
}

core::Credit DeliveryWriter::on_credit_request(const core::CreditRequest& request) {
  if (!link_.session.is_open()) return {};
  return link_.session.deliveries().on_credit_request(request);
}

void DeliveryWriter::on_credit_return(std::uint32_t count) {
  core::Session& session = link_.session;
  session.unacked().return_credit(count);
  if (session.is_open()) session.unacked().grant_waiting();
}

}  // namespace lepus::amqp
