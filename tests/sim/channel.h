// A client's channel: sends requests, remembers what the broker owes for them, and judges what
// comes back.
//
//   opening -> open -> closing (close sent) -> closed      open -> doomed (did something illegal)
//
// Requests may be pipelined; their answers come in the order of the requests. What changes the
// model is "maybe" from the moment it is sent until it is answered. Whatever was sent before an
// answered request has been carried out, too: that is how publishes without confirms and
// acknowledgements become certain. When the channel dies with things under way, they stay unsure.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/broker/ports.h"
#include "net/amqp/methods.gen.h"
#include "tests/sim/model.h"
#include "tests/sim/oracle.h"
#include "tests/sim/wire.h"

namespace lepus::sim {

/// A request whose answer is due (or that is answered by none).
struct Pending {
  amqp::MethodId method{};
  Tick sent = 0;
  std::uint64_t order = 0;
  bool has_reply = true;
  std::uint32_t target = 0;  ///< Queue, exchange or binding of the model.
  std::string tag;
  bool flag = false;                ///< get: no_ack; delete: conditional; flow: active.
  std::set<std::uint32_t> touched;  ///< recover: queues whose messages move.
};

inline constexpr std::string_view reply_tag = "replies";  ///< Of the consumer of direct replies.

/// The error that something illegal must lead to.
struct Doom {
  std::uint16_t code = 0;
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;
};

struct PublishPlan {
  Addressed address;
  std::size_t body_size = 0;
  bool mandatory = false;
  bool immediate = false;
  bool expires = false;
  bool persistent = false;
  std::string double_id;
  std::uint32_t delay_ms = 0;
  bool wants_reply = false;
};
struct ConsumePlan {
  bool no_ack = false;
  bool exclusive = false;
  bool no_wait = false;
  std::int32_t priority = 0;
  std::uint32_t timeout_ms = 0;  ///< x-consumer-timeout.
  std::string stream_from = {};  ///< x-stream-offset; not empty: of a stream.
  std::string stream_name = {};  ///< The broker keeps its offset under this one.
};

class Channel final : public Risk {
 public:
  enum class State : std::uint8_t { opening, open, doomed, closing, closed };
  enum class Mode : std::uint8_t { plain, confirm, tx };
  struct Parts {
    Judge* judge;
    Model* model;
    Oracle* oracle;
    Wire* wire;
    core::Random* random;
    const bool* stopping;  ///< The broker closes all connections.
    std::uint64_t client;  ///< Unique number of the client.
    std::uint64_t id;      ///< Unique number of the channel.
    std::uint16_t number;
  };
  struct LocatedRecord {
    std::uint32_t queue;
    MessageId message;
    std::string tag;                                ///< Of its consumer; empty: a get.
    std::shared_ptr<NamedReader> reader = nullptr;  ///< Of a stream.
    std::int64_t offset = 0;                        ///< In the stream.
    std::size_t size = 0;                           ///< Of the body.
    MessageId dead_id = 0;                          ///< Of a dead letter,
    std::uint32_t died_in = 0;                      ///< and the queue where it died first.
  };
  struct Consumer {
    std::uint32_t queue = 0;
    bool no_ack = false;
    std::uint32_t prefetch = 0;
    std::uint32_t prefetch_size = 0;
    std::uint32_t unacked = 0;
    bool cancelling = false;
    ConsumerModel* model = nullptr;
    bool is_timed = false;  ///< The broker may cancel it when it acknowledges late.
    StreamReader reader = {};
  };

  explicit Channel(const Parts& parts) : parts_(parts) {}

  State state() const { return state_; }
  Mode mode() const { return mode_; }
  std::uint16_t number() const { return parts_.number; }
  bool is_idle() const { return pending_.empty(); }
  std::size_t pending_count() const { return pending_.size(); }
  std::uint16_t prefetch() const { return prefetch_; }
  bool all_confirmed() const { return unconfirmed_.empty(); }
  const std::map<std::uint64_t, LocatedRecord>& unacked() const { return unacked_; }
  const std::map<std::string, Consumer>& consumers() const { return consumers_; }
  bool has_open_transaction() const { return !tx_publishes_.empty() || !tx_settles_.empty(); }
  /// Messages published in it.
  std::size_t transaction_size() const { return tx_publishes_.size(); }
  /// Nothing will be read on it any more.
  bool is_gone() const { return state_ == State::closed && !close_ok_due_; }
  /// Only requests without answers are left: nobody will learn whether they were carried out.
  bool needs_sync() const { return !pending_.empty() && !pending_.back().has_reply; }
  std::string describe() const;
  bool at_risk() const override;

  // Requests (channel_send.cpp).
  void open();
  void declare_queue(QueueModel& queue, bool passive, bool no_wait);
  void delete_queue(QueueModel& queue, bool if_unused, bool if_empty);
  void purge(QueueModel& queue);
  void declare_exchange(ExchangeModel& exchange, bool passive);
  void delete_exchange(ExchangeModel& exchange, bool if_unused);
  void bind(BindingModel& binding, bool no_wait);
  void unbind(BindingModel& binding);
  void publish(const PublishPlan& plan);
  void consume(QueueModel& queue, const ConsumePlan& plan);
  /// From amq.rabbitmq.reply-to.
  void consume_replies();
  bool has_reply_consumer() const { return has_reply_consumer_; }
  void cancel(const std::string& tag);
  void get(QueueModel& queue, bool no_ack);
  void qos(std::uint16_t count, std::uint32_t size, bool global);
  void settle(std::uint64_t tag, bool multiple, core::Outcome outcome);
  void recover(bool with_async, bool requeue);
  void select_confirm();
  void select_tx();
  void commit();
  void rollback();
  void close();
  /// channel.flow: stopped, nothing is delivered from its answer on.
  void flow(bool active);
  /// Something with an answer.
  void sync() { flow(true); }
  bool is_stopping() const { return stopping_flow_; }
  /// What was just sent is illegal: only this error may come.
  void doom(const Doom& doom);

