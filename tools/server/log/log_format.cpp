// Writes log lines: quoting, escapes, times. Nothing here allocates unless a line outgrows
// LogBuffer.
#include "tools/server/log/log_format.h"

#include <ctime>
#include <iterator>

#include "core/limits.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
      return false;
  return !text.empty();
}

void append_text(LogBuffer& out, std::string_view text) {
  const std::string_view shown = text.substr(0, core::limits::log_value_max);
  if (is_plain(shown) && shown.size() == text.size()) {
    out.append(shown);
    return;
  }
  out.push_back('"');
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.push_back('\\');
    if (byte < ' ' || byte == 0x7f)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    else
      out.push_back(c);
  }
  if (shown.size() < text.size()) out.append(std::string_view("..."));
  out.push_back('"');
}

void append_field(LogBuffer& out, const core::LogField& field) {
  fmt::format_to(std::back_inserter(out), " {}=", field.name());
  switch (field.kind()) {
    case core::LogField::Kind::text:
      append_text(out, field.text());
      return;
    case core::LogField::Kind::signed_number:
      fmt::format_to(std::back_inserter(out), "{}", field.as_signed());
      return;
    case core::LogField::Kind::unsigned_number:
      fmt::format_to(std::back_inserter(out), "{}", field.as_unsigned());
      return;
    case core::LogField::Kind::boolean:
      out.append(format_bool(field.as_boolean()));
      return;
  }
}

void append_time(LogBuffer& out, core::Nanos time) {
  const std::time_t seconds = static_cast<std::time_t>(time / core::nanos_per_s);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, time % core::nanos_per_s / core::nanos_per_us);
}

}  // namespace

std::string_view log_category_name(core::LogCategory category) {
  switch (category) {
    case core::LogCategory::general:
      return "general";
    case core::LogCategory::connection:
      return "connection";
    case core::LogCategory::channel:
      return "channel";
    case core::LogCategory::queue:
      return "queue";
  }
  return "general";
}

void format_log_line(LogBuffer& out, const LogLineParts& parts) {
  append_time(out, parts.time);
  fmt::format_to(std::back_inserter(out), " {} {} {} ", format_log_level(parts.level),
                 log_category_name(parts.category), parts.thread);
  append_text(out, parts.event);
  for (const core::LogField& field : parts.fields) append_field(out, field);
  if (out.size() > core::limits::log_line_max) out.resize(core::limits::log_line_max);
}

}  // namespace lepus::server
