// Comparisons: intervals of known numbers, verdicts, cells that only one side has.
#include "tools/perf/results/comparison.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

ResultFile sweep_of(const std::vector<double>& rates, const std::string& cell) {
  std::string cells;
  for (const double rate : rates) {
    cells += fmt::format(
        R"({}{{"target": "t", "axes": {{"size": "{}"}}, "result": {{"mode": "throughput",
        "delivered_per_s": {}, "latency_us": {{"p99": {}}}}}}})",
        cells.empty() ? "" : ",", cell, rate, 1e6 / rate);
  }
  return read_results("s.json", R"({"mode": "sweep", "cells": [)" + cells + "]}");
}

}  // namespace

TEST(Comparison, QuantilesAreStudents) {
  EXPECT_NEAR(student_quantile(1), 12.706, 0.001);
  EXPECT_NEAR(student_quantile(4.9), 2.776, 0.001);
  EXPECT_NEAR(student_quantile(60), 2.000, 0.005);
  EXPECT_NEAR(student_quantile(1e6), 1.960, 0.001);
}

TEST(Comparison, TheIntervalIsWelchs) {
  // Logarithms 0 ± 0.1 and 1 ± 0.1, three each: difference 1, standard error 0.1 * sqrt(2 / 3),
  // 4 degrees of freedom.
  const std::array before{std::exp(-0.1), 1.0, std::exp(0.1)};
  const std::array after{std::exp(0.9), std::exp(1.0), std::exp(1.1)};
  const Change change = change_of(before, after);
  EXPECT_NEAR(change.ratio, std::exp(1), 1e-9);
  ASSERT_TRUE(change.interval);
  const double margin = 2.776 * 0.1 * std::sqrt(2.0 / 3);
  EXPECT_NEAR(std::log(change.interval->first), 1 - margin, 1e-6);
  EXPECT_NEAR(std::log(change.interval->second), 1 + margin, 1e-6);
  EXPECT_FALSE(change_of(std::array{1.0}, after).interval);
}

TEST(Comparison, VerdictsHeedToleranceAndInterval) {
  EXPECT_EQ(judge({0.8, {{0.7, 0.9}}}, true, 0.05), Verdict::worse);
  EXPECT_EQ(judge({0.8, {{0.7, 0.9}}}, false, 0.05), Verdict::better);
  EXPECT_EQ(judge({0.8, {{0.5, 1.2}}}, true, 0.05), Verdict::unclear);
  EXPECT_EQ(judge({0.8, {{0.7, 0.9}}}, true, 0.3), Verdict::same);
  EXPECT_EQ(judge({1.01, {{0.97, 1.04}}}, true, 0.05), Verdict::same);
  EXPECT_EQ(judge({1.01, {{0.5, 2.0}}}, true, 0.05), Verdict::unclear);
  EXPECT_EQ(judge({0.8, std::nullopt}, true, 0.05), Verdict::worse);
  EXPECT_EQ(judge({1.5, std::nullopt}, true, 0.05), Verdict::better);
}

TEST(Comparison, SidesAreComparedCellByCell) {
  const ResultFile before = sweep_of({1000, 1010, 990}, "64");
  const ResultFile after = sweep_of({500, 505, 495}, "64");
  const Comparison comparison = compare_sides({"a", &before, ""}, {"b", &after, ""}, 0.05);
  EXPECT_TRUE(comparison.missing.empty());
  ASSERT_EQ(comparison.changes.size(), 2u);
  EXPECT_EQ(comparison.changes[0].metric, "delivered_per_s");
  EXPECT_EQ(comparison.changes[0].cell, "size=64");
  EXPECT_EQ(comparison.changes[0].verdict, Verdict::worse);
  EXPECT_EQ(comparison.changes[1].metric, "latency_us.p99");
  EXPECT_EQ(comparison.changes[1].verdict, Verdict::worse);
  const ResultFile other = sweep_of({500}, "128");
  const Comparison disjoint = compare_sides({"a", &before, ""}, {"b", &other, ""}, 0.05);
  EXPECT_TRUE(disjoint.changes.empty());
  EXPECT_EQ(disjoint.missing, (std::vector<std::string>{"size=64", "size=128"}));
}

TEST(ResultFile, WhatIsNoResultIsRefusedByName) {
  EXPECT_THROW(read_results("x.json", "[]"), PerfError);
  EXPECT_THROW(read_results("x.json", R"({"mode": "sweep", "cells": []})"), PerfError);
  try {
    read_results("x.json", R"({"a": 1})");
    FAIL();
  } catch (const PerfError& error) {
    EXPECT_NE(std::string(error.what()).find("x.json"), std::string::npos);
  }
}

}  // namespace lepus::perf
