// How the decided changes of the topology reach the shards: a log that each shard applies in order.
//
//   split_changes() -> append() -> pending -> sent: at most so many changes that some shard has not
//   applied
//   TopologyApplied from a shard -> applied; the next pieces are sent when every shard has come so
//   far
//
// A piece is what a shard applies in one step, so a definitions file with a hundred thousand
// queues, or the deletion of a virtual host with as many, takes many turns of each shard, with its
// clients' work between them. Each piece has a version;
// versions are consecutive. A replica between two pieces of one entry is a topology like any other.
//
// The admin thread, if there is one, gets every piece, too, before any shard does: so it knows what
// a client was answered by the time it reads what was sent to it. Nobody waits until it has applied
// a piece, unless it is behind by admin_unapplied_max changes.
// Control thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/ids.h"
#include "core/limits.h"
#include "core/topology/topology_change.h"
#include "tools/server/mesh.h"

namespace lepus::server {

/// So many changes the admin thread may be behind while it writes a long answer: some megabytes.
inline constexpr std::size_t admin_unapplied_max = 256 * core::limits::topology_unapplied_max;

/// Cuts changes into pieces of some limits::topology_piece_max, in order. A policy begins one.
std::vector<core::TopologyChanges> split_changes(core::TopologyChanges changes);

class TopologyReplication {
 public:
  /// `mesh` outlives this.
  TopologyReplication(ControlEnd& mesh, core::ShardId shard_count);

  /// Sends the changes, which are not empty, behind those that came before; their version is one
  /// higher.
  void append(core::TopologyChanges changes);
  /// A shard has applied a version that was sent to it, and everything before.
  void on_applied(core::ShardId shard, std::uint64_t version);
  /// The admin thread has.
  void on_admin_applied(std::uint64_t version);
  /// The threads end: what is pending stays unsent.
  void stop() { pending_.clear(); }

  /// The version of what was appended last; 0: nothing was.
  std::uint64_t version() const { return version_; }
  /// Every shard has applied this version, or will before it reads what is sent to it next.
  std::uint64_t applied_version() const;

 private:
  /// What was sent to a thread, or to all shards, and is not applied yet.
  struct Unapplied {
    std::deque<std::size_t> sizes;  ///< Of the versions, oldest first.
    std::size_t count = 0;          ///< Their sum.

    void add(std::size_t size);
    void take_oldest();
    /// Returns true if `size` more may be sent.
    bool has_room(std::size_t size, std::size_t max) const {
      return count == 0 || count + size <= max;
    }
  };

  std::uint64_t sent_version() const { return version_ - pending_.size(); }
  void send_pending();
  void send(core::TopologyChanges changes);

  ControlEnd& mesh_;
  std::uint64_t version_ = 0;
  std::deque<core::TopologyChanges> pending_;  ///< The newest versions, not sent yet.
  Unapplied unapplied_;                        ///< By some shard.
  Unapplied admin_unapplied_;                  ///< By the admin thread.
  std::uint64_t admin_applied_ = 0;
  std::vector<std::uint64_t> applied_;  ///< By shard.
};

}  // namespace lepus::server
