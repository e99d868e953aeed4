// The rings between threads: one bounded ring of commands per ordered pair, and nothing else
// shared. What a ring carries is of its direction (core/broker/command.h,
// tools/server/commands.h, tools/server/admin_commands.h).
//
//   end A --send()--> ring A->B --drain()--> end B       full ring: staged at A, in order
//
// Each shard applies the topology's changes in its own time, and what it sends to another may name
// what the other has not applied yet. So the first command after a change has a TopologyKnown in
// front of it, and the other shard reads no further until it has applied the change, too. Else a
// message for a new queue would be taken for one whose queue is gone.
//
// After a turn's sends, wake() wakes the receivers that sleep. A full ring never blocks and never
// drops: what is staged goes out first, and congested() tells producers to stop reading from the
// sockets that feed it. Draining never depends on the own outbox, so there is no cycle.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/broker/command.h"
#include "core/broker/ports.h"
#include "core/limits.h"
#include "io/loop.h"
#include "io/mailbox.h"
#include "tools/server/admin_commands.h"
#include "tools/server/commands.h"
#include "tools/server/ring_sender.h"

namespace lepus::server {

class Mesh {
 public:
  using PeerRing = io::SpscRing<core::PeerCommand>;
  using ControlRing = io::SpscRing<ShardToControl>;
  using ShardRing = io::SpscRing<ControlToShard>;
  /// The admin thread's, in both directions of a shard and of the control thread.
  struct AdminRings {
    explicit AdminRings(std::size_t shard_count);
    std::vector<std::unique_ptr<io::SpscRing<AdminToShard>>> to_shard;
    std::vector<std::unique_ptr<io::SpscRing<ShardToAdmin>>> from_shard;
    io::SpscRing<AdminToControl> to_control;
    io::SpscRing<ControlToAdmin> from_control;
    /// Of commands for the admin thread that the control thread sent, also of those that are still
    /// staged. Written by the control thread, before it sends what depends on them to others.
    std::atomic<std::uint64_t> told_count{0};
  };

  /// The shards and, as the last of these threads, the control thread.
  explicit Mesh(std::size_t thread_count);

  std::size_t thread_count() const { return loops_.size(); }
  core::ShardId shard_count() const { return static_cast<core::ShardId>(loops_.size() - 1); }
  /// Before any thread runs: whose flag and ring belong to `thread`.
  void set_loop(core::ShardId thread, io::Loop& loop) { loops_[thread] = &loop; }
  io::Loop& loop(core::ShardId thread) { return *loops_[thread]; }
  io::Loop& control_loop() { return *loops_.back(); }
  /// Before the ends are made: there is an admin thread, too. Without it nothing is told to it.
  void set_admin_loop(io::Loop& loop) { admin_loop_ = &loop; }
  bool has_admin() const { return admin_loop_ != nullptr; }
  io::Loop& admin_loop() { return *admin_loop_; }

  /// From shard to shard.
  PeerRing& peer_ring(core::ShardId from, core::ShardId to) {
    return *peer_rings_[from * shard_count() + to];
  }
  ControlRing& ring_to_control(core::ShardId from) { return *control_rings_[from]; }
  ShardRing& ring_from_control(core::ShardId to) { return *shard_rings_[to]; }
  AdminRings& admin_rings() { return admin_rings_; }

 private:
  std::vector<io::Loop*> loops_;
  io::Loop* admin_loop_ = nullptr;
  std::vector<std::unique_ptr<PeerRing>> peer_rings_;
  std::vector<std::unique_ptr<ControlRing>> control_rings_;  ///< By shard.
  std::vector<std::unique_ptr<ShardRing>> shard_rings_;      ///< By shard.
  AdminRings admin_rings_;
};

/// The sending ends of the rings to all shards.
template <class Command>
class ShardSenders {
 public:
  /// `ring_to(shard)` is the ring; `own` is the loop of the sending thread.
  template <class F>
  ShardSenders(Mesh& mesh, io::Loop& own, F&& ring_to) : mesh_(mesh) {
    for (core::ShardId to = 0; to < mesh.shard_count(); ++to)
      senders_.push_back(std::make_unique<RingSender<Command>>(ring_to(to), own));
  }

  std::size_t size() const { return senders_.size(); }
  void send(core::ShardId to, Command&& command) {
    CHECK(to < senders_.size());
    senders_[to]->send(std::move(command));
  }
  bool has_staged(core::ShardId to) const { return senders_[to]->has_staged(); }
  bool has_staged() const {
    return std::any_of(senders_.begin(), senders_.end(),
                       [](const auto& sender) { return sender->has_staged(); });
  }
  /// As of RingSender, for all of them.
  bool push_staged() {
    bool moved = false;
    for (const auto& sender : senders_) moved |= sender->push_staged();
    return moved;
  }
  bool has_news() const {
    return std::any_of(senders_.begin(), senders_.end(),
                       [](const auto& sender) { return sender->has_news(); });
  }
  void wake() {
    for (core::ShardId to = 0; to < senders_.size(); ++to) senders_[to]->wake(mesh_.loop(to));
  }

 private:
  Mesh& mesh_;
  std::vector<std::unique_ptr<RingSender<Command>>> senders_;  ///< By shard.
};

/// A shard's end of the mesh.
class ShardEnd final : public core::Outbox {
 public:
  ShardEnd(Mesh& mesh, core::ShardId self);

