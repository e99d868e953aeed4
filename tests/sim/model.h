// What the clients know of the broker's definitions: exchanges, queues, bindings, consumers. Naive
// on purpose: lists that are walked, nothing shared with the broker's own topology.
//
// Requests of several clients are under way at once, so a thing is present, absent or perhaps
// there: from the moment a request that changes it is sent until its answer is read. What was in
// one state since before a message was sent is certain for this message.
//
//   declare sent -> maybe -> declare-ok -> present -> delete sent -> maybe -> delete-ok -> absent
//
// Names are never used twice, so a name stands for one queue or exchange for the whole run. The
// names that start with "w" are the exception: anybody does anything with them at any time, and
// nothing is certain about them (`wild`).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/judge.h"

namespace lepus::sim {

using MessageId = std::uint64_t;

enum class Presence : std::uint8_t { absent, maybe, present };

class Existence {
 public:
  void set(Presence state, Tick now) {
    if (state_ == state) return;
    state_ = state;
    since_ = now;
  }
  Presence state() const { return state_; }
  bool surely_present(Tick from) const { return state_ == Presence::present && since_ <= from; }
  bool surely_absent(Tick from) const { return state_ == Presence::absent && since_ <= from; }

 private:
  Presence state_ = Presence::absent;
  Tick since_ = 0;
};

/// A channel that has requests under way which may lead to its end: the broker may have closed it
/// and given everything back, and the client has not read this yet.
class Risk {
 public:
  virtual ~Risk() = default;
  virtual bool at_risk() const = 0;
};

struct ConsumerModel {
  Existence active;
  const Risk* channel = nullptr;  ///< Null when its channel has ended.
  bool exclusive = false;
  bool orphan = false;  ///< Its channel died; the broker may not know yet.
};

/// One message in one queue.
struct Copy {
  enum class State : std::uint8_t {
    ready,      ///< In the queue, or under way to somebody.
    held,       ///< A client has it and has not said what to do with it.
    settling,   ///< Acknowledged; the broker has not shown yet that it knows.
    uncertain,  ///< The channel died with the acknowledgement under way.
    gone,
  };
  State state = State::ready;
  const Risk* holder = nullptr;  ///< Who read it last.
  bool must = false;             ///< The broker owes it.
  bool seen = false;             ///< Some client read it: the next time it is redelivered.
  const ConsumerModel* consumer = nullptr;  ///< Of the holder; null: it was got.
  const ConsumerModel* owed_to = nullptr;   ///< By basic.recover without requeue.
  Tick seen_at = 0;                         ///< When a client last read it.
  std::uint64_t settler = 0;                ///< Channel that settled it last.
  Tick settled_at = 0;                      ///< When that was sent.
  bool settled_durably = false;             ///< A crash does not bring it back.
  bool lingers = false;  ///< It may wait for a place for dead letters: a restart brings it back.
};

/// Intervals during which something may happen to a queue's messages.
struct Trouble {
  int by_request = 0;  ///< Requests under way.
  int by_death = 0;    ///< Channels that died and perhaps still hold messages.
  Tick until = 0;      ///< End of the last one.
  bool concerns(Tick sent) const { return by_request > 0 || by_death > 0 || sent <= until; }
};

/// What a queue's arguments ask for; 0 or empty: nothing.
struct QueueRules {
  std::uint32_t max_length = 0;
  bool reject_publish = false;
  std::uint32_t ttl_ms = 0;
  std::uint32_t expires_ms = 0;
  std::uint8_t max_priority = 0;
  bool lazy = false;
  std::uint32_t max_in_memory = 0;
  std::string dead_letter_to;  ///< A queue, by way of the default exchange.
  bool at_least_once = false;  ///< The strategy for dead letters.
  bool quorum = false;
  bool stream = false;
  std::uint32_t delivery_limit = 0;
  std::uint32_t retry_ms = 0;  ///< Delayed retry: the shortest delay.
  bool single_active = false;
  bool deduplicates = false;
  /// The queue may give up messages by itself.
  bool forgets() const {
    return max_length > 0 || ttl_ms > 0 || expires_ms > 0 || delivery_limit > 0;
  }
  /// Transient messages outlive the broker, too.
  bool keeps_all() const { return quorum || stream; }
  /// Deliveries after a return carry x-delivery-count.
  bool counts_returns() const { return quorum || delivery_limit > 0 || retry_ms > 0; }
};

/// What clients know of the messages of a stream.
struct StreamLog {
  /// Of the consumers of one name: how far they settled without a gap.
  struct Progress {
    std::int64_t sent = 0;  ///< At most so far, by any of them.
    /// At least so far, by client: when its next request arrives, these have.
    std::map<std::uint64_t, std::int64_t> sure;
  };
  std::map<std::int64_t, MessageId> at;  ///< By offset.
  std::map<MessageId, std::int64_t> of;
  std::map<std::string, Progress> names;
};

struct QueueModel {
  std::uint32_t index = 0;
  QueueRules rules;
  std::string name;
  bool wild = false;
  bool durable = false, exclusive = false, auto_delete = false;
  /// It outlives the broker, with its persistent messages.
  bool survives_restart() const { return durable && !exclusive; }
  Tick durable_until = 0;   ///< What a client read of it by then is on the disk.
  std::uint64_t owner = 0;  ///< Client with exclusive use.
  Existence exists;
  bool changing = false;  ///< Being declared or deleted.
  bool unclear = false;   ///< Nobody will ever know whether it exists.
  int locks = 0;          ///< Requests under way that need it to stay.
  Trouble losses;         ///< Messages may vanish: purge, deliveries without acknowledgement lost.
  Trouble disturbances;   ///< Deliveries may come back that no client ever read.
  std::vector<std::unique_ptr<ConsumerModel>> consumers;
  std::set<const Risk*> users;  ///< Channels that consumed or got from it and have not ended.
  std::map<MessageId, Copy> copies;
  StreamLog log;
  std::set<MessageId> dead_owed;  ///< Dead letters that surely came here.
  std::set<MessageId> dead_seen;
};

struct ExchangeModel {
  std::uint32_t index = 0;
  std::string name;
  std::string type;
  bool durable = false, auto_delete = false, internal = false;
  std::string alternate;
  bool delays = false;  ///< x-delayed-message, which routes as `type` says.
  bool deduplicates = false;
  bool keeps_history = false;  ///< x-recent-history: a fanout.
  /// Every message is routed some time after the publisher was told.
  bool holds() const { return deduplicates || keeps_history; }
  bool wild = false;
  bool predeclared = false;
  bool had_binding = false;  ///< Auto-delete waits for the first one.
  bool changing = false;     ///< Being declared or deleted.
  bool unclear = false;      ///< Nobody will ever know whether it exists.
  Existence exists;
  int locks = 0;
};

/// Headers of a message, or of a binding to a headers exchange.
using Headers = std::map<std::string, std::int32_t>;

struct BindingModel {
  std::uint32_t index = 0;
  std::uint32_t source = 0;  ///< Exchange.
  bool to_queue = true;
  std::uint32_t destination = 0;
  std::string key;
  Headers headers;
  std::string match;  ///< x-match; empty: none.
  Existence exists;
  int locks = 0;
};

/// What of a message takes part in routing.
struct Addressed {
  std::string exchange;
  std::string key;
  Headers headers;
  std::vector<std::string> cc_keys;
};

struct Routing {
  std::set<std::uint32_t> must;  ///< These queues surely get it.
  std::set<std::uint32_t> may;   ///< No other queue may get it.
};

class Model {
 public:
  explicit Model(Judge& judge);

