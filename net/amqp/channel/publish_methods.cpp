// Publishes, confirms and transactions, from methods to the session.
#include "net/amqp/channel/publish_methods.h"

#include <utility>

#include "net/amqp/connection/publisher_block.h"

namespace lepus::amqp {

using core::Refusal;

Refusal PublishMethods::on(const BasicPublish& publish) {
  if (link_.broker().alarm().any())
    block_publisher(/*is_half_done=*/link_.session.commits().has_publishes());
  return link_.session.publishes().begin(
      {publish.exchange, publish.routing_key, publish.mandatory, publish.immediate});
}

Refusal PublishMethods::on_content_header(const ContentHeader& header) {
  core::Session& session = link_.session;
  const core::PublishSettings settings = publish_settings(link_.context.services.settings());
  Refusal refused = session.commits().check_size(header.body_size);
  if (!refused)
    refused = session.publishes().set_content(header.properties, header.body_size, settings);
  if (refused) {
    refused->class_id = class_basic;
    refused->method_id = method_id_of(MethodId::basic_publish);
  } else if (header.body_size == 0) {
    session.commits().publish(session.publishes().take());
  }
  return refused;
}

void PublishMethods::on_body(const BodyPiece& piece) {
  core::Session& session = link_.session;
  session.publishes().append_body(piece.bytes);
  if (piece.last) {
    session.commits().publish(session.publishes().take());
  } else if (link_.broker().alarm().any()) {
    // What has begun would take as much as was announced.
    block_publisher(/*is_half_done=*/true);
  }
}

void PublishMethods::block_publisher(bool is_half_done) {
  const ChannelContext& context = link_.context;
  context.publisher_block.block(link_.broker().alarm(), is_half_done, context.services.now());
}

// --- Confirms and transactions

Refusal PublishMethods::on(const ConfirmSelect& select) {
  if (Refusal refused = link_.session.commits().select_confirms()) return refused;
  if (!select.no_wait) link_.send(ConfirmSelectOk{});
  return std::nullopt;
}

Refusal PublishMethods::on(const TxSelect&) {
  if (Refusal refused = link_.session.commits().select_transaction()) return refused;
  link_.send(TxSelectOk{});
  return std::nullopt;
}

Refusal PublishMethods::on(const TxCommit&) {
  return link_.session.commits().commit(origin_of(MethodId::tx_commit));
}

Refusal PublishMethods::on(const TxRollback&) {
  return link_.session.commits().roll_back(origin_of(MethodId::tx_rollback));
}

}  // namespace lepus::amqp
