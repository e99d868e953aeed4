// Connections of a shard whose input goes on later: in the next turn, or when the target of a
// publish has room again.
//
// Connections are named by their place in the server's slab, because they may be gone by then. An
// InputGate enters them, the server walks the lists once a turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/broker/flow/blocked_targets.h"

namespace lepus::amqp {

/// Of a core::Slab.
struct ConnectionHandle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

class ResumeList {
 public:
  void resume_later(ConnectionHandle connection) { next_turn_.push_back(connection); }
  void resume_when_unblocked(ConnectionHandle connection, const core::PublishTarget& target) {
    blocked_.push_back({connection, target});
  }

  /// A connection's publishes begin to wait, for a target or an alarm, or go on.
  void count_waiting(bool begins) { waiting_count_ += begins ? 1 : -1; }
  std::uint64_t waiting_count() const { return waiting_count_; }

  /// Calls `resume(handle)` for each that resume_later() entered. Those it enters come next time.
  template <class Resume>
  void resume_due(Resume&& resume) {
    resuming_.swap(next_turn_);
    for (const ConnectionHandle& connection : resuming_) resume(connection);
    resuming_.clear();
  }
  /// Calls `unblock(handle)` for each whose target is not blocked any more.
  template <class IsBlocked, class Unblock>
  void unblock(IsBlocked&& is_blocked, Unblock&& unblock) {
    std::erase_if(blocked_, [&](const Blocked& entry) {
      if (is_blocked(entry.target)) return false;
      unblock(entry.connection);
      return true;
    });
  }
  /// Returns true if one of the two would call somebody.
  template <class IsBlocked>
  bool is_due(IsBlocked&& is_blocked) const {
    return !next_turn_.empty() ||
           std::any_of(blocked_.begin(), blocked_.end(),
                       [&](const Blocked& entry) { return !is_blocked(entry.target); });
  }

 private:
  struct Blocked {
    ConnectionHandle connection;
    core::PublishTarget target;
  };

  std::vector<ConnectionHandle> next_turn_;
  std::vector<ConnectionHandle> resuming_;  ///< Scratch of resume_due().
  std::vector<Blocked> blocked_;
  std::uint64_t waiting_count_ = 0;
};

}  // namespace lepus::amqp
