// Every message that was sent and what the broker owes: which queues must have it, who holds it,
// what may come back. Promises 1 to 5 and 9 are judged here.
//
//   on_sent ... on_processed (a confirm, or a later answer on its channel): routing is certain now
//           ... on_lost (the channel died first): it may be anywhere it was routed to, or nowhere
//           ... on_durable (a confirm, a committed transaction): it outlives the broker
//   on_restart: only what is durable is owed; what was settled is gone if that is durable
//   per queue, a Copy:  ready -> held -> settling -> gone        requeued: held -> ready, seen
//
// Bodies are made from the message's number, so they are compared without being kept.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "core/base/random.h"
#include "tests/sim/dead_letters.h"
#include "tests/sim/model.h"

namespace lepus::sim {

struct Sent {
  MessageId id = 0;
  std::uint64_t channel = 0;  ///< Unique number of the publishing channel.
  Tick sent = 0;
  Addressed address;
  std::string properties;  ///< As in the content header.
  std::size_t body_size = 0;
  bool mandatory = false;
  bool immediate = false;
  bool came = false;  ///< To some client.
  std::uint8_t priority = 0;
  bool expires = false;       ///< Has a TTL of its own.
  bool has_long_ttl = false;  ///< One that is over in no run, unless the clock is set.
  bool clock_moved = false;   ///< The clock was set forward since it came: it may be past its time.
  bool persistent = false;
  bool durable = false;  ///< Confirmed, or its transaction is committed.
  bool returned = false;
  bool revoked = false;          ///< Its transaction was rolled back: it must never come.
  bool judged = false;           ///< `may` is final.
  std::string double_id;         ///< For queues that deduplicate; empty: none.
  std::uint32_t delay_ms = 0;    ///< In the exchange it was sent to.
  std::string properties_after;  ///< As `properties`, when the delay is over.
  core::Nanos sent_at = 0;
  bool is_held = false;      ///< Its exchange routes it later.
  bool may_repeat = false;   ///< Its exchange may send it again.
  bool processed = false;    ///< A held one: the exchange has it, or had it.
  bool wants_reply = false;  ///< Its reply-to is amq.rabbitmq.reply-to.
  bool replied = false;      ///< It is a reply, and came.
  std::set<std::uint32_t> may;
};

/// A message as a client received it.
struct Received {
  std::string exchange;
  std::string key;
  std::string properties;
  std::string body;
  bool redelivered = false;
};

/// How a delivery reached a client.
struct Arrival {
  std::uint32_t queue = 0;
  std::uint64_t channel = 0;  ///< Unique number of the channel it came on.
  const Risk* holder = nullptr;
  const ConsumerModel* consumer = nullptr;  ///< Null: a get.
  bool no_ack = false;
  bool ghost = false;  ///< The channel is being closed or recovers: it goes back by itself.
};

/// A consumer of a stream whose offset the broker keeps. What it gave back stays in both sets.
struct NamedReader {
  std::string name;
  std::uint64_t client = 0;
  std::int64_t at_least = 0;      ///< Known of the name when it asked.
  std::set<std::int64_t> unsent;  ///< It read them and did not settle them.
  std::set<std::int64_t> unsure;  ///< The same, or the broker may not know yet.
  std::int64_t next = 0;

  static std::int64_t done(const std::set<std::int64_t>& left, std::int64_t next) {
    return left.empty() ? next : *left.begin();
  }
};

/// A consumer of a stream.
struct StreamReader {
  std::string from;                  ///< x-stream-offset: first, last, next or a number.
  std::optional<std::int64_t> last;  ///< The offset it read last.
  std::shared_ptr<NamedReader> named = nullptr;
};

class Oracle {
 public:
  Oracle(Judge& judge, Model& model) : judge_(judge), model_(model), dead_letters_(judge, model) {}

  Sent& create();
  /// The clock on the wall is set forward: what is under way may be past its time after a restart,
  /// and so may what comes until the broker has noticed.
  void on_clock_forward(core::Nanos noticed_at);
  Sent& sent(MessageId id) { return *messages_[id - 1]; }
  std::size_t count() const { return messages_.size(); }
  static std::string body_of(MessageId id, std::size_t size);

  /// The broker has routed it.
  void on_processed(MessageId id);
  /// The broker has also promised to keep it, if it is persistent, where queues are kept.
  void on_durable(MessageId id);
  /// The broker began anew. `clean`: it was stopped, and had time to write everything.
  void on_restart(bool clean);
  /// `code`: of the return, 312 or 313.
  void on_returned(const Received& received, std::uint64_t channel, std::uint16_t code);
  /// basic.nack of the broker: some queue was full.
  void on_refused(MessageId id);
  /// What came: a message of the queue, or a dead letter, which is judged by other rules.
  struct Taken {
    MessageId id = 0;           ///< 0: a dead letter, or a copy.
    MessageId dead_id = 0;      ///< Of a dead letter,
    std::uint32_t died_in = 0;  ///< and the queue where it died first.
  };
  /// nullopt: broken.
  std::optional<Taken> on_delivered(const Received& received, const Arrival& arrival);

  /// A delivery of a stream, which stays there.
  void on_streamed(const Received& received, QueueModel& queue, StreamReader& reader);
  /// It settles what it read; the broker knows it by now.
  void on_stream_settle_sent(QueueModel& queue, NamedReader& reader, std::int64_t offset);
  void on_stream_settled(QueueModel& queue, NamedReader& reader, std::int64_t offset);
  /// The log is what was read from the first message on: promises 1 and 3.
  void check_stream(QueueModel& queue);

