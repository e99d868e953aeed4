// Writes log lines: quoting, escapes, times. Plain text is written without allocating unless a line
// outgrows LogBuffer.
#include "tools/server/log/log_format.h"

#include <ctime>
#include <iterator>

#include "core/limits.h"
#include "tools/server/admin/json_writer.h"
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

void append_json_value(JsonWriter& json, const core::LogField& field) {
  switch (field.kind()) {
    case core::LogField::Kind::text:
      return json.field(field.name(), field.text().substr(0, core::limits::log_value_max));
    case core::LogField::Kind::signed_number:
      return json.field(field.name(), field.as_signed());
    case core::LogField::Kind::unsigned_number:
      return json.field(field.name(), field.as_unsigned());
    case core::LogField::Kind::boolean:
      json.key(field.name());
      return json.boolean(field.as_boolean());
  }
}

/// As RabbitMQ's: the domain of a general line has one part.
std::string json_domain(core::LogCategory category) {
  if (category == core::LogCategory::general) return "rabbitmq";
  return fmt::format("rabbitmq.{}", log_category_name(category));
}

/// Escapes make a text up to six times as long: a field that might not fit is left out.
void append_json(LogBuffer& out, const LogLineParts& parts) {
  JsonWriter json;
  json.begin_object();
  json.field("level", format_log_level(parts.level));
  json.field("domain", json_domain(parts.category));
  json.field("thread", parts.thread);
  json.field("msg", parts.event);
  constexpr std::string_view cut = ",\"truncated\":true}";
  std::string text = json.take();
  for (const core::LogField& field : parts.fields) {
    JsonWriter one;
    one.begin_object();
    append_json_value(one, field);
    const std::string written = one.take();
    if (text.size() + written.size() + cut.size() > core::limits::log_line_max) {
      text.append(cut);
      return out.append(std::string_view{text}.substr(1));
    }
    text.append(",").append(written, 1);
  }
  text += '}';
  out.append(std::string_view{text}.substr(1));
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

int log_priority(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::debug:
      return 7;
    case core::LogLevel::info:
      return 6;
    case core::LogLevel::warning:
      return 4;
    case core::LogLevel::error:
      return 3;
    case core::LogLevel::critical:
    case core::LogLevel::none:
      return 2;
  }
  return 2;
}

void append_log_time(std::string& out, core::Nanos time, const LogStyle& style) {
  const std::time_t seconds = static_cast<std::time_t>(time / core::nanos_per_s);
  const core::Nanos micros = time % core::nanos_per_s / core::nanos_per_us;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const auto day = [&](char between) {
    return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, between, parts.tm_hour, parts.tm_min,
                       parts.tm_sec);
  };
  std::string text;
  bool is_number = false;
  switch (style.time) {
    case LogTimeFormat::rfc3339_t:
      text = fmt::format("{}.{:06}Z", day('T'), micros);
      break;
    case LogTimeFormat::rfc3339_space:
      text = fmt::format("{}.{:06}+00:00", day(' '), micros);
      break;
    case LogTimeFormat::lager_default:
      text = fmt::format("{}.{:03}", day(' '), micros / 1000);
      break;
    case LogTimeFormat::epoch_usecs:
      text = fmt::format("{}", time / core::nanos_per_us);
      is_number = true;
      break;
    case LogTimeFormat::epoch_secs:
      text = fmt::format("{}.{:06}", seconds, micros);
      is_number = true;
      break;
  }
  if (style.format == LogFormat::plaintext) {
    out.append(text).push_back(' ');
  } else if (is_number) {
    out += fmt::format("{{\"time\":{},", text);
  } else {
    out += fmt::format("{{\"time\":\"{}\",", text);
  }
}

void format_log_line(LogBuffer& out, const LogLineParts& parts, LogFormat format) {
  if (format == LogFormat::json) return append_json(out, parts);
  fmt::format_to(std::back_inserter(out), "{} {} {} ", format_log_level(parts.level),
                 log_category_name(parts.category), parts.thread);
  append_text(out, parts.event);
  for (const core::LogField& field : parts.fields) append_field(out, field);
  if (out.size() > core::limits::log_line_max) out.resize(core::limits::log_line_max);
}

}  // namespace lepus::server
