// Credit of channels with one limit for all their consumers (qos global): a queue asks the channel
// before it delivers, and gives back what it does not need.
//
//   obtain() -> the channel is here: granted at once, or remembered there
//            -> on another shard: CreditRequest -> CreditGrant -> grant()
//   use() with each delivery; give_up() when the queue is empty or the consumer has no room
//
// A consumer asks once until it is answered.
#pragma once

#include <cstdint>

#include "core/base/assert.h"
#include "core/queue/consumer.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class SharedCredit {
 public:
  /// What a queue has for a consumer.
  struct Demand {
    std::uint64_t size;         ///< Of the next body, bytes.
    std::uint64_t ready_count;  ///< Messages; 0: the next one is still to come.
  };

  SharedCredit(QueueId queue, QueueHost& host) : queue_(queue), host_(host) {}

  QueueHost& host() const { return host_; }

  /// Returns true if the consumer has credit for the next body; else it was asked for.
  [[nodiscard]] bool obtain(Consumer& consumer, const Demand& demand);
  /// The channel grants what was asked for.
  void grant(Consumer& consumer, const Credit& credit);
  /// One delivery goes out.
  void use(Consumer& consumer) {
    CHECK(consumer.credit.count > 0);
    --consumer.credit.count;
    --unused_count_;
  }
  /// The consumer's unused credit goes back to its channel.
  void give_up(Consumer& consumer) {
    if (consumer.credit.count > 0) return_all(consumer);
  }
  /// Credit of deliveries that will not happen, or ended, goes back.
  static void give_back(QueueHost& host, const Consumer& consumer, std::uint32_t count);
  /// Returns true if any consumer has unused credit.
  bool has_unused() const { return unused_count_ > 0; }

 private:
  void return_all(Consumer& consumer);

  QueueId queue_;
  QueueHost& host_;
  std::uint64_t unused_count_ = 0;  ///< Of all consumers of the queue.
};

}  // namespace lepus::core