  void send(core::ShardId to, core::PeerCommand&& command) override;
  /// A Reply that no channel waits for is the operator's: it goes to the admin thread.
  void send_to_control(core::ControlCommand&& command) override;
  bool congested(core::ShardId to) const override { return peers_.has_staged(to); }
  /// What only the server knows.
  template <class Kind>
  void tell_control(Kind&& command) {
    control_.send(std::forward<Kind>(command));
  }
  template <class Kind>
  void tell_admin(Kind&& command) {
    CHECK(mesh_.has_admin());
    admin_.send(std::forward<Kind>(command));
  }

  /// Calls handle(command) for a bounded number of commands from each thread: PeerCommand,
  /// ControlToShard or AdminToShard. Returns how many there were.
  template <class F>
  std::size_t drain(F&& handle) {
    std::size_t count = 0;
    for (core::ShardId from = 0; from < peers_.size(); ++from)
      if (from != self_) count += drain_peer(from, handle);
    count += mesh_.ring_from_control(self_).consume(core::limits::mailbox_drain_max, handle);
    count += mesh_.admin_rings().to_shard[self_]->consume(core::limits::mailbox_drain_max, handle);
    return count;
  }
  /// Moves what is staged into the rings as far as there is room. Returns true if something moved.
  bool push_staged();
  /// Something was sent since the last wake(): the thread must not sleep before the next one.
  bool has_news() const { return control_.has_news() || admin_.has_news() || peers_.has_news(); }
  bool has_staged() const;
  /// At the end of a turn: wakes receivers that sleep.
  void wake();

 private:
  /// Versions of the topology: all zero before the first one.
  struct Versions {
    std::uint64_t applied = 0;               ///< Here.
    std::vector<std::uint64_t> told;         ///< By shard: what it was told is applied here.
    std::vector<std::uint64_t> wanted_from;  ///< By shard: what its next commands may be about.
  };

  /// Stops behind a TopologyKnown of a version that is not applied here yet.
  template <class F>
  std::size_t drain_peer(core::ShardId from, F&& handle) {
    if (versions_.wanted_from[from] > versions_.applied) return 0;
    const auto visit = [&](core::PeerCommand& command) {
      if (const auto* known = std::get_if<core::TopologyKnown>(&command)) {
        versions_.wanted_from[from] = known->version;
        return known->version <= versions_.applied;
      }
      handle(command);
      return true;
    };
    return mesh_.peer_ring(from, self_).consume(core::limits::mailbox_drain_max, visit);
  }

  Mesh& mesh_;
  core::ShardId self_;
  Versions versions_;
  ShardSenders<core::PeerCommand> peers_;  ///< Nothing is sent to this shard itself.
  RingSender<ShardToControl> control_;
  RingSender<ShardToAdmin> admin_;
};

/// The control thread's end of the mesh.
class ControlEnd {
 public:
  explicit ControlEnd(Mesh& mesh);

  void send(core::ShardId to, ControlToShard&& command);
  /// Nothing without an admin thread.
  template <class Kind>
  void tell_admin(Kind&& command) {
    if (!mesh_.has_admin()) return;
    mesh_.admin_rings().told_count.fetch_add(1, std::memory_order_release);
    admin_.send(std::forward<Kind>(command));
  }
  bool has_admin() const { return mesh_.has_admin(); }
  /// Calls handle(from, command) for a bounded number of commands from each shard, and
  /// handle_admin(command) for those of the admin thread. Returns true if there was one.
  template <class F, class G>
  bool drain(F&& handle, G&& handle_admin) {
    std::size_t count = 0;
    for (core::ShardId from = 0; from < shards_.size(); ++from) {
      const auto visit = [&](ShardToControl& command) { handle(from, command); };
      count += mesh_.ring_to_control(from).consume(core::limits::mailbox_drain_max, visit);
    }
    count += mesh_.admin_rings().to_control.consume(core::limits::mailbox_drain_max, handle_admin);
    return count > 0;
  }
  /// As of ShardEnd.
  bool push_staged();
  bool has_staged() const;
  void wake();

 private:
  Mesh& mesh_;
  ShardSenders<ControlToShard> shards_;
  RingSender<ControlToAdmin> admin_;
};

/// The admin thread's end of the mesh.
class AdminEnd {
 public:
  /// After Mesh::set_admin_loop().
  explicit AdminEnd(Mesh& mesh);

  void send(core::ShardId to, AdminToShard&& command);
  template <class Kind>
  void tell_control(Kind&& command) {
    control_.send(std::forward<Kind>(command));
  }
  /// Calls handle(command) for a bounded number of commands from each thread: ControlToAdmin or
  /// ShardToAdmin. Returns true if there was one.
  template <class F>
  bool drain(F&& handle) {
    Mesh::AdminRings& rings = mesh_.admin_rings();
    std::size_t count = rings.from_control.consume(core::limits::mailbox_drain_max, handle);
    handled_count_ += count;
    for (const auto& ring : rings.from_shard)
      count += ring->consume(core::limits::mailbox_drain_max, handle);
    return count > 0;
  }
  /// How many commands the control thread has sent, and how many of them were handled. What anybody
  /// was answered before told_count() was read is known once as many are handled.
  std::uint64_t told_count() const {
    return mesh_.admin_rings().told_count.load(std::memory_order_acquire);
  }
  std::uint64_t handled_count() const { return handled_count_; }
  /// As of ShardEnd.
  bool push_staged();
  bool has_staged() const;
  void wake();

 private:
  Mesh& mesh_;
  ShardSenders<AdminToShard> shards_;
  RingSender<AdminToControl> control_;
  std::uint64_t handled_count_ = 0;
};

}  // namespace lepus::server
