// Reading is lenient about what is missing: older results lack what newer ones have.
#include "tools/perf/results/result_file.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "tools/perf/client/error.h"
#include "tools/perf/json_reader.h"

namespace lepus::perf {

namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 15> plain_metrics{
    "delivered_per_s", "published_per_s", "confirmed_per_s", "operations_per_s",
    "created_per_s",   "removed_per_s",   "seconds",         "left",
    "nacked",          "returned",        "redelivered",     "lost",
    "connect_s",       "calls_lost",      "reconnect_s"};
constexpr std::array<std::string_view, 4> latency_metrics{"latency_us", "confirm_latency_us",
                                                          "connect_latency_us", "send_lag_us"};
constexpr std::array<std::string_view, 6> percentile_names{"p50",   "p90", "p99",
                                                           "p99_9", "max", "mean"};
constexpr std::array<std::string_view, 3> broker_metrics{"cpu_us_per_message", "cpu_cores",
                                                         "rss_kib_max"};

double number_or(dom::object object, std::string_view key, double other) {
  double value = other;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? value : other;
}

std::string text_or(dom::object object, std::string_view key) {
  std::string_view text;
  return object.at_key(key).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

double percentile_of(dom::object object, std::string_view name) {
  dom::object latency;
  if (object.at_key("latency_us").get(latency) != simdjson::SUCCESS) return 0;
  return number_or(latency, name, 0);
}

void take_metrics(dom::object object, Result& result) {
  double value = 0;
  const auto take = [&](dom::object from, std::string_view key, const std::string& name) {
    if (from.at_key(key).get(value) == simdjson::SUCCESS) result.metrics.emplace_back(name, value);
  };
  for (const std::string_view name : plain_metrics) take(object, name, std::string(name));
  dom::object inner;
  for (const std::string_view name : latency_metrics) {
    if (object.at_key(name).get(inner) != simdjson::SUCCESS) continue;
    for (const std::string_view part : percentile_names)
      take(inner, part, fmt::format("{}.{}", name, part));
  }
  if (object.at_key("broker").get(inner) != simdjson::SUCCESS) return;
  for (const std::string_view name : broker_metrics)
    take(inner, name, fmt::format("broker.{}", name));
}

void take_intervals(dom::object object, Result& result) {
  dom::array list;
  if (object.at_key("intervals").get(list) != simdjson::SUCCESS) return;
  for (const dom::element item : list) {
    dom::object one;
    if (item.get(one) != simdjson::SUCCESS) continue;
    result.intervals.push_back(
        {number_or(one, "end_s", 0), number_or(one, "published_per_s", 0),
         number_or(one, "delivered_per_s", 0), number_or(one, "latency_p50_us", 0),
         number_or(one, "latency_p99_us", 0), number_or(one, "broker_rss_kib", 0)});
  }
}

void take_distribution(dom::object object, Result& result) {
  dom::array list;
  const bool has_latency = object.at_key("latency_distribution").get(list) == simdjson::SUCCESS;
  if (!has_latency && object.at_key("confirm_latency_distribution").get(list) != simdjson::SUCCESS)
    return;
  for (const dom::element item : list) {
    dom::array pair;
    double us = 0;
    double fraction = 0;
    if (item.get(pair) == simdjson::SUCCESS && pair.at(0).get(us) == simdjson::SUCCESS &&
        pair.at(1).get(fraction) == simdjson::SUCCESS)
      result.distribution.emplace_back(us, fraction);
  }
}

void take_parts(dom::object object, std::string_view key, std::vector<ResultPart>& parts) {
  dom::array list;
  if (object.at_key(key).get(list) != simdjson::SUCCESS) return;
  for (const dom::element item : list) {
    dom::object one;
    if (item.get(one) != simdjson::SUCCESS) continue;
    parts.push_back({text_or(one, "name"), number_or(one, "begin_s", 0),
                     number_or(one, "published_per_s", 0), number_or(one, "delivered_per_s", 0),
                     number_or(one, "operations_per_s", 0), percentile_of(one, "p50"),
                     percentile_of(one, "p99")});
  }
}

Result take_result(dom::object object) {
  Result result;
  result.target = text_or(object, "broker_product") + " " + text_or(object, "broker_version");
  result.cell = text_or(object, "mode");
  if (const std::string name = text_or(object, "scenario"); !name.empty()) result.cell = name;
  take_metrics(object, result);
  take_intervals(object, result);
  take_distribution(object, result);
  take_parts(object, "phases", result.phases);
  take_parts(object, "groups", result.groups);
  return result;
}

std::string cell_name(dom::object cell, const std::string& otherwise) {
  std::string name;
  dom::object axes;
  if (cell.at_key("axes").get(axes) != simdjson::SUCCESS) return otherwise;
  for (const dom::key_value_pair pair : axes) {
    std::string_view value;
    if (pair.value.get(value) == simdjson::SUCCESS)
      name += fmt::format("{}{}={}", name.empty() ? "" : " ", pair.key, value);
  }
  return name.empty() ? otherwise : name;
}

void take_cells(dom::array cells, ResultFile& file) {
  for (const dom::element item : cells) {
    dom::object cell;
    dom::object inner;
    if (item.get(cell) != simdjson::SUCCESS) continue;
    Result result;
    if (cell.at_key("result").get(inner) == simdjson::SUCCESS) result = take_result(inner);
    result.error = text_or(cell, "error");
    if (const std::string target = text_or(cell, "target"); !target.empty()) result.target = target;
    result.cell = cell_name(cell, result.cell);
    file.results.push_back(std::move(result));
  }
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::optional<double> Result::metric(std::string_view name) const {
  for (const auto& [known, value] : metrics) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string ResultFile::label() const {
  const size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  constexpr std::string_view ending = ".json";
  if (name.size() > ending.size() && name.ends_with(ending))
    name.resize(name.size() - ending.size());
  return name;
}

std::vector<std::string> ResultFile::targets() const {
  std::vector<std::string> names;
  for (const Result& result : results) add_once(names, result.target);
  return names;
}

std::vector<std::string> ResultFile::cells() const {
  std::vector<std::string> names;
  for (const Result& result : results) add_once(names, result.cell);
  return names;
}

std::vector<const Result*> ResultFile::of(std::string_view target, std::string_view cell) const {
  std::vector<const Result*> found;
  for (const Result& result : results) {
    if (result.target == target && result.cell == cell) found.push_back(&result);
  }
  return found;
}

ResultFile read_results(const std::string& path, const std::string& text) {
  const JsonDocument document(path, text);
  ResultFile file;
  file.path = path;
  dom::object root;
  std::string_view mode;
  if (document.root().get(root) != simdjson::SUCCESS ||
      root.at_key("mode").get(mode) != simdjson::SUCCESS)
    throw PerfError(path, ": this is no result of lepus-perf: the key \"mode\" is missing");
  dom::array cells;
  if (root.at_key("cells").get(cells) == simdjson::SUCCESS) {
    file.is_sweep = true;
    take_cells(cells, file);
  } else {
    file.results.push_back(take_result(root));
  }
  if (file.results.empty()) throw PerfError(path, ": there are no results in it");
  return file;
}

ResultFile read_result_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw PerfError("cannot read ", path);
  return read_results(
      path, std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
}

}  // namespace lepus::perf
