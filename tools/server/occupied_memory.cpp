// See occupied_memory.h.
#include "tools/server/occupied_memory.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "core/limits.h"
#include "io/heap.h"
#include "tools/server/config/config_cgroup.h"
#include "tools/server/config/config_memory.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace limits = core::limits;

void OccupiedMemory::set_base(std::uint64_t resident) {
  base_ = std::min(resident, limits::resident_base_max);
}

bool OccupiedMemory::look(std::uint64_t resident, std::uint64_t watermark) {
  occupied_ = resident - std::min(resident, base_);
  if (occupied_ <= watermark) {
    compare(watermark);
    return false;
  }
  ++looks_above_;
  if (looks_above_ >= limits::resident_looks) is_above_ = true;
  return looks_above_ % limits::resident_trim_looks == 1;
}

void OccupiedMemory::compare(std::uint64_t watermark) {
  if (occupied_ > watermark) return;
  looks_above_ = 0;
  if (occupied_ <= watermark / 16 * limits::resident_clear_sixteenths) is_above_ = false;
}

namespace {

/// The number behind "name " at the begin of a line; nothing: there is none.
std::optional<std::uint64_t> stat_value(std::string_view stat, std::string_view name) {
  while (!stat.empty()) {
    const std::string_view line = stat.substr(0, stat.find('\n'));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(' '))
      return parse_number(line.substr(name.size() + 1));
    stat.remove_prefix(std::min(stat.size(), line.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> unreclaimable_size(std::string_view current, std::string_view stat) {
  const auto all = parse_memory_max(current);
  const auto active = stat_value(stat, "active_file");
  const auto inactive = stat_value(stat, "inactive_file");
  if (!all || !active || !inactive) return std::nullopt;
  const std::uint64_t cache = std::min(*active, *all) + std::min(*inactive, *all);
  return *all - std::min(cache, *all);
}

std::uint64_t cgroup_excess() {
  // From the own group upwards: only the topmost may have one of the files and not another.
  const std::vector<std::string> limit = read_cgroup_files("memory.max");
  const std::vector<std::string> current = read_cgroup_files("memory.current");
  const std::vector<std::string> stat = read_cgroup_files("memory.stat");
  std::uint64_t excess = 0;
  for (std::size_t i = 0; i < std::min({limit.size(), current.size(), stat.size()}); ++i) {
    const auto max = parse_memory_max(limit[i]);
    const auto used = max ? unreclaimable_size(current[i], stat[i]) : std::nullopt;
    if (!used) continue;
    const std::uint64_t allowed = *max / 100 * limits::cgroup_share_max;
    excess = std::max(excess, *used - std::min(*used, allowed));
  }
  return excess;
}

ProcessMemory read_process_memory() { return {io::resident_size(), cgroup_excess()}; }

}  // namespace lepus::server
