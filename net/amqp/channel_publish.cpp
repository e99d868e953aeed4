// basic.publish and its content, confirms and transactions: in frames, out to the session, and
// what comes back of it.
#include <utility>

#include "net/amqp/channel_impl.h"
#include "net/amqp/connection/channel_table.h"
#include "net/amqp/connection/publisher_block.h"

namespace lepus::amqp {

namespace {

void block_publisher(const ChannelContext& context, bool is_half_done) {
  Services& services = context.services;
  context.publisher_block.block(services.broker().alarm(), is_half_done, services.now());
}

}  // namespace

Channel::Outcome Channel::on(const BasicPublish& publish) {
  if (broker().alarm().any())
    block_publisher(context_, /*is_half_done=*/session_.commits().has_publishes());
  return session_.publishes().begin(
      {publish.exchange, publish.routing_key, publish.mandatory, publish.immediate});
}

Channel::Outcome Channel::on_content_header(const ContentHeader& header) {
  const core::PublishSettings settings = publish_settings(context_.services.settings());
  Outcome refused = session_.publishes().set_content(header.properties, header.body_size, settings);
  if (refused) {
    refused->class_id = class_basic;
    refused->method_id = method_id_of(MethodId::basic_publish);
  } else if (header.body_size == 0) {
    session_.commits().publish(session_.publishes().take());
  }
  return refused;
}

Channel::Outcome Channel::on_body(const BodyPiece& piece) {
  session_.publishes().append_body(piece.bytes);
  if (piece.last) {
    session_.commits().publish(session_.publishes().take());
  } else if (broker().alarm().any()) {
    // What has begun would take as much as was announced.
    block_publisher(context_, /*is_half_done=*/true);
  }
  return std::nullopt;
}

void Channel::on_returned(core::ReplyCode code, core::MessageRef message) {
  const BasicReturn returned{static_cast<std::uint16_t>(code), core::reply_code_name(code),
                             message->exchange(), message->routing_key()};
  const std::uint64_t begin = output_.writer().position();
  output_.writer().content(number_, returned, std::move(message));
  output_.writer().note_answer(begin);
  output_.touch();
}

/// A commit says it for each of its messages. With a consumer on the same connection its
/// acknowledgements would wait, too.
void Channel::on_blocked(const core::PublishTarget& target) {
  if (target.queue && context_.channels.has_consumers()) return;
  context_.input.stop_until_unblocked(target);
}

// --- Confirms and transactions

Channel::Outcome Channel::on(const ConfirmSelect& select) {
  if (Outcome refused = session_.commits().select_confirms()) return refused;
  if (!select.no_wait) send(ConfirmSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxSelect&) {
  if (Outcome refused = session_.commits().select_transaction()) return refused;
  send(TxSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxCommit&) {
  return session_.commits().commit(origin_of(MethodId::tx_commit));
}

Channel::Outcome Channel::on(const TxRollback&) {
  return session_.commits().roll_back(origin_of(MethodId::tx_rollback));
}

void Channel::on_acks_due() { context_.lists.write_acks_later(*this); }

void Channel::write_acks() {
  if (state_ != State::open) return;
  std::vector<core::ConfirmWindow::Ack>& acks = context_.services.ack_scratch();
  acks.clear();
  session_.commits().take_acks(acks);
  for (const core::ConfirmWindow::Ack& ack : acks) {
    if (ack.refused) {
      send(BasicNack{ack.number, ack.multiple, true});  // As RabbitMQ fills the field.
    } else {
      send(BasicAck{ack.number, ack.multiple});
    }
  }
}

}  // namespace lepus::amqp