  /// A direct reply that came on this channel.
  void on_reply(const Received& received, std::uint64_t channel);
  /// One that somebody read, of a channel that may be gone; empty: there is none.
  std::string choose_reply_name(core::Random& random) const;

  /// What a client does with what it holds. Without effect when the broker, knowing more, has given
  /// the message to somebody else.
  struct Hold {
    const Risk* holder;
    std::uint32_t queue;
    MessageId id;               ///< 0: nothing that is tracked.
    std::uint64_t channel = 0;  ///< Its unique number.
  };
  void on_settle_sent(const Hold& hold);
  /// The transaction that settled it is committed.
  void on_settle_durable(const Hold& hold);
  /// `rejected`: it goes where the queue's dead letters go.
  void on_settled(const Hold& hold, bool rejected);
  void on_settle_unsure(const Hold& hold);
  DeadLetters& dead_letters() { return dead_letters_; }
  void on_requeued(const Hold& hold) { set_state(hold, Copy::State::ready); }
  /// basic.recover without requeue: this consumer is to get it again.
  void on_recovered(const Hold& hold, const ConsumerModel* consumer);
  /// The channel asks for all it has unacknowledged to be requeued: also for what is on its way to
  /// it again.
  void on_owed_requeued(std::uint32_t queue, const Risk* channel);

  /// Everything has come that exchanges held: now it is owed.
  void owe_held();

  /// A journal is damaged: nothing that is kept is sure.
  void forgive_journal();
  /// Some messages may be passed over for a while and come later than those behind them.
  void allow_passing_over() { may_pass_over_ = true; }
  /// Messages that wait in the queue may be lost from now on, and until the end of `losses`.
  void forgive_losses(QueueModel& queue);
  /// Promise 1: nothing that is owed is left in a queue that was emptied.
  void check_emptied(QueueModel& queue);

 private:
  /// What a message that came says of itself. No message: broken.
  struct Identity {
    Sent* message = nullptr;
    bool is_dead_letter = false;
    std::int64_t delivery_count = 0;
    std::optional<std::int64_t> offset;  ///< Of a stream.
    std::string reply_to;
  };
  /// Of its message-id; 0: none that was sent.
  MessageId id_of(std::string_view text) const;
  Identity identify(const Received& received);
  const char* find_damage(const Received& received, const Identity& identity) const;
  std::optional<Taken> judge_dead_letter(const Sent& sent, const Received& received,
                                         const Arrival& arrival);
  void check_order(const Sent& sent, const Received& received, const Arrival& arrival);
  void check_redelivered(const Copy& copy, const Sent& sent, const Arrival& arrival,
                         bool redelivered);
  void judge_state(const Copy& copy, const Sent& message, const Arrival& arrival);
  void set_state(const Hold& hold, Copy::State state);
  bool is_possible(const Sent& sent, const QueueModel& queue) const;
  bool is_owed(const Sent& sent, const QueueModel& queue, const Copy& copy) const;
  // oracle_streams.cpp
  void judge_offset(std::int64_t offset, QueueModel& queue, const StreamReader& reader);
  void judge_start(std::int64_t offset, QueueModel& queue, const NamedReader& reader);
  void learn_offset(std::int64_t offset, const Sent& sent, QueueModel& queue);
  // oracle_copies.cpp
  static bool is_copy(const Received& received);
  void judge_copy(const Received& received, const QueueModel& queue);
  std::string with_reply_name(const Sent& sent, const std::string& properties,
                              std::string_view name) const;
  void learn_reply_name(const Sent& sent, std::string_view name);
  // oracle_rules.cpp
  void judge_rules(const Identity& identity, const Arrival& arrival);
  void judge_double(const Sent& sent, const QueueModel& queue);
  void judge_double_of_exchange(const Sent& sent);
  bool has_double(const Sent& sent, bool in_exchange) const;
  void judge_single_active(const Arrival& arrival);
  void judge_recipient(Copy& copy, MessageId id, const Arrival& arrival);
  bool may_be_double(const Sent& sent, const QueueModel& queue) const;
  /// A crash may have left it in the exchange and in its queues.
  bool may_be_twice(const Sent& sent) const {
    return sent.may_repeat || (sent.is_held && sent.sent < restarted_);
  }
  void owe_dead_letters(const Sent& message);
  void restart_copy(const QueueModel& queue, const Sent& message, Copy& copy, bool clean);

  Judge& judge_;
  Model& model_;
  DeadLetters dead_letters_;
  std::vector<std::unique_ptr<Sent>> messages_;
  core::Nanos clock_noticed_at_ = 0;
  Tick restarted_ = 0;  ///< When the broker last began anew.
  Tick forgiven_ = 0;   ///< When a journal was last damaged.
  bool may_pass_over_ = false;
  std::map<std::pair<std::uint32_t, std::string>, MessageId> first_of_doubles_;  ///< By queue.
  std::map<std::pair<std::string, std::string>, MessageId> first_of_exchange_;
  std::map<std::string, std::uint64_t> reply_names_;  ///< To the requesting channel.
  /// (publishing channel, queue, priority, receiving channel) -> last message that came for the
  /// first time.
  std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint8_t, std::uint64_t>, MessageId>
      last_first_;
};

}  // namespace lepus::sim
