// The rings between threads: one bounded ring of commands per ordered pair, and nothing else
// shared.
//
//   end A --send()--> ring A->B --drain()--> end B       full ring: staged at A, in order
//
// After a turn's sends, wake() wakes the receivers that sleep. A full ring never blocks and never
// drops: what is staged goes out first, and congested() tells producers to stop reading from the
// sockets that feed it. Draining never depends on the own outbox, so there is no cycle.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "core/broker/command.h"
#include "core/broker/ports.h"
#include "core/limits.h"
#include "io/loop.h"
#include "io/mailbox.h"
#include "io/waker.h"

namespace lepus::server {

class Mesh {
 public:
  using Ring = io::SpscRing<core::Command>;

  explicit Mesh(std::size_t thread_count);

  std::size_t thread_count() const { return loops_.size(); }
  /// Before any thread runs: whose flag and ring belong to `thread`.
  void set_loop(core::ShardId thread, io::Loop& loop) { loops_[thread] = &loop; }
  io::Loop& loop(core::ShardId thread) { return *loops_[thread]; }
  Ring& ring(core::ShardId from, core::ShardId to) { return *rings_[from * loops_.size() + to]; }

 private:
  std::vector<io::Loop*> loops_;
  std::vector<std::unique_ptr<Ring>> rings_;
};

/// One thread's end of the mesh.
class MeshEnd final : public core::Outbox {
 public:
  MeshEnd(Mesh& mesh, core::ShardId self);
  void send(core::ShardId to, const core::Command& command) override;
  bool congested(core::ShardId to) const override { return !peers_[to]->staged.empty(); }

  /// Calls handle(from, command) for a bounded number of commands from each thread; true: there was
  /// one.
  template <class F>
  bool drain(F&& handle) {
    bool any = false;
    for (core::ShardId from = 0; from < peers_.size(); ++from) {
      if (from == self_) continue;
      const auto visit = [&](core::Command& command) { handle(from, command); };
      any |= mesh_.ring(from, self_).consume(core::limits::mailbox_drain_max, visit) > 0;
    }
    return any;
  }
  /// Moves what is staged into the rings as far as there is room; true: something moved.
  bool push_staged();
  bool has_staged() const { return staged_count_ > 0; }
  /// At the end of a turn: wakes receivers that sleep.
  void wake();

 private:
  struct Peer {
    explicit Peer(io::Loop& own) : waker(own) {}
    std::deque<core::Command> staged;
    bool has_news = false;  ///< Pushed since the last wake().
    io::Waker waker;
  };

  Mesh& mesh_;
  core::ShardId self_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::size_t staged_count_ = 0;
};

}  // namespace lepus::server
