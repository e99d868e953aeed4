// One channel: assembles methods and contents from its frames and carries them out against the
// broker.
//
//   open -> closing -> closed       the client's channel.close: consumers and unacked go back
//   open -> close_sent -> closed    ours: everything but close and close-ok is ignored
//
// A method that needs another thread (the control thread for topology, a queue's home shard) leaves
// a request (core/session/pending_answer.h) and holds the connection's input until the answer
// comes; an answer from this shard comes before the call returns. Handlers return an error as a
// value; on_method() hands it to the connection. Families: channel_{publish,basic,flow,settle,
// queue,exchange,tx,answers}.cpp; what the user may do is core/session/session_access.h's to say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/intrusive_list.h"
#include "core/broker/broker.h"
#include "core/message/properties.h"
#include "core/session/confirms.h"
#include "core/session/consumer_timeouts.h"
#include "core/session/immediate_publishes.h"
#include "core/session/pending_answer.h"
#include "core/session/reply_address.h"
#include "core/session/route_cache.h"
#include "core/session/session_access.h"
#include "core/session/session_consumers.h"
#include "core/session/session_transaction.h"
#include "core/session/shared_prefetch.h"
#include "core/session/unacked.h"
#include "core/topology/topology_rules.h"
#include "io/timers.h"
#include "net/amqp/codec/assembler.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

class Connection;

