// A line of the log, in two parts: the time, which each output writes as it is configured, and the
// rest, which the thread that logs writes once for each format that is wanted.
//
//   2026-03-01T12:00:00.123456Z info connection shard-0 "connection opened" peer=127.0.0.1:40000
//   {"time":"2026-03-01T12:00:00.123456Z","level":"info","domain":"rabbitmq.connection",
//    "thread":"shard-0","msg":"connection opened","peer":"127.0.0.1:40000"}
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "core/base/log.h"
#include "core/base/time.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// Room for a usual line; longer ones are cut to limits::log_line_max.
using LogBuffer = fmt::basic_memory_buffer<char, 1024>;

struct LogLineParts {
  core::LogLevel level = core::LogLevel::info;
  core::LogCategory category = core::LogCategory::general;
  std::string_view thread;
  std::string_view event;
  std::span<const core::LogField> fields;
};

/// Appends what is behind the time, without line end. Control characters in values are escaped, so
/// a line is one line whatever a client sends; JSON is valid and its text UTF-8, also where a line
/// was too long: fields that do not fit are left out, and "truncated" says so.
void format_log_line(LogBuffer& out, const LogLineParts& parts, LogFormat format);

/// Appends the time (nanoseconds since 1970), and what is between it and the rest.
void append_log_time(std::string& out, core::Nanos time, const LogStyle& style);

std::string_view log_category_name(core::LogCategory category);
/// Of syslog and the journal: 2 (critical) to 7 (debug).
int log_priority(core::LogLevel level);

}  // namespace lepus::server
