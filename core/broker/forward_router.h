// What the broker publishes itself: what queues send on (dead letters, what leaves an exchange's
// store), the history of an exchange for those who come later, events and copies of the firehose.
//
//   queue gives up a message -> make_forward() -> publish_later()  at the end of the step
//                                              -> transfer()       the queue keeps it until it is
//                                                                  durable where it goes
//   event, copy, history     -> publish_later()
//
// Transfers are confirmed like publishes of a session: to the broker's own one.
#pragma once

#include "core/broker/forwards.h"
#include "core/broker/message_publisher.h"
#include "core/broker/queue_table.h"
#include "core/broker/session_table.h"
#include "core/broker/transfers.h"
#include "core/message/store_path.h"

namespace lepus::core {

class ForwardRouter final : private Forwards::Publisher, private AnswerPort, private ConfirmPort {
 public:
  /// What it works with; all of it outlives this object.
  struct Parts {
    QueueHost& host;
    Topology& topology;
    QueueTable& queues;
    MessagePublisher& publisher;
    SessionTable& sessions;
  };
  explicit ForwardRouter(const Parts& parts);
  ~ForwardRouter() override;
  ForwardRouter(const ForwardRouter&) = delete;
  ForwardRouter& operator=(const ForwardRouter&) = delete;

  // --- For queues: see QueueHost

  Forward make_forward(const QueueInfo& from, const Message& message, DeathReason reason);
  void add_forwarding(QueueId queue) { forwards_.add(queue); }
  void publish(const Forward& forward);
  void publish_later(const Forward& forward);
  [[nodiscard]] bool transfer(const QueuePosition& from, const Forward& forward);
  void forward_history(const BindingSpec& to, const Message& message);

  // --- For the shard

  /// A message of the broker's own, published at the end of the step. Returns where it goes.
  RouteResult publish_later(const ExchangeInfo& exchange, MessageRef message);
  /// The new binding of an exchange with a history gets what it brings.
  void replay_history(const BindingSpec& binding);
  /// Publishes a bounded piece of what waits.
  void work() { forwards_.work(*this); }
  bool has_work() const { return !forwards_.empty(); }
  /// More came than one work() may publish: who makes more should wait.
  bool is_behind() const { return forwards_.is_behind(); }
  /// Messages whose new queues have not confirmed them yet.
  std::size_t transfer_count() const { return transfers_.size(); }

 private:
  Forward release(const QueueInfo& store, const Message& message);
  Forward make_dead_letter(const QueueInfo& from, const Message& message, DeathReason reason);
  void route_forward(const ExchangeInfo& exchange, const ExchangeInfo* skip_store, StorePath& path,
                     Forward& forward);
  void publish_copy(Forwards::Copy copy) override;
  bool forward_pending(QueueId queue, std::size_t& budget) override;
  void on_confirm(const Confirm& confirm) override;

  Parts parts_;
  ChannelRef session_;  ///< Of the broker itself.
  Forwards forwards_;
  Transfers transfers_;
};

}  // namespace lepus::core
