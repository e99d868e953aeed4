// One function for each thing that is looked at.
#include "tools/ctl/tune/tuners.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

namespace lepus::ctl {

namespace {

namespace files = std::filesystem;

constexpr std::string_view blanks = " \t\r\n";

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(blanks) - begin + 1));
}

std::optional<std::uint64_t> setting_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

/// Sorted, so that listings are the same each time.
std::vector<std::string> names_in(const TunePlace& place, const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto at = files::directory_iterator(place.root + directory, error);
       !error && at != files::directory_iterator(); at.increment(error))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// A number that may be larger.
Tuner at_least(const TunePlace& place, std::string_view name, const std::string& path,
               std::uint64_t least) {
  Tuner tuner{.name = name, .why = {}, .settings = {}, .unsupported = {}};
  std::string current = read_value(place, path);
  const auto value = setting_number(current);
  if (!value) {
    tuner.unsupported = fmt::format("{} is not there", path);
    return tuner;
  }
  tuner.settings.push_back({path, std::move(current), fmt::format("{}", least), *value >= least});
  return tuner;
}

/// A number that may be smaller.
Tuner at_most(const TunePlace& place, std::string_view name, const std::string& path,
              std::uint64_t most) {
  Tuner tuner = at_least(place, name, path, most);
  for (TuneSetting& setting : tuner.settings)
    setting.is_good = setting_number(setting.current).value_or(most + 1) <= most;
  return tuner;
}

void add_choice(const TunePlace& place, const std::string& path, std::string_view wanted,
                Tuner& tuner) {
  const std::string text = read_value(place, path);
  if (text.empty()) return;
  std::string current = chosen_of(text);
  const bool is_good = current == wanted;
  tuner.settings.push_back({path, std::move(current), std::string(wanted), is_good});
}

Tuner governor(const TunePlace& place) {
  Tuner tuner{.name = "cpu_governor", .why = {}, .settings = {}, .unsupported = {}};
  const std::string cpus = "/sys/devices/system/cpu";
  for (const std::string& name : names_in(place, cpus))
    if (name.starts_with("cpu"))
      add_choice(place, fmt::format("{}/{}/cpufreq/scaling_governor", cpus, name), "performance",
                 tuner);
  if (tuner.settings.empty())
    tuner.unsupported = "the CPUs have no governors here: a virtual machine's host has them";
  return tuner;
}

Tuner huge_pages(const TunePlace& place) {
  Tuner tuner{.name = "transparent_hugepages", .why = {}, .settings = {}, .unsupported = {}};
  add_choice(place, "/sys/kernel/mm/transparent_hugepage/enabled", "madvise", tuner);
  if (tuner.settings.empty()) tuner.unsupported = "the kernel has none";
  return tuner;
}

Tuner clock_source(const TunePlace& place) {
  Tuner tuner{.name = "clocksource", .why = {}, .settings = {}, .unsupported = {}};
  const std::string folder = "/sys/devices/system/clocksource/clocksource0/";
  std::istringstream there(read_value(place, folder + "available_clocksource"));
  bool has_tsc = false;
  for (std::string name; there >> name;) has_tsc |= name == "tsc";
  if (has_tsc) {
    add_choice(place, folder + "current_clocksource", "tsc", tuner);
  } else {
    tuner.unsupported = "this machine offers no tsc";
  }
  return tuner;
}

/// Of the device that holds the data directory: a partition's queue is its disk's.
Tuner disk_scheduler(const TunePlace& place) {
  Tuner tuner{.name = "disk_scheduler", .why = {}, .settings = {}, .unsupported = {}};
  struct stat found {};
  if (stat(place.data_dir.c_str(), &found) != 0) {
    tuner.unsupported = fmt::format("there is no {}: name it with --data-dir", place.data_dir);
    return tuner;
  }
  const std::string device =
      fmt::format("/sys/dev/block/{}:{}", major(found.st_dev), minor(found.st_dev));
  for (const char* folder : {"/queue/scheduler", "/../queue/scheduler"})
    if (tuner.settings.empty()) add_choice(place, device + folder, "none", tuner);
  if (tuner.settings.empty())
    tuner.unsupported = fmt::format("{} is on no disk of its own", place.data_dir);
  return tuner;
}

