// One place of a backlog: 16 bytes, whatever became of the message.
//
//   in memory   | 0        | flags          | Message*            |
//   evicted     | segment  | offset | flags | size | bits | body  |     on disk only
//
// Records begin and end at multiples of 8: the low bits of offset and size hold the flags.
#pragma once

#include <cstdint>

#include "core/base/assert.h"
#include "core/message/message.h"

namespace lepus::core {

class Slot {
 public:
  /// retained: dropped by a rule of its queue, and waits for its content to become a dead letter;
  /// or it came back and waits for its next try; or its record cannot be read.
  enum class State : std::uint8_t { gone, ready, unacked, retained };

  Slot() = default;
  /// Takes the reference over.
  Slot(Message* message, State state) : tagged_offset_(static_cast<std::uint32_t>(state)) {
    memory_.message = message;
  }

  State state() const { return static_cast<State>(tagged_offset_ & state_mask); }
  void set_state(State state) {
    tagged_offset_ = (tagged_offset_ & ~state_mask) | static_cast<std::uint32_t>(state);
  }
  bool redelivered() const { return (tagged_offset_ & redelivered_bit) != 0; }
  void set_redelivered() { tagged_offset_ |= redelivered_bit; }

  bool is_evicted() const { return segment_ != 0; }
  /// Null when it is evicted.
  Message* message() const { return is_evicted() ? nullptr : memory_.message; }
  /// The reference is the caller's; the slot is gone.
  Message* take_message() {
    CHECK(!is_evicted());
    Message* message = memory_.message;
    *this = {};
    return message;
  }

  /// From now on it is on disk only. The reference to its message is the caller's.
  Message* make_evicted(const RecordLocation& place, bool is_spilled) {
    CHECK(!is_evicted());
    Message* message = memory_.message;
    set_evicted(place, static_cast<std::uint32_t>(message->body_size()), is_spilled);
    return message;
  }
  void set_evicted(const RecordLocation& place, std::uint32_t body_size, bool is_spilled) {
    CHECK(place.segment != 0);
    CHECK(place.offset % alignment == 0 && place.size % alignment == 0);
    segment_ = place.segment;
    tagged_offset_ = place.offset | (tagged_offset_ & tag_mask);
    disk_ = {place.size | (is_spilled ? spilled_bit : 0), body_size};
  }
  /// Its content is back.
  void make_resident(Message* message) {
    CHECK(is_evicted());
    segment_ = 0;
    tagged_offset_ &= tag_mask;
    memory_.message = message;
  }

  // --- Of an evicted one
  RecordLocation place() const {
    CHECK(is_evicted());
    return {segment_, tagged_offset_ & ~tag_mask, disk_.tagged_size & ~tag_mask};
  }
  std::uint32_t evicted_body_size() const { return disk_.body_size; }
  /// Its record only saves memory: it means nothing after a restart.
  bool is_spilled() const { return (disk_.tagged_size & spilled_bit) != 0; }
  /// Its content was asked for.
  bool is_fetch_pending() const { return (disk_.tagged_size & fetch_bit) != 0; }
  void set_fetch_pending(bool asked) {
    CHECK(is_evicted());
    disk_.tagged_size = asked ? disk_.tagged_size | fetch_bit : disk_.tagged_size & ~fetch_bit;
  }

  std::uint64_t body_size() const {
    return is_evicted() ? disk_.body_size : memory_.message->body_size();
  }

 private:
  static constexpr std::uint32_t alignment = 8;
  static constexpr std::uint32_t tag_mask = alignment - 1;
  static constexpr std::uint32_t state_mask = 3;
  static constexpr std::uint32_t redelivered_bit = 4;
  static constexpr std::uint32_t spilled_bit = 1;
  static constexpr std::uint32_t fetch_bit = 2;

  struct Memory {
    Message* message;
  };
  struct Disk {
    std::uint32_t tagged_size;
    std::uint32_t body_size;
  };

  std::uint32_t segment_ = 0;
  std::uint32_t tagged_offset_ = 0;
  union {
    Memory memory_ = {nullptr};
    Disk disk_;
  };
};
static_assert(sizeof(Slot) == 16);

}  // namespace lepus::core
