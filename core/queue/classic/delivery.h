// The consumers of a queue, and which of them takes the next message.
//
//   add -> all consumers (in order of arrival)
//   room, credit -> ring of those that may be able to take, highest priority first
//   Round: the first one of the ring that can take the head; after a delivery it goes behind those
//          of its priority (round robin)
//
// Consumers of the highest priority take everything while any of them can; RabbitMQ's rule
// (consumer priorities). With x-single-active-consumer only the elected one is in the ring.
// Delivery knows nothing of the messages but what is handed to it.
#pragma once

#include <cstdint>
#include <utility>

#include "core/queue/classic/taker_ring.h"
#include "core/queue/consumer.h"
#include "core/queue/consumer_set.h"
#include "core/queue/queue_host.h"
#include "core/queue/send_delivery.h"
#include "core/queue/shared_credit.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Delivery {
 public:
  using Demand = SharedCredit::Demand;
  /// A message on its way out.
  struct Outgoing {
    Sequence sequence = 0;
    bool redelivered = false;
    std::uint32_t delivery_count = 0;  ///< How often it came back.
    MessageRef message;
  };

  /// Both outlive this object.
  Delivery(const QueueInfo& info, QueueHost& host);
  ~Delivery();

  /// In order of arrival.
  const ConsumerList& consumers() const { return consumers_.all(); }
  SharedCredit& credit() { return consumers_.credit(); }
  /// Null: there is none, or every consumer is active.
  const Consumer* single_active() const { return single_active_; }

  /// See ConsumerSet. A single active consumer and exclusive use exclude each other.
  Consumer* add(const ConsumerSpec& spec, DeliveryPort* local);
  void remove(Consumer& consumer);
  /// See ConsumerSet. The queue says on_changed() afterwards.
  void set_flow(Consumer& consumer, const ConsumerFlow& flow) {
    consumers_.set_flow(consumer, flow);
  }
  /// The consumer may be able to take again.
  void on_changed(Consumer& consumer);

  /// Returns true if some consumer may be able to take a message.
  bool has_takers() const { return !takers_.empty(); }
  /// See ConsumerSet.
  bool is_able(Consumer& consumer, std::uint64_t size, bool hopes) {
    return consumers_.is_able(consumer, size, hopes);
  }
  /// The message goes to the consumer.
  void deliver(Consumer& consumer, Outgoing&& out);
  /// The queue is empty: nobody needs credit.
  void give_up_credit() { consumers_.give_up_credit(); }

  /// One walk along the ring: next_taker() -> deliver() -> on_taken(), again and again.
  class Round {
   public:
    explicit Round(Delivery& delivery)
        : delivery_(delivery),
          at_(delivery.takers_.empty() ? nullptr : &delivery.takers_.front()) {}
    /// Returns false when everybody was asked.
    bool has_next() const { return at_ != nullptr; }
    /// Who takes a message like this now; null: nobody. It is asked again for the next message.
    Consumer* next_taker(const Demand& demand) {
      return at_ != nullptr && at_->takes_freely() ? at_ : find_taker(demand);
    }
    /// What next_taker() returned got its message: another one is first now.
    void on_taken(Consumer& consumer) {
      CHECK(&consumer == at_);
      delivery_.takers_.move_back(consumer);
      at_ = &delivery_.takers_.front();
    }
    /// Returns true if somebody only waits for room in the ring to its shard.
    bool must_retry() const { return must_retry_; }

   private:
    Consumer* find_taker(const Demand& demand);

    Delivery& delivery_;
    Consumer* at_;
    bool must_retry_ = false;
  };

 private:
  enum class Ability : std::uint8_t { able, not_now, too_large, retry_later };

  Ability ability_of(Consumer& consumer, const Demand& demand);
  Consumer* best_candidate() const;
  void elect_single_active();
  void send_active(const Consumer& consumer, bool is_active);

  const QueueInfo& info_;
  ConsumerSet consumers_;
  TakerRing takers_;                   ///< May be able to take.
  Consumer* single_active_ = nullptr;  ///< With x-single-active-consumer: who is it.
  bool handover_pending_ = false;      ///< Another one waits for it to settle what it has.
  bool has_priorities_ = false;        ///< Of some consumer, now or before, it is not 0.
};

}  // namespace lepus::core
