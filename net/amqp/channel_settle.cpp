// Acknowledgements: basic.ack, nack, reject and recover, from delivery tags to ranges at the
// queues' home shards.
#include <algorithm>
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;
using Entry = core::UnackedWindow::Entry;

namespace {

core::Outcome outcome_of(bool requeue) {
  return requeue ? core::Outcome::requeued : core::Outcome::rejected;
}

}  // namespace

Channel::Outcome Channel::on(const BasicAck& ack) {
  return settle(ack.delivery_tag, ack.multiple, core::Outcome::acknowledged);
}
Channel::Outcome Channel::on(const BasicNack& nack) {
  return settle(nack.delivery_tag, nack.multiple, outcome_of(nack.requeue));
}
Channel::Outcome Channel::on(const BasicReject& reject) {
  return settle(reject.delivery_tag, false, outcome_of(reject.requeue));
}

/// Tag 0 with multiple is everything outstanding, also when that is nothing. Any other unknown tag
/// is an error, with multiple too.
Channel::Outcome Channel::settle(std::uint64_t tag, bool multiple, core::Outcome outcome) {
  std::vector<Entry>& entries = connection_.server().entry_scratch();
  entries.clear();
  if (multiple && (tag == 0 || unacked_.contains(tag))) {
    unacked_.take_up_to(tag, entries);
  } else if (const auto entry = multiple ? std::nullopt : unacked_.take(tag)) {
    entries.push_back(*entry);
  } else {
    return AmqpError{ReplyCode::precondition_failed, "unknown delivery tag " + std::to_string(tag)};
  }
  if (transaction_.is_on()) {
    transaction_.add(entries, outcome);
  } else {
    settle_entries(entries, outcome);
  }
  return std::nullopt;
}

namespace {

/// Neighbours of one queue and consumer become one range: visit(first entry, sequence of the last).
template <class F>
void for_each_range(const std::vector<Entry>& entries, F&& visit) {
  for (std::size_t at = 0; at < entries.size();) {
    const Entry& first = entries[at];
    if (first.returned) {
      ++at;
      continue;
    }
    core::Sequence last = first.sequence;
    for (++at; at < entries.size(); ++at) {
      const Entry& next = entries[at];
      const bool neighbour = !next.returned && next.queue == first.queue &&
                             next.sequence == last + 1 && next.consumer == first.consumer &&
                             next.limited == first.limited;
      if (!neighbour) break;
      last = next.sequence;
    }
    visit(first, last);
  }
}

}  // namespace

void Channel::settle_entries(const std::vector<Entry>& entries, core::Outcome outcome) {
  for_each_range(entries, [&](const Entry& first, core::Sequence last) {
    broker().send(first.home,
                  core::Settle{first.queue, first.sequence, last, first.consumer, outcome});
  });
  if (shared_prefetch_.is_on()) grant_waiting_credit();
}

Channel::Outcome Channel::on(const BasicRecover& recover) {
  Outcome error = recover_all(recover.requeue);
  if (!error) send(BasicRecoverOk{});
  return error;
}
Channel::Outcome Channel::on(const BasicRecoverAsync& recover) {
  return recover_all(recover.requeue);
}

/// Without requeue each consumer gets again what it has, if it is still there; what basic.get
/// brought has none and goes back.
Channel::Outcome Channel::recover_all(bool requeue) {
  std::vector<Entry> entries;
  unacked_.take_up_to(0, entries);
  if (!requeue) {
    const auto has_consumer = [](const Entry& entry) { return entry.consumer.generation != 0; };
    const auto rest = std::stable_partition(entries.begin(), entries.end(), has_consumer);
    const std::vector<Entry> again(entries.begin(), rest);
    entries.erase(entries.begin(), rest);
    // Their place under the shared limit stays taken.
    for_each_range(again, [&](const Entry& first, core::Sequence last) {
      const auto count = static_cast<std::uint32_t>(last - first.sequence + 1);
      if (first.limited) shared_prefetch_.reserve_credit(count);
      broker().send(first.home, core::Redeliver{first.queue, first.sequence, last, first.consumer,
                                                ref_, first.limited});
    });
  }
  settle_entries(entries, core::Outcome::returned);
  return std::nullopt;
}

}  // namespace lepus::amqp
