// See network_interrupts.h. /sys/class/net/NAME/device/msi_irqs lists the interrupts of a card; one
// of a virtual machine has them one directory further up.
#include "tools/server/placement/network_interrupts.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>

namespace lepus::server {

namespace {

constexpr std::size_t cards_max = 16;
constexpr std::size_t irqs_max = 64;

std::string read_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Names in a directory, in order; none when it is not there.
std::vector<std::string> names_in(const std::filesystem::path& path, std::size_t count_max) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end;
       at.increment(error))
    if (names.size() < count_max) names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<unsigned> read_cpu_list(const std::string& text, unsigned end) {
  std::set<unsigned> cpus;
  const char* at = text.data();
  const char* const stop = text.data() + text.size();
  while (at < stop) {
    unsigned first = 0;
    auto read = std::from_chars(at, stop, first);
    if (read.ec != std::errc{}) break;
    unsigned last = first;
    if (read.ptr < stop && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, stop, last);
      if (read.ec != std::errc{}) break;
    }
    for (unsigned cpu = first; cpu <= last && cpu < end; ++cpu) cpus.insert(cpu);
    if (read.ptr == stop || *read.ptr != ',') break;
    at = read.ptr + 1;
  }
  return {cpus.begin(), cpus.end()};
}

std::vector<NetworkCard> read_network_cards(const std::string& root, unsigned cpu_end) {
  std::vector<NetworkCard> cards;
  const std::filesystem::path base = root + "/sys/class/net";
  for (const std::string& name : names_in(base, cards_max)) {
    std::vector<std::string> irqs = names_in(base / name / "device" / "msi_irqs", irqs_max);
    if (irqs.empty()) irqs = names_in(base / name / "device" / ".." / "msi_irqs", irqs_max);
    if (irqs.empty()) continue;
    NetworkCard card{name, irqs.size(), {}};
    std::set<unsigned> cpus;
    for (const std::string& irq : irqs) {
      const std::filesystem::path folder = std::filesystem::path(root + "/proc/irq") / irq;
      std::string list = read_line(folder / "effective_affinity_list");
      if (list.empty()) list = read_line(folder / "smp_affinity_list");
      for (const unsigned cpu : read_cpu_list(list, cpu_end)) cpus.insert(cpu);
    }
    card.cpus.assign(cpus.begin(), cpus.end());
    cards.push_back(std::move(card));
  }
  return cards;
}

}  // namespace lepus::server
