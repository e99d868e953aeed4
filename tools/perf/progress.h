// What a run says on standard error while it goes on. On a terminal one line is written over and
// over, with an estimate of the time that is left; elsewhere each report is a line of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lepus::perf {

// "4 s", "2 min 5 s", "1 h 10 min".
std::string duration_text(double seconds);

// The seconds that are left when `done` of `count` took so long; none when nothing is done.
std::optional<double> seconds_left_at(uint64_t done, uint64_t count, double passed_s);

class ProgressLine {
 public:
  explicit ProgressLine(bool is_quiet);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `left_s`: estimate of the seconds that are left; none when nothing can be said.
  void show(const std::string& text, std::optional<double> left_s);
  // Ends the line on a terminal, so that what follows stands below it.
  void end();

 private:
  const bool is_quiet_;
  const bool is_terminal_;
  bool is_open_ = false;  // the terminal's cursor stands in our line
};

}  // namespace lepus::perf
