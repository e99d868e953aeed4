// What of a queue's messages is in memory, and how the others leave it and come back.
//
//   in memory -> [recorded] ---------------------------------> evicted -> fetch requested
//             -> [no record] spilled: recorded to save memory -> evicted      |
//             <---------------------------------------------------------------+
//
// The shard asks for evictions: of queues with a limit of their own (x-queue-mode=lazy,
// x-max-in-memory-*) after each turn, of the others when memory is needed. A message that has a
// record leaves memory at once; one that has none is recorded first and leaves when that is
// written. What leaves comes back before it is needed: ahead of the consumers, or one by one for
// basic.get, dead letters and redeliveries. A queue that never evicted a message owns no memory for
// any of this.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "core/broker/command.h"
#include "core/queue/backlog/priority_backlog.h"
#include "core/queue/queue_host.h"
#include "core/queue/queue_records.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Residency {
 public:
  /// The parts of the queue; all of them outlive this object.
  struct Parts {
    const QueueInfo& info;
    QueueHost& host;
    PriorityBacklog& backlog;
    const QueueRecords& records;
  };
  enum class Fetched : std::uint8_t {
    ignored,     ///< It is not wanted any more, or was asked for again where it lies now.
    unreadable,  ///< Its record cannot be read. The message is still in the backlog.
    resident,    ///< It is in memory.
  };

  /// `reads_back`: what left memory comes back into the backlog; false: all messages have records,
  /// and readers get them in another way.
  explicit Residency(const Parts& parts, bool reads_back = true);

  // --- Out of memory

  /// A message came into memory.
  void note_resident() {
    if (!is_candidate_) add_candidate();
  }
  /// The host asks for no more evictions: no message is in memory.
  void on_eviction_done() { is_candidate_ = false; }
  /// The queue's own limit may be another.
  void on_policy_changed();
  /// Returns true if the arguments limit what is in memory.
  bool has_own_limit() const;
  /// Evicts a piece. Returns false if there is nothing left that could leave memory.
  /// `memory_pressure`: all that can leave shall.
  [[nodiscard]] bool evict(bool memory_pressure);
  /// The message log has written more. Returns true if there is more to wait for.
  [[nodiscard]] bool on_written();
  /// The queue goes: nothing need be written.
  void drop_pending();

  // --- Back into memory

  /// Returns true if some message is on disk only, or was a moment ago.
  bool is_engaged() const { return state_ != nullptr; }
  /// After a restart: everything is on disk. Nothing if it does not come back into the backlog.
  void engage();
  /// The queue is empty: there is nothing to remember once all answers came.
  void release();
  /// Returns true if the head is in memory; else it was asked for. There is a ready message.
  [[nodiscard]] bool obtain_head();
  /// Asks for the content of an evicted message, once.
  void request_fetch(Sequence sequence);
  /// Asks for the next ones, so many at once that a disk works at its best.
  void read_ahead();
  /// An answer of the message log: the message as it lay at `place`; null: it cannot be read.
  Fetched on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message);

 private:
  /// Recorded to save memory, and not written yet.
  struct Spilled {
    std::uint64_t batch;  ///< It is written with this one.
    Sequence sequence;
    RecordLocation place;
  };
  struct State {
    std::deque<Spilled> spilled;        ///< Oldest batch first.
    std::uint32_t requested_count = 0;  ///< Fetches without an answer.
  };

  void add_candidate();
  State& state();
  bool is_above_own_limit() const;
  std::uint64_t head_count() const;
  bool spill(Sequence sequence, const Message& message);

  Parts parts_;
  std::unique_ptr<State> state_;      ///< From the first evicted message on.
  std::uint32_t pressure_epoch_ = 0;  ///< QueueHost::Turn::pressure_epoch of the last eviction.
  bool reads_back_;
  bool is_candidate_ = false;  ///< QueueHost::add_eviction_candidate() knows it.
};

}  // namespace lepus::core
