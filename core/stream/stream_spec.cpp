// Checked where the consumer asks; the queue gets the outcome.
#include "core/stream/stream_spec.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/message/field_table.h"
#include "core/message/properties.h"

namespace lepus::core {

namespace {

constexpr std::string_view offset_key = "x-stream-offset";
constexpr std::string_view filter_key = "x-stream-filter";
constexpr std::string_view unfiltered_key = "x-stream-match-unfiltered";
constexpr std::string_view tracking_key = "x-stream-automatic-offset-tracking";
constexpr std::string_view filter_value_header = "x-stream-filter-value";

/// A thousand years.
constexpr std::uint64_t age_ms_max = 1000ULL * 365 * 24 * 3600 * 1000;

std::uint64_t unit_ms(char unit) {
  constexpr std::uint64_t second = 1000;
  constexpr std::uint64_t day = 24 * 3600 * second;
  switch (unit) {
    case 'Y':
      return 365 * day;
    case 'M':
      return 30 * day;
    case 'D':
      return day;
    case 'h':
      return 3600 * second;
    case 'm':
      return 60 * second;
    case 's':
      return second;
    default:
      return 0;
  }
}

AmqpError invalid(std::string_view key, std::string_view queue_title, std::string_view reason) {
  return {ReplyCode::precondition_failed,
          fmt::format("invalid arg '{}' for {}: {}", key, queue_title, reason)};
}

/// Empty when `out` was filled.
std::string read_start(const FieldValue& value, StreamStart& out) {
  using Kind = StreamStart::Kind;
  if (value.is_timestamp()) {
    out = {Kind::time, std::min(value.as_timestamp_s(), age_ms_max / 1000) * 1000};
    return {};
  }
  if (value.is_integer()) {
    if (value.as_int64() < 0) return fmt::format("{{value_negative,{}}}", value.as_int64());
    out = {Kind::offset, static_cast<std::uint64_t>(value.as_int64())};
    return {};
  }
  if (!value.is_string()) return fmt::format("{{unacceptable_type,{}}}", value.type_name());
  const std::string_view word = value.text();
  if (word == "first") {
    out = {Kind::first, 0};
  } else if (word == "last") {
    out = {Kind::last, 0};
  } else if (word == "next") {
    out = {Kind::next, 0};
  } else if (const auto age = parse_age_ms(word)) {
    out = {Kind::age, *age};
  } else {
    return fmt::format("'{}' is none of first, last, next, an offset, a timestamp, an age like 1h",
                       word);
  }
  return {};
}

std::string read_filters(const FieldValue& value, std::vector<std::string>& out) {
  if (value.is_string()) {
    out.emplace_back(value.text());
    return {};
  }
  if (!value.is_array()) return fmt::format("{{unacceptable_type,{}}}", value.type_name());
  for (const FieldValue& field_value : value.array()) {
    if (!field_value.is_string())
      return fmt::format("{{unacceptable_type,{}}}", field_value.type_name());
    out.emplace_back(field_value.text());
  }
  return {};
}

/// The value may be a text, as in LavinMQ. Empty when `out` was filled.
std::string read_tracking(const FieldValue& value, std::string_view tag, bool& out) {
  if (value.is_bool()) {
    out = value.as_bool();
  } else if (value.is_string()) {
    if (value.text() != "true" && value.text() != "false")
      return fmt::format("'{}' is neither true nor false", value.text());
    out = value.text() == "true";
  } else {
    return fmt::format("{{unacceptable_type,{}}}", value.type_name());
  }
  if (out && tag.empty()) return "the consumer needs a tag, under which its offset is kept";
  return {};
}

}  // namespace

std::optional<std::uint64_t> parse_age_ms(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const std::uint64_t unit = unit_ms(text.back());
  std::uint64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (unit == 0 || error != std::errc{} || stopped != end) return std::nullopt;
  return count > age_ms_max / unit ? age_ms_max : count * unit;
}

Result<StreamSpec> parse_stream_spec(Bytes arguments, std::string_view tag,
                                     std::string_view queue_title) {
  StreamSpec spec;
  const FieldTable table{arguments};
  if (const auto value = table.find(tracking_key)) {
    bool is_tracked = false;
    const std::string reason = read_tracking(*value, tag, is_tracked);
    if (!reason.empty()) return invalid(tracking_key, queue_title, reason);
    if (is_tracked) {
      spec.name = tag;
      spec.start.kind = StreamStart::Kind::first;
    }
  }
  if (const auto value = table.find(offset_key)) {
    const std::string reason = read_start(*value, spec.start);
    if (!reason.empty()) return invalid(offset_key, queue_title, reason);
  }
  if (const auto value = table.find(filter_key)) {
    const std::string reason = read_filters(*value, spec.filters);
    if (!reason.empty()) return invalid(filter_key, queue_title, reason);
  }
  if (const auto value = table.find(unfiltered_key)) {
    if (!value->is_bool())
      return invalid(unfiltered_key, queue_title,
                     fmt::format("{{unacceptable_type,{}}}", value->type_name()));
    spec.match_unfiltered = value->as_bool();
  }
  return spec;
}

bool StreamSpec::wants(Bytes properties) const {
  if (filters.empty()) return true;
  PropertiesView view;
  // What was read from a disk may be no properties.
  if (!decode_properties(properties, view) || view.headers.empty()) return match_unfiltered;
  const auto value = view.header_table().find(filter_value_header);
  if (!value || !value->is_string()) return match_unfiltered;
  return std::find(filters.begin(), filters.end(), value->text()) != filters.end();
}

}  // namespace lepus::core
