// qos with global=true: one limit for what all consumers of a channel together have unacknowledged,
// in messages and in bytes of their bodies. Queues ask for credit before they deliver; who gets
// none waits here and gets some when there is room again.
//
//   unacknowledged + granted < limit -> granted -> used by a delivery, or given back
//
// A consumer without acknowledgement needs credit, too, while the number of messages is limited: it
// is held when the others have reached the limit, and adds nothing to it (RabbitMQ's rule). Bytes
// are none of its business. While bytes are limited one credit at a time is out, for a body of the
// size that was asked for; a channel that has nothing unacknowledged gets one of any size.
#pragma once

#include <cstdint>
#include <vector>

#include "core/broker/command.h"
#include "core/session/unacked.h"

namespace lepus::amqp {

class SharedLimit {
 public:
  using Load = core::UnackedWindow::Load;

  /// 0 is no limit.
  void set(std::uint32_t count, std::uint32_t size);
  bool is_on() const { return count_ > 0 || size_ > 0; }
  bool limits_bytes() const { return size_ > 0; }
  std::uint32_t count() const { return count_; }

  /// `unacked`: what the channel has unacknowledged under the limit. Nothing granted: the request
  /// waits.
  [[nodiscard]] core::Credit ask(const core::CreditRequest& request, bool no_ack,
                                 const Load& unacked);
  /// The first of those who wait and what it gets; false when there is nothing for it.
  [[nodiscard]] bool grant_next(const Load& unacked, core::CreditGrant& grant, core::ShardId& home);
  bool has_waiting() const { return !waiting_.empty(); }

  /// A delivery used one up.
  void use();
  void give_back(std::uint32_t count);
  /// So many that were unacknowledged under the limit are delivered again: each uses one up.
  void keep(std::uint32_t count) { granted_ += count; }
  /// The consumer is gone: it no longer waits.
  void forget(std::uint32_t consumer);
  void forget_all() { waiting_.clear(); }

 private:
  struct Waiting {
    core::CreditRequest request;
    bool no_ack;
  };
  core::Credit room_for(const Waiting& one, const Load& unacked) const;

  std::uint32_t count_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t granted_ = 0;     ///< With queues, not yet used.
  std::vector<Waiting> waiting_;  ///< Oldest first; each consumer asks once.
};

}  // namespace lepus::amqp
