// The consumers of a session and what comes to them.
//
//   subscribe() -> Subscribed -> take() of each delivery -> unsubscribe() -> Unsubscribed
//                                                        -> its queue is gone: on_cancelled()
//
// Deliveries that are not acknowledged in time cancel their consumer: what it had goes back to the
// queue, and a late acknowledgement of that is no error.
//
//   overdue -> the queue is told; what it delivered before goes back
//           -> the queue answers: on_cancelled()
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/session/consumer_arguments.h"
#include "core/session/consumer_timeouts.h"
#include "core/session/session_consumers.h"
#include "core/session/session_link.h"
#include "core/session/session_requests.h"
#include "core/session/session_unacked.h"

namespace lepus::core {

class SessionDeliveries {
 public:
  using Origin = PendingAnswer::Origin;

  struct Parts {
    const SessionLink& link;
    SessionRequests& requests;
    SessionUnacked& unacked;
  };
  explicit SessionDeliveries(const Parts& parts)
      : link_(parts.link), requests_(parts.requests), unacked_(parts.unacked) {}

  /// What the protocol is to say of a delivery. Tag 0: nothing, the message went back.
  struct Taken {
    std::uint64_t tag = 0;
    const std::string* consumer_tag = nullptr;
  };
  /// A delivery to one of the consumers. It goes back when the consumer is being cancelled.
  Taken take(const Deliver& delivery, const Message& message);
  const SessionConsumers& consumers() const { return consumers_; }

  // --- Consumers

  struct Options {
    std::string tag;              ///< Not empty.
    Nanos timeout = never;        ///< When neither consumer nor queue have one.
    std::uint64_t count_max = 0;  ///< Of consumers; 0: no limit.
    bool is_look = false;         ///< At a stream, by an operator: see Consumer::is_look.
  };
  /// 403, 404, 405, 406 or 530. Answered by Subscribed or SubscribeFailed.
  Refusal subscribe(const Origin& origin, const ConsumeRequest& request, const Options& options);
  /// Its queue has it. With a timeout look_for_overdue() is due now.
  const SessionConsumer& on_subscribed(const Subscribed& done);
  /// Returns false if there is no consumer with this tag. Else answered by Unsubscribed.
  bool unsubscribe(const Origin& origin, std::string_view tag);
  /// The consumer is gone. Does nothing when it was gone already.
  void forget(std::uint32_t number);
  /// Its queue is gone or cancelled it. Returns the tag; nothing: it was gone already.
  std::optional<std::string> on_cancelled(std::uint32_t number);
  void on_active(std::uint32_t number, bool is_active);

  // --- At the end of the session

  /// Consumers stay paused from now on, and nothing waits for credit.
  void end_flow();
  /// The consumer, which its queue knows, gets nothing any more.
  void pause_for_good(std::uint32_t number);
  /// The consumer, which its queue knows, leaves it. `answer_to` gets a Reply or a TopologyDone.
  void leave(std::uint32_t number, const ChannelRef& answer_to);

  // --- Limits

  /// For consumers to come.
  void set_prefetch(const PrefetchLimit& limit) { prefetch_ = limit; }
  const PrefetchLimit& prefetch() const { return prefetch_; }
  /// Of all consumers together, see SessionUnacked::set_shared().
  void set_shared_prefetch(const PrefetchLimit& limit);
  Credit on_credit_request(const CreditRequest& request) {
    return unacked_.request_credit(request, consumers_.at(request.number).no_ack);
  }
  /// The client's output is full: the consumer waits for resume().
  void pause(std::uint32_t number);
  /// All of them go on, unless their flow is stopped or they are held.
  void resume();
  /// All of them get nothing until they are not held any more.
  void hold(bool is_held);
  /// Each queue is told to wait, and answers; ConsumersStopped comes behind all that was delivered.
  void stop_flow(const Origin& origin);
  void start_flow() { is_flow_stopped_ = false; }
  bool is_flow_stopped() const { return is_flow_stopped_; }

  /// Cancels consumers whose deliveries are overdue. Returns when to call again; never: there is
  /// none to watch.
  Nanos look_for_overdue(Nanos now);

 private:
  void refuse(const Deliver& delivery);
  void cancel_overdue(SessionConsumer& consumer, std::uint64_t below_tag);

  const SessionLink& link_;
  SessionRequests& requests_;
  SessionUnacked& unacked_;
  SessionConsumers consumers_;
  PrefetchLimit prefetch_;
  bool is_flow_stopped_ = false;
  bool is_held_ = false;
  std::unique_ptr<ConsumerTimeouts> timeouts_;  ///< From the first consumer with a timeout on.
};

}  // namespace lepus::core
