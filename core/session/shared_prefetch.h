// The prefetch limit that all consumers of a session share (qos with global=true), in messages and
// in bytes of their bodies. A queue asks for credit before it delivers; a request that gets none
// waits here and is granted when there is room again.
//
//   unacknowledged + granted < limit -> granted -> consumed by a delivery, or returned
//
// A consumer without acknowledgement needs credit too while the number of messages is limited: it
// waits when the others have reached the limit, and adds nothing to it (RabbitMQ's rule). The limit
// in bytes does not concern it. While bytes are limited one credit at a time is granted, for a body
// of the size that was asked for; a session that has nothing unacknowledged gets one of any size.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/broker/command.h"
#include "core/session/unacked.h"

namespace lepus::core {

class SharedPrefetch {
 public:
  using Load = UnackedWindow::Load;
  struct Grant {
    ShardId home;  ///< Where the queue lives that is to get it.
    CreditGrant command;
  };

  /// 0 is no limit.
  void set(std::uint32_t count, std::uint32_t size);
  bool is_on() const { return count_ > 0 || size_ > 0; }
  bool limits_bytes() const { return size_ > 0; }
  std::uint32_t count() const { return count_; }

  /// Returns what is granted at once; with 0 the request waits. `unacked` is what the session has
  /// unacknowledged under the limit.
  [[nodiscard]] Credit request(const CreditRequest& request, bool no_ack, const Load& unacked);
  /// Takes the oldest waiting request out and returns what it gets; nothing when none waits or
  /// there is no room for it. A grant may be answered within the call that sends it, so ask again
  /// after each.
  [[nodiscard]] std::optional<Grant> grant_next(const Load& unacked);

  /// A delivery consumed one credit. Returns true if a waiting request may get some now: the
  /// delivery takes no room under the limit, or bytes are limited and its size is known now.
  [[nodiscard]] bool consume_credit(bool no_ack);
  /// A queue returns credit it could not use.
  void return_credit(std::uint32_t count);
  /// `count` messages that were unacknowledged under the limit are delivered again, so their room
  /// stays taken: each consumes one credit.
  void reserve_credit(std::uint32_t count) {
    CHECK(count > 0);
    granted_ += count;
  }
  /// The consumer is gone: its request no longer waits.
  void drop_requests_of(std::uint32_t consumer);
  void drop_requests() { waiting_.clear(); }

 private:
  struct Waiting {
    CreditRequest request;
    bool no_ack;
  };
  Credit room_for(const Waiting& waiting, const Load& unacked) const;

  std::uint32_t count_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t granted_ = 0;     ///< Credit at queues, not yet consumed.
  std::vector<Waiting> waiting_;  ///< Oldest first; each consumer asks once.
};

}  // namespace lepus::core
