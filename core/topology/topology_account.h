// What the topology of one shard occupies, as far as clients make it: queues, exchanges, bindings,
// with their names and arguments. An estimate: sizes of the objects, their texts, and a constant
// for the tables that find them.
//
//   change -> note() -> Topology::apply()
//
// What is removed is asked of the topology while it is still there, so the same amount is taken off
// that was added.
#pragma once

#include <cstdint>

#include "core/message/message.h"
#include "core/topology/topology.h"

namespace lepus::core {

class TopologyAccount {
 public:
  /// Queues of `shard` are counted with what their home keeps of them. The account outlives this.
  TopologyAccount(ShardId shard, MemoryAccount& account) : shard_(shard), account_(account) {}
  ~TopologyAccount() { account_.topology_bytes -= bytes_; }
  TopologyAccount(const TopologyAccount&) = delete;
  TopologyAccount& operator=(const TopologyAccount&) = delete;

  /// Before `topology` applies the change.
  void note(const Topology& topology, const TopologyChange& change);

 private:
  std::uint64_t size_of(const QueueSpec& queue) const;
  void add(std::uint64_t size);
  void take_off(std::uint64_t size);

  ShardId shard_;
  MemoryAccount& account_;
  std::uint64_t bytes_ = 0;
};

}  // namespace lepus::core
