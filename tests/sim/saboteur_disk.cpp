// What the disk said is changed after the fact, what it is asked for before.
#include "tests/sim/saboteur_disk.h"

#include <algorithm>
#include <functional>

#include "core/limits.h"

namespace lepus::sim {

core::Nanos SabotagedDriver::turn(io::OpList& submitted, std::vector<io::Completion>& completed,
                                  core::Nanos wait_until) {
  const Mistake mistake = saboteur_.mistake();
  if (mistake == Mistake::ignore_sync) {
    // Said to be done, never asked for.
    io::OpList asked;
    while (io::Op* op = submitted.pop()) {
      if (op->kind != io::OpKind::sync) {
        asked.push(*op);
        continue;
      }
      completed.push_back({op, 0, false, {}});
      saboteur_.strike();
    }
    return driver_.turn(asked, completed, completed.empty() ? wait_until : 0);
  }
  if (mistake == Mistake::leave_submitted) leave_submitted(submitted);
  if (mistake == Mistake::leak_descriptor) leak_descriptor(submitted, completed);
  if (mistake == Mistake::reuse_buffers && !completed.empty() && saboteur_.strikes()) {
    // As if the loop had put nothing off.
    std::vector<io::Completion> others;
    const core::Nanos now = driver_.turn(submitted, others, wait_until);
    completed.insert(completed.end(), others.begin(), others.end());
    return now;
  }
  const std::size_t deferred = completed.size();
  const core::Nanos now = driver_.turn(submitted, completed, wait_until);
  if (mistake == Mistake::lose_completion) lose_completion(completed, deferred);
  if (mistake == Mistake::pass_over) pass_over(completed);
  if (mistake != Mistake::ignore_short_write && mistake != Mistake::ignore_write_error) return now;
  for (io::Completion& completion : completed) {
    const io::Op& op = *completion.op;
    if (op.kind == io::OpKind::sync && mistake == Mistake::ignore_write_error &&
        completion.result < 0) {
      completion.result = 0;
      saboteur_.strike();
    }
    if (op.kind != io::OpKind::write) continue;
    std::size_t asked = 0;
    for (std::uint32_t i = 0; i < op.iov_count; ++i) asked += op.iov[i].iov_len;
    const auto whole = static_cast<std::int32_t>(asked);
    const bool is_wrong = mistake == Mistake::ignore_write_error
                              ? completion.result < 0
                              : completion.result >= 0 && completion.result < whole;
    if (!is_wrong) continue;
    completion.result = whole;
    saboteur_.strike();
  }
  return now;
}

/// The newest sends stay in the queue until the next turn, when their memory may be another's.
void SabotagedDriver::leave_submitted(io::OpList& submitted) {
  io::OpList asked;
  while (io::Op* op = left_.pop()) asked.push(*op);
  while (io::Op* op = submitted.pop()) {
    const bool is_left = op->kind == io::OpKind::send && saboteur_.strikes();
    (is_left ? left_ : asked).push(*op);
  }
  while (io::Op* op = asked.pop()) submitted.push(*op);
}

/// As a full completion queue without an overflow list would.
void SabotagedDriver::lose_completion(std::vector<io::Completion>& completed, std::size_t first) {
  if (completed.size() < first + 2 || !saboteur_.strikes()) return;
  completed.pop_back();
}

/// One socket's input stays behind that of all others, also what came after it.
void SabotagedDriver::pass_over(std::vector<io::Completion>& completed) {
  const auto counts = [](const io::Completion& completion) {
    return completion.op->kind == io::OpKind::recv &&
           completion.data.size() > core::limits::input_small;
  };
  const auto is_its = [this](const io::Completion& completion) {
    return completion.op == passed_over_;
  };
  if (std::count_if(completed.begin(), completed.end(), counts) < 5) return;
  if (std::none_of(completed.begin(), completed.end(), is_its))
    passed_over_ = std::find_if(completed.begin(), completed.end(), counts)->op;
  std::stable_partition(completed.begin(), completed.end(), std::not_fn(is_its));
  saboteur_.strike();
}

void SabotagedDriver::leak_descriptor(io::OpList& submitted,
                                      std::vector<io::Completion>& completed) {
  io::OpList asked;
  while (io::Op* op = submitted.pop()) {
    if (op->kind == io::OpKind::close && saboteur_.strikes()) {
      completed.push_back({op, 0, false, {}});
    } else {
      asked.push(*op);
    }
  }
  while (io::Op* op = asked.pop()) submitted.push(*op);
}

std::uint64_t EarlyMessageLog::durable() const {
  const std::uint64_t open = message_log_.open_batch();
  if (open > message_log_.durable()) saboteur_.strike();
  return open;
}

}  // namespace lepus::sim
