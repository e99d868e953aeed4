// The arithmetic of comparisons, and which metrics are compared.
#include "tools/perf/results/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lepus::perf {

namespace {

struct ComparedMetric {
  std::string_view name;
  bool higher_is_better;
};
constexpr std::array compared_metrics{ComparedMetric{"delivered_per_s", true},
                                      ComparedMetric{"published_per_s", true},
                                      ComparedMetric{"confirmed_per_s", true},
                                      ComparedMetric{"operations_per_s", true},
                                      ComparedMetric{"created_per_s", true},
                                      ComparedMetric{"latency_us.p50", false},
                                      ComparedMetric{"latency_us.p99", false},
                                      ComparedMetric{"confirm_latency_us.p50", false},
                                      ComparedMetric{"confirm_latency_us.p99", false},
                                      ComparedMetric{"reconnect_s", false},
                                      ComparedMetric{"broker.cpu_us_per_message", false}};

struct LogStatistics {
  double mean = 0;
  double mean_variance = 0;  // of the mean
  double freedom = 0;
};

LogStatistics log_statistics(std::span<const double> values) {
  LogStatistics found;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) found.mean += std::log(value) / count;
  if (values.size() < 2) return found;
  double squares = 0;
  for (const double value : values) squares += std::pow(std::log(value) - found.mean, 2);
  found.freedom = count - 1;
  found.mean_variance = squares / found.freedom / count;
  return found;
}

std::vector<double> values_of(const std::vector<const Result*>& results, std::string_view metric) {
  std::vector<double> values;
  for (const Result* result : results) {
    const std::optional<double> value = result->metric(metric);
    if (value && *value > 0) values.push_back(*value);
  }
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::vector<const Result*> results_of(const ComparedSide& side, const std::string& cell) {
  std::vector<const Result*> found;
  for (const Result& result : side.file->results) {
    const bool is_wanted = side.target.empty() || result.target == side.target;
    if (is_wanted && result.cell == cell && result.error.empty()) found.push_back(&result);
  }
  return found;
}

}  // namespace

double student_quantile(double freedom) {
  constexpr std::array table{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                             2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                             2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  const double whole = std::floor(std::max(1.0, freedom));
  if (whole <= static_cast<double>(table.size())) return table[static_cast<size_t>(whole) - 1];
  return 1.960 + 2.5 / whole;
}

Change change_of(std::span<const double> before, std::span<const double> after) {
  const LogStatistics one = log_statistics(before);
  const LogStatistics other = log_statistics(after);
  Change change;
  const double difference = other.mean - one.mean;
  change.ratio = std::exp(difference);
  if (before.size() < 2 || after.size() < 2) return change;
  const double variance = one.mean_variance + other.mean_variance;
  double margin = 0;
  if (variance > 0) {
    const double freedom = variance * variance /
                           (one.mean_variance * one.mean_variance / one.freedom +
                            other.mean_variance * other.mean_variance / other.freedom);
    margin = student_quantile(freedom) * std::sqrt(variance);
  }
  change.interval = {std::exp(difference - margin), std::exp(difference + margin)};
  return change;
}

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "WORSE";
    case Verdict::unclear:
      return "unclear";
  }
  return "?";
}

Verdict judge(const Change& change, bool higher_is_better, double tolerance) {
  const double gain = higher_is_better ? change.ratio - 1 : 1 / change.ratio - 1;
  const double loss = higher_is_better ? 1 / change.ratio - 1 : change.ratio - 1;
  const bool is_small = gain <= tolerance && loss <= tolerance;
  const bool is_certain =
      !change.interval || change.interval->first > 1 || change.interval->second < 1;
  if (is_certain && is_small) return Verdict::same;
  if (is_certain) return gain > loss ? Verdict::better : Verdict::worse;
  const bool is_narrow =
      change.interval->first >= 1 / (1 + tolerance) && change.interval->second <= 1 + tolerance;
  return is_narrow ? Verdict::same : Verdict::unclear;
}

Comparison compare_sides(const ComparedSide& before, const ComparedSide& after, double tolerance) {
  Comparison comparison;
  std::vector<std::string> cells = before.file->cells();
  for (const std::string& cell : after.file->cells()) {
    if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
  }
  for (const std::string& cell : cells) {
    const std::vector<const Result*> one = results_of(before, cell);
    const std::vector<const Result*> other = results_of(after, cell);
    if (one.empty() || other.empty()) {
      comparison.missing.push_back(cell);
      continue;
    }
    for (const ComparedMetric& metric : compared_metrics) {
      const std::vector<double> old_values = values_of(one, metric.name);
      const std::vector<double> new_values = values_of(other, metric.name);
      if (old_values.empty() || new_values.empty()) continue;
      MetricChange found;
      found.cell = cell;
      found.metric = metric.name;
      found.higher_is_better = metric.higher_is_better;
      found.before = mean_of(old_values);
      found.after = mean_of(new_values);
      found.repetitions_before = old_values.size();
      found.repetitions_after = new_values.size();
      found.change = change_of(old_values, new_values);
      found.verdict = judge(found.change, metric.higher_is_better, tolerance);
      comparison.changes.push_back(std::move(found));
    }
  }
  return comparison;
}

}  // namespace lepus::perf
