// What consumers have unacknowledged and are to get again (basic.recover with requeue=false): a
// line for each consumer, oldest first, served before the queue's ready messages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/queue/consumer.h"
#include "core/queue/consumer_list.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class Redeliveries {
 public:
  /// An unacknowledged message, as its queue knows it.
  struct Unacked {
    enum class Where : std::uint8_t {
      gone,       ///< Its record was damaged.
      on_disk,    ///< It was asked for; the queue is pumped when it is here.
      in_memory,  ///< `message` is set.
    };
    Where where = Where::gone;
    Message* message = nullptr;
    std::uint32_t delivery_count = 0;  ///< How often it came back.
  };
  /// The messages of the queue.
  class Source {
   public:
    virtual ~Source() = default;
    virtual Unacked find_unacked(Sequence sequence) = 0;
  };

  Redeliveries(QueueId queue, QueueHost& host) : queue_(queue), host_(host) {}

  /// Returns true if no consumer waits.
  bool empty() const { return waiting_count_ == 0; }
  /// At the end of the consumer's line.
  void add(Consumer& consumer, const Redelivery& redelivery);
  /// Sends what consumers can take, as long as the budget lasts. Returns true if there is more that
  /// only needs another turn.
  [[nodiscard]] bool serve(const ConsumerList& consumers, Source& source, std::size_t& budget);
  /// Takes the consumer's line out.
  std::deque<Redelivery> take_all(Consumer& consumer);

 private:
  enum class Progress : std::uint8_t { sent, waits_for_disk };

  bool serve_line(Consumer& consumer, Source& source, std::size_t& budget);
  Progress send_again(Consumer& consumer, const Redelivery& next, Source& source);

  QueueId queue_;
  QueueHost& host_;
  std::uint32_t waiting_count_ = 0;  ///< Consumers with a line.
};

}  // namespace lepus::core
