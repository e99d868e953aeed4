// Where lines of the log go: the console, a file, and systemd's journal, each with its level and
// style. The writer thread's.
//
//   LogLine -> add() -> console text, file text      write_out() -> descriptors
//                   \-> journal: a datagram each, at once
#pragma once

#include <string>
#include <string_view>

#include "tools/server/config/config.h"
#include "tools/server/log/log_ring.h"

namespace lepus::server {

/// The socket of systemd-journald, in its native protocol: a datagram of NAME=value lines for each
/// line of the log.
class JournalSocket {
 public:
  JournalSocket() = default;
  ~JournalSocket();
  JournalSocket(JournalSocket&& other) noexcept;
  JournalSocket& operator=(JournalSocket&& other) noexcept;

  /// Empty, or why there is no journal.
  [[nodiscard]] std::string open(const std::string& path);
  bool is_open() const { return fd_ >= 0; }
  /// Waits while the journal is behind. `text`: one line.
  void send(core::LogLevel level, std::string_view text) const;

 private:
  int fd_ = -1;
};

class LogOutputs {
 public:
  LogOutputs() = default;
  ~LogOutputs();
  LogOutputs(const LogOutputs&) = delete;
  LogOutputs& operator=(const LogOutputs&) = delete;

  void configure(const LogConfig& config);
  /// Takes both over; a negative descriptor is no file.
  void replace(int file_fd, JournalSocket journal);
  void add(const LogLine& line);
  void write_out();
  /// What is collected takes no more memory than it needs.
  void shrink();

 private:
  struct Output {
    int fd = -1;
    core::LogLevel level = core::LogLevel::none;
    LogStyle style;
    std::string text;
    void add(const LogLine& line);
    void write_out();
  };

  Output console_;
  Output file_;
  JournalSocket journal_;
  core::LogLevel journal_level_ = core::LogLevel::none;
};

}  // namespace lepus::server
