// Acknowledgements: basic.ack, nack, reject and recover, from delivery tags to ranges at the
// queues' home shards.
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
  if (!transactional_) {
    settle_entries(entries, outcome);
    return std::nullopt;
  }
  std::vector<Entry>& later = tx_settles_[static_cast<std::size_t>(outcome)];
  later.insert(later.end(), entries.begin(), entries.end());
  for (const Entry& entry : entries)
    if (entry.limited && !entry.given_back) tx_limited_.add(entry);
  return std::nullopt;
}

/// Neighbours of one queue and consumer become one range.
void Channel::settle_entries(const std::vector<Entry>& entries, core::Outcome outcome) {
  for (std::size_t at = 0; at < entries.size();) {
    const Entry& first = entries[at];
    if (first.given_back) {
      ++at;
      continue;
    }
    core::Settle settle{first.queue, first.sequence, first.sequence, first.consumer, outcome};
    for (++at; at < entries.size(); ++at) {
      const Entry& next = entries[at];
      const bool neighbour = !next.given_back && next.queue == first.queue &&
                             next.sequence == settle.last + 1 &&
                             next.consumer.slot == first.consumer.slot &&
                             next.consumer.generation == first.consumer.generation;
      if (!neighbour) break;
      settle.last = next.sequence;
    }
    broker().send(first.home, settle);
  }
  if (shared_limit_.is_on()) grant_waiting_credit();
}

Channel::Outcome Channel::on(const BasicRecover& recover) {
  Outcome error = recover_all(recover.requeue);
  if (!error) send(BasicRecoverOk{});
  return error;
}
Channel::Outcome Channel::on(const BasicRecoverAsync& recover) {
  return recover_all(recover.requeue);
}

/// RabbitMQ knows only requeue=true.
Channel::Outcome Channel::recover_all(bool requeue) {
  if (!requeue) return AmqpError{ReplyCode::not_implemented, "requeue=false"};
  std::vector<Entry> entries;
  unacked_.take_up_to(0, entries);
  settle_entries(entries, core::Outcome::returned);
  return std::nullopt;
}

}  // namespace lepus::amqp