class Channel final : public core::AnswerPort,
                      public core::DeliveryPort,
                      public core::ConfirmPort,
                      public core::ListNode<Channel> {
 public:
  enum class State : std::uint8_t { open, closing, close_sent, closed };

  Channel(Connection& connection, std::uint16_t number);
  ~Channel() override;

  std::uint16_t number() const { return number_; }
  State state() const { return state_; }

  void on_frame(const Frame& frame);
  /// Sends channel.close and gives back what the channel holds.
  void close_with(const core::AmqpError& error);
  /// The connection ends: gives everything back; Connection::on_channel_closed() when that is done.
  /// `orderly`: waits until the queues have answered; nothing is pending then, as input is held
  /// while something is.
  void shut_down(bool orderly);
  /// Output fell below the low-water mark: consumers may go on.
  void resume_consumers();
  /// Tells the publisher what is confirmed.
  void write_acks();
  /// For the operator (stats.cpp): what the channel itself knows of it.
  core::ChannelStats describe() const;
  void describe_consumers(std::vector<core::ConsumerStats>& out) const;

 private:
  using Outcome = std::optional<core::AmqpError>;
  using Consumer = core::SessionConsumer;

  /// Tells the client what a request led to (channel_answers.cpp).
  struct AnswerWriter;
  /// Consumer timeouts and the timer that looks for overdue deliveries.
  struct Timeouts {
    core::ConsumerTimeouts marks;
    io::Timer timer;
  };

  // AnswerPort
  void on_reply(const core::Reply& reply) override;
  void on_topology_done(const core::TopologyDone& done) override;
  void on_get_reply(const core::GetReply& reply, core::MessageRef message) override;
  // ConfirmPort
  void on_confirm(const core::Confirm& confirm) override;
  void on_immediate_reply(const core::ImmediateReply& reply) override;
  // DeliveryPort
  bool on_deliver(const core::Deliver& delivery, core::MessageRef message) override;
  void on_consumer_cancelled(std::uint32_t number) override;
  void on_consumer_active(std::uint32_t number, bool is_active) override;
  core::Credit on_credit_request(const core::CreditRequest& request) override;
  void on_credit_return(std::uint32_t count) override;

  // channel.cpp
  Outcome on_method(const MethodReady& ready);
  template <class... Methods>
  bool dispatch(const MethodReady& ready, Outcome& outcome);
  void on_frame_while_closing(const Frame& frame);
  Outcome on(const ChannelOpen& open);
  Outcome on(const ChannelClose& close);
  Outcome on(const AccessRequest& request);
  void give_back_everything(bool wait_for_answers);
  void on_give_back_answer();
  void end();
  core::Broker& broker();
  std::string queue_title(std::string_view name) const;

  // channel_answers.cpp
  /// The method waits for an answer; input is held until finish_request() or a final answer.
  void expect(MethodId method, bool no_wait, core::PendingAnswer::Request request);
  void finish_request();
  void take_answer(core::PendingAnswer::Answered answered);

  // channel_publish.cpp
  Outcome on(const BasicPublish& publish);
  Outcome on_content_header(const ContentHeader& header);
  void add_to(core::PropertiesView& view, std::string& headers);
  Outcome on_body(const BodyPiece& piece);
  Outcome finish_publish();
  Outcome find_route(std::string_view exchange, std::string_view key);
  void send_message(core::ClientPublish publish);
  std::uint32_t send_at_once(core::MessageRef message, const core::RouteResult& route,
                             std::uint64_t number);
  void return_message(core::ReplyCode code, core::MessageRef message);
  void stop_input_if_congested(const core::RouteResult& route);

  // events.cpp
  void tell_consumer(const Consumer& consumer, bool is_there);
  core::Trace new_trace() const;
  void trace_publish(const core::Message& message, const core::RouteResult& route);
  void trace_delivery(core::QueueId from, const core::Message& message, bool redelivered);

  // channel_flow.cpp
  Outcome on(const ChannelFlow& flow);

  // channel_basic.cpp
  Outcome on(const BasicConsume& consume);
  Outcome on(const BasicCancel& cancel);
  Outcome on(const BasicGet& get);
  Outcome on(const BasicQos& qos);
  void tell_cancelled();
  void set_shared_prefetch(std::uint32_t count, std::uint32_t size);
  void forget_consumer(std::uint32_t number);
  void grant_waiting_credit();
  void note_credit_used(bool no_ack);
  core::SharedPrefetch::Load limited_load() const;

  // channel_reply.cpp
  core::Result<std::unique_ptr<core::StreamSpec>> read_stream_spec(const core::QueueInfo& queue,
                                                                   const BasicConsume& consume);
  template <class Method>
  void send_content(const Method& method, core::MessageRef message, std::string_view header,
                    std::int64_t value);
  Outcome consume_replies(const BasicConsume& consume);
  bool cancel_replies(const BasicCancel& cancel);
  Outcome declare_reply_queue(const QueueDeclare& declare);
  void on_reply_delivery(const core::Deliver& delivery, core::MessageRef message);

  // channel_timeout.cpp
  core::Result<core::Nanos> read_timeout(const core::QueueInfo& queue, core::Bytes arguments);
  void start_timeout(const Consumer& consumer);
  void look_for_overdue(io::Timer& timer);
  void cancel_overdue(Consumer& consumer, std::uint64_t tag);
  void refuse_cancelled(const core::Deliver& delivery);

  // channel_settle.cpp
  Outcome settle(std::uint64_t tag, bool multiple, core::Outcome outcome);
  Outcome on(const BasicAck& ack);
  Outcome on(const BasicNack& nack);
  Outcome on(const BasicReject& reject);
  Outcome on(const BasicRecover& recover);
  Outcome on(const BasicRecoverAsync& recover);
  Outcome recover_all(bool requeue);
  void settle_entries(const std::vector<core::UnackedWindow::Entry>& entries,
                      core::Outcome outcome);

  // channel_queue.cpp
  Outcome on(const QueueDeclare& declare);
  Outcome on(const QueueBind& bind);
  Outcome on(const QueueUnbind& unbind);
  Outcome on(const QueuePurge& purge);
  Outcome on(const QueueDelete& method);
  core::Result<std::string> resolve_queue_name(std::string_view name) const;
  core::Result<const core::QueueInfo*> find_queue(core::Permission permission,
                                                  std::string_view name);
  template <class Method>
  Outcome change_queue_binding(core::TopologyRequest::Kind kind, const Method& method,
                               bool no_wait);

  // channel_exchange.cpp
  Outcome on(const ExchangeDeclare& declare);
  Outcome on(const ExchangeDelete& method);
  Outcome on(const ExchangeBind& bind);
  Outcome on(const ExchangeUnbind& unbind);
  template <class Method>
  Outcome change_exchange_binding(core::TopologyRequest::Kind kind, const Method& method);
  core::TopologyRequest new_request(core::TopologyRequest::Kind kind) const;
  /// Judged on the replica first; asks the control thread only when something is to change.
  Outcome request_topology(const core::TopologyRequest& request);

  // channel_tx.cpp
  Outcome on(const ConfirmSelect& select);
  Outcome on(const TxSelect& select);
  Outcome on(const TxCommit& commit);
  Outcome on(const TxRollback& rollback);
  void check_room();
  void on_room_answer(bool is_full);
  void fail_commit();
  void carry_out_commit();
  void bracket(bool begins);
  void finish_commit_when_done();

  template <class Method>
  void send(const Method& method);

  Connection& connection_;
  core::ChannelRef ref_;
  std::uint16_t number_;
  State state_ = State::open;
  bool confirming_ = false;
  bool flow_stopped_ = false;  ///< channel.flow: consumers wait.
  std::uint32_t give_back_answers_due_ = 0;
  bool tell_client_closed_ = false;  ///< channel.close-ok is due when everything is given back.
  Assembler assembler_;
  core::PendingAnswer pending_;
  /// Its content is being received. Exchange and key are those of the route cache until the header
  /// comes.
  core::ClientPublish publishing_;
  core::RouteCache route_cache_;
  core::SessionAccess access_;
  std::string last_queue_;  ///< Declared last on this channel: what an empty queue name means.
  core::ReplyAddress reply_address_;
  std::uint64_t next_tag_ = 1;
  core::UnackedWindow unacked_;
  std::unique_ptr<Timeouts> timeouts_;  ///< From the first consumer with a timeout on.
  core::ConfirmWindow confirms_;
  core::SessionConsumers consumers_;
  std::uint32_t prefetch_ = 0;            ///< For consumers to come (qos global=false).
  std::uint32_t prefetch_size_ = 0;       ///< The same in bytes of bodies.
  core::SharedPrefetch shared_prefetch_;  ///< Of the whole channel (qos global=true).
  std::vector<std::string>
      cancelled_tags_;  ///< To be told after the pending queue.delete is answered.
  core::ImmediatePublishes immediate_publishes_;
  core::SessionTransaction transaction_;
};

}  // namespace lepus::amqp
