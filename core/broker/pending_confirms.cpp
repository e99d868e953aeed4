// Joining neighbours, and taking out what is due.
#include "core/broker/pending_confirms.h"

#include "core/base/assert.h"

namespace lepus::core {

void PendingConfirms::add(std::uint64_t batch, const Confirm& confirm) {
  std::vector<Pending>& pending = batch == 0 ? unrecorded_ : recorded_;
  if (!pending.empty()) {
    Pending& last = pending.back();
    CHECK(last.batch <= batch);
    if (last.batch == batch && last.confirm.channel == confirm.channel &&
        last.confirm.refused == confirm.refused && last.confirm.last + 1 == confirm.first) {
      last.confirm.last = confirm.last;
      return;
    }
  }
  pending.push_back({batch, confirm});
}

/// What a queue sends on when it hears of one may need confirms itself: they are sent from a copy.
void PendingConfirms::take_due(std::vector<Pending>& pending, std::uint64_t durable) {
  auto end = pending.begin();
  while (end != pending.end() && end->batch <= durable) ++end;
  due_.assign(pending.begin(), end);
  pending.erase(pending.begin(), end);
}

}  // namespace lepus::core
