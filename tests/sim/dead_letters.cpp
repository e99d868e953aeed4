// Promise 10 over restarts.
#include "tests/sim/dead_letters.h"

#include "tests/sim/oracle.h"

namespace lepus::sim {

/// Null: nothing is certain about what dies in the queue.
const QueueModel* DeadLetters::target_of(const QueueModel& queue) const {
  if (queue.wild || queue.rules.stream || queue.rules.dead_letter_to.empty()) return nullptr;
  if (queue.rules.expires_ms > 0) return nullptr;
  const QueueModel* target = model_.find_queue(queue.rules.dead_letter_to);
  if (target == nullptr || target->index == queue.index || target->wild) return nullptr;
  const QueueRules& rules = target->rules;
  return rules.stream || rules.deduplicates || rules.forgets() ? nullptr : target;
}

void DeadLetters::on_durable(const Sent& message, QueueModel& queue) {
  const QueueModel* target = target_of(queue);
  if (target == nullptr || consumed_.contains({queue.index, message.id})) return;
  if (!is_calm(queue, message.sent) || !is_calm(*target, message.sent)) return;
  const bool survives =
      message.persistent && queue.survives_restart() && target->survives_restart();
  owed_[{queue.index, message.id}] = {message.sent, target->index, survives};
}

void DeadLetters::on_consumed(std::uint32_t queue, MessageId id) {
  consumed_.insert({queue, id});
  consumed_count_ += owed_.erase({queue, id});
}

void DeadLetters::on_restart() {
  std::erase_if(owed_, [](const auto& entry) { return !entry.second.survives_restart; });
}

void DeadLetters::check() {
  judge_.note("{} messages or their dead letters are owed, {} were consumed", owed_.size(),
              consumed_count_);
  for (const auto& [place, owed] : owed_) {
    const QueueModel& queue = model_.queue(place.first);
    const QueueModel& target = model_.queue(owed.target);
    if (!is_calm(queue, owed.sent) || !is_calm(target, owed.sent)) continue;
    judge_.fail(10, "message {} is neither in queue {} nor among its dead letters in {}",
                place.second, queue.name, target.name);
  }
}

}  // namespace lepus::sim
