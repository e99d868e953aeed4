// Compares repeated measurements of two sides. The change of a metric is the ratio of the means of
// its logarithms, with Welch's t-interval of 95 % around it: it needs no equal variances, and holds
// for the few repetitions that measurements have. A single repetition has no interval.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tools/perf/results/result_file.h"

namespace lepus::perf {

// The two-sided 95 % quantile of Student's distribution; 1 or more degrees, rounded down.
double student_quantile(double freedom);

// B against A as factors: 1.05 = 5 % more.
struct Change {
  double ratio = 1;
  std::optional<std::pair<double, double>> interval;
};
// Of values above 0, at least one on each side.
Change change_of(std::span<const double> before, std::span<const double> after);

enum class Verdict : uint8_t { same, better, worse, unclear };
const char* name_of(Verdict verdict);

struct MetricChange {
  std::string cell;
  std::string metric;
  bool higher_is_better = true;
  double before = 0;  // means
  double after = 0;
  size_t repetitions_before = 0;
  size_t repetitions_after = 0;
  Change change;
  Verdict verdict = Verdict::same;
};

// better, worse: by more than the tolerance (a fraction, 0.05 = 5 %), and the interval does not
// allow that there is no change. same: a change beyond the tolerance is out of the question, or the
// change is certain but small. unclear: anything else, more repetitions would tell.
Verdict judge(const Change& change, bool higher_is_better, double tolerance);

struct ComparedSide {
  std::string name;
  const ResultFile* file = nullptr;
  std::string target;  // empty: any
};
struct Comparison {
  std::vector<MetricChange> changes;
  std::vector<std::string> missing;  // cells that only one side has, or that failed
};
Comparison compare_sides(const ComparedSide& before, const ComparedSide& after, double tolerance);

}  // namespace lepus::perf
