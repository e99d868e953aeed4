// Which queues give up memory, and when: messages whose record is on disk above
// limits::resident_max, everything that can be written there when memory is short, and what queues'
// own limits ask for. Once a turn, each queue a piece.
//
//   queue holds a message -> add() -> evict() again and again -> nothing left -> out of the list
#pragma once

#include <cstdint>
#include <vector>

#include "core/broker/eviction_candidates.h"
#include "core/broker/queue_table.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class EvictionList {
 public:
  /// `memory` is what the messages of these queues occupy. Both outlive this object.
  EvictionList(QueueTable& queues, const MemoryAccount& memory)
      : queues_(queues), memory_(memory) {}

  /// Memory is short when messages occupy more than so many bytes altogether.
  void set_pressure_threshold(std::uint64_t bytes) { pressure_threshold_ = bytes; }
  /// See QueueHost::add_eviction_candidate().
  void add(QueueId queue, bool has_own_limit);
  /// See QueueHost::await_written().
  void await_written(QueueId queue) { written_awaited_.push_back(queue); }
  /// Tells queues that the message log may have written more, then evicts a piece. `turn` says
  /// afterwards whether memory is short.
  void work(QueueHost::Turn& turn);
  /// Something can leave memory that only needs another turn.
  bool has_work() const { return has_more_; }

 private:
  void note_written();
  void evict(EvictionCandidates& candidates, bool memory_pressure, std::uint64_t enough);

  QueueTable& queues_;
  const MemoryAccount& memory_;
  EvictionCandidates candidates_;
  EvictionCandidates limited_;  ///< Queues that have a limit of their own.
  std::vector<QueueId> written_awaited_;
  std::uint64_t pressure_threshold_ = UINT64_MAX;
  bool has_more_ = false;
};

}  // namespace lepus::core
