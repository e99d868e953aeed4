// On which CPUs the interrupts of network cards arrive, as the kernel tells it in /sys and /proc.
// For pictures: which card serves which shard is not known, as the kernel steers packets further.
#pragma once

#include <string>
#include <vector>

namespace lepus::server {

struct NetworkCard {
  std::string name;            ///< "eth0"
  std::size_t irq_count = 0;   ///< Interrupts that it has.
  std::vector<unsigned> cpus;  ///< Where they may arrive, ascending, each once.
};

/// "0-3,8": CPUs below `end`, ascending; what is no such list is read as far as it goes.
std::vector<unsigned> read_cpu_list(const std::string& text, unsigned end);

/// Cards with interrupts of their own, by name; a virtual one has none. At most 16 cards and 64
/// interrupts of each are looked at. `root`: "" but for tests, which have files of their own.
/// Blocks for as long as that many small files of the kernel take.
std::vector<NetworkCard> read_network_cards(const std::string& root, unsigned cpu_end);

}  // namespace lepus::server
