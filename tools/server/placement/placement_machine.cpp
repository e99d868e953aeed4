// hwloc tells cores and nodes, the kernel's affinity mask what is allowed, cpu.max the quota. hwloc
// loads also what this process may not use, so that siblings are shown that belong to others.
#include "tools/server/placement/placement_machine.h"

#include <fmt/format.h>
#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "tools/server/config/config_cgroup.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

struct TopologyDeleter {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, TopologyDeleter>;

Topology make_topology() {
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return {};
  return Topology(topology);
}

/// CPUs in the order of their numbers. A CPU without core or node object counts as one of its own
/// and as part of node 0.
std::vector<Cpu> list_cpus(hwloc_topology_t topology) {
  std::vector<Cpu> cpus;
  const int count = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
  for (int i = 0; i < count; ++i) {
    hwloc_obj_t pu = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, static_cast<unsigned>(i));
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    Cpu cpu{.number = pu->os_index, .core = 0, .node = 0};
    cpu.core = core != nullptr ? core->logical_index : static_cast<unsigned>(i);
    hwloc_obj_t node = nullptr;
    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr) {
      if (!hwloc_bitmap_isset(node->cpuset, pu->os_index)) continue;
      cpu.node = node->os_index;
      break;
    }
    cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end(),
            [](const Cpu& a, const Cpu& b) { return a.number < b.number; });
  return cpus;
}

/// The numbers of the CPUs this process may run on; empty when the system does not say.
std::vector<unsigned> read_affinity() {
  // The kernel refuses a mask smaller than its own, so try growing sizes.
  for (std::size_t cpu_count = 1024; cpu_count <= 65536; cpu_count *= 4) {
    std::vector<cpu_set_t> mask(CPU_ALLOC_SIZE(cpu_count) / sizeof(cpu_set_t));
    const std::size_t size = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, size, mask.data()) != 0) {
      if (errno == EINVAL) continue;
      return {};
    }
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
      if (CPU_ISSET_S(cpu, size, mask.data())) cpus.push_back(cpu);
    return cpus;
  }
  return {};
}

/// The tightest quota of this process's group and those above it.
std::optional<double> read_cpu_quota() {
  std::vector<std::string> limits = read_cgroup_files("cpu.max");
  std::string quota;
  std::string period;
  if (read_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota) &&
      read_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period))
    limits.push_back(fmt::format("{} {}", trim(quota.substr(0, quota.find('\n'))), period));
  std::optional<double> tightest;
  for (const std::string& limit : limits) {
    const auto cpus = parse_cpu_max(limit);
    if (cpus && (!tightest || *cpus < *tightest)) tightest = cpus;
  }
  return tightest;
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view text) {
  text = trim(text.substr(0, text.find('\n')));
  const std::size_t blank = text.find(' ');
  const auto quota = parse_number(text.substr(0, blank));
  const auto period =
      blank == std::string_view::npos ? std::nullopt : parse_number(trim(text.substr(blank)));
  if (!quota || !period || *period == 0) return {};
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

MachineResult read_machine() {
  const Topology topology = make_topology();
  if (topology == nullptr ||
      hwloc_topology_set_flags(topology.get(), HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) != 0 ||
      hwloc_topology_load(topology.get()) != 0)
    return {.machine = {},
            .error = fmt::format("cannot read the machine's topology: {}", std::strerror(errno))};
  MachineResult result{
      .machine = {.cpus = list_cpus(topology.get()), .allowed = {}, .cpu_quota = read_cpu_quota()},
      .error = {}};
  const std::vector<unsigned> allowed = read_affinity();
  for (const Cpu& cpu : result.machine.cpus)
    result.machine.allowed.push_back(
        std::binary_search(allowed.begin(), allowed.end(), cpu.number));
  if (std::count(result.machine.allowed.begin(), result.machine.allowed.end(), true) == 0)
    result.error = "cannot find out which CPUs this process may use (sched_getaffinity)";
  return result;
}

MachineResult synthetic_machine(const std::string& description) {
  const Topology topology = make_topology();
  if (topology == nullptr ||
      hwloc_topology_set_synthetic(topology.get(), description.c_str()) != 0 ||
      hwloc_topology_load(topology.get()) != 0)
    return {.machine = {}, .error = fmt::format("hwloc does not know '{}'", description)};
  MachineResult result{
      .machine = {.cpus = list_cpus(topology.get()), .allowed = {}, .cpu_quota = {}}, .error = {}};
  result.machine.allowed.assign(result.machine.cpus.size(), true);
  return result;
}

}  // namespace lepus::server
