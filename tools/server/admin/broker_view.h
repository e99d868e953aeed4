// The broker as the admin thread sees it: a replica of the topology, how the broker is, and the
// ways to the other threads (admin_commands.h). What comes back goes to Admin (admin.h).
#pragma once

#include <cstdint>
#include <utility>

#include "core/topology/topology.h"
#include "io/loop.h"
#include "tools/server/mesh.h"

namespace lepus::server {

class ShovelManager;

class BrokerView {
 public:
  /// Both outlive this; the mesh has `loop` as that of its admin thread.
  BrokerView(Mesh& mesh, io::Loop& loop)
      : mesh_(mesh), loop_(loop), shard_count_(mesh.shard_count()), topology_(shard_count_) {}
  BrokerView(const BrokerView&) = delete;
  BrokerView& operator=(const BrokerView&) = delete;

  /// As far as it has come here.
  const core::Topology& topology() const { return topology_; }
  /// Of what was applied last; 0: nothing was.
  std::uint64_t version() const { return version_; }
  const ControlState& state() const { return state_; }
  core::ShardId shard_count() const { return shard_count_; }
  /// Of the loop: read once a turn.
  core::Nanos now() const { return loop_.now(); }
  /// Since 1970.
  core::Nanos wall_now() const { return loop_.now() + loop_.wall_offset(); }
  /// Turns of this thread.
  const core::TurnProfile::Totals& turns() const { return loop_.profile().totals(); }

  void send(core::ShardId shard, AdminToShard&& command) { mesh_.send(shard, std::move(command)); }
  template <class Kind>
  void tell_control(Kind&& command) {
    mesh_.tell_control(std::forward<Kind>(command));
  }
  /// As a channel that commands name: the answer comes to the request of this number.
  core::ChannelRef channel(std::uint32_t number) const { return {shard_count_, number, 1}; }

  /// What clients and operators were answered so far is known here once is_known() of the returned
  /// mark.
  std::uint64_t mark() const { return mesh_.told_count(); }
  bool is_known(std::uint64_t mark) const { return mesh_.handled_count() >= mark; }

  /// Null: there are none here, as in tests.
  ShovelManager* shovels() const { return shovels_; }

  // --- For the loop of the thread
  void set_shovels(ShovelManager& shovels) { shovels_ = &shovels; }
  void apply(const core::TopologyApply& command) {
    for (const core::TopologyChange& change : command.changes->list) topology_.apply(change);
    version_ = command.version;
    mesh_.tell_control(core::TopologyApplied{command.version});
  }
  void set_state(const ControlState& state) { state_ = state; }
  AdminEnd& mesh() { return mesh_; }

 private:
  AdminEnd mesh_;
  io::Loop& loop_;
  core::ShardId shard_count_;
  core::Topology topology_;
  std::uint64_t version_ = 0;
  ControlState state_;
  ShovelManager* shovels_ = nullptr;
};

}  // namespace lepus::server
