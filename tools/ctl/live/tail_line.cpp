// See tail_line.h.
#include "tools/ctl/live/tail_line.h"

#include <chrono>
#include <cstdint>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t shown_payload_max = 2000;

std::string_view text_at(dom::object object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::uint64_t number_at(dom::object object, std::string_view name) {
  std::uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

/// Between quotes when it has blanks or quotes, or is empty.
std::string word_of(std::string_view text) {
  std::string escaped = escape_controls(text);
  if (!escaped.empty() && escaped.find_first_of(" \"") == std::string::npos) return escaped;
  std::string out = "\"";
  for (const char letter : escaped) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

std::string time_text(std::uint64_t time_ms, bool has_ms) {
  if (time_ms == 0) return "-";
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  const std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(seconds));
  return has_ms ? fmt::format("{}.{:03}Z", text, time_ms % 1000) : text + "Z";
}

/// Where it was cut stands "...".
std::string payload_text(dom::object message) {
  const std::string_view payload = text_at(message, "payload");
  const bool is_base64 = text_at(message, "payload_encoding") == "base64";
  std::size_t size = std::min(payload.size(), shown_payload_max);
  // Not within a letter of several bytes.
  while (size > 0 && size < payload.size() && (payload[size] & 0xC0) == 0x80) --size;
  std::string text = escape_controls(payload.substr(0, size));
  if (size < payload.size()) text += " ...";
  return (is_base64 ? "base64:" : "") + text;
}

std::string queues_text(dom::object message) {
  std::string names;
  dom::array queues;
  std::uint64_t listed = 0;
  if (message["queues"].get(queues) != simdjson::SUCCESS) return names;
  for (const dom::element queue : queues) {
    std::string_view name;
    if (queue.get(name) != simdjson::SUCCESS) continue;
    names += names.empty() ? word_of(name) : "," + word_of(name);
    ++listed;
  }
  const std::uint64_t all = number_at(message, "queue_count");
  return all > listed ? fmt::format("{},+{}", names, all - listed) : names;
}

}  // namespace

std::string stream_line(dom::object message) {
  return fmt::format("{} {} exchange={} key={} bytes={} {}", number_at(message, "offset"),
                     time_text(number_at(message, "timestamp"), false),
                     word_of(text_at(message, "exchange")),
                     word_of(text_at(message, "routing_key")), number_at(message, "payload_bytes"),
                     payload_text(message));
}

std::string log_line(dom::object line) {
  return fmt::format("{} {}", time_text(number_at(line, "time"), true),
                     escape_controls(text_at(line, "text")));
}

std::string trace_line(dom::object message) {
  bool is_redelivered = false;
  if (message["redelivered"].get(is_redelivered) != simdjson::SUCCESS) is_redelivered = false;
  const bool is_delivery = text_at(message, "type") == "delivered";
  return fmt::format("{} {}{} exchange={} key={} {}={} user={} connection={} bytes={} {}",
                     time_text(number_at(message, "time"), true), text_at(message, "type"),
                     is_redelivered ? " again" : "", word_of(text_at(message, "exchange")),
                     word_of(text_at(message, "routing_key")), is_delivery ? "queue" : "queues",
                     queues_text(message), word_of(text_at(message, "user")),
                     word_of(text_at(message, "connection")), number_at(message, "payload_bytes"),
                     payload_text(message));
}

}  // namespace lepus::ctl
