// Writing over a line without leaving rests of it, however narrow the terminal is.
#include "tools/perf/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lepus::perf {

namespace {

size_t terminal_width() {
  winsize size{};
  constexpr size_t usual = 80;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
  return size.ws_col;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  constexpr uint64_t minute = 60;
  constexpr uint64_t hour = 3600;
  if (whole < minute) return fmt::format("{} s", whole);
  if (whole < hour) return fmt::format("{} min {} s", whole / minute, whole % minute);
  return fmt::format("{} h {} min", whole / hour, whole % hour / minute);
}

std::optional<double> seconds_left_at(uint64_t done, uint64_t count, double passed_s) {
  if (done == 0) return std::nullopt;
  return passed_s / static_cast<double>(done) * static_cast<double>(count - std::min(done, count));
}

ProgressLine::ProgressLine(bool is_quiet)
    : is_quiet_(is_quiet), is_terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { end(); }

void ProgressLine::show(const std::string& text, std::optional<double> left_s) {
  if (is_quiet_) return;
  if (!is_terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  std::string line = text;
  if (left_s) line = fmt::format("{} left {}", duration_text(*left_s), line);
  const size_t width = terminal_width();
  if (line.size() >= width) line.resize(width - 1);
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
  is_open_ = true;
}

void ProgressLine::end() {
  if (is_open_) fmt::print(stderr, "\n");
  is_open_ = false;
}

}  // namespace lepus::perf
