// What of the messages is certain after the broker died or was stopped and began anew.
//
// A shard writes what happens in one order, so a confirm covers everything that its shard did
// before. For a queue that took the message of a confirm in:
//
//   it was read by a client before the publish was sent    -> it is marked, and will be redelivered
//   the same without acknowledgement                       -> it is gone for good
//   settled on the same channel before the publish         -> it is gone for good
//
// A committed transaction makes its own settles durable. All the rest may or may not have been
// written.
#include "tests/sim/oracle.h"

#include <algorithm>

namespace lepus::sim {

void Oracle::on_durable(MessageId id) {
  Sent& message = sent(id);
  message.durable = true;
  owe_dead_letters(message);
  for (const std::uint32_t index : message.may) {
    QueueModel& queue = model_.queue(index);
    if (!message.persistent && !queue.rules.keeps_all()) continue;
    const auto found = queue.copies.find(id);
    if (!queue.survives_restart() || queue.wild || found == queue.copies.end() ||
        !found->second.must)
      continue;
    queue.durable_until = std::max(queue.durable_until, message.sent);
    for (auto& [other, copy] : queue.copies)
      if (copy.settler == message.channel && copy.settled_at < message.sent)
        copy.settled_durably = true;
  }
}

/// What a queue that refuses lets go is not confirmed.
void Oracle::owe_dead_letters(const Sent& message) {
  if (message.is_held || message.returned || message.immediate || message.revoked) return;
  for (const std::uint32_t index : model_.route(message.address, message.sent).must)
    if (!may_be_double(message, model_.queue(index)))
      dead_letters_.on_durable(message, model_.queue(index));
}

void Oracle::on_restart(bool clean) {
  dead_letters_.on_restart();
  for (std::uint32_t i = 0; i < model_.queue_count(); ++i) {
    QueueModel& queue = model_.queue(i);
    for (auto& [name, progress] : queue.log.names) progress.sure.clear();
    if (queue.wild || !queue.survives_restart()) continue;
    queue.dead_owed.clear();
    for (auto& [id, copy] : queue.copies) restart_copy(queue, sent(id), copy, clean);
  }
  restarted_ = judge_.advance();
  first_of_doubles_.clear();
  first_of_exchange_.clear();
}

void Oracle::forgive_journal() {
  dead_letters_.forgive();
  for (std::uint32_t i = 0; i < model_.queue_count(); ++i) {
    for (auto& [id, copy] : model_.queue(i).copies) {
      copy.must = copy.seen = copy.settled_durably = false;
      if (sent(id).persistent || model_.queue(i).rules.keeps_all())
        copy.state = Copy::State::uncertain;
    }
  }
  forgiven_ = judge_.now();
}

void Oracle::restart_copy(const QueueModel& queue, const Sent& message, Copy& copy, bool clean) {
  const bool survives_restart = message.persistent || queue.rules.keeps_all();
  const bool left = copy.state == Copy::State::gone;
  const bool read_durably = clean || copy.seen_at < queue.durable_until;
  copy.holder = nullptr;
  copy.must = copy.must && survives_restart && (message.durable || clean) && !left;
  if (!read_durably) copy.seen = false;
  if (left) {
    // Without a settler: it was read without acknowledgement.
    const bool is_durable = copy.settler == 0 ? read_durably : copy.settled_durably;
    const bool for_good = !survives_restart || (!copy.lingers && (clean || is_durable));
    copy.state = for_good ? Copy::State::gone : Copy::State::uncertain;
  } else if (!survives_restart) {
    copy.state = Copy::State::gone;
  } else if (copy.state != Copy::State::uncertain) {
    copy.state = copy.settled_durably ? Copy::State::gone : Copy::State::ready;
  }
}

}  // namespace lepus::sim
