// Holds a client's input while it does not take the answers to what it sent before: answers of
// methods, contents of basic.get, returned messages, confirms, direct replies. Deliveries to
// consumers do not count: they stop by themselves, and a client may have to send acknowledgements
// before it reads on.
//
//   note() ... note()      more than limits::answers_unsent_max -> is_on()
//   on_taken(position)     the last of them has left            -> all of them count no more
//
// Positions count the bytes of the connection's output from its beginning. Where output is dropped,
// because nobody takes it any more, they go back, and what was noted before means nothing.
#pragma once

#include <cstdint>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::amqp {

class OutputBrake {
 public:
  /// What lies from `begin` to `end` is an answer.
  void note(std::uint64_t begin, std::uint64_t end) {
    CHECK(begin <= end);
    if (begin < end_) unsent_bytes_ = 0;
    unsent_bytes_ += end - begin;
    end_ = end;
  }
  /// Everything before `position` was taken by the transport.
  void on_taken(std::uint64_t position) {
    if (position >= end_) unsent_bytes_ = 0;
  }
  /// Returns true while input is to be held.
  bool is_on() const { return unsent_bytes_ > core::limits::answers_unsent_max; }
  /// Of answers, at most; until the last of them is taken, those that were taken count.
  std::uint64_t unsent_bytes() const { return unsent_bytes_; }

 private:
  std::uint64_t unsent_bytes_ = 0;
  std::uint64_t end_ = 0;  ///< Of the last answer.
};

}  // namespace lepus::amqp
