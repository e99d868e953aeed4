// A session: one sequence of requests of one client, as queues and the control thread see it. What
// every protocol needs of a channel is in its parts; a protocol brings the words and the order in
// which they may come. Its parts know one another as far as they must, and nothing of the protocol.
//
//   protocol -> requests()    names, topology, single messages     session_requests.h
//            -> publishes()   routing, what is returned            session_publishes.h
//            -> commits()     confirms and transactions            session_commits.h
//            -> deliveries()  consumers                            session_deliveries.h
//            -> settling()    acknowledgements                     session_settling.h
//            -> unacked()     what waits for them, shared credit   session_unacked.h
//   SessionListener <- answers, returns, what became due
//   DeliveryPort    <- deliveries, to the protocol directly: it calls take_delivery()
//
//   open -> closing -> detached
//           close(): core/session/session_closing.h
//
// One thread uses it, that of its broker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/stats.h"
#include "core/session/reply_address.h"
#include "core/session/session_access.h"
#include "core/session/session_closing.h"
#include "core/session/session_commits.h"
#include "core/session/session_deliveries.h"
#include "core/session/session_link.h"
#include "core/session/session_listener.h"
#include "core/session/session_publishes.h"
#include "core/session/session_requests.h"
#include "core/session/session_settling.h"
#include "core/session/session_transaction.h"
#include "core/session/session_unacked.h"

namespace lepus::core {

/// What the last sample of the operator saw.
struct SessionSeen {
  std::uint64_t events = UINT64_MAX;
  Nanos time = 0;
};

class Session final : public AnswerPort, public ConfirmPort, private AnswerSink {
 public:
  struct Ports {
    SessionListener& listener;
    DeliveryPort* deliveries = nullptr;  ///< Null: it has no consumers.
  };

  Session(Broker& broker, const SessionOwner& owner, const Ports& ports);
  ~Session() override;
  Session(const Session&) = delete;

  bool is_open() const { return state_ == State::open; }
  const ChannelRef& ref() const { return link_.ref; }
  /// The firehose of the virtual host is on.
  void set_traced(bool is_traced) { link_.is_traced = is_traced; }
  SessionRequests& requests() { return requests_; }
  SessionPublishes& publishes() { return publishes_; }
  SessionCommits& commits() { return commits_; }
  SessionDeliveries& deliveries() { return deliveries_; }
  SessionUnacked& unacked() { return unacked_; }
  SessionSettling& settling() { return settling_; }
  ReplyAddress& reply_address() { return reply_address_; }

  using Taken = SessionDeliveries::Taken;
  /// For DeliveryPort::on_deliver().
  Taken take_delivery(const Deliver& delivery, const Message& message);

  /// Requests are forgotten, what is unacknowledged goes back, consumers leave their queues;
  /// SessionListener::on_closed() comes when that is done, which may take some turns if it is much,
  /// else before this returns. With `wait_for_answers` also each queue has answered, so that
  /// auto-delete queues are gone then.
  void close(bool wait_for_answers);
  /// After close().
  SessionClosing& closing() {
    CHECK(closing_);
    return *closing_;
  }
  /// Nothing comes any more. After on_closed().
  void detach();

  /// For the operator: what the session itself knows. The caller adds whose it is.
  ChannelStats describe();
  void describe_consumers(std::vector<ConsumerStats>& out) const;

  // AnswerPort, ConfirmPort
  void on_reply(const Reply& reply) override;
  void on_topology_done(const TopologyDone& done) override;
  void on_get_reply(const GetReply& reply, MessageRef message) override;
  void on_confirm(const Confirm& confirm) override { publishes_.on_confirm(confirm); }
  void on_immediate_reply(const ImmediateReply& reply) override;

 private:
  enum class State : std::uint8_t { open, closing, detached };

  void on_answered(PendingAnswer::Answered answered) override;

  SessionLink link_;
  State state_ = State::open;
  SessionAccess access_;
  ReplyAddress reply_address_;
  SessionTransaction transaction_;
  SessionRequests requests_;
  SessionPublishes publishes_;
  SessionUnacked unacked_;
  SessionDeliveries deliveries_;
  SessionSettling settling_;
  SessionCommits commits_;
  std::unique_ptr<SessionClosing> closing_;  ///< From close() on.
  SessionSeen seen_;
};

}  // namespace lepus::core
