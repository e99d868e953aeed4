// What the admin thread remembers of each object between two samples: the row that its shard sent
// last, and how quickly its counts grow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/message_counts.h"
#include "core/base/time.h"
#include "core/broker/stats.h"
#include "tools/server/samples/history.h"

namespace lepus::server {

/// Numbers of an object that are shown with a rate or a chart. Those of messages come first, by
/// core::MessageEvent.
enum class Series : std::uint8_t {
  messages_ready = core::message_event_count,
  messages_unacknowledged,
  disk_reads,
  disk_writes,
  recv_oct,
  send_oct,
  connection_created,
  connection_closed,
  channel_created,
  channel_closed,
  queue_declared,
  queue_created,
  queue_deleted,
  mem_used,
  disk_free,
  fd_used,
};
constexpr std::size_t series_of(core::MessageEvent event) {
  return static_cast<std::size_t>(event);
}
constexpr std::size_t series_of(Series series) { return static_cast<std::size_t>(series); }
/// Series of a virtual host, a queue, a channel or an exchange; the node has all.
constexpr std::size_t object_series_count = series_of(Series::disk_writes) + 1;
constexpr std::size_t node_series_count = series_of(Series::fd_used) + 1;

/// Values at one time, and their growth a second since the sample before.
template <std::size_t count>
class Rates {
 public:
  using Values = std::array<std::uint64_t, count>;

  const Values& values() const { return values_; }
  /// Only as good as the last whole round of samples.
  double rate(std::size_t series) const { return static_cast<double>(rates_[series]); }
  /// What is shown until the next round.
  void set(const Values& values) { values_ = values; }
  /// A round: rates are those since the one before. `since`: when that was, of a first one.
  void advance(core::Nanos now, core::Nanos since) {
    if (measured_at_ == 0) measured_at_ = since;
    const auto seconds = static_cast<double>(now - measured_at_) / core::nanos_per_s;
    for (std::size_t i = 0; i < count; ++i) {
      const auto growth = static_cast<double>(values_[i]) - static_cast<double>(measured_[i]);
      rates_[i] = seconds <= 0 ? 0 : static_cast<float>(growth / seconds);
    }
    measured_ = values_;
    measured_at_ = now;
  }

 private:
  Values values_{};
  Values measured_{};  ///< At the last round.
  core::Nanos measured_at_ = 0;
  std::array<float, count> rates_{};
};
using ObjectRates = Rates<object_series_count>;
using NodeRates = Rates<node_series_count>;

/// Of what each shard counted.
inline core::MessageCounts sum_of(const std::vector<core::MessageCounts>& parts) {
  core::MessageCounts sum;
  for (const core::MessageCounts& part : parts) sum += part;
  return sum;
}

struct QueueSample {
  core::QueueStats stats;
  ObjectRates rates;
  std::unique_ptr<History> history;  ///< Null: nobody looks, or there are too many.
};
struct ExchangeSample {
  std::vector<core::MessageCounts> parts;  ///< By shard.
  ObjectRates rates;
  std::unique_ptr<History> history;
};
struct VhostSample {
  std::vector<core::MessageCounts> parts;  ///< By shard.
  ObjectRates rates;
  std::uint64_t recv_oct = 0, send_oct = 0;  ///< Of connections that are open.
  std::unique_ptr<History> history;
};
struct ChannelSample {
  core::ChannelStats stats;
  ObjectRates rates;
  std::uint32_t round = 0;  ///< It was there in.
};
struct ConnectionSample {
  core::ConnectionStats stats;
  Rates<2> octets;          ///< Received, sent.
  std::uint32_t round = 0;  ///< It was there in.
};

struct ChannelKey {
  core::ConnectionId connection;
  std::uint16_t number = 0;
  bool operator==(const ChannelKey&) const = default;
};
inline std::size_t hash_value(const ChannelKey& key) {
  return hash_value(key.connection) ^ (std::size_t{key.number} * 0x9E3779B97F4A7C15ULL << 7);
}

}  // namespace lepus::server