void add_interrupts(const TunePlace& place, const std::string& interface, Tuner& tuner) {
  for (const std::string& number :
       names_in(place, fmt::format("/sys/class/net/{}/device/msi_irqs", interface))) {
    const std::string path = fmt::format("/proc/irq/{}/smp_affinity_list", number);
    std::string current = read_value(place, path);
    if (current.empty()) continue;
    const bool is_good = current == place.irq_cpus;
    tuner.settings.push_back({path, std::move(current), place.irq_cpus, is_good});
  }
}

Tuner interrupts(const TunePlace& place) {
  Tuner tuner{.name = "irq_affinity", .why = {}, .settings = {}, .unsupported = {}};
  if (place.irq_cpus.empty()) {
    tuner.unsupported =
        "name CPUs without shards with --irq-cpus (lepus --print-placement shows which)";
    return tuner;
  }
  for (const std::string& name : names_in(place, "/sys/class/net"))
    if (place.interface.empty() || place.interface == name) add_interrupts(place, name, tuner);
  if (tuner.settings.empty())
    tuner.unsupported = "no network card with interrupts of its own (MSI) is here";
  return tuner;
}

/// Of the broker that runs with the data directory, by the number in its lock file.
Tuner open_files(const TunePlace& place) {
  constexpr std::uint64_t wanted = 65'536;
  Tuner tuner{.name = "nofile", .why = {}, .settings = {}, .unsupported = {}};
  TunePlace real = place;
  real.root.clear();
  const std::string process = read_value(real, place.data_dir + "/lock");
  std::ifstream limits(fmt::format("{}/proc/{}/limits", place.root, process));
  for (std::string line; !process.empty() && std::getline(limits, line);) {
    std::istringstream words(line);
    std::string word;
    std::string soft;
    if (!line.starts_with("Max open files")) continue;
    words >> word >> word >> word >> soft;
    const bool is_good = soft == "unlimited" || setting_number(soft).value_or(0) >= wanted;
    tuner.settings.push_back({"", soft, fmt::format("{}", wanted), is_good});
  }
  if (tuner.settings.empty())
    tuner.unsupported = fmt::format("no broker runs with {}", place.data_dir);
  return tuner;
}

}  // namespace

std::string read_value(const TunePlace& place, const std::string& path) {
  std::ifstream stream(place.root + path);
  std::string line;
  std::getline(stream, line);
  return trimmed(line);
}

std::string chosen_of(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return trimmed(text);
  return std::string(text.substr(open + 1, close - open - 1));
}

std::vector<Tuner> find_tuners(const TunePlace& place) {
  std::vector<Tuner> tuners;
  const auto add = [&tuners](Tuner tuner, std::string_view why) {
    tuner.why = why;
    tuners.push_back(std::move(tuner));
  };
  add(governor(place), "waking up from deep sleep states costs tens of microseconds");
  add(huge_pages(place), "the broker asks for huge pages where they are of use");
  add(clock_source(place), "each turn reads the time: by tsc without a system call");
  add(at_most(place, "swappiness", "/proc/sys/vm/swappiness", 1), "a broker that swaps is down");
  add(at_least(place, "somaxconn", "/proc/sys/net/core/somaxconn", 4096),
      "bounds tcp_listen_options.backlog: clients that all connect again");
  add(at_least(place, "tcp_max_syn_backlog", "/proc/sys/net/ipv4/tcp_max_syn_backlog", 4096),
      "the same, one step earlier");
  add(at_least(place, "file_max", "/proc/sys/fs/file-max", 1'048'576),
      "one descriptor a connection, over all processes");
  add(at_least(place, "nr_open", "/proc/sys/fs/nr_open", 1'048'576),
      "the most that LimitNOFILE can give");
  add(open_files(place), "connections and 1000 more; LimitNOFILE in the unit");
  add(at_most(place, "io_uring_disabled", "/proc/sys/kernel/io_uring_disabled", 0),
      "else epoll is used, which is slower");
  add(disk_scheduler(place), "a fast disk sorts its requests itself");
  add(interrupts(place), "interrupts of network cards take the time of shards");
  return tuners;
}

}  // namespace lepus::ctl
