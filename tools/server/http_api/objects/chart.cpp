// See chart.h: ages and steps of a query, sums of samples, details.
#include "tools/server/http_api/objects/chart.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "tools/server/config/config_value.h"
#include "tools/server/http_api/api_query.h"

namespace lepus::server {

namespace {

using core::MessageEvent;

constexpr std::uint64_t age_max_s = 24 * 60 * 60;
constexpr std::uint64_t points_max = 500;

ChartRange range_of(const ApiQuery& query, std::string_view name, std::uint64_t now_s) {
  const auto number = [&](std::string_view suffix) -> std::uint64_t {
    const std::string* text = query.find(fmt::format("{}_{}", name, suffix));
    return text == nullptr ? 0 : parse_number(*text).value_or(0);
  };
  const std::uint64_t age = std::min(number("age"), age_max_s);
  const std::uint64_t step = std::min(number("incr"), age_max_s);
  if (age == 0 || step == 0) return {};
  return {static_cast<std::uint32_t>(age),
          static_cast<std::uint32_t>(std::max(step, age / points_max)), now_s};
}

/// Sums of the line's series, newest first.
std::vector<History::Point> points_of(const ChartLine& line, const ChartRange& range) {
  std::vector<History::Point> sums;
  for (const std::size_t series : line.series) {
    const auto points = line.history->points(series, range.now_s, range.age_s, range.step_s);
    if (sums.empty()) {
      sums = points;
      continue;
    }
    for (std::size_t i = 0; i < std::min(sums.size(), points.size()); ++i)
      sums[i].value += points[i].value;
  }
  return sums;
}

void write_points(const std::vector<History::Point>& points, JsonWriter& json) {
  json.key("samples");
  json.begin_array();
  double sum = 0;
  for (const History::Point& point : points) {
    sum += static_cast<double>(point.value);
    json.begin_object();
    json.field("sample", point.value);
    json.field("timestamp", point.time_s * 1000);
    json.end_object();
  }
  json.end_array();
  json.key("avg");
  json.number(points.empty() ? 0.0 : sum / static_cast<double>(points.size()));
  json.key("avg_rate");
  const bool has_span = points.size() > 1;
  const double growth = !has_span ? 0
                                  : static_cast<double>(points.front().value) -
                                        static_cast<double>(points.back().value);
  json.number(
      !has_span ? 0.0 : growth / static_cast<double>(points.front().time_s - points.back().time_s));
}

constexpr std::array queue_event_list{
    MessageEvent::publish, MessageEvent::deliver,    MessageEvent::deliver_no_ack,
    MessageEvent::get,     MessageEvent::get_no_ack, MessageEvent::get_empty,
    MessageEvent::ack,     MessageEvent::redeliver};
constexpr std::array exchange_event_list{MessageEvent::publish_in, MessageEvent::publish_out};
constexpr std::array channel_event_list{MessageEvent::publish,
                                        MessageEvent::confirm,
                                        MessageEvent::return_unroutable,
                                        MessageEvent::drop_unroutable,
                                        MessageEvent::deliver,
                                        MessageEvent::deliver_no_ack,
                                        MessageEvent::get,
                                        MessageEvent::get_no_ack,
                                        MessageEvent::get_empty,
                                        MessageEvent::ack,
                                        MessageEvent::redeliver};

}  // namespace

ChartRanges chart_ranges(const ApiQuery& query, std::uint64_t now_s) {
  return {range_of(query, "lengths", now_s), range_of(query, "msg_rates", now_s),
          range_of(query, "data_rates", now_s), range_of(query, "node_stats", now_s)};
}

void write_details(std::string_view name, const ChartLine& line, const ChartRange& range,
                   JsonWriter& json) {
  json.key(name, "_details");
  json.begin_object();
  json.key("rate");
  json.number(line.rate);
  if (range.age_s > 0 && line.history != nullptr) write_points(points_of(line, range), json);
  json.end_object();
}

void write_lengths(const ObjectRates& rates, const History* history, const ChartRanges& ranges,
                   JsonWriter& json) {
  constexpr std::size_t ready = series_of(Series::messages_ready);
  constexpr std::size_t unacked = series_of(Series::messages_unacknowledged);
  json.field("messages", rates.values()[ready] + rates.values()[unacked]);
  write_details("messages", {rates.rate(ready) + rates.rate(unacked), history, {ready, unacked}},
                ranges.lengths, json);
  json.field("messages_ready", rates.values()[ready]);
  write_details("messages_ready", {rates.rate(ready), history, {ready}}, ranges.lengths, json);
  json.field("messages_unacknowledged", rates.values()[unacked]);
  write_details("messages_unacknowledged", {rates.rate(unacked), history, {unacked}},
                ranges.lengths, json);
}

void write_events(const ObjectEvents& object, const ChartRange& range, JsonWriter& json) {
  const ObjectRates& rates = object.rates;
  bool has_deliveries = false;
  for (const MessageEvent event : object.events) {
    const std::size_t series = series_of(event);
    const std::string_view name = core::message_event_names[series];
    json.field(name, rates.values()[series]);
    write_details(name, {rates.rate(series), object.history, {series}}, range, json);
    has_deliveries |= event == MessageEvent::deliver;
  }
  if (!has_deliveries) return;
  constexpr std::array parts{series_of(MessageEvent::deliver),
                             series_of(MessageEvent::deliver_no_ack), series_of(MessageEvent::get),
                             series_of(MessageEvent::get_no_ack)};
  std::uint64_t sum = 0;
  double rate = 0;
  for (const std::size_t part : parts) {
    sum += rates.values()[part];
    rate += rates.rate(part);
  }
  json.field("deliver_get", sum);
  write_details("deliver_get", {rate, object.history, {parts[0], parts[1], parts[2], parts[3]}},
                range, json);
}

std::span<const MessageEvent> queue_events() { return queue_event_list; }
std::span<const MessageEvent> exchange_events() { return exchange_event_list; }
std::span<const MessageEvent> channel_events() { return channel_event_list; }
std::span<const MessageEvent> vhost_events() { return channel_event_list; }

void write_time(std::string_view name, std::uint64_t ms, JsonWriter& json) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm broken{};
  gmtime_r(&seconds, &broken);
  json.field(name, fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+00:00", broken, ms % 1000));
}

}  // namespace lepus::server
