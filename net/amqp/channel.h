// One channel: assembles methods and contents from its frames, and says in AMQP's words what its
// session (core/session/session.h) does with them.
//
//   open -> closing -> closed       the client's channel.close: consumers and unacked go back
//   open -> close_sent -> closed    ours: everything but close and close-ok is ignored
//
// A method that needs another thread (the control thread for topology, a queue's home shard) holds
// the connection's input until the answer comes; an answer from this shard comes before the call
// returns. Handlers return an error as a value; on_frame() hands it to the connection. Families:
// channel_{publish,basic,queue,answers}.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/intrusive_list.h"
#include "core/session/session.h"
#include "io/timers.h"
#include "net/amqp/codec/assembler.h"
#include "net/amqp/connection/channel_context.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

class Channel final : public core::DeliveryPort,
                      public core::SessionListener,
                      public core::ListNode<Channel> {
 public:
  enum class State : std::uint8_t { open, closing, close_sent, closed };

  /// `context` outlives it.
  Channel(const ChannelContext& context, std::uint16_t number);
  ~Channel() override;

  std::uint16_t number() const { return number_; }
  State state() const { return state_; }
  core::Session& session() { return session_; }
  const core::Session& session() const { return session_; }

  void on_frame(const Frame& frame);
  /// Sends channel.close and gives back what the channel holds.
  void close_with(const core::AmqpError& error);
  /// The connection ends: gives everything back; ChannelHost::on_channel_closed() when that is
  /// done, some turns later if it is much. `orderly`: also the queues have answered then; nothing
  /// is pending, as input is held while something is.
  void shut_down(bool orderly);
  /// Tells the publisher what is confirmed.
  void write_acks();

 private:
  using Outcome = std::optional<core::AmqpError>;
  using Origin = core::PendingAnswer::Origin;

  /// Tells the client what a request led to (channel_answers.cpp).
  struct AnswerWriter;

  // DeliveryPort
  bool on_deliver(const core::Deliver& delivery, core::MessageRef message) override;
  void on_consumer_cancelled(std::uint32_t number) override;
  void on_consumer_active(std::uint32_t number, bool is_active) override;
  core::Credit on_credit_request(const core::CreditRequest& request) override;
  void on_credit_return(std::uint32_t count) override;
  // SessionListener
  void on_request_pending() override;
  void on_request_done() override;
  void on_answer(const Origin& origin, const core::Answer& answer) override;
  void on_message_got(const core::GetReply& reply, std::uint64_t tag,
                      core::MessageRef message) override;
  void on_returned(core::ReplyCode code, core::MessageRef message) override;
  void on_acks_due() override;
  void on_blocked(const core::PublishTarget& target) override;
  void on_consumer_changed(const core::SessionConsumer& consumer, bool is_there) override;
  void on_consumer_overdue(const core::SessionConsumer& consumer) override;
  void on_closed() override;
  std::string connection_name() const override;

  // channel.cpp
  Outcome on_method(const MethodReady& ready);
  template <class... Methods>
  bool dispatch(const MethodReady& ready, Outcome& outcome);
  void on_frame_while_closing(const Frame& frame);
  Outcome on(const ChannelOpen& open);
  Outcome on(const ChannelClose& close);
  Outcome on(const ChannelFlow& flow);
  Outcome on(const AccessRequest& request);
  void close_session(bool wait_for_answers);
  void end();
  core::Broker& broker();

  // channel_publish.cpp
  Outcome on(const BasicPublish& publish);
  Outcome on_content_header(const ContentHeader& header);
  Outcome on_body(const BodyPiece& piece);
  Outcome on(const ConfirmSelect& select);
  Outcome on(const TxSelect& select);
  Outcome on(const TxCommit& commit);
  Outcome on(const TxRollback& rollback);

  // channel_basic.cpp
  Outcome on(const BasicConsume& consume);
  Outcome on(const BasicCancel& cancel);
  Outcome on(const BasicGet& get);
  Outcome on(const BasicQos& qos);
  Outcome on(const BasicAck& ack);
  Outcome on(const BasicNack& nack);
  Outcome on(const BasicReject& reject);
  Outcome on(const BasicRecover& recover);
  Outcome on(const BasicRecoverAsync& recover);
  Outcome consume_replies(const BasicConsume& consume);
  bool cancel_replies(const BasicCancel& cancel);
  void tell_cancelled();
  void look_for_overdue(io::Timer& timer);
  template <class Method>
  void send_content(const Method& method, core::MessageRef message, std::string_view header,
                    std::int64_t value);

  // channel_queue.cpp: queues, exchanges and bindings
  Outcome on(const QueueDeclare& declare);
  Outcome on(const QueueBind& bind);
  Outcome on(const QueueUnbind& unbind);
  Outcome on(const QueuePurge& purge);
  Outcome on(const QueueDelete& method);
  Outcome on(const ExchangeDeclare& declare);
  Outcome on(const ExchangeDelete& method);
  Outcome on(const ExchangeBind& bind);
  Outcome on(const ExchangeUnbind& unbind);
  Outcome declare_reply_queue(const QueueDeclare& declare);
  template <class Method>
  Outcome change_queue_binding(core::TopologyRequest::Kind kind, const Method& method,
                               bool no_wait);
  template <class Method>
  Outcome change_exchange_binding(core::TopologyRequest::Kind kind, const Method& method);

  template <class Method>
  void send(const Method& method);

  const ChannelContext& context_;
  Output& output_;  ///< Of the context; used once a message.
  std::uint16_t number_;
  State state_ = State::open;
  bool tell_client_closed_ = false;  ///< channel.close-ok is due when everything is given back.
  bool holds_input_ = false;         ///< Until everything is given back.
  Assembler assembler_;
  core::Session session_;
  /// To be told after the pending queue.delete is answered.
  std::vector<std::string> cancelled_tags_;
  io::Timer overdue_timer_;  ///< For deliveries that are not acknowledged in time.
};

}  // namespace lepus::amqp
