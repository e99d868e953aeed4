// How numbers that change are shown: RabbitMQ's `x` with `x_details`, which has the rate and, when
// a request asks for them, samples over time.
//
//   ?lengths_age=600&lengths_incr=30         messages, messages_ready ...
//   ?msg_rates_age=60&msg_rates_incr=5       message_stats
//   ?data_rates_age=..&data_rates_incr=..    recv_oct, send_oct
//   ?node_stats_age=..&node_stats_incr=..    mem_used ..., churn_rates
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "tools/server/admin/json_writer.h"
#include "tools/server/samples/sample_rows.h"

namespace lepus::server {

class ApiQuery;

/// Samples at most `age_s` old, `step_s` apart; 0: none are wanted.
struct ChartRange {
  std::uint32_t age_s = 0;
  std::uint32_t step_s = 0;
  std::uint64_t now_s = 0;  ///< Since 1970.
};
struct ChartRanges {
  ChartRange lengths, message_rates, data_rates, node_stats;
};
/// Both numbers of a range must be there and more than 0, else it is none. Ages above a day are a
/// day, and there are at most 500 samples.
ChartRanges chart_ranges(const ApiQuery& query, std::uint64_t now_s);

/// One number, or several that are shown as their sum.
struct ChartLine {
  double rate = 0;
  const History* history = nullptr;  ///< Null: there are no samples.
  std::initializer_list<std::size_t> series = {};
};
/// The field `NAME_details`.
void write_details(std::string_view name, const ChartLine& line, const ChartRange& range,
                   JsonWriter& json);

/// The fields `messages`, `messages_ready` and `messages_unacknowledged` with their details.
void write_lengths(const ObjectRates& rates, const History* history, const ChartRanges& ranges,
                   JsonWriter& json);
struct ObjectEvents {
  const ObjectRates& rates;
  const History* history;  ///< Null: there are no samples.
  std::span<const core::MessageEvent> events;
};
/// The inside of `message_stats`: these events, and deliver_get if they have deliveries.
void write_events(const ObjectEvents& object, const ChartRange& range, JsonWriter& json);

/// What each kind of object counts.
std::span<const core::MessageEvent> queue_events();
std::span<const core::MessageEvent> exchange_events();
std::span<const core::MessageEvent> channel_events();
std::span<const core::MessageEvent> vhost_events();

/// RabbitMQ's "2026-11-30T12:00:00.000+00:00".
void write_time(std::string_view name, std::uint64_t ms, JsonWriter& json);

}  // namespace lepus::server
