// /proc/N/stat and /proc/N/statm, resource limits, signals.
#include "tools/perf/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

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

bool interrupted() { return interrupt_seen.load(std::memory_order_relaxed); }

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace lepus::perf
