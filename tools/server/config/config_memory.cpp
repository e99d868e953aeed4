// The watermark as bytes, and the amount of memory it is a share of: the machine's, or the smallest
// limit of the control groups of either version.
#include "tools/server/config/config_memory.h"

#include <unistd.h>

#include <algorithm>

#include "core/base/assert.h"
#include "tools/server/config/config_cgroup.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

/// More than any disk or memory has; leaves room for sums.
constexpr std::uint64_t size_max = 1ULL << 62;

std::uint64_t share_of(std::uint64_t size, double factor) {
  const double share = static_cast<double>(size) * factor;
  return share < static_cast<double>(size_max) ? static_cast<std::uint64_t>(share) : size_max;
}

}  // namespace

MemoryLimits memory_limits(const ServerConfig& config, std::uint64_t machine_size) {
  CHECK(machine_size > 0);
  const std::uint64_t available = config.total_memory_override.value_or(machine_size);
  const MemoryWatermark& mark = config.memory_watermark;
  const std::uint64_t wanted = mark.is_relative ? share_of(available, mark.fraction) : mark.size;
  const std::uint64_t watermark = std::clamp<std::uint64_t>(wanted, 1, available);
  return {.available_size = available,
          .watermark_size = watermark,
          .paging_size = share_of(watermark, config.memory_paging_ratio)};
}

std::uint64_t disk_free_limit(const ServerConfig& config, std::uint64_t machine_size) {
  CHECK(machine_size > 0);
  const DiskFreeLimit& limit = config.disk_free_limit;
  if (!limit.is_relative) return std::min(limit.size, size_max);
  const std::uint64_t available = config.total_memory_override.value_or(machine_size);
  return share_of(available, limit.factor);
}

std::uint64_t read_available_memory() {
  auto size = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
              static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<std::string> limits = read_cgroup_files("memory.max");
  std::string version1;
  if (read_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", version1))
    limits.push_back(std::move(version1));
  for (const std::string& limit : limits)
    size = std::min(size, parse_memory_max(limit).value_or(size));
  return std::max<std::uint64_t>(size, 1);
}

std::optional<std::uint64_t> parse_memory_max(std::string_view text) {
  return parse_number(trim(text.substr(0, text.find('\n'))));
}

}  // namespace lepus::server
