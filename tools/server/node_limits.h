// The limits of a node in bytes, as the configuration says them of this machine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tools/server/config/config.h"
#include "tools/server/config/config_memory.h"

namespace lepus::server {

struct NodeLimits {
  std::uint64_t memory_watermark = 0;
  std::uint64_t paging_size = 0;  ///< Of all shards together.
  std::uint64_t disk_free_min = 0;
};

/// `available` is what read_available_memory() returned. Each shard makes one journal file ahead:
/// that must not take what is to stay free.
inline NodeLimits node_limits(const ServerConfig& config, std::uint64_t available,
                              std::uint64_t shard_count) {
  const MemoryLimits memory = memory_limits(config, available);
  const std::uint64_t disk = disk_free_limit(config, available);
  const std::uint64_t ahead = shard_count * config.journal_segment_size;
  return {memory.watermark_size, memory.paging_size, disk + std::min(ahead, UINT64_MAX - disk)};
}

}  // namespace lepus::server
