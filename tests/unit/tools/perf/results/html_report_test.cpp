// Reports: complete in themselves, everything escaped, no chart of nothing.
#include "tools/perf/results/html_report.h"

#include <gtest/gtest.h>

#include "tools/perf/charts/chart.h"

namespace lepus::perf {

namespace {

constexpr const char* run_json = R"json({"mode": "throughput",
  "broker_product": "<script>alert(1)", "broker_version": "1\" onload=\"x",
  "delivered_per_s": 1000, "published_per_s": 1100, "latency_us": {"p50": 10, "p99": 2000},
  "latency_distribution": [[5, 0.1], [10, 0.5], [2000, 1]],
  "intervals": [
    {"end_s": 1, "published_per_s": 1, "delivered_per_s": 2, "latency_p50_us": 3,
     "latency_p99_us": 4},
    {"end_s": 2, "published_per_s": 1, "delivered_per_s": 2, "latency_p50_us": 3,
     "latency_p99_us": 4}],
  "groups": [{"name": "<b>&", "delivered_per_s": 7}], "phases": [{"name": "a'b", "begin_s": 1}]
})json";

size_t count_of(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST(HtmlReport, ShowsChartsAndEscapesEverything) {
  const std::string html = html_report("A & B <x>", {read_results("run.json", run_json)});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(html.find("onload=\""), std::string::npos);
  EXPECT_NE(html.find("A &amp; B &lt;x&gt;"), std::string::npos);
  EXPECT_NE(html.find("&lt;b&gt;&amp;"), std::string::npos);
  EXPECT_EQ(count_of(html, "<svg "), 4u);  // rates, latencies, percentiles, distribution
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
  // Nothing is asked for from elsewhere; the only address is the name of SVG.
  EXPECT_EQ(count_of(html, "http"),
            count_of(html, "http-equiv") + count_of(html, "http://www.w3.org/2000/svg"));
}

TEST(HtmlReport, ASweepHasBarsForEachTarget) {
  const std::string json =
      std::string(R"({"mode": "sweep", "cells": [
    {"target": "one", "axes": {"size": "64"}, "result": )") +
      run_json + R"(}, {"target": "two", "axes": {"size": "64"}, "error": "no <broker>"}]})";
  const std::string html = html_report("s", {read_results("sweep.json", json)});
  EXPECT_NE(html.find("size=64"), std::string::npos);
  EXPECT_NE(html.find("no &lt;broker&gt;"), std::string::npos);
  EXPECT_NE(html.find("class=\"bar c1\""), std::string::npos);
  const std::string svg = svg_report({read_results("sweep.json", json)});
  EXPECT_EQ(svg.rfind("<svg ", 0), 0u);
  EXPECT_EQ(count_of(svg, "<svg "), count_of(svg, "</svg>"));
}

TEST(Chart, NothingToShowIsNoChart) {
  EXPECT_EQ(draw_lines({}), "");
  LineChart chart;
  chart.series = {{"one point", {{1, 1}}}};
  EXPECT_EQ(draw_lines(chart), "");
  EXPECT_EQ(draw_bars({}), "");
}

TEST(Chart, FlatAndZeroLinesAreDrawn) {
  LineChart chart;
  chart.series = {{"flat", {{0, 5}, {1, 5}}}, {"zero", {{0, 0}, {1, 0}}}};
  for (const bool is_log : {false, true}) {
    chart.is_log = is_log;
    const std::string svg = draw_lines(chart);
    EXPECT_NE(svg.find("class=\"line c0\""), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
  }
}

TEST(Chart, QuantitiesHaveUnits) {
  EXPECT_EQ(quantity_text(Quantity::count, 1234567), "1.23M");
  EXPECT_EQ(quantity_text(Quantity::count, 0), "0");
  EXPECT_EQ(quantity_text(Quantity::microseconds, 31.4), "31.4 µs");
  EXPECT_EQ(quantity_text(Quantity::microseconds, 2500), "2.5 ms");
  EXPECT_EQ(quantity_text(Quantity::kibibytes, 2048), "2 MiB");
}

}  // namespace lepus::perf
