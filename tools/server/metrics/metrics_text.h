// Prometheus' text format, version 0.0.4: two lines of introduction for a family, then its samples.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lepus::server {

enum class MetricType : std::uint8_t { counter, gauge, histogram, untyped };

inline constexpr auto metric_counter = MetricType::counter;
inline constexpr auto metric_gauge = MetricType::gauge;

inline constexpr double us_per_s = 1e6;

// What names begin with.
inline constexpr std::string_view prefix_rabbitmq = "rabbitmq_";
inline constexpr std::string_view prefix_global = "rabbitmq_global_";
inline constexpr std::string_view prefix_detailed = "rabbitmq_detailed_";
inline constexpr std::string_view prefix_cluster = "rabbitmq_cluster_";
inline constexpr std::string_view prefix_own = "lepus_";

/// What a family is called, and what it means.
struct MetricName {
  std::string_view name;  ///< Without the prefix that the endpoint puts before it.
  MetricType type;
  std::string_view help;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// vhost="/",queue="q\"1": the inside of braces.
class MetricLabels {
 public:
  MetricLabels() = default;
  MetricLabels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
    for (const auto& [name, value] : labels) add(name, value);
  }
  MetricLabels& add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class MetricsText {
 public:
  /// Of the family whose samples come now.
  void begin(std::string_view prefix, const MetricName& family);
  void sample(const MetricLabels& labels, std::uint64_t value) { put({}, labels, {}, value); }
  void sample(std::uint64_t value) { put({}, MetricLabels{}, {}, value); }
  void sample(const MetricLabels& labels, double value) { put({}, labels, {}, value); }
  void sample(double value) { put({}, MetricLabels{}, {}, value); }
  /// `bounds` as texts, without "+Inf"; `counts` are of single buckets, one more than bounds.
  void histogram(const MetricLabels& labels, std::span<const std::string> bounds,
                 std::span<const std::uint64_t> counts, double sum);

  std::size_t size() const { return text_.size(); }
  std::string take() { return std::exchange(text_, {}); }

 private:
  template <class Value>
  void put(std::string_view suffix, const MetricLabels& labels, std::string_view bound,
           Value value);

  std::string text_;
  std::string name_;  ///< Of the family, with its prefix.
};

/// As Prometheus reads it: "12", "0.5", "+Inf".
std::string metric_value(double value);

}  // namespace lepus::server