  void on_method(const Incoming& incoming);
  /// connection.close was sent: like close(), but the answer comes on channel 0.
  void begin_close();
  /// Orderly: the broker said that it is done. Else nobody knows how far it got.
  void end(bool orderly);

 private:
  struct Settling {
    std::uint64_t order;
    std::uint32_t queue;
    MessageId message;
    bool rejected;
    std::shared_ptr<NamedReader> reader = nullptr;
    std::int64_t offset = 0;
  };
  struct TxSettle {
    std::uint64_t tag;
    LocatedRecord held;
    core::Outcome outcome;
  };

  // channel_send.cpp
  Pending& expect(amqp::MethodId method, std::uint32_t target);
  template <class Method>
  void send(const Method& method) {
    parts_.wire->method(parts_.number, method);
  }
  void apply_settle(const LocatedRecord& held, core::Outcome outcome, std::uint64_t order);
  static std::string make_headers(const Sent& message, std::int32_t delay);
  void make_properties(Sent& message);
  void forget_tag(const std::string& tag);
  void bind_or_unbind(BindingModel& binding, bool unbinds, bool no_wait);

  // channel.cpp
  bool on_reply(const Incoming& incoming);
  void on_answered(Pending& pending, const Incoming& incoming);
  void on_flow_ok(const Pending& pending, const Incoming& incoming);
  void on_confirms(const Incoming& incoming);
  void on_channel_close(const Incoming& incoming);
  bool may_fail(const Pending& pending, std::uint16_t code) const;
  bool publish_may_fail(std::uint16_t code) const;
  bool commit_may_be_refused(std::uint64_t order) const;
  void abandon();
  void mark_processed(const Pending& pending);
  void mark_processed(std::uint64_t order, bool durable);

  // channel_deliver.cpp
  void on_deliver(const Incoming& incoming);
  void on_get_ok(const Pending& pending, const Incoming& incoming);
  void on_return(const Incoming& incoming);
  void on_cancelled_by_broker(const Incoming& incoming);
  void give_back_late(const std::string& tag);
  void take(const Arrival& arrival, const Received& received, const std::string& tag);
  void check_tag(std::uint64_t tag);
  void check_prefetch(const Consumer& consumer, const std::string& tag);

  // channel_effect.cpp: what an answered or abandoned request did to the model
  void succeed(const Pending& pending);
  void succeed_queue_change(const Pending& pending);
  void succeed_exchange_change(const Pending& pending);
  void succeed_consume(const Pending& pending);
  void finish_cancel(const Pending& pending);
  void end_trouble(const std::set<std::uint32_t>& queues, bool losses);
  void give_up(const Pending& pending);
  void release_binding(const Pending& pending, Presence state);

  Judge& judge() const { return *parts_.judge; }
  Model& model() const { return *parts_.model; }
  Oracle& oracle() const { return *parts_.oracle; }

  Parts parts_;
  State state_ = State::opening;
  Mode mode_ = Mode::plain;
  Doom doom_;
  Tick close_sent_ = 0;
  bool abandoned_ = false;
  bool close_ok_due_ = false;  ///< Both sides closed it at once.
  std::uint64_t next_order_ = 1;
  std::deque<Pending> pending_;
  std::uint64_t next_tag_ = 1;
  std::uint64_t next_consumer_ = 1;
  std::map<std::uint64_t, LocatedRecord> unacked_;
  std::map<std::string, Consumer> consumers_;
  std::deque<Settling> settling_;
  std::uint64_t next_publish_ = 1;
  std::map<std::uint64_t, MessageId> unconfirmed_;
  std::deque<std::pair<std::uint64_t, MessageId>> unprocessed_;  ///< With their orders.
  /// Publishes whose exchange may turn out to be missing, also if they were rolled back since.
  std::deque<std::pair<std::uint64_t, MessageId>> unaccepted_;
  std::vector<MessageId> tx_publishes_;
  std::vector<TxSettle> tx_settles_;
  std::uint16_t prefetch_ = 0;
  std::uint32_t prefetch_size_ = 0;
  std::uint32_t shared_limit_ = 0;  ///< The highest that was in force; 0: none.
  bool shared_unlimited_ = true;    ///< Some delivery may have come without a shared limit.
  int recovering_ = 0;              ///< recover-oks due.
  bool has_reply_consumer_ = false;
  bool has_timed_ = false;           ///< Some consumer of it is, or was, timed.
  bool stopping_flow_ = false;       ///< The last channel.flow it sent was a stop ...
  bool flow_stopped_ = false;        ///< ... and was answered.
  std::set<std::uint32_t> touched_;  ///< Queues it consumed or got from.
  std::set<std::uint32_t> lossy_;    ///< The same, without acknowledgements.
};

}  // namespace lepus::sim
