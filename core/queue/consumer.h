// A consumer, as its queue sees it: how much it may take and where its deliveries go. One link is
// for the list in which its queue keeps those that may be able to take something, the other for the
// list of all (core/queue/consumer_list.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>

#include "core/base/ids.h"
#include "core/base/intrusive_list.h"
#include "core/broker/command.h"
#include "core/broker/ports.h"

namespace lepus::core {

class Queue;

/// What a consumer has unacknowledged and is to get again.
struct Redelivery {
  Sequence sequence;
  bool used_credit;  ///< Of its channel's shared limit.
};

/// What a kind of queue keeps of its consumer beside what all kinds do.
struct ConsumerExtension {
  virtual ~ConsumerExtension() = default;
};

class ConsumerList;

struct Consumer : ListNode<Consumer>, ListNode<ConsumerList> {
  explicit Consumer(const ConsumerSpec& wanted, DeliveryPort* port) : spec(wanted), local(port) {}
  /// Returns true if it is in the list of those that may be able to take something.
  using ListNode<Consumer>::linked;

  ConsumerSpec spec;
  ConsumerHandle handle;
  Queue* queue = nullptr;
  DeliveryPort* local;  ///< Null when the channel lives on another shard.
  std::uint32_t unacked_count = 0;
  std::uint64_t unacked_bytes = 0;  ///< Of bodies; counted when spec.prefetch_size is set.
  Credit credit;                    ///< Granted by a channel with a shared limit, not yet used.
  std::unique_ptr<ConsumerExtension> extension;          ///< Null: its queue's kind has none.
  std::unique_ptr<ConsumerName> name;                    ///< Of one that is alone, or may be.
  std::unique_ptr<std::deque<Redelivery>> redeliveries;  ///< Oldest first; while there are any.
  bool credit_asked = false;
  bool paused = false;  ///< Its connection's output is above the mark.
  /// Of an operator who looks at a stream: nobody is told of it, and it is in nobody's way.
  bool is_look = false;

  /// By its own limits; the shared limit and congestion are the queue's business.
  bool has_room() const { return !paused && (spec.prefetch == 0 || unacked_count < spec.prefetch); }
  /// The same for a body of this size: alone it may be larger than the limit.
  bool has_room_for(std::uint64_t size) const {
    return spec.prefetch_size == 0 || unacked_count == 0 ||
           unacked_bytes + size <= spec.prefetch_size;
  }
  /// Returns true if it takes any message now: its channel is here, and shares no limit.
  bool takes_freely() const {
    return local != nullptr && !spec.limited && spec.prefetch_size == 0 && has_room();
  }
  void add_unacked(std::uint64_t size) {
    ++unacked_count;
    if (spec.prefetch_size > 0) unacked_bytes += size;
  }
  /// Whoever has nothing begins at 0 again: of what was dropped meanwhile the size is not known.
  void drop_unacked(std::uint64_t count, std::uint64_t bytes) {
    unacked_count -= static_cast<std::uint32_t>(std::min<std::uint64_t>(unacked_count, count));
    unacked_bytes = unacked_count == 0 ? 0 : unacked_bytes - std::min(unacked_bytes, bytes);
  }
};

}  // namespace lepus::core
