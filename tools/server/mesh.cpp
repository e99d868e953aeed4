// Sending, staging and waking. What is still in a ring or staged when the process ends is given up
// with the process; messages in it are not confirmed.
#include "tools/server/mesh.h"

#include <utility>

namespace lepus::server {

Mesh::Mesh(std::size_t thread_count) : loops_(thread_count, nullptr) {
  rings_.reserve(thread_count * thread_count);
  for (std::size_t pair = 0; pair < thread_count * thread_count; ++pair) {
    const bool to_itself = pair / thread_count == pair % thread_count;
    rings_.push_back(std::make_unique<Ring>(to_itself ? 1 : core::limits::mailbox_capacity));
  }
}

MeshEnd::MeshEnd(Mesh& mesh, core::ShardId self) : mesh_(mesh), self_(self) {
  for (std::size_t i = 0; i < mesh.thread_count(); ++i)
    peers_.push_back(std::make_unique<Peer>(mesh.loop(self)));
}

void MeshEnd::send(core::ShardId to, const core::Command& command) {
  CHECK(to != self_);
  CHECK(to < peers_.size());
  Peer& peer = *peers_[to];
  peer.has_news = true;
  if (peer.staged.empty() && mesh_.ring(self_, to).try_push(command)) return;
  peer.staged.push_back(command);
  ++staged_count_;
}

bool MeshEnd::push_staged() {
  if (staged_count_ == 0) return false;
  bool moved = false;
  for (core::ShardId to = 0; to < peers_.size(); ++to) {
    Peer& peer = *peers_[to];
    while (!peer.staged.empty() && mesh_.ring(self_, to).try_push(peer.staged.front())) {
      peer.staged.pop_front();
      --staged_count_;
      peer.has_news = moved = true;
    }
  }
  return moved;
}

void MeshEnd::wake() {
  for (core::ShardId to = 0; to < peers_.size(); ++to) {
    Peer& peer = *peers_[to];
    if (!std::exchange(peer.has_news, false)) continue;
    peer.waker.wake_if_asleep(mesh_.loop(to));
  }
}

}  // namespace lepus::server
