// What a queue holds: every message from its arrival until it is settled, in order of arrival.
//
//   sequence:   begin ....... head ............ end
//               | unacked, gone | ready, gone    |          returned: ready again, below head
//
// Messages sit in slots (core/queue/backlog/slot_table.h). A requeued message keeps its slot: it
// goes out again at its original position, before everything younger. What leaves memory, and comes
// back, is core/queue/backlog/backlog_paging.h. An empty backlog owns no memory.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/message/message.h"
#include "core/queue/backlog/backlog_paging.h"
#include "core/queue/backlog/slot_table.h"

namespace lepus::core {

class Backlog : private BacklogPaging {
 public:
  struct Ready {
    Sequence sequence;
    Message* message;  ///< Still owned by the backlog. Null: evicted.
    bool redelivered;
  };
  using State = Slot::State;
  using BacklogPaging::Eviction;
  /// What was taken out.
  struct Taken {
    MessageRef message;    ///< Null: it was evicted, and lies at `place`.
    RecordLocation place;  ///< Of its record; of a message in memory, what that says.
    bool is_spilled;       ///< The record only saved memory.
    std::uint32_t evicted_body_size = 0;
  };

  Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  Sequence push(MessageRef message);

  /// The next message to go out; there must be one.
  Ready peek();
  /// Of the ready ones that were not out yet, the first; nothing: there is none.
  std::optional<Sequence> first_undelivered();
  /// Moves what peek() showed to unacked. It must be in memory.
  void deliver(Sequence sequence);
  /// Takes a message out for good wherever it is: delivered without acknowledgement, acknowledged,
  /// dropped, expired in the middle.
  Taken take(Sequence sequence);
  /// Ready or unacked -> retained: it counts no more, and stays until it is taken or requeued.
  void retain(Sequence sequence);
  /// Unacked or retained -> ready at its original position, flagged redelivered if it ever was
  /// unacked.
  void requeue(Sequence sequence);
  /// After a restart, in order of the sequences and before anything is pushed: ready at its place.
  void restore(Sequence sequence, const RecordLocation& place, std::uint32_t body_size,
               bool redelivered);
  /// Sequences below this one were given out before the restart.
  void continue_at(Sequence next);

  /// What is here at this position; a slot that is gone: nothing.
  Slot slot_at(Sequence sequence) const { return slots_.get(sequence); }
  State state(Sequence sequence) const { return slots_.state(sequence); }
  /// See SlotTable.
  template <class F>
  void for_each(F&& visit) const {
    slots_.for_each(visit);
  }
  const BacklogCounts& counts() const { return counts_; }
  struct Positions {
    Sequence begin;  ///< No message that is here is below.
    Sequence head;   ///< What is here at it or above was never delivered.
    Sequence end;    ///< Above every sequence given out.
  };
  Positions positions() const { return {slots_.begin(), head_, next_}; }

  // --- See BacklogPaging
  BacklogPaging& paging() { return *this; }
  template <class F>
  std::uint32_t evict(const Eviction& options, F&& record) {
    return BacklogPaging::evict({head_, next_}, options, record);
  }
  template <class F>
  void request_ahead(std::uint32_t count, std::uint64_t bytes, F&& visit) {
    BacklogPaging::request_ahead({head_, next_}, count, bytes, visit);
  }

  /// Below this one, messages may have been delivered, and the journal knows.
  Sequence delivered_below() const { return delivered_below_; }
  void set_delivered_below(Sequence sequence) { delivered_below_ = sequence; }

 private:
  Slot& add_slot(Sequence sequence);
  void take_returned(Sequence sequence);
  std::uint64_t leave_ready(Sequence sequence, const Slot& slot);
  void on_page_emptied();

  /// Min-heap of the ready sequences below head_, and of some that were there and are not ready any
  /// more; the first one is.
  std::vector<Sequence> returned_;
  Sequence head_ = 0;  ///< Everything at or above it that is not gone is ready.
  Sequence next_ = 0;
  Sequence delivered_below_ = 0;
};

}  // namespace lepus::core
