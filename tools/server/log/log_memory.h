// The newest lines of the log, kept in memory for operators who look at it from afar.
//
//   writer thread: add() -> oldest ... newest -> read(): admin thread
//
// Lines are those that some output gets, in one format: logfmt where an output has it, else JSON
// objects; without the time, which stands beside the text.
// A mutex guards them; it is held for as long as a bounded copy takes, and no thread that logs ever
// waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "tools/server/log/log_ring.h"

namespace lepus::server {

struct KeptLogLine {
  std::uint64_t number = 0;  ///< 1, 2, 3 ... since the start.
  LogLine line;
};

struct LogQuestion {
  /// Lines with higher numbers, the oldest first; nullopt: the newest ones.
  std::optional<std::uint64_t> after;
  std::size_t count_max = 1;
  core::LogLevel level = core::LogLevel::debug;  ///< Of the least important line.
  std::string text;                              ///< That the line has; upper and lower case alike.
};
struct LogAnswer {
  std::vector<KeptLogLine> lines;  ///< In the order in which they were written.
  std::uint64_t next = 0;          ///< `after` of the next question.
  std::uint64_t missed = 0;        ///< Lines behind `after` that had gone.
  bool has_more = false;           ///< Behind `next`.
};

class LogMemory {
 public:
  LogMemory() = default;
  LogMemory(const LogMemory&) = delete;
  LogMemory& operator=(const LogMemory&) = delete;

  /// Keeps lines of this format from now on.
  void set_format(LogFormat format);
  void add(const LogLine& line);
  LogAnswer read(const LogQuestion& question) const;

 private:
  void drop_excess();

  mutable std::mutex mutex_;  ///< Guards all of it.
  std::deque<KeptLogLine> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
  LogFormat format_ = LogFormat::plaintext;
};

}  // namespace lepus::server
