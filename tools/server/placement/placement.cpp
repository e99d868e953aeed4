// The rules of placement.h, one function each.
#include "tools/server/placement/placement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

const Cpu* find_cpu(const Machine& machine, unsigned number) {
  for (const Cpu& cpu : machine.cpus)
    if (cpu.number == number) return &cpu;
  return nullptr;
}

std::vector<Cpu> allowed_cpus(const Machine& machine) {
  CHECK(machine.allowed.size() == machine.cpus.size());
  std::vector<Cpu> cpus;
  for (std::size_t i = 0; i < machine.cpus.size(); ++i)
    if (machine.allowed[i]) cpus.push_back(machine.cpus[i]);
  return cpus;
}

/// Rules 1 and 2: what shards may be put on, by number.
std::vector<Cpu> candidates(const ServerConfig& config, const Machine& machine,
                            std::string& error) {
  const std::vector<Cpu> allowed = allowed_cpus(machine);
  std::vector<Cpu> chosen;
  if (config.cpuset.empty()) {
    std::set<unsigned> cores;
    for (const Cpu& cpu : allowed)
      if (cores.insert(cpu.core).second) chosen.push_back(cpu);
    return chosen;
  }
  std::vector<unsigned> refused;
  for (const unsigned number : config.cpuset) {
    const Cpu* cpu = find_cpu(machine, number);
    if (cpu != nullptr && std::find(allowed.begin(), allowed.end(), *cpu) != allowed.end())
      chosen.push_back(*cpu);
    else
      refused.push_back(number);
  }
  if (!refused.empty()) {
    std::vector<unsigned> numbers;
    for (const Cpu& cpu : allowed) numbers.push_back(cpu.number);
    error = fmt::format("cpuset: this process may not use CPU {}; it may use {}",
                        format_cpu_list(refused), format_cpu_list(numbers));
  }
  return chosen;
}

/// Rule 4. Stable: within a node by CPU number.
void order_by_node(std::vector<Cpu>& cpus) {
  std::map<unsigned, std::size_t> count_by_node;
  for (const Cpu& cpu : cpus) ++count_by_node[cpu.node];
  std::stable_sort(cpus.begin(), cpus.end(), [&](const Cpu& a, const Cpu& b) {
    const std::size_t count_a = count_by_node[a.node];
    const std::size_t count_b = count_by_node[b.node];
    return count_a != count_b ? count_a > count_b : a.node < b.node;
  });
}

/// Rule 3.
std::size_t shard_count(const ServerConfig& config, const Machine& machine, std::size_t cpu_count) {
  if (config.shards != 0) return config.shards;
  if (!config.cpuset.empty()) return cpu_count;
  std::size_t cores = cpu_count;
  if (machine.cpu_quota)
    cores = std::min(cores, static_cast<std::size_t>(std::max(*machine.cpu_quota, 1.0)));
  return std::max<std::size_t>(cores - 1, 1);
}

std::vector<unsigned> siblings_of(const Cpu& cpu, const Machine& machine) {
  std::vector<unsigned> siblings;
  for (const Cpu& other : machine.cpus)
    if (other.core == cpu.core && other.number != cpu.number) siblings.push_back(other.number);
  return siblings;
}

/// Rules 5 and 6, with the warnings that go with them.
void decide_pinning(const ServerConfig& config, const Machine& machine, std::size_t cpu_count,
                    Placement& placement) {
  const bool shares_cpus = placement.shards.size() > cpu_count;
  placement.pin = config.pin == PinMode::on ||
                  (config.pin == PinMode::automatic && !machine.cpu_quota && !shares_cpus);
  if (shares_cpus)
    placement.warnings.push_back(fmt::format(
        "{} shards on {} CPUs: they take each other's time; lower `shards`{}",
        placement.shards.size(), cpu_count, placement.pin ? " or do not pin" : ", not pinned"));
  if (!machine.cpu_quota) return;
  placement.warnings.push_back(
      fmt::format("the cgroup has a quota of {:.2f} CPUs: {}", *machine.cpu_quota,
                  placement.pin ? "pinned shards stop together when it is used up, set pin = false"
                                : "shards are not pinned"));
  if (static_cast<double>(placement.shards.size()) > *machine.cpu_quota)
    placement.warnings.push_back(
        fmt::format("{} shards can use up a quota of {:.2f} CPUs and are then all stopped for the "
                    "rest of its period; set `shards` to at most the quota",
                    placement.shards.size(), *machine.cpu_quota));
}

