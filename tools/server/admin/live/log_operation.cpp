// See log_operation.h.
#include "tools/server/admin/live/log_operation.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/limits/live.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/admin/live/live_operations.h"
#include "tools/server/config/config_value.h"
#include "tools/server/log/log_memory.h"

namespace lepus::server {

namespace {

/// Empty, or what is wrong.
std::string read_question(const AdminRequest& request, LogQuestion& out) {
  std::string error;
  const auto count = read_count(request, 100, core::limits::log_lines_kept, error);
  if (!count) return error;
  out.count_max = *count;
  out.text = option_of(request, "text");
  if (request.has("after")) {
    out.after = parse_number(option_of(request, "after"));
    if (!out.after)
      return fmt::format("after '{}': expected `next` of the answer before",
                         option_of(request, "after"));
  }
  if (!request.has("level")) return {};
  const auto level = parse_log_level(option_of(request, "level"));
  if (!level || *level == core::LogLevel::none)
    return fmt::format("level '{}': expected debug, info, warning, error or critical",
                       option_of(request, "level"));
  out.level = *level;
  return {};
}

}  // namespace

void LogOperation::start() {
  if (!request().arguments.empty()) return fail(AdminFault::usage, "expected no arguments");
  LogQuestion question;
  if (std::string error = read_question(request(), question); !error.empty())
    return fail(AdminFault::invalid, std::move(error));
  const LogMemory* memory = host().facts().log_memory;
  if (memory == nullptr) return fail(AdminFault::unavailable, "no lines of the log are kept here");
  const LogAnswer answer = memory->read(question);
  for (const KeptLogLine& kept : answer.lines) {
    JsonWriter json;
    json.begin_object();
    json.field("number", kept.number);
    json.field("time", kept.line.time / core::nanos_per_ms);
    json.field("level", format_log_level(kept.line.level));
    json.field("text", kept.line.text);
    json.end_object();
    sink().on_rows("[[" + json.take() + "]]");
  }
  JsonWriter json;
  json.begin_object();
  json.field("count", answer.lines.size());
  json.field("next", answer.next);
  json.field("missed", answer.missed);
  json.field("more", answer.has_more);
  json.end_object();
  done(json.take());
}

}  // namespace lepus::server
