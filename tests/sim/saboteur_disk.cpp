// What the disk said is changed after the fact, what it is asked for before.
#include "tests/sim/saboteur_disk.h"

#include <numeric>

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
  const core::Nanos now = driver_.turn(submitted, completed, wait_until);
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

std::uint64_t EarlyMessageLog::durable() const {
  const std::uint64_t open = message_log_.open_batch();
  if (open > message_log_.durable()) saboteur_.strike();
  return open;
}

}  // namespace lepus::sim
