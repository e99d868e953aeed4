// See shovel_status.h.
#include "tools/server/shovels/shovel_status.h"

#include <ctime>

#include <fmt/format.h>

namespace lepus::server {

std::string_view shovel_state_name(ShovelStatus::State state) {
  switch (state) {
    case ShovelStatus::State::starting:
      return "starting";
    case ShovelStatus::State::running:
      return "running";
    case ShovelStatus::State::terminated:
      return "terminated";
    case ShovelStatus::State::done:
      return "done";
  }
  return {};
}

std::string shovel_time(core::Nanos since_1970) {
  const auto seconds = static_cast<std::time_t>(since_1970 / core::nanos_per_s);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

namespace {

void write_ends(const ShovelStatus& status, JsonWriter& json) {
  const auto put = [&json](std::string_view name, const std::optional<std::string>& value) {
    if (value) json.field(name, *value);
  };
  json.field("src_uri", status.source_uri);
  json.field("src_protocol", "amqp091");
  json.field("dest_uri", status.target_uri);
  json.field("dest_protocol", "amqp091");
  put("src_queue", status.source_queue);
  put("src_exchange", status.source_exchange);
  put("src_exchange_key", status.source_key);
  put("dest_queue", status.target_queue);
  put("dest_exchange", status.target_exchange);
  put("dest_exchange_key", status.target_key);
}

void write_progress(const ShovelProgress& progress, JsonWriter& json) {
  if (progress.remaining) {
    json.field("remaining", *progress.remaining);
  } else {
    json.field("remaining", "unlimited");
  }
  json.field("pending", progress.pending);
  json.field("forwarded", progress.forwarded);
  json.field("skipped", progress.skipped);
  json.field("blocked_status", progress.is_blocked ? "blocked" : "running");
}

}  // namespace

void write_shovel(const ShovelStatus& status, const std::string& node, JsonWriter& json) {
  json.begin_object();
  json.field("node", node);
  json.field("timestamp", shovel_time(status.changed_at));
  json.field("name", status.name);
  json.field("vhost", status.vhost);
  json.field("type", "dynamic");
  json.field("state", shovel_state_name(status.state));
  if (status.state == ShovelStatus::State::terminated) json.field("reason", status.why);
  if (!status.source_uri.empty()) write_ends(status, json);
  write_progress(status.progress, json);
  json.end_object();
}

}  // namespace lepus::server
