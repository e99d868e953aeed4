// The command compare: two files, or the two targets of one sweep.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/json.h"
#include "tools/perf/report.h"
#include "tools/perf/results/comparison.h"

namespace lepus::perf {

namespace {

struct CompareOptions {
  std::vector<std::string> files;
  std::vector<std::string> targets;
  double tolerance_percent = 5;
  std::string json_path;
};

double percent_of(double ratio) { return 100 * (ratio - 1); }

std::string comparison_text(const Comparison& comparison, const ComparedSide& before,
                            const ComparedSide& after) {
  std::string text = fmt::format("A = {}\nB = {}\n", before.name, after.name);
  std::string cell;
  for (const MetricChange& change : comparison.changes) {
    if (change.cell != cell) text += fmt::format("\n{}\n", change.cell);
    cell = change.cell;
    std::string interval = "one repetition: no interval";
    if (change.change.interval) {
      interval = fmt::format("95 % between {:+.1f} % and {:+.1f} %",
                             percent_of(change.change.interval->first),
                             percent_of(change.change.interval->second));
    }
    text += fmt::format("  {:<26} A {:>12.1f} ({})  B {:>12.1f} ({})  {:+7.1f} %  {:<38} {}\n",
                        change.metric, change.before, change.repetitions_before, change.after,
                        change.repetitions_after, percent_of(change.change.ratio), interval,
                        name_of(change.verdict));
  }
  for (const std::string& missing : comparison.missing)
    text += fmt::format("\n{}\n  not on both sides, or failed\n", missing);
  return text;
}

std::string comparison_json(const Comparison& comparison, const ComparedSide& before,
                            const ComparedSide& after) {
  Json json;
  json.begin_object();
  json.string("mode", "comparison");
  json.string("a", before.name);
  json.string("b", after.name);
  json.string("interval", "Welch's t-interval of the logarithms, 95 %");
  json.begin_array("changes");
  for (const MetricChange& change : comparison.changes) {
    json.begin_object();
    json.string("cell", change.cell);
    json.string("metric", change.metric);
    json.boolean("higher_is_better", change.higher_is_better);
    json.number("a", change.before);
    json.number("b", change.after);
    json.number("repetitions_a", uint64_t{change.repetitions_before});
    json.number("repetitions_b", uint64_t{change.repetitions_after});
    json.number("change_percent", percent_of(change.change.ratio));
    if (change.change.interval) {
      json.number("low_percent", percent_of(change.change.interval->first));
      json.number("high_percent", percent_of(change.change.interval->second));
    }
    json.string("verdict", change.verdict == Verdict::worse ? "worse" : name_of(change.verdict));
    json.end_object();
  }
  json.end_array();
  json.begin_array("missing");
  for (const std::string& missing : comparison.missing) json.string({}, missing);
  json.end_array();
  json.end_object();
  return json.text();
}

void choose_sides(const CompareOptions& options, const std::vector<ResultFile>& files,
                  ComparedSide& before, ComparedSide& after) {
  before.file = &files.front();
  after.file = &files.back();
  before.name = files.front().path;
  after.name = files.back().path;
  if (files.size() == 2 && options.targets.empty()) return;
  std::vector<std::string> targets = options.targets;
  if (targets.empty()) targets = files.front().targets();
  if (targets.size() != 2) {
    throw PerfError("compare wants two files, or one with two targets (--targets A B); ",
                    files.front().path, " has ", targets.size());
  }
  before.target = targets[0];
  after.target = targets[1];
  for (ComparedSide* side : {&before, &after}) {
    const std::vector<std::string> known = side->file->targets();
    if (std::find(known.begin(), known.end(), side->target) == known.end())
      throw PerfError("--targets: ", side->name, " has no target ", side->target);
    side->name += " (" + side->target + ")";
  }
}

}  // namespace

int run_compare_command(int argc, char** argv) {
  CLI::App app{
      "Compares results: B against A, metric by metric. The interval around a change is Welch's\n"
      "t-interval of 95 % of the logarithms; it needs two repetitions or more on both sides\n"
      "(lepus-perf sweep --repetitions).",
      "lepus-perf compare"};
  app.footer(
      "Examples:\n"
      "  lepus-perf compare before.json after.json --tolerance 10\n"
      "  lepus-perf compare sweep.json --targets lepus rabbitmq\n"
      "Exit code 1: a metric is worse by more than the tolerance, and the interval does not "
      "contain\n\"no change\"; or cells are not on both sides.");
  CompareOptions options;
  app.add_option("files", options.files, "A.json B.json, or one sweep of two targets")
      ->required()
      ->expected(1, 2);
  app.add_option("--targets", options.targets, "Targets of A and of B")->expected(2);
  app.add_option("--tolerance", options.tolerance_percent, "Percent that do not matter")
      ->check(CLI::Range(0.0, 1000.0).description(""))
      ->capture_default_str();
  app.add_option("--json", options.json_path, "Write the comparison as JSON; - = standard output");
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  std::vector<ResultFile> files;
  for (const std::string& path : options.files) files.push_back(read_result_file(path));
  ComparedSide before;
  ComparedSide after;
  choose_sides(options, files, before, after);
  const Comparison comparison = compare_sides(before, after, options.tolerance_percent / 100);
  Output output;
  output.json_path = options.json_path;
  RunReport report;
  report.text = comparison_text(comparison, before, after);
  report.json = comparison_json(comparison, before, after);
  write_report(output, report);
  const bool is_worse =
      std::any_of(comparison.changes.begin(), comparison.changes.end(),
                  [](const MetricChange& change) { return change.verdict == Verdict::worse; });
  return is_worse || !comparison.missing.empty() ? 1 : 0;
}

}  // namespace lepus::perf
