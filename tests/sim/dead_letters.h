// What queues with dead letters owe after any number of crashes: a confirmed message is in its
// queue, or in the queue for dead letters, or was consumed from one of them. "A crash on the way
// leaves it in both places, never in none." When it dies, and of what, does not matter, so this
// holds where nothing else is certain: x-max-length, TTLs, delivery limits, rejects.
//
//   confirmed -> owed -> a client settled it, or read it without acknowledgement: done
//                     -> a restart that it need not outlive, a purge, a queue that went: not owed
//
// Only ways of one step are judged: to a queue that keeps what it gets, by the default exchange.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "tests/sim/model.h"

namespace lepus::sim {

struct Sent;

class DeadLetters {
 public:
  DeadLetters(Judge& judge, Model& model) : judge_(judge), model_(model) {}

  /// The broker took the message on, and this queue surely got it.
  void on_durable(const Sent& message, QueueModel& queue);
  /// A client has done with it: a message of this queue, or a dead letter that first died there.
  void on_consumed(std::uint32_t queue, MessageId id);
  void on_restart();
  /// A journal is damaged.
  void forgive() { owed_.clear(); }
  /// Every queue was read to its end.
  void check();

 private:
  using Place = std::pair<std::uint32_t, MessageId>;  ///< Queue, message.
  struct Owed {
    Tick sent = 0;
    std::uint32_t target = 0;
    bool survives_restart = false;
  };
  const QueueModel* target_of(const QueueModel& queue) const;
  static bool is_calm(const QueueModel& queue, Tick sent) {
    return queue.exists.surely_present(sent) && !queue.losses.concerns(sent);
  }

  Judge& judge_;
  Model& model_;
  std::map<Place, Owed> owed_;
  std::set<Place> consumed_;
  std::size_t consumed_count_ = 0;  ///< Of what was owed.
};

}  // namespace lepus::sim
