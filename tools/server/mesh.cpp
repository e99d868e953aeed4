// Sending, staging and waking. What is still in a ring or staged when the process ends is given up
// with the process; messages in it are not confirmed.
#include "tools/server/mesh.h"

#include <algorithm>
#include <variant>

namespace lepus::server {

Mesh::Mesh(std::size_t thread_count) : loops_(thread_count, nullptr) {
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
    : mesh_(mesh), self_(self), control_(mesh.ring_to_control(self), mesh.loop(self)) {
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
  std::visit([this](auto& one) { control_.send(std::move(one)); }, command);
}

bool ShardEnd::push_staged() {
  bool moved = control_.push_staged();
  for (const auto& peer : peers_) moved |= peer->push_staged();
  return moved;
}

bool ShardEnd::has_staged() const {
  return control_.has_staged() || std::any_of(peers_.begin(), peers_.end(),
                                              [](const auto& peer) { return peer->has_staged(); });
}

void ShardEnd::wake() {
  for (core::ShardId to = 0; to < peers_.size(); ++to) peers_[to]->wake(mesh_.loop(to));
  control_.wake(mesh_.control_loop());
}

ControlEnd::ControlEnd(Mesh& mesh) : mesh_(mesh) {
  for (core::ShardId to = 0; to < mesh.shard_count(); ++to)
    shards_.push_back(std::make_unique<RingSender<ControlToShard>>(mesh.ring_from_control(to),
                                                                   mesh.control_loop()));
}

void ControlEnd::send(core::ShardId to, ControlToShard&& command) {
  CHECK(to < shards_.size());
  shards_[to]->send(std::move(command));
}

bool ControlEnd::push_staged() {
  bool moved = false;
  for (const auto& shard : shards_) moved |= shard->push_staged();
  return moved;
}

bool ControlEnd::has_staged() const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->has_staged(); });
}

void ControlEnd::wake() {
  for (core::ShardId to = 0; to < shards_.size(); ++to) shards_[to]->wake(mesh_.loop(to));
}

}  // namespace lepus::server
