// A session that carries out one request about messages (core/broker/message_request.h) for
// somebody who has no connection, and ends: the smallest user of core/session/session.h.
//
//   make_session_job() -> work() ... -> is_done() -> take_result() -> destroyed
//                         collect() ...
//
// Once a turn: work() before the broker's flush, while has_work(), and collect() after it.
#pragma once

#include <memory>
#include <string>

#include "core/broker/message_request.h"
#include "core/session/session.h"

namespace lepus::core {

class SessionJob : protected SessionListener {
 public:
  /// What is not settled yet goes back.
  ~SessionJob() override;
  SessionJob(const SessionJob&) = delete;
  SessionJob& operator=(const SessionJob&) = delete;

  /// A bounded piece. Not from within a call of the session.
  virtual void work() = 0;
  /// work() has something to do now.
  virtual bool has_work() const = 0;
  /// After the broker's flush: what it confirmed.
  virtual void collect() {}
  bool is_done() const { return is_done_; }
  /// MessageRequest::number.
  std::uint64_t number() const { return request_->number; }
  /// Once, when it is done.
  std::unique_ptr<MessageResult> take_result();

 protected:
  /// `deliveries`: of a job that has a consumer.
  SessionJob(Broker& broker, std::unique_ptr<MessageRequest> request,
             DeliveryPort* deliveries = nullptr);

  const MessageRequest& request() const { return *request_; }
  Broker& broker() { return broker_; }
  Session& session() { return session_; }
  MessageResult& result() { return *result_; }
  /// Adds a copy of the message to the result; `shown` has what the message does not know. Returns
  /// true if the result has as many of them, or as many bytes, as it may have.
  [[nodiscard]] bool show(const Message& message, ShownMessage shown);
  std::uint64_t shown_bytes() const { return shown_bytes_; }
  void done();
  void fail(AmqpError error);

  // SessionListener: what a job of one request has no use for. Nobody's input is held; the limit
  // of jobs bounds what a shard without room is sent.
  void on_request_pending() override {}
  void on_request_done() override {}
  void on_answer(const PendingAnswer::Origin& origin, const Answer& answer) override;
  void on_message_got(const GetReply&, std::uint64_t, MessageRef) override {}
  void on_returned(ReplyCode, MessageRef) override {}
  void on_acks_due() override {}
  void on_blocked(const PublishTarget&) override {}
  std::string connection_name() const override { return request_->user; }

 private:
  Broker& broker_;
  std::unique_ptr<MessageRequest> request_;  ///< The session's owner points into it.
  std::unique_ptr<MessageResult> result_;
  Session session_;
  std::uint64_t shown_bytes_ = 0;
  bool is_done_ = false;
};

/// `settings` may change later, what they refer to may not.
std::unique_ptr<SessionJob> make_session_job(Broker& broker,
                                             std::unique_ptr<MessageRequest> request,
                                             const PublishSettings& settings);

}  // namespace lepus::core
