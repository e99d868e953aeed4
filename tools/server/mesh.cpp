// Sending, staging and waking. What is still in a ring or staged when the process ends is given up
// with the process; messages in it are not confirmed.
#include "tools/server/mesh.h"

#include <utility>
#include <variant>

namespace lepus::server {

Mesh::AdminRings::AdminRings(std::size_t shard_count)
    : to_control(core::limits::mailbox_capacity), from_control(core::limits::mailbox_capacity) {
  for (std::size_t shard = 0; shard < shard_count; ++shard) {
    to_shard.push_back(
        std::make_unique<io::SpscRing<AdminToShard>>(core::limits::mailbox_capacity));
    from_shard.push_back(
        std::make_unique<io::SpscRing<ShardToAdmin>>(core::limits::mailbox_capacity));
  }
}

Mesh::Mesh(std::size_t thread_count)
    : loops_(thread_count, nullptr), admin_rings_(thread_count - 1) {
  CHECK(thread_count > 1);
  const std::size_t shards = thread_count - 1;
  for (std::size_t pair = 0; pair < shards * shards; ++pair) {
    const bool to_itself = pair / shards == pair % shards;
    peer_rings_.push_back(
        std::make_unique<PeerRing>(to_itself ? 1 : core::limits::mailbox_capacity));
  }
  for (std::size_t shard = 0; shard < shards; ++shard) {
    control_rings_.push_back(std::make_unique<ControlRing>(core::limits::mailbox_capacity));
    shard_rings_.push_back(std::make_unique<ShardRing>(core::limits::mailbox_capacity));
  }
}

ShardEnd::ShardEnd(Mesh& mesh, core::ShardId self)
    : mesh_(mesh),
      self_(self),
      versions_{0, std::vector<std::uint64_t>(mesh.shard_count(), 0),
                std::vector<std::uint64_t>(mesh.shard_count(), 0)},
      peers_(mesh, mesh.loop(self),
             [&](core::ShardId to) -> Mesh::PeerRing& { return mesh.peer_ring(self, to); }),
      control_(mesh.ring_to_control(self), mesh.loop(self)),
      admin_(*mesh.admin_rings().from_shard[self], mesh.loop(self)) {}

void ShardEnd::send(core::ShardId to, core::PeerCommand&& command) {
  CHECK(to != self_);
  if (versions_.told[to] != versions_.applied) {
    versions_.told[to] = versions_.applied;
    peers_.send(to, core::TopologyKnown{versions_.applied});
  }
  peers_.send(to, std::move(command));
}

void ShardEnd::send_to_control(core::ControlCommand&& command) {
  if (auto* reply = std::get_if<core::Reply>(&command)) return tell_admin(std::move(*reply));
  if (auto* ask = std::get_if<core::TopologyAsk>(&command)) return control_.send(std::move(*ask));
  const auto& applied = std::get<core::TopologyApplied>(command);
  CHECK(applied.version > versions_.applied);
  versions_.applied = applied.version;
  control_.send(core::TopologyApplied{applied});
}

bool ShardEnd::push_staged() {
  bool moved = control_.push_staged();
  moved |= admin_.push_staged();
  moved |= peers_.push_staged();
  return moved;
}

bool ShardEnd::has_staged() const {
  return control_.has_staged() || admin_.has_staged() || peers_.has_staged();
}

void ShardEnd::wake() {
  peers_.wake();
  control_.wake(mesh_.control_loop());
  if (mesh_.has_admin()) admin_.wake(mesh_.admin_loop());
}

ControlEnd::ControlEnd(Mesh& mesh)
    : mesh_(mesh),
      shards_(mesh, mesh.control_loop(),
              [&](core::ShardId to) -> Mesh::ShardRing& { return mesh.ring_from_control(to); }),
      admin_(mesh.admin_rings().from_control, mesh.control_loop()) {}

void ControlEnd::send(core::ShardId to, ControlToShard&& command) {
  shards_.send(to, std::move(command));
}

bool ControlEnd::push_staged() {
  const bool moved = admin_.push_staged();
  return shards_.push_staged() || moved;
}

bool ControlEnd::has_staged() const { return admin_.has_staged() || shards_.has_staged(); }

void ControlEnd::wake() {
  shards_.wake();
  if (mesh_.has_admin()) admin_.wake(mesh_.admin_loop());
}

AdminEnd::AdminEnd(Mesh& mesh)
    : mesh_(mesh),
      shards_(mesh, mesh.admin_loop(),
              [&](core::ShardId to) -> io::SpscRing<AdminToShard>& {
                return *mesh.admin_rings().to_shard[to];
              }),
      control_(mesh.admin_rings().to_control, mesh.admin_loop()) {}

void AdminEnd::send(core::ShardId to, AdminToShard&& command) {
  shards_.send(to, std::move(command));
}

bool AdminEnd::push_staged() {
  const bool moved = control_.push_staged();
  return shards_.push_staged() || moved;
}

bool AdminEnd::has_staged() const { return control_.has_staged() || shards_.has_staged(); }

void AdminEnd::wake() {
  shards_.wake();
  control_.wake(mesh_.control_loop());
}

}  // namespace lepus::server