  QueueModel& add_queue(std::string name);
  ExchangeModel& add_exchange(std::string name, std::string type);
  /// The same binding again gives the same object.
  BindingModel& add_binding(const BindingModel& request);
  QueueModel& queue(std::uint32_t index) { return *queues_[index]; }
  ExchangeModel& exchange(std::uint32_t index) { return *exchanges_[index]; }
  BindingModel& binding(std::uint32_t index) { return *bindings_[index]; }
  std::size_t queue_count() const { return queues_.size(); }
  std::size_t exchange_count() const { return exchanges_.size(); }
  std::size_t binding_count() const { return bindings_.size(); }
  ExchangeModel* find_exchange(std::string_view name);
  QueueModel* find_queue(std::string_view name);

  /// For a message sent at `from` and routed at any time until now.
  Routing route(const Addressed& message, Tick from) const;

  /// After anything changed that auto-delete exchanges look at.
  void update_auto_delete_exchanges();
  /// A consumer of the queue left; the request was sent at `sent` (0: nobody knows when).
  void update_auto_delete_queue(QueueModel& queue, Tick sent);
  bool has_bindings(const ExchangeModel& exchange) const;
  /// What died is forgotten by the broker as well.
  void settle_deaths();
  /// The broker began anew with what it keeps.
  void on_restart();

 private:
  struct Walk;
  bool matches(const BindingModel& binding, const Addressed& message) const;
  bool certain(const BindingModel& binding, Tick from) const;
  bool possible(const BindingModel& binding, Tick from) const;
  void visit(Walk& walk, const ExchangeModel& exchange, bool sure) const;
  bool update_auto_delete(ExchangeModel& exchange);
  void forget(QueueModel& queue);

  Judge& judge_;
  std::vector<std::unique_ptr<QueueModel>> queues_;
  std::vector<std::unique_ptr<ExchangeModel>> exchanges_;
  std::vector<std::unique_ptr<BindingModel>> bindings_;
};

}  // namespace lepus::sim
