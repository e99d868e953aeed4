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

#include "core/base/ring_buffer.h"
#include "core/limits.h"
#include "core/message.h"

namespace lepus::core {

/// Position of a message in its queue; given once, never reused.
using Sequence = std::uint64_t;

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
  /// Takes all ready messages out; returns how many.
  std::uint64_t purge();

  State state(Sequence sequence) const;
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
  std::uint64_t ready_count_ = 0;
  std::uint64_t unacked_count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t ready_body_bytes_ = 0;
};

}  // namespace lepus::core
