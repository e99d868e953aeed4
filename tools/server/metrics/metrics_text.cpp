// See metrics_text.h.
#include "tools/server/metrics/metrics_text.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::untyped:
      return "untyped";
  }
  CHECK(false);
  return {};
}

}  // namespace

MetricLabels& MetricLabels::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += ',';
  text_ += name;
  text_ += "=\"";
  if (value.find_first_of("\n\"\\") == std::string_view::npos) {
    text_ += value;
    text_ += '"';
    return *this;
  }
  for (const char c : value) {
    if (c == '\n') {
      text_ += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
  return *this;
}

std::string metric_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double exact_max = 1e15;
  if (std::abs(value) < exact_max && value == std::trunc(value))
    return fmt::format_int(static_cast<std::int64_t>(value)).str();
  return fmt::format("{}", value);
}

void MetricsText::begin(std::string_view prefix, const MetricName& family) {
  name_ = fmt::format("{}{}", prefix, family.name);
  fmt::format_to(std::back_inserter(text_), "# TYPE {0} {1}\n# HELP {0} {2}\n", name_,
                 name_of(family.type), family.help);
}

template <class Value>
void MetricsText::put(std::string_view suffix, const MetricLabels& labels, std::string_view bound,
                      Value value) {
  text_ += name_;
  text_ += suffix;
  if (!labels.text().empty() || !bound.empty()) {
    text_ += '{';
    text_ += labels.text();
    if (!bound.empty()) {
      if (!labels.text().empty()) text_ += ',';
      text_ += "le=\"";
      text_ += bound;
      text_ += '"';
    }
    text_ += '}';
  }
  text_ += ' ';
  if constexpr (std::floating_point<Value>) {
    text_ += metric_value(value);
  } else {
    const fmt::format_int digits(value);
    text_.append(digits.data(), digits.size());
  }
  text_ += '\n';
}

template void MetricsText::put(std::string_view, const MetricLabels&, std::string_view,
                               std::uint64_t);
template void MetricsText::put(std::string_view, const MetricLabels&, std::string_view, double);

void MetricsText::histogram(const MetricLabels& labels, std::span<const std::string> bounds,
                            std::span<const std::uint64_t> counts, double sum) {
  CHECK(counts.size() == bounds.size() + 1);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    total += counts[i];
    put("_bucket", labels, bounds[i], total);
  }
  total += counts[bounds.size()];
  put("_bucket", labels, "+Inf", total);
  put("_count", labels, {}, total);
  put("_sum", labels, {}, sum);
}

}  // namespace lepus::server
