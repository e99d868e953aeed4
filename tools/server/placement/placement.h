// Which shard runs on which CPU. Pure: the machine comes in as a Machine (placement_machine.h
// reads the real one, tests make up others), the outcome is a plain table.
//
// Rules, in this order:
//   1. Only CPUs the process may use (affinity mask, which reflects the cgroup's cpuset) and, when
//      `cpuset` is given, only those named there. A CPU named but not allowed is an error.
//   2. Without `cpuset` one CPU per physical core: SMT siblings are left alone.
//   3. shards = auto: one per core but one, which is left to the control thread, the log, the
//   kernel
//      and clients on the same machine; at least one. A CPU quota counts as that many cores. With
//      `cpuset`: one per CPU named.
//   4. Cores are taken node by node, the node with most usable cores first, so that a broker that
//      fits a NUMA node stays on it.
//   5. More shards than CPUs is allowed (tests, small machines): they share CPUs in turn, unpinned.
//   6. pin = auto pins unless the cgroup has a CPU quota: a quota is spent by whichever thread
//   runs,
//      and a pinned thread that is throttled cannot be helped out by an idle CPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// One logical CPU ("processing unit") the process may use.
struct Cpu {
  unsigned number = 0;  ///< The kernel's number.
  unsigned core = 0;    ///< Equal for SMT siblings; unique over the machine.
  unsigned node = 0;    ///< NUMA node.
  bool operator==(const Cpu&) const = default;
};

struct Machine {
  std::vector<Cpu> cpus;      ///< All of the machine, by number.
  std::vector<bool> allowed;  ///< By index in cpus.
  /// CPUs' worth of time the cgroup grants, e.g. 1.5; nothing = no quota.
  std::optional<double> cpu_quota;
};

struct ShardPlace {
  core::ShardId shard = 0;
  Cpu cpu;
  std::vector<unsigned> smt_siblings;  ///< Other CPUs of the same core, allowed or not.
};

struct Placement {
  std::vector<ShardPlace> shards;      ///< By shard id, never empty.
  std::vector<unsigned> control_cpus;  ///< For the control thread and other helpers: the allowed
                                       ///< CPUs without shards, or all allowed ones.
  bool pin = false;                    ///< Whether shards are to be bound to shards[i].cpu.
  std::vector<std::string> warnings;   ///< To be logged once at start.
  Machine machine;                     ///< On which it was made.
};

struct PlacementResult {
  Placement placement;
  std::string error;  ///< Empty = placement is valid.
  bool ok() const { return error.empty(); }
};

PlacementResult place(const ServerConfig& config, const Machine& machine);

/// The table of --print-placement, with its warnings.
std::string format_placement(const Placement& placement, const Machine& machine);

/// "0,2-5" for {0, 2, 3, 4, 5}: the format of taskset and cpuset.cpus.
std::string format_cpu_list(const std::vector<unsigned>& cpus);

}  // namespace lepus::server
