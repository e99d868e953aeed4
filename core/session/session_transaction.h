// The transaction of a session (AMQP tx): publishes and settlements wait here for the commit. A
// commit first asks the queues that refuse messages whether they are full already; if none is,
// everything is carried out in this order: publishes, then acknowledgements, then rejections, then
// requeues. It is complete when every shard has confirmed its part.
//
//   off -> open -> counting -> checking_room -> committing -> open
//          full, or a queue refused: the caller fails the session
//   open -> rolling_back -> open
//
// What is settled in an open transaction is outstanding until its commit: it counts against the
// shared prefetch, and returns to its queue when the session ends.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/broker/command.h"
#include "core/session/publish/client_publish.h"
#include "core/session/unacked.h"

namespace lepus::core {

class SessionTransaction {
 public:
  using Entry = UnackedWindow::Entry;
  enum class State : std::uint8_t { off, open, counting, checking_room, committing, rolling_back };

  /// `account` counts the bytes of what is settled here, and outlives it. Null: they are not
  /// counted.
  explicit SessionTransaction(std::uint64_t* account = nullptr)
      : settles_{UnackedWindow::Entries{account}, UnackedWindow::Entries{account},
                 UnackedWindow::Entries{account}} {}

  /// tx.select; again does no harm.
  void select();
  bool is_on() const { return state_ != State::off; }
  State state() const { return state_; }

  void add(ClientPublish publish);
  /// Acknowledged, rejected or requeued.
  void add(std::span<const Entry> entries, Outcome outcome);
  std::size_t publish_count() const { return publishes_ ? publishes_->size() : 0; }
  /// What the messages to be published occupy.
  std::uint64_t publish_bytes() const { return publish_bytes_; }
  std::size_t settle_count() const;
  /// Of what is settled here: what counts against the shared prefetch.
  const UnackedWindow::Load& limited() const { return limited_; }
  /// A shared prefetch is set: all that is settled here counts from now on.
  void limit_all();

  /// Begins the rollback: drop_publishes() is due until it returns false, then roll_back().
  void begin_roll_back();
  /// Forgets publishes as long as the budget lasts; each takes one. Returns true if there are more.
  /// Also at the end of the session.
  [[nodiscard]] bool drop_publishes(std::size_t& budget);
  /// There are no publishes: returns what was settled, which is so no more, by outcome.
  UnackedWindow::Lists roll_back();
  /// It is unacknowledged again.
  void finish_roll_back();

  struct RoomCheck {
    ShardId home;
    CheckRoom command;
  };
  /// Begins the commit: count_piece() is due until it returns false, then take_checks().
  void begin_commit();
  /// Finds out what goes to which queues, for at most `budget` messages, which it takes off it.
  /// Returns true if there are more. The session is to get the answers.
  struct Place {
    const Topology& topology;
    VhostId vhost;
    ChannelRef session;
  };
  [[nodiscard]] bool count_piece(const Place& place, std::size_t& budget);
  /// What to ask of which queues; on_room_answer() is due for each, and once more by the caller
  /// when all are asked.
  std::vector<RoomCheck> take_checks();
  /// The session ends before the commit has asked, or in the middle of a rollback: it is open
  /// again.
  void cancel();
  enum class Room : std::uint8_t { awaited, full, available };
  /// `full`: the commit is over. `available`: all have answered, it is to be carried out now.
  [[nodiscard]] Room on_room_answer(bool is_full);

  /// Takes the first of the publishes out; there is one.
  ClientPublish take_publish();
  struct Settles {
    Outcome outcome;
    std::vector<Entry> entries;
  };
  /// After the publishes: takes settlements out in the order in which they are to be carried out,
  /// as long as the budget lasts; each takes one. Those of one call have one outcome. Empty: there
  /// are no more, or no budget.
  Settles take_settles(std::size_t& budget);
  /// A queue refused one of the messages.
  void note_refused() { is_refused_ = true; }
  /// All that was carried out is confirmed. Returns true if no queue refused any of it.
  [[nodiscard]] bool finish_commit();

 private:
  UnackedWindow::Entries& entries_of(Outcome outcome);

  State state_ = State::off;
  bool is_refused_ = false;  ///< Of the commit under way.
  std::size_t counted_ = 0;  ///< While counting: publishes.
  std::map<QueueId, RoomCheck> checks_;
  std::uint32_t room_answers_due_ = 0;  ///< In checking_room; one is the caller's.
  /// Memory of a commit is given back as it goes on. Null: there are none.
  std::unique_ptr<std::deque<ClientPublish>> publishes_;
  std::uint64_t publish_bytes_ = 0;
  UnackedWindow::Lists settles_;  ///< By Outcome.
  UnackedWindow::Load limited_;
};

}  // namespace lepus::core
