// How much memory there is, and how much of it the configuration allows before publishers are
// blocked; also how much of the disk has to stay free, which may be told in memory. "There is"
// means the smaller of the machine's memory and the limit of the cgroup this process runs in,
// unless total_memory_available_override_value says something else.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/server/config/config.h"

namespace lepus::server {

struct MemoryLimits {
  std::uint64_t available_size = 0;
  std::uint64_t watermark_size = 0;  ///< Never 0, never above available_size.
  std::uint64_t paging_size = 0;     ///< From here on messages go to disk alone.
};

/// Pure. `machine_size` is what read_available_memory() found.
MemoryLimits memory_limits(const ServerConfig& config, std::uint64_t machine_size);

/// Bytes of the disk that must stay free. Pure, like memory_limits().
std::uint64_t disk_free_limit(const ServerConfig& config, std::uint64_t machine_size);

/// Bytes; reads /proc/meminfo and the cgroup.
std::uint64_t read_available_memory();

/// The number in memory.max or memory.limit_in_bytes; nothing = no limit.
std::optional<std::uint64_t> parse_memory_max(std::string_view text);

}  // namespace lepus::server
