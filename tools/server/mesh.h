// The rings between threads: one bounded ring of commands per ordered pair, and nothing else
// shared. What a ring carries is of its direction (core/broker/command.h,
// tools/server/commands.h).
//
//   end A --send()--> ring A->B --drain()--> end B       full ring: staged at A, in order
//
// After a turn's sends, wake() wakes the receivers that sleep. A full ring never blocks and never
// drops: what is staged goes out first, and congested() tells producers to stop reading from the
// sockets that feed it. Draining never depends on the own outbox, so there is no cycle.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "core/broker/command.h"
#include "core/broker/ports.h"
#include "core/limits.h"
#include "io/loop.h"
#include "io/mailbox.h"
#include "io/waker.h"
#include "tools/server/commands.h"

namespace lepus::server {

class Mesh {
 public:
  using PeerRing = io::SpscRing<core::PeerCommand>;
  using ControlRing = io::SpscRing<ShardToControl>;
  using ShardRing = io::SpscRing<ControlToShard>;

  /// The shards and, as the last thread, the control thread.
  explicit Mesh(std::size_t thread_count);

  std::size_t thread_count() const { return loops_.size(); }
  core::ShardId shard_count() const { return static_cast<core::ShardId>(loops_.size() - 1); }
  /// Before any thread runs: whose flag and ring belong to `thread`.
  void set_loop(core::ShardId thread, io::Loop& loop) { loops_[thread] = &loop; }
  io::Loop& loop(core::ShardId thread) { return *loops_[thread]; }
  io::Loop& control_loop() { return *loops_.back(); }

  /// From shard to shard.
  PeerRing& peer_ring(core::ShardId from, core::ShardId to) {
    return *peer_rings_[from * shard_count() + to];
  }
  ControlRing& ring_to_control(core::ShardId from) { return *control_rings_[from]; }
  ShardRing& ring_from_control(core::ShardId to) { return *shard_rings_[to]; }

 private:
  std::vector<io::Loop*> loops_;
  std::vector<std::unique_ptr<PeerRing>> peer_rings_;
  std::vector<std::unique_ptr<ControlRing>> control_rings_;  ///< By shard.
  std::vector<std::unique_ptr<ShardRing>> shard_rings_;      ///< By shard.
};

/// The sending end of one ring, with what did not fit.
template <class Command>
class RingSender {
 public:
  /// `own` is the loop of the sending thread.
  RingSender(io::SpscRing<Command>& ring, io::Loop& own) : ring_(ring), waker_(own) {}

  /// A command, or one of its alternatives, which is then made in the ring.
  template <class Kind>
  void send(Kind&& command) {
    has_news_ = true;
    if (staged_.empty() && ring_.try_push(std::forward<Kind>(command))) return;
    staged_.emplace_back(std::forward<Kind>(command));
  }
  /// Returns true if something moved from the staged ones into the ring.
  bool push_staged() {
    bool moved = false;
    for (; !staged_.empty() && ring_.try_push(std::move(staged_.front())); staged_.pop_front())
      has_news_ = moved = true;
    return moved;
  }
  bool has_staged() const { return !staged_.empty(); }
  /// Wakes the receiver if it sleeps and something was sent since the last call.
  void wake(io::Loop& receiver) {
    if (std::exchange(has_news_, false)) waker_.wake_if_asleep(receiver);
  }

 private:
  io::SpscRing<Command>& ring_;
  std::deque<Command> staged_;
  bool has_news_ = false;
  io::Waker waker_;
};

/// A shard's end of the mesh.
class ShardEnd final : public core::Outbox {
 public:
  ShardEnd(Mesh& mesh, core::ShardId self);

  void send(core::ShardId to, core::PeerCommand&& command) override;
  void send_to_control(core::ControlCommand&& command) override;
  bool congested(core::ShardId to) const override { return peers_[to]->has_staged(); }
  /// What only the server knows.
  template <class Kind>
  void tell_control(Kind&& command) {
    control_.send(std::forward<Kind>(command));
  }

  /// Calls handle(command) for a bounded number of commands from each thread: PeerCommand or
  /// ControlToShard. Returns true if there was one.
  template <class F>
  bool drain(F&& handle) {
    std::size_t count = 0;
    for (core::ShardId from = 0; from < peers_.size(); ++from)
      if (from != self_)
        count += mesh_.peer_ring(from, self_).consume(core::limits::mailbox_drain_max, handle);
    count += mesh_.ring_from_control(self_).consume(core::limits::mailbox_drain_max, handle);
    return count > 0;
  }
  /// Moves what is staged into the rings as far as there is room. Returns true if something moved.
  bool push_staged();
  bool has_staged() const;
  /// At the end of a turn: wakes receivers that sleep.
  void wake();

 private:
  Mesh& mesh_;
  core::ShardId self_;
  std::vector<std::unique_ptr<RingSender<core::PeerCommand>>> peers_;  ///< By shard; own: unused.
  RingSender<ShardToControl> control_;
};

/// The control thread's end of the mesh.
class ControlEnd {
 public:
  explicit ControlEnd(Mesh& mesh);

  void send(core::ShardId to, ControlToShard&& command);
  /// Calls handle(from, command) for a bounded number of commands from each shard. Returns true if
  /// there was one.
  template <class F>
  bool drain(F&& handle) {
    std::size_t count = 0;
    for (core::ShardId from = 0; from < shards_.size(); ++from) {
      const auto visit = [&](ShardToControl& command) { handle(from, command); };
      count += mesh_.ring_to_control(from).consume(core::limits::mailbox_drain_max, visit);
    }
    return count > 0;
  }
  /// As of ShardEnd.
  bool push_staged();
  bool has_staged() const;
  void wake();

 private:
  Mesh& mesh_;
  std::vector<std::unique_ptr<RingSender<ControlToShard>>> shards_;
};

}  // namespace lepus::server