void choose_control_cpus(const Machine& machine, Placement& placement) {
  std::vector<unsigned> all;
  for (const Cpu& cpu : allowed_cpus(machine)) {
    all.push_back(cpu.number);
    const bool is_taken =
        std::any_of(placement.shards.begin(), placement.shards.end(),
                    [&](const ShardPlace& place) { return place.cpu.core == cpu.core; });
    if (!is_taken) placement.control_cpus.push_back(cpu.number);
  }
  if (placement.control_cpus.empty()) placement.control_cpus = all;
}

void warn_of_spread(Placement& placement) {
  std::set<unsigned> nodes;
  for (const ShardPlace& place : placement.shards) nodes.insert(place.cpu.node);
  if (nodes.size() > 1)
    placement.warnings.push_back(
        fmt::format("shards are spread over NUMA nodes {}: messages between them cross sockets; "
                    "name the CPUs of one node in `cpuset` if it is enough",
                    fmt::join(nodes, ",")));
}

/// A shard that never sleeps takes a whole CPU from whatever else is to run there.
void warn_of_polling(const ServerConfig& config, const Machine& machine, Placement& placement) {
  if (config.idle != IdleMode::poll) return;
  std::set<unsigned> cores;
  for (const Cpu& cpu : allowed_cpus(machine)) cores.insert(cpu.core);
  for (const ShardPlace& place : placement.shards) cores.erase(place.cpu.core);
  if (cores.empty())
    placement.warnings.push_back(
        "idle = poll with a shard on every core: the control thread, the kernel and clients on "
        "this machine have none left; lower `shards` or set idle = adaptive");
  if (!placement.pin)
    placement.warnings.push_back(
        "idle = poll without pinning: shards that never sleep take the time of others; set "
        "pin = true or idle = adaptive");
}

}  // namespace

PlacementResult place(const ServerConfig& config, const Machine& machine) {
  PlacementResult result;
  std::vector<Cpu> cpus = candidates(config, machine, result.error);
  if (!result.ok()) return result;
  CHECK(!cpus.empty());
  order_by_node(cpus);

  Placement& placement = result.placement;
  const std::size_t count = shard_count(config, machine, cpus.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Cpu& cpu = cpus[i % cpus.size()];
    placement.shards.push_back({.shard = static_cast<core::ShardId>(i),
                                .cpu = cpu,
                                .smt_siblings = siblings_of(cpu, machine)});
  }
  decide_pinning(config, machine, cpus.size(), placement);
  warn_of_spread(placement);
  warn_of_polling(config, machine, placement);
  choose_control_cpus(machine, placement);
  placement.machine = machine;
  return result;
}

std::string format_placement(const Placement& placement, const Machine& machine) {
  std::string out;
  auto at = std::back_inserter(out);
  fmt::format_to(at, "{:<8} {:>5} {:>5} {:>5}  {}\n", "thread", "cpu", "core", "node",
                 "smt siblings");
  for (const ShardPlace& place : placement.shards)
    fmt::format_to(at, "{:<8} {:>5} {:>5} {:>5}  {}\n", fmt::format("shard-{}", place.shard),
                   place.cpu.number, place.cpu.core, place.cpu.node,
                   place.smt_siblings.empty() ? "-" : format_cpu_list(place.smt_siblings));
  fmt::format_to(at, "{:<8} {:>5}\n", "control", format_cpu_list(placement.control_cpus));
  fmt::format_to(at, "pinned: {}; CPUs of the machine: {}, allowed: {}, quota: {}\n",
                 placement.pin ? "yes" : "no", machine.cpus.size(),
                 std::count(machine.allowed.begin(), machine.allowed.end(), true),
                 machine.cpu_quota ? fmt::format("{:.2f} CPUs", *machine.cpu_quota) : "none");
  for (const std::string& warning : placement.warnings)
    fmt::format_to(at, "warning: {}\n", warning);
  return out;
}

std::string format_cpu_list(const std::vector<unsigned>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ",", cpus[i]);
    if (last > i) fmt::format_to(std::back_inserter(out), "-{}", cpus[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace lepus::server
