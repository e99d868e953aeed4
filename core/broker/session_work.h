// What sessions of a shard do over several turns: each that has something waits in a list and does
// a piece, until the turn's budget is used up.
//
//   add() -> work() -> piece() ... returns false: it left the list
#pragma once

#include <cstddef>

#include "core/base/intrusive_list.h"
#include "core/limits.h"

namespace lepus::core {

class SessionWork : public ListNode<SessionWork> {
 public:
  /// Does at least one step, at most `budget` (which is above 0), and takes them off it. Returns
  /// true if more is left to do.
  [[nodiscard]] virtual bool piece(std::size_t& budget) = 0;

 protected:
  ~SessionWork() = default;
};

class SessionWorkList {
 public:
  bool empty() const { return works_.empty(); }
  /// It must not wait already.
  void add(SessionWork& work) { works_.push_back(work); }
  /// Its session ends. It must wait.
  void remove(SessionWork& work) { works_.remove(work); }
  /// Steps that sessions of this shard may do before the next work(), without waiting for it.
  std::size_t& left_at_once() { return left_at_once_; }
  /// Deliveries that sessions of this shard may settle within their calls before the next work(),
  /// where one call settles many.
  std::size_t& settles_left() { return settles_left_; }
  /// Once a turn. Who came first goes on first; who is not finished when the budget is used up
  /// waits behind the others. What is added meanwhile waits for its turn, too.
  void work(std::size_t budget) {
    left_at_once_ = limits::session_steps_at_once_max;
    settles_left_ = limits::settles_at_once_max;
    while (budget > 0 && !works_.empty()) {
      SessionWork& work = works_.front();
      works_.remove(work);
      const std::size_t before = budget;
      if (work.piece(budget)) works_.push_back(work);
      CHECK(budget < before);
    }
  }

 private:
  IntrusiveList<SessionWork> works_;
  std::size_t left_at_once_ = limits::session_steps_at_once_max;
  std::size_t settles_left_ = limits::settles_at_once_max;
};

}  // namespace lepus::core
