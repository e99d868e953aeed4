// Confirms as frames.
#include "net/amqp/channel/ack_writer.h"

#include <vector>

namespace lepus::amqp {

void AckWriter::write_later() { link_.context.ack_list.add(*this); }

void AckWriter::cancel() { link_.context.ack_list.remove(*this); }

void AckWriter::write() {
  if (!link_.session.is_open()) return;
  std::vector<core::ConfirmWindow::Ack>& acks = link_.context.services.ack_scratch();
  acks.clear();
  link_.session.commits().take_acks(acks);
  for (const core::ConfirmWindow::Ack& ack : acks) {
    if (ack.refused) {
      link_.send(BasicNack{ack.number, ack.multiple, true});  // As RabbitMQ fills the field.
    } else {
      link_.send(BasicAck{ack.number, ack.multiple});
    }
  }
}

}  // namespace lepus::amqp
