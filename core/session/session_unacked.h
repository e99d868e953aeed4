// What a session was given and did not settle yet, by delivery tag, and the credit that a shared
// limit leaves to its consumers (core/session/shared_prefetch.h).
//
//   add() -> unacknowledged -> settle()        one: to its queue, or into the transaction
//                           -> settle_piece()  many (core/session/session_settling.h)
//                           -> give_back()     of a cancelled consumer, or of all: returned
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/session/session_link.h"
#include "core/session/session_transaction.h"
#include "core/session/shared_prefetch.h"
#include "core/session/unacked.h"

namespace lepus::core {

/// 0 is no limit.
struct PrefetchLimit {
  std::uint32_t count = 0;
  std::uint32_t size = 0;  ///< Of bodies, bytes.
};

class SessionUnacked {
 public:
  using Entry = UnackedWindow::Entry;
  using ConsumerKey = UnackedWindow::ConsumerKey;

  SessionUnacked(const SessionLink& link, SessionTransaction& transaction);

  /// Takes the next tag. What needs no acknowledgement, or belongs to no queue, has no more.
  std::uint64_t take_tag() { return next_tag_++; }
  std::uint64_t next_tag() const { return next_tag_; }
  /// Takes the next tag for an entry, which has none yet.
  std::uint64_t add(Entry entry) {
    CHECK(entry.tag == 0);
    entry.tag = next_tag_++;
    window_.add(entry);
    return entry.tag;
  }
  std::size_t count() const { return window_.size(); }

  /// An unknown tag is an error (406).
  Refusal settle(std::uint64_t tag, Outcome outcome);
  /// What becomes of many.
  struct Batch {
    enum class Kind : std::uint8_t {
      settle,         ///< With `outcome`: to the queues, or into the transaction.
      recover,        ///< Back to the queues, whatever the transaction.
      deliver_again,  ///< The same, but each consumer that is still there gets again what it has.
    };
    std::uint64_t last_tag = 0;
    Kind kind = Kind::settle;
    Outcome outcome = Outcome::returned;
  };
  /// How much settle_piece() has to do up to this tag, with 0 for all; nullopt: the tag is not 0
  /// and unknown.
  std::optional<std::size_t> count_up_to(std::uint64_t tag) const {
    return tag == 0 ? window_.count_all() : window_.count_up_to(tag);
  }
  /// Settles what has the tag of the batch or a lower one, oldest first, as long as the budget
  /// lasts; each takes one. Returns true if there is more.
  bool settle_piece(const Batch& batch, std::size_t& budget);
  /// A batch up to this tag is to be settled: what is in it has no consumer any more. 0: none is.
  void claim_up_to(std::uint64_t tag) { window_.claim_up_to(tag); }
  /// Settles entries that are not in the window any more.
  void settle_taken(const std::vector<Entry>& entries, Outcome outcome);
  /// What the transaction settled becomes unacknowledged again: roll_back_piece() is due until it
  /// returns false.
  void begin_roll_back() { window_.begin_put_back(transaction_.roll_back()); }
  [[nodiscard]] bool roll_back_piece(std::size_t& budget) { return window_.put_back_piece(budget); }
  /// Returns true if something of this consumer with a tag below waits.
  bool has_below(std::uint64_t tag, const ConsumerKey& consumer) const {
    return window_.has_below(tag, consumer);
  }
  /// What this consumer has goes back to its queue; its tags stay known.
  void give_back(const ConsumerKey& consumer);
  /// What is settled in the transaction goes back to its queues, then everything else, oldest
  /// first, as long as the budget lasts; each takes one. Returns true if there is more.
  [[nodiscard]] bool give_back_piece(std::size_t& budget);

  // --- The limit shared by all consumers

  const SharedPrefetch& shared() const { return shared_; }
  /// What is unacknowledged when a limit is set counts against it, also what was asked for; what is
  /// asked for later does not (RabbitMQ's rule).
  void set_shared(const PrefetchLimit& limit);
  /// Sends what the limit leaves to queues whose requests wait.
  void grant_waiting();
  Credit request_credit(const CreditRequest& request, bool no_ack) {
    return shared_.request(request, no_ack, limited_load());
  }
  /// A delivery used one.
  void consume_credit(bool no_ack) {
    if (shared_.consume_credit(no_ack)) grant_waiting();
  }
  void return_credit(std::uint32_t count) { shared_.return_credit(count); }
  void drop_requests_of(std::uint32_t consumer) { shared_.drop_requests_of(consumer); }
  void drop_requests() { shared_.drop_requests(); }

 private:
  void deliver_again(const std::vector<Entry>& entries);
  SharedPrefetch::Load limited_load() const;

  const SessionLink& link_;
  SessionTransaction& transaction_;
  std::uint64_t next_tag_ = 1;
  UnackedWindow window_;
  SharedPrefetch shared_;
};

}  // namespace lepus::core
