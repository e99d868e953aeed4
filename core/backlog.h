// What a queue holds: every message from its arrival until it is settled, in order of arrival.
//
//   sequence:   base ........ head ............ next
//               | unacked, gone | ready, gone    |          returned: ready again, below head
//
// Messages sit in pages of slots; a page whose slots are all gone is given back, so one old unacked
// message pins one page and eight bytes per later page, not the messages after it. A requeued
// message keeps its slot: it goes out again at its original position, before everything younger. An
// empty backlog owns no memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/ids.h"
#include "core/base/ring_buffer.h"
#include "core/limits.h"
#include "core/message.h"

namespace lepus::core {

/// Position of a message in its queue; given once, never reused.
using Sequence = std::uint64_t;

struct QueuePosition {
  QueueId queue;
  Sequence sequence = 0;
};

class Backlog {
 public:
  struct Ready {
    Sequence sequence;
    Message* message;  ///< Still owned by the backlog.
    bool redelivered;
  };
  enum class State : std::uint8_t { gone, ready, unacked };

  Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;
  ~Backlog();

  Sequence push(MessageRef message);

  /// The next message to go out; there must be one.
  Ready peek();
  /// Moves what peek() showed to unacked.
  void deliver(Sequence sequence);
  /// Takes what peek() showed out for good: delivered without acknowledgement, or dropped from the
  /// head.
  MessageRef pop(Sequence sequence);
  /// Takes a message out for good wherever it is: acknowledged, or expired in the middle.
  MessageRef take(Sequence sequence);
  /// Unacked -> ready at its original position, flagged redelivered.
  void requeue(Sequence sequence);
  /// After a restart, in order of the sequences and before anything is pushed: ready at its place.
  void restore(Sequence sequence, MessageRef message, bool redelivered);
  /// Sequences below this one were given out before the restart.
  void continue_at(Sequence next);
  /// Everything in here, ready and unacked.
  template <class F>
  void for_each(F&& visit) const;

  /// Below this one, messages may have been delivered, and the journal knows.
  Sequence seen_below() const { return seen_below_; }
  void set_seen_below(Sequence sequence) { seen_below_ = sequence; }

  State state(Sequence sequence) const;
  /// Null where it is gone.
  Message* find(Sequence sequence) const;
  std::uint64_t ready_count() const { return ready_count_; }
  std::uint64_t unacked_count() const { return unacked_count_; }
  std::uint64_t bytes() const { return bytes_; }  ///< Memory of the messages, ready and unacked.
  std::uint64_t ready_body_bytes() const { return ready_body_bytes_; }

 private:
  struct Slot {
    Message* message = nullptr;
    State state = State::gone;
    bool redelivered = false;
  };
  struct Page {
    std::array<Slot, limits::backlog_page_slots> slots;
    std::uint32_t live_count = 0;
  };

  Slot& slot(Sequence sequence);
  const Slot* find_slot(Sequence sequence) const;
  Slot& add_slot(Sequence sequence);
  void skip_gone();
  void drop_front_pages();
  void give_back_last_page_if_empty();

  RingBuffer<std::unique_ptr<Page>> pages_;  ///< Null where every slot is gone.
  std::unique_ptr<Page>
      spare_;  ///< Kept while the backlog is not empty: pages come and go all the time.
  std::vector<Sequence> returned_;  ///< Min-heap of ready sequences below head_.
  Sequence base_ = 0;               ///< Of the first slot of pages_[0].
  Sequence head_ = 0;               ///< Everything at or above it that is not gone is ready.
  Sequence next_ = 0;
  Sequence seen_below_ = 0;
  std::uint64_t ready_count_ = 0;
  std::uint64_t unacked_count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t ready_body_bytes_ = 0;
};

template <class F>
void Backlog::for_each(F&& visit) const {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (!pages_[i]) continue;
    for (const Slot& slot : pages_[i]->slots)
      if (slot.state != State::gone) visit(*slot.message);
  }
}

}  // namespace lepus::core
