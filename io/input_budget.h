// How much of what sockets received is handed over in one turn of the loop.
//
// Each socket has a share of the turn, and all sockets together have a limit; input beyond these
// stays in its receive buffer, in front of the next turn's input. Input of one socket stays in
// order, and the socket's end behind it. A small piece is always taken, so acknowledgements do not
// wait for what others publish.
//
// The share bounds how long others wait for a busy socket. When one socket alone has brought input
// for many turns, nobody waits: its share doubles up to the limit of the turn, so that a turn's
// fixed cost is spread over more bytes. Input of another socket brings the share back at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits.h"
#include "io/op.h"

namespace lepus::io {

/// Belongs to a loop and its thread. Counts in Op::length of the recv ops.
class InputBudget {
 public:
  /// Before the first completion of a turn that has completions.
  void start_turn();
  /// Returns true when the completion of a recv op waits for the next turn; else its bytes count.
  bool is_exceeded_by(const Completion& completion);
  /// After the last completion of the turn.
  void end_turn();
  /// Returns true while one socket alone brings input, and has for a while.
  bool is_lone() const { return share_ > core::limits::input_share; }

 private:
  std::size_t share_ = core::limits::input_share;  ///< Bytes of one socket in a turn.
  std::size_t used_ = 0;                           ///< Bytes of all sockets in this turn.
  const Op* source_ = nullptr;                     ///< The last that brought input; not followed.
  bool has_other_source_ = false;                  ///< In this turn.
  std::uint32_t lone_turns_ = 0;                   ///< In a row, with input of `source_` only.
};

}  // namespace lepus::io
