// /proc/N/stat and /proc/N/statm, resource limits, signals.
#include "tools/perf/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

std::atomic<bool> interrupt_seen{false};

void on_interrupt(int) { interrupt_seen.store(true, std::memory_order_relaxed); }

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!file || !std::getline(file, text))
    throw PerfError("--pid: cannot read ", path, ": no such process?");
  return text;
}

// Appends "socket:[inode]" of each socket that listens on the port, from a table of the kernel.
void collect_listeners(const char* table, uint16_t port, std::vector<std::string>& links) {
  std::ifstream file(table);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, skipped, inode;
    fields >> slot >> local >> remote >> state;
    for (int field = 4; field < 9; ++field) fields >> skipped;
    fields >> inode;
    const size_t colon = local.rfind(':');
    constexpr const char* state_listen = "0A";
    if (colon == std::string::npos || state != state_listen) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port)
      links.push_back("socket:[" + inode + "]");
  }
}

bool owns_socket(const std::filesystem::path& folder, const std::vector<std::string>& links) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string link = std::filesystem::read_symlink(entry.path(), error).string();
    if (std::find(links.begin(), links.end(), link) != links.end()) return true;
  }
  return false;
}

}  // namespace

ProcessSample sample_process(int pid) {
  ProcessSample sample;
  if (pid == 0) return sample;
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string stat = read_text(folder + "/stat");
  // The second field, the name in brackets, may hold blanks: count from its end. User time is
  // field 14.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  sample.cpu_us = (user_ticks + system_ticks) * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::istringstream pages(read_text(folder + "/statm"));
  uint64_t size_pages = 0;
  uint64_t resident_pages = 0;
  pages >> size_pages >> resident_pages;
  sample.rss_kib = resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  return sample;
}

double own_cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void require_descriptors(uint64_t count) {
  raise_file_limit();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return;
  throw PerfError("this needs ", count,
                  " open files at a time, but the limit (ulimit -n, nofile) is ", limit.rlim_cur,
                  ": raise it (ulimit -Hn, limits.conf, LimitNOFILE=) or ask for "
                  "fewer connections");
}

int find_listener(uint16_t port) {
  std::vector<std::string> links;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"})
    collect_listeners(table, port, links);
  if (links.empty()) return 0;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const int pid = std::atoi(process.path().filename().c_str());
    if (pid > 0 && owns_socket(process.path() / "fd", links)) return pid;
  }
  return 0;
}

bool interrupted() { return interrupt_seen.load(std::memory_order_relaxed); }

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace lepus::perf
