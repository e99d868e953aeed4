// The text of a log line: time, level, category, thread, event, then name=value for each field.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "core/base/log.h"
#include "core/base/time.h"

namespace lepus::server {

/// Room for a usual line; longer ones are cut to limits::log_line_max.
using LogBuffer = fmt::basic_memory_buffer<char, 1024>;

struct LogLineParts {
  core::Nanos time = 0;  ///< Since 1970.
  core::LogLevel level = core::LogLevel::info;
  core::LogCategory category = core::LogCategory::general;
  std::string_view thread;
  std::string_view event;
  std::span<const core::LogField> fields;
};

/// Appends the line without line end. Control characters in values are written as \xNN, so a line
/// is one line whatever a client sends.
void format_log_line(LogBuffer& out, const LogLineParts& parts);

std::string_view log_category_name(core::LogCategory category);

}  // namespace lepus::server
