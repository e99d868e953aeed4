// How the protocol of a session hears what becomes of what its client asked for. Calls come on the
// session's own thread, also from within a call of the session; none of them may destroy it.
//
// What comes once a message is kept out of here: deliveries reach the protocol directly, as its
// DeliveryPort, and it tells the session of them.
#pragma once

#include <string>

#include "core/broker/flow/blocked_targets.h"
#include "core/message/message.h"
#include "core/session/pending_answer.h"
#include "core/session/session_consumers.h"

namespace lepus::core {

class SessionListener {
 public:
  virtual ~SessionListener() = default;

  /// An answer is awaited: the client's input is to be held until on_request_done().
  virtual void on_request_pending() = 0;
  virtual void on_request_done() = 0;
  /// What the request of `origin` led to. Steps of which the client is not told do not come here.
  virtual void on_answer(const PendingAnswer::Origin& origin, const Answer& answer) = 0;
  /// The answer to SessionRequests::get(). A null message: the queue was empty. `tag` is for the
  /// acknowledgement.
  virtual void on_message_got(const GetReply& reply, std::uint64_t tag, MessageRef message) = 0;
  /// A publish with `mandatory` reached no queue (no_route), or one with `immediate` no consumer.
  virtual void on_returned(ReplyCode code, MessageRef message) = 0;
  /// Session::take_acks() has something to take.
  virtual void on_acks_due() = 0;
  /// The target of a publish has no room, or consumers that come first: the client's input is to be
  /// held until PublisherFlow::is_blocked() is false.
  virtual void on_blocked(const PublishTarget& target) = 0;
  /// Its queue has it from now on (true), or it is gone (false).
  virtual void on_consumer_changed(const SessionConsumer&, bool) {}
  /// A delivery was not acknowledged in time: the consumer is about to be cancelled.
  virtual void on_consumer_overdue(const SessionConsumer&) {}
  /// After Session::close(): what it held is given back, and what it waited for has come.
  virtual void on_closed() {}
  /// For the firehose: the client's connection.
  virtual std::string connection_name() const = 0;
};

}  // namespace lepus::core
