// The consumers of one queue, with what every kind needs of them: exclusive use, room, and credit
// of limits that the consumers of a channel share. Who of them gets what is the kind's business.
#pragma once

#include <cstdint>

#include "core/queue/consumer.h"
#include "core/queue/consumer_list.h"
#include "core/queue/queue_host.h"
#include "core/queue/shared_credit.h"

namespace lepus::core {

class ConsumerSet {
 public:
  /// The host outlives this object.
  ConsumerSet(QueueId queue, QueueHost& host) : credit_(queue, host) {}
  ConsumerSet(const ConsumerSet&) = delete;
  ConsumerSet& operator=(const ConsumerSet&) = delete;
  ~ConsumerSet() { CHECK(all_.empty()); }

  QueueHost& host() const { return credit_.host(); }
  /// In order of arrival.
  const ConsumerList& all() const { return all_; }
  SharedCredit& credit() { return credit_; }

  /// Returns null when it is refused, because somebody has or wants exclusive use.
  Consumer* add(const ConsumerSpec& spec, DeliveryPort* local);
  /// One that is never refused, and because of which nobody is.
  Consumer& add_look(const ConsumerSpec& spec, DeliveryPort* local);
  /// The consumer leaves; the host destroys it. What it has unacknowledged stays that.
  void remove(Consumer& consumer);
  /// Its channel pauses it or goes on, or has got or lost a shared limit.
  void set_flow(Consumer& consumer, const ConsumerFlow& flow);
  /// Returns true if the consumer could take a body of this size that came now. `hopes`: one that
  /// has to ask a channel on another shard for credit counts, too.
  bool is_able(Consumer& consumer, std::uint64_t size, bool hopes);
  /// Returns true if the ring to the consumer's shard is full: it can take something later.
  bool is_congested(const Consumer& consumer) const {
    return consumer.local == nullptr && host().outbox().congested(consumer.spec.channel.shard);
  }
  /// The queue is empty: nobody needs credit.
  void give_up_credit();

 private:
  bool is_refused(const ConsumerSpec& spec) const;

  SharedCredit credit_;
  ConsumerList all_;
};

}  // namespace lepus::core
