// A broker put together as tools/server/node.cpp does it, with simulated drivers in place of
// threads.
#include <algorithm>

#include "tests/sim/world.h"

namespace lepus::sim {

Cluster::Cluster(io::SimWorld& world, std::size_t shard_count, std::uint64_t seed)
    : world_(world), mesh_(shard_count + 1) {
  settings_.users["guest"] = {"guest", false};
  for (std::size_t i = 0; i <= shard_count; ++i) {
    threads_.push_back(std::make_unique<Thread>(world));
    mesh_.set_loop(static_cast<core::ShardId>(i), threads_.back()->loop);
  }
  for (std::size_t i = 0; i < shard_count; ++i) {
    shards_.push_back(std::make_unique<server::Shard>(server::Shard::Parts{
        static_cast<core::ShardId>(i), &mesh_, &threads_[i]->loop, &settings_, &log_, seed + i}));
    shards_.back()->add_listener(world.network().listen(port));
  }
  control_ = std::make_unique<server::Control>(server::Control::Parts{
      &mesh_, &threads_.back()->loop, &log_, UINT64_MAX, [this] { return memory_bytes(); }});
  CHECK(control_->start({}, {"/"}).empty());
}

void Cluster::run_turn(const io::SimDriver& driver, Saboteur* saboteur) {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (&threads_[i]->driver != &driver) continue;
    if (saboteur != nullptr) saboteur->tamper(mesh_, static_cast<core::ShardId>(i));
    io::Loop& loop = threads_[i]->loop;
    const std::uint64_t sleeps = loop.sleep_count();
    loop.run_turn();
    // A simulated turn returns where a real one would block: the flag stays up for the time until
    // the next turn, so that the others' wake operations are needed and tested.
    const bool blocks = loop.sleep_count() > sleeps && driver.next_event() > world_.now();
    if (blocks) loop.sleep_flag().announce();
    return;
  }
}

std::size_t Cluster::connection_count() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) count += shard->connection_count();
  return count;
}

std::uint64_t Cluster::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& shard : shards_) bytes += shard->memory_bytes();
  return bytes;
}

bool Cluster::rings_empty() {
  const auto count = static_cast<core::ShardId>(threads_.size());
  for (core::ShardId from = 0; from < count; ++from)
    for (core::ShardId to = 0; to < count; ++to)
      if (from != to && !mesh_.ring(from, to).empty()) return false;
  return true;
}

bool Cluster::is_finished() const {
  return control_->is_finished() && ops_in_flight() == 0 &&
         std::all_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->is_finished(); });
}

std::size_t Cluster::ops_in_flight() const {
  std::size_t count = 0;
  for (const auto& thread : threads_) count += thread->loop.ops_in_flight();
  return count;
}

}  // namespace lepus::sim
