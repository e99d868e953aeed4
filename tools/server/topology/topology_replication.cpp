// Cutting into pieces, and when the next one may go. See topology_replication.h.
#include "tools/server/topology/topology_replication.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/base/assert.h"
#include "core/broker/command.h"
#include "core/limits.h"

namespace lepus::server {

namespace {

/// Returns true if the change belongs to the one before it: an exchange never is without the queue
/// in which it delays messages, which is added behind it and removed in front of it.
bool continues_piece(const core::TopologyChange& change, const core::TopologyChange& before) {
  const auto* added = std::get_if<core::QueueAdded>(&change);
  if (added != nullptr) return static_cast<bool>(added->queue.store_of);
  return std::holds_alternative<core::ExchangeRemoved>(change) &&
         std::holds_alternative<core::QueueRemoved>(before);
}

/// Returns true if the change begins a piece. A policy may take many turns: what came before it
/// would be in force on a shard meanwhile that does not say yet that it has applied it.
bool begins_piece(const core::TopologyChange& change) {
  return std::holds_alternative<core::PolicyPut>(change) ||
         std::holds_alternative<core::PolicyRemoved>(change);
}

}  // namespace

/// The rules name what depends on something before it, so that what is left between two pieces of a
/// removal is in order.
std::vector<core::TopologyChanges> split_changes(core::TopologyChanges changes) {
  constexpr std::size_t size_max = core::limits::topology_piece_max;
  std::vector<core::TopologyChanges> pieces;
  for (core::TopologyChange& change : changes.list) {
    const bool is_full =
        !pieces.empty() && (pieces.back().list.size() >= size_max || begins_piece(change));
    if (pieces.empty() || (is_full && !continues_piece(change, pieces.back().list.back())))
      pieces.push_back({{}, changes.by});
    pieces.back().list.push_back(std::move(change));
  }
  return pieces;
}

TopologyReplication::TopologyReplication(ControlEnd& mesh, core::ShardId shard_count)
    : mesh_(mesh), applied_(shard_count, 0) {
  CHECK(shard_count > 0);
}

void TopologyReplication::append(core::TopologyChanges changes) {
  CHECK(!changes.list.empty());
  ++version_;
  pending_.push_back(std::move(changes));
  send_pending();
}

void TopologyReplication::on_applied(core::ShardId shard, std::uint64_t version) {
  CHECK(applied_[shard] < version);
  CHECK(version <= sent_version());
  const std::uint64_t before = *std::min_element(applied_.begin(), applied_.end());
  applied_[shard] = version;
  const std::uint64_t everywhere = *std::min_element(applied_.begin(), applied_.end());
  for (std::uint64_t done = before; done < everywhere; ++done) unapplied_.take_oldest();
  send_pending();
}

void TopologyReplication::on_admin_applied(std::uint64_t version) {
  CHECK(version == admin_applied_ + 1);
  CHECK(version <= sent_version());
  admin_applied_ = version;
  admin_unapplied_.take_oldest();
  send_pending();
}

void TopologyReplication::Unapplied::add(std::size_t size) {
  sizes.push_back(size);
  count += size;
}

void TopologyReplication::Unapplied::take_oldest() {
  CHECK(!sizes.empty());
  count -= sizes.front();
  sizes.pop_front();
}

/// A single shard applies before it reads the answer, as both come on one ring: no need to wait.
std::uint64_t TopologyReplication::applied_version() const {
  return applied_.size() == 1 ? sent_version()
                              : *std::min_element(applied_.begin(), applied_.end());
}

void TopologyReplication::send_pending() {
  while (!pending_.empty()) {
    const std::size_t size = pending_.front().list.size();
    if (!unapplied_.has_room(size, core::limits::topology_unapplied_max)) return;
    if (!admin_unapplied_.has_room(size, admin_unapplied_max)) return;
    core::TopologyChanges changes = std::move(pending_.front());
    pending_.pop_front();
    send(std::move(changes));
  }
}

/// Every shard gets a copy of its own.
void TopologyReplication::send(core::TopologyChanges changes) {
  unapplied_.add(changes.list.size());
  if (mesh_.has_admin()) {
    admin_unapplied_.add(changes.list.size());
    mesh_.tell_admin(
        core::TopologyApply{sent_version(), std::make_unique<core::TopologyChanges>(changes)});
  }
  for (std::size_t shard = 0; shard < applied_.size(); ++shard) {
    auto copy = std::make_unique<core::TopologyChanges>(
        shard + 1 < applied_.size() ? changes : std::move(changes));
    mesh_.send(static_cast<core::ShardId>(shard),
               core::TopologyApply{sent_version(), std::move(copy)});
  }
}

}  // namespace lepus::server
