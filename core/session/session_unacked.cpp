// From delivery tags to ranges at the queues' home shards.
#include "core/session/session_unacked.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/broker/broker.h"

namespace lepus::core {

namespace {

using UnackedEntry = UnackedWindow::Entry;

/// Neighbours of one queue and consumer become one range: visit(first entry, sequence of the last).
template <class F>
void for_each_range(const std::vector<UnackedEntry>& entries, F&& visit) {
  for (std::size_t index = 0; index < entries.size();) {
    const UnackedEntry& first = entries[index];
    if (first.returned) {
      ++index;
      continue;
    }
    Sequence last = first.sequence;
    for (++index; index < entries.size(); ++index) {
      const UnackedEntry& next = entries[index];
      const bool is_neighbour = !next.returned && next.queue == first.queue &&
                                next.sequence == last + 1 && next.consumer == first.consumer &&
                                next.limited == first.limited;
      if (!is_neighbour) break;
      last = next.sequence;
    }
    visit(first, last);
  }
}

}  // namespace

SessionUnacked::SessionUnacked(const SessionLink& link, SessionTransaction& transaction)
    : link_(link), transaction_(transaction), window_(&link.broker.memory().unacked_bytes) {}

Refusal SessionUnacked::settle(std::uint64_t tag, Outcome outcome) {
  const std::optional<Entry> entry = window_.take(tag);
  if (!entry) return precondition_failed("unknown delivery tag " + std::to_string(tag));
  if (transaction_.is_on()) {
    transaction_.add({&*entry, 1}, outcome);
    return std::nullopt;
  }
  if (!entry->returned) {
    if (outcome == Outcome::acknowledged) link_.counts.add(MessageEvent::ack);
    link_.broker.send(entry->home, Settle{entry->queue, entry->sequence, entry->sequence,
                                          entry->consumer, outcome});
  }
  if (shared_.is_on()) grant_waiting();
  return std::nullopt;
}

bool SessionUnacked::settle_piece(const Batch& batch, std::size_t& budget) {
  std::vector<Entry> entries;
  entries.reserve(std::min(budget, window_.count_all()));
  const bool has_more = window_.take_up_to(batch.last_tag, budget, entries);
  switch (batch.kind) {
    case Batch::Kind::settle:
      if (transaction_.is_on()) {
        transaction_.add(entries, batch.outcome);
      } else {
        settle_taken(entries, batch.outcome);
      }
      break;
    case Batch::Kind::recover:
      settle_taken(entries, Outcome::returned);
      break;
    case Batch::Kind::deliver_again:
      deliver_again(entries);
      break;
  }
  return has_more;
}

void SessionUnacked::settle_taken(const std::vector<Entry>& entries, Outcome outcome) {
  for_each_range(entries, [&](const Entry& first, Sequence last) {
    if (outcome == Outcome::acknowledged)
      link_.counts.add(MessageEvent::ack, last - first.sequence + 1);
    link_.broker.send(first.home,
                      Settle{first.queue, first.sequence, last, first.consumer, outcome});
  });
  if (shared_.is_on()) grant_waiting();
}

/// Their place under the shared limit stays taken. All of it is taken before the first command goes
/// out: a queue here may return credit within the call, and waiting requests are granted then. What
/// was asked for has no consumer and goes back in any case.
void SessionUnacked::deliver_again(const std::vector<Entry>& entries) {
  std::vector<Entry> again;
  std::vector<Entry> rest;
  std::uint32_t limited = 0;
  for (const Entry& entry : entries) {
    const bool has_consumer = entry.consumer.generation != 0;
    (has_consumer ? again : rest).push_back(entry);
    if (has_consumer && entry.limited && !entry.returned) ++limited;
  }
  if (limited > 0) shared_.reserve_credit(limited);
  for_each_range(again, [&](const Entry& first, Sequence last) {
    link_.broker.send(first.home, Redeliver{first.queue, first.sequence, last, first.consumer,
                                            link_.ref, first.limited});
  });
  settle_taken(rest, Outcome::returned);
}

void SessionUnacked::give_back(const ConsumerKey& consumer) {
  std::vector<Entry> entries;
  window_.give_back(consumer, entries);
  settle_taken(entries, Outcome::returned);
}

bool SessionUnacked::give_back_piece(std::size_t& budget) {
  while (budget > 0) {
    const SessionTransaction::Settles settles = transaction_.take_settles(budget);
    if (settles.entries.empty()) break;
    settle_taken(settles.entries, Outcome::returned);
  }
  (void)settle_piece({UINT64_MAX, Batch::Kind::recover}, budget);
  return transaction_.settle_count() > 0 || window_.has_entries();
}

// --- The limit shared by all consumers

void SessionUnacked::set_shared(const PrefetchLimit& limit) {
  const bool was_on = shared_.is_on();
  shared_.set(limit.count, limit.size);
  if (was_on || !shared_.is_on()) return;
  window_.limit_all();
  transaction_.limit_all();
}

/// A grant may come back at once, and with it this call: each request is out of the list by then.
void SessionUnacked::grant_waiting() {
  while (const auto grant = shared_.grant_next(limited_load()))
    link_.broker.send(grant->home, grant->command);
}

SharedPrefetch::Load SessionUnacked::limited_load() const {
  return {window_.limited().count + transaction_.limited().count,
          window_.limited().bytes + transaction_.limited().bytes};
}

}  // namespace lepus::core
