// What becomes of what the client asked for, in AMQP's words: what the session of a channel tells
// its protocol (core/session/session_listener.h), as methods, and as input that is held meanwhile.
//
// A method that needs another thread (the control thread for topology, a queue's home shard) holds
// the connection's input until the answer comes; an answer from this shard comes before the call
// returns.
#pragma once

#include <cstdint>
#include <string>

#include "core/session/session_listener.h"
#include "net/amqp/channel/ack_writer.h"
#include "net/amqp/channel/channel_closing.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/channel/consumer_notices.h"
#include "net/amqp/channel/delivery_writer.h"

namespace lepus::amqp {

class Answers final : public core::SessionListener {
 public:
  /// All outlive this object, or at least its last call.
  struct Parts {
    const ChannelLink& link;
    AckWriter& acks;
    ConsumerNotices& notices;
    DeliveryWriter& deliveries;
    ChannelClosing& closing;
  };
  explicit Answers(const Parts& parts) : parts_(parts) {}

  void on_request_pending() override;
  void on_request_done() override;
  void on_answer(const core::PendingAnswer::Origin& origin, const core::Answer& answer) override;
  void on_message_got(const core::GetReply& reply, std::uint64_t tag,
                      core::MessageRef message) override;
  void on_returned(core::ReplyCode code, core::MessageRef message) override;
  void on_acks_due() override { parts_.acks.write_later(); }
  void on_blocked(const core::PublishTarget& target) override;
  void on_consumer_changed(const core::SessionConsumer& consumer, bool is_there) override;
  void on_consumer_overdue(const core::SessionConsumer& consumer) override;
  void on_closed() override { parts_.closing.on_session_closed(); }
  std::string connection_name() const override;

 private:
  Parts parts_;
};

}  // namespace lepus::amqp
