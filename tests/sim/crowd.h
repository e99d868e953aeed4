// Promise 16: everybody gets a turn. Many connections keep their sockets full, some ask small
// questions, some take a backlog; a LoadStage counts the rounds that each of them waits.
//
// It holds while nothing but the shard's other work keeps an actor waiting: there are no faults, no
// alarm, no brake and no full ring. In each round each shard that has work runs a turn, so:
//
//   input    A turn hands over what waits longest, whatever its size, before it looks at its
//            limits. So a socket that is never empty is read at least once in as many rounds as
//            there are connections, and input_latency more.
//   answers  A piece up to limits::input_small is handed over in the turn after the one that
//            received it, and answered in that turn.
//   queues   A queue that holds messages for a consumer that needs no credit delivers in each turn
//            of its home; the consumer's shard passes them on in its next turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/load_stage.h"

namespace lepus::sim {

/// What an actor was last seen to get, and in which round.
class Patience {
 public:
  /// `owed`: there is something for it now. Returns how many rounds it has waited.
  std::uint64_t wait(std::uint64_t count, bool owed, std::uint64_t round) {
    if (count != count_ || !owed) {
      count_ = count;
      since_ = round;
    }
    longest_ = std::max(longest_, round - since_);
    return round - since_;
  }
  std::uint64_t longest() const { return longest_; }

 private:
  std::uint64_t count_ = UINT64_MAX;
  std::uint64_t since_ = 0;
  std::uint64_t longest_ = 0;
};

class Crowd {
 public:
  explicit Crowd(LoadStage& stage) : stage_(stage) {}
  /// Returns true if no promise was broken.
  bool run();

 private:
  bool fill();
  void judge();

  LoadStage& stage_;
  std::vector<std::string> queues_;
  std::vector<Publisher*> publishers_;
  std::vector<Patience> input_;  ///< By publisher.
  std::vector<Asker*> askers_;
  std::vector<Patience> answers_;  ///< By asker.
  std::vector<Subscriber*> subscribers_;
  std::vector<Patience> deliveries_;  ///< By subscriber.
};

}  // namespace lepus::sim
