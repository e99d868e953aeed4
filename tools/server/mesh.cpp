// Sending, staging and waking. What is still in a ring or staged when the process ends is given up
// with the process; messages in it are not confirmed.
#include "tools/server/mesh.h"

#include <algorithm>
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
      control_(mesh.ring_to_control(self), mesh.loop(self)),
      admin_(*mesh.admin_rings().from_shard[self], mesh.loop(self)) {
  for (core::ShardId to = 0; to < mesh.shard_count(); ++to)
    peers_.push_back(
        std::make_unique<RingSender<core::PeerCommand>>(mesh.peer_ring(self, to), mesh.loop(self)));
}

void ShardEnd::send(core::ShardId to, core::PeerCommand&& command) {
  CHECK(to != self_);
  CHECK(to < peers_.size());
  peers_[to]->send(std::move(command));
}

void ShardEnd::send_to_control(core::ControlCommand&& command) {
  if (auto* reply = std::get_if<core::Reply>(&command)) return tell_admin(std::move(*reply));
  if (auto* ask = std::get_if<core::TopologyAsk>(&command)) return control_.send(std::move(*ask));
  control_.send(std::get<core::TopologyApplied>(command));
}

bool ShardEnd::push_staged() {
  bool moved = control_.push_staged();
  moved |= admin_.push_staged();
  for (const auto& peer : peers_) moved |= peer->push_staged();
  return moved;
}

bool ShardEnd::has_staged() const {
  return control_.has_staged() || admin_.has_staged() ||
         std::any_of(peers_.begin(), peers_.end(),
                     [](const auto& peer) { return peer->has_staged(); });
}

void ShardEnd::wake() {
  for (core::ShardId to = 0; to < peers_.size(); ++to) peers_[to]->wake(mesh_.loop(to));
  control_.wake(mesh_.control_loop());
  if (mesh_.has_admin()) admin_.wake(mesh_.admin_loop());
}

ControlEnd::ControlEnd(Mesh& mesh)
    : mesh_(mesh), admin_(mesh.admin_rings().from_control, mesh.control_loop()) {
  for (core::ShardId to = 0; to < mesh.shard_count(); ++to)
    shards_.push_back(std::make_unique<RingSender<ControlToShard>>(mesh.ring_from_control(to),
                                                                   mesh.control_loop()));
}

void ControlEnd::send(core::ShardId to, ControlToShard&& command) {
  CHECK(to < shards_.size());
  shards_[to]->send(std::move(command));
}

bool ControlEnd::push_staged() {
  bool moved = admin_.push_staged();
  for (const auto& shard : shards_) moved |= shard->push_staged();
  return moved;
}

bool ControlEnd::has_staged() const {
  return admin_.has_staged() || std::any_of(shards_.begin(), shards_.end(),
                                            [](const auto& shard) { return shard->has_staged(); });
}

void ControlEnd::wake() {
  for (core::ShardId to = 0; to < shards_.size(); ++to) shards_[to]->wake(mesh_.loop(to));
  if (mesh_.has_admin()) admin_.wake(mesh_.admin_loop());
}

AdminEnd::AdminEnd(Mesh& mesh)
    : mesh_(mesh), control_(mesh.admin_rings().to_control, mesh.admin_loop()) {
  CHECK(mesh.has_admin());
  for (core::ShardId to = 0; to < mesh.shard_count(); ++to)
    shards_.push_back(std::make_unique<RingSender<AdminToShard>>(*mesh.admin_rings().to_shard[to],
                                                                 mesh.admin_loop()));
}

void AdminEnd::send(core::ShardId to, AdminToShard&& command) {
  CHECK(to < shards_.size());
  shards_[to]->send(std::move(command));
}

bool AdminEnd::push_staged() {
  bool moved = control_.push_staged();
  for (const auto& shard : shards_) moved |= shard->push_staged();
  return moved;
}

bool AdminEnd::has_staged() const {
  return control_.has_staged() ||
         std::any_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->has_staged(); });
}

void AdminEnd::wake() {
  for (core::ShardId to = 0; to < shards_.size(); ++to) shards_[to]->wake(mesh_.loop(to));
  control_.wake(mesh_.control_loop());
}

}  // namespace lepus::server
