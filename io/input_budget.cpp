// The shares of input_budget.h.
#include "io/input_budget.h"

#include <algorithm>

namespace lepus::io {

namespace limits = core::limits;

void InputBudget::start_turn() {
  used_ = 0;
  has_other_source_ = false;
}

bool InputBudget::is_exceeded_by(const Completion& completion) {
  Op& op = *completion.op;
  // What follows something that waits, waits, also when its owner has lifted the limit since.
  if (op.length >= share_) return true;
  if (op.unlimited) return false;
  const std::size_t size = completion.data.size();
  if (used_ >= limits::input_per_turn && size > limits::input_small) {
    op.length = share_;
    return true;
  }
  op.length += size;
  used_ += size;
  if (size > 0 && source_ != &op) {
    has_other_source_ = true;
    source_ = &op;
  }
  return false;
}

void InputBudget::end_turn() {
  if (has_other_source_) {
    lone_turns_ = 0;
    share_ = limits::input_share;
  } else if (used_ > 0 && ++lone_turns_ % limits::input_lone_turns == 0) {
    share_ = std::min(share_ * 2, limits::input_per_turn);
  }
}

}  // namespace lepus::io
