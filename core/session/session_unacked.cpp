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

std::optional<AmqpError> SessionUnacked::settle(std::uint64_t tag, bool multiple, Outcome outcome) {
  if (!multiple) {
    const std::optional<Entry> entry = window_.take(tag);
    if (!entry) return precondition_failed("unknown delivery tag " + std::to_string(tag));
    settle_one(*entry, outcome);
    return std::nullopt;
  }
  if (tag != 0 && !window_.contains(tag))
    return precondition_failed("unknown delivery tag " + std::to_string(tag));
  std::vector<Entry> entries;
  window_.take_up_to(tag, entries);
  if (transaction_.is_on()) {
    transaction_.add(entries, outcome);
  } else {
    settle_taken(entries, outcome);
  }
  return std::nullopt;
}

void SessionUnacked::settle_one(const Entry& entry, Outcome outcome) {
  if (transaction_.is_on()) return transaction_.add({&entry, 1}, outcome);
  if (!entry.returned) {
    link_.broker.send(entry.home,
                      Settle{entry.queue, entry.sequence, entry.sequence, entry.consumer, outcome});
  }
  if (shared_.is_on()) grant_waiting();
}

void SessionUnacked::settle_taken(const std::vector<Entry>& entries, Outcome outcome) {
  for_each_range(entries, [&](const Entry& first, Sequence last) {
    link_.broker.send(first.home,
                      Settle{first.queue, first.sequence, last, first.consumer, outcome});
  });
  if (shared_.is_on()) grant_waiting();
}

/// What was asked for has no consumer and goes back in any case.
void SessionUnacked::recover(bool requeue) {
  std::vector<Entry> entries;
  window_.take_up_to(0, entries);
  if (!requeue) {
    const auto has_consumer = [](const Entry& entry) { return entry.consumer.generation != 0; };
    const auto rest = std::stable_partition(entries.begin(), entries.end(), has_consumer);
    const std::vector<Entry> again(entries.begin(), rest);
    entries.erase(entries.begin(), rest);
    redeliver(again);
  }
  settle_taken(entries, Outcome::returned);
}

/// Their place under the shared limit stays taken. All of it is taken before the first command goes
/// out: a queue here may return credit within the call, and waiting requests are granted then.
void SessionUnacked::redeliver(const std::vector<Entry>& entries) {
  const auto limited = std::count_if(entries.begin(), entries.end(), [](const Entry& entry) {
    return entry.limited && !entry.returned;
  });
  if (limited > 0) shared_.reserve_credit(static_cast<std::uint32_t>(limited));
  for_each_range(entries, [&](const Entry& first, Sequence last) {
    link_.broker.send(first.home, Redeliver{first.queue, first.sequence, last, first.consumer,
                                            link_.ref, first.limited});
  });
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
  std::vector<Entry> entries;
  window_.take_oldest(budget, entries);
  settle_taken(entries, Outcome::returned);
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
