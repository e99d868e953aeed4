// Confirms that wait for the batch of the message log in which their messages were recorded.
//
//   add(batch, confirm) -> waits until the batch is durable \  send_due()
//   add(0, confirm)     -> nothing was recorded             /
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/broker/session_command.h"

namespace lepus::core {

class PendingConfirms {
 public:
  /// Numbers of batches do not fall from call to call, but for 0. Neighbouring numbers of one
  /// channel in one batch become one Confirm.
  void add(std::uint64_t batch, const Confirm& confirm);
  /// Calls send(confirm) for each whose batch is at most `durable`, oldest first, then for those
  /// that need no batch. send() may add more.
  template <class F>
  void send_due(std::uint64_t durable, F&& send) {
    send_up_to(recorded_, durable, send);
    send_up_to(unrecorded_, 0, send);
  }
  std::size_t size() const { return recorded_.size() + unrecorded_.size(); }

 private:
  struct Pending {
    std::uint64_t batch;
    Confirm confirm;
  };

  void take_due(std::vector<Pending>& pending, std::uint64_t durable);
  template <class F>
  void send_up_to(std::vector<Pending>& pending, std::uint64_t durable, F& send) {
    if (pending.empty()) return;
    take_due(pending, durable);
    for (const Pending& due : due_) send(due.confirm);
  }

  std::vector<Pending> recorded_;    ///< Oldest batch first.
  std::vector<Pending> unrecorded_;  ///< They go with this turn.
  std::vector<Pending> due_;         ///< Scratch of send_up_to().
};

}  // namespace lepus::core
