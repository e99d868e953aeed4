// The commands run, list and show: scenarios on the command line.
#include <fmt/format.h>

#include <cstdio>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/json_reader.h"
#include "tools/perf/report.h"
#include "tools/perf/scenario/presets.h"
#include "tools/perf/scenario/scenario_reader.h"
#include "tools/perf/scenario/scenario_run.h"

namespace lepus::perf {

int run_scenario_command(int argc, char** argv) {
  CLI::App app{"Runs a scenario: a file in JSON, or one of `lepus-perf list`.", "lepus-perf run"};
  app.footer(
      "Examples:\n"
      "  lepus-perf run slow-consumer\n"
      "  lepus-perf show slow-consumer > mine.json; lepus-perf run mine.json --json out.json\n"
      "docs/operations/load-testing.md describes the format. Exit code 1: an error in the file,\n"
      "or the run could not be completed.");
  CommonOptions common;
  std::string file_or_name;
  ReadOptions read;
  app.add_option("scenario", file_or_name, "File, or name of a built-in scenario")->required();
  add_run_options(app, common);
  app.add_option("--time-scale", read.time_scale,
                 "Phases are so many times as long: 0.1 for a glance")
      ->check(CLI::Range(0.001, 1000.0).description(""));
  app.add_flag("--keep", common.options.keep, "Do not delete the queues after the run");
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  read.prefix = common.options.prefix;
  const Scenario scenario = load_scenario(file_or_name, read);
  prepare_run(common);
  const ScenarioResult result = run_scenario(scenario, common.options);
  write_report(common.options.output, report_scenario(scenario, common.options, result));
  return 0;
}

int run_list_command(int argc, char** argv) {
  CLI::App app{"Lists the scenarios that are built in.", "lepus-perf list"};
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  for (const Preset& preset : presets()) fmt::print("{:<18} {}\n", preset.name, preset.summary);
  return 0;
}

int run_show_command(int argc, char** argv) {
  CLI::App app{"Prints a built-in scenario as the JSON it is.", "lepus-perf show"};
  std::string name;
  app.add_option("name", name, "Name of a built-in scenario")->required();
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  const Preset* preset = find_preset(name);
  if (preset == nullptr) {
    const std::vector<std::string_view> names = preset_names();
    throw PerfError("there is no scenario ", name, suggestion(name, names));
  }
  fmt::print("{}\n", preset->json);
  return 0;
}

}  // namespace lepus::perf
