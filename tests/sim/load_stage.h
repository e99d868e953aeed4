// Load without faults: many peers at once, on a broker that is empty otherwise. It comes after the
// drain of a run, with a generator of its own, so that a seed means the same with it and without.
//
//   LoadStage   peers, turns and rounds
//     Crowd     everybody gets a turn (promise 16)                     tests/sim/crowd.h
//     Flood     queues with able consumers stay short (promise 15)     tests/sim/flood.h
//
// A round is over when each thread of the broker that had something to do has run a turn in it:
// that is what bounds in turns of a shard mean while the order of the threads is chosen by chance.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/cluster.h"
#include "tests/sim/peer_roles.h"

namespace lepus::sim {

class LoadStage {
 public:
  LoadStage(Scene& scene, Cluster& cluster, core::Random& random)
      : scene_(scene), cluster_(cluster), random_(random), begun_(cluster.thread_count()) {}

  Scene& scene() { return scene_; }
  Judge& judge() { return *scene_.judge; }
  Cluster& cluster() { return cluster_; }
  core::Random& random() { return random_; }
  std::uint64_t round() const { return round_; }

  /// A new connection to a shard chosen by chance. It does something each `pace` nanoseconds.
  template <class Role, class... Arguments>
  Role& add(core::Nanos pace, Arguments&&... arguments) {
    auto peer =
        std::make_unique<Role>(scene_, connect(), pace, std::forward<Arguments>(arguments)...);
    Role& role = *peer;
    peers_.push_back(std::move(peer));
    return role;
  }
  std::size_t peer_count() const { return peers_.size(); }

  /// Runs until it is done, and calls `after` after each step. That it does not end breaks promise
  /// 13. Returns true if no promise was broken.
  using Condition = std::function<bool()>;
  using After = std::function<void()>;
  bool run(const char* what, const Condition& done, const After& after = {});
  /// All handshakes.
  bool open_all();
  /// A queue of the virtual host "/", homed on the shard of the one who asks.
  bool declare(Asker& asker, const std::string& queue, bool is_durable);
  /// Null: it is not there.
  core::Queue* find_queue(const std::string& name);
  /// Closes all connections and deletes these queues.
  bool end(const std::vector<std::string>& queues);

 private:
  std::unique_ptr<io::SimClient> connect();
  bool close_all();
  void step();
  void note_turn();

  Scene& scene_;
  Cluster& cluster_;
  core::Random& random_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::uint64_t round_ = 0;
  std::vector<std::uint64_t> begun_;  ///< Turns of each thread when this round began.
};

}  // namespace lepus::sim
