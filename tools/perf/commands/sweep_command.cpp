// The command sweep: runs the cells of a plan one after the other and gathers their results.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/perf/client/error.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/process.h"
#include "tools/perf/progress.h"
#include "tools/perf/report_parts.h"
#include "tools/perf/results/result_file.h"
#include "tools/perf/scenario/scenario_reader.h"
#include "tools/perf/scenario/scenario_run.h"
#include "tools/perf/sweep/sweep_plan.h"

namespace lepus::perf {

namespace {

constexpr const char* sweep_help =
    "Usage: lepus-perf sweep [MODE|SCENARIO] [OPTIONS]\n\n"
    "Measures all combinations of options. MODE is a mode of lepus-perf (throughput when there is\n"
    "none), SCENARIO a file or one of `lepus-perf list`.\n\n"
    "  --target NAME=URI    a broker; several are measured in alternation\n"
    "  --repetitions N      runs of each combination on each target (1)\n"
    "  --pause SECONDS      between two runs (0)\n"
    "  --json FILE          all results; - = standard output\n"
    "  --quiet              no progress\n"
    "  --OPTION A,B,...     an option of the mode with several values: one axis of the sweep\n"
    "  --CLIENTS.KEY A,B    with a scenario: a key of a group of clients (a file may have its own\n"
    "                       axes under \"sweep\")\n"
    "  --OPTION VALUE       the same for all runs, as for the mode\n\n"
    "Examples:\n"
    "  lepus-perf sweep --size 64,1024,16384 --producers 1,4 --auto-ack --json sweep.json\n"
    "  lepus-perf sweep --size 128,4096 --rate 5000 --repetitions 5 --json s.json \\\n"
    "      --target lepus=amqp://127.0.0.1:5672/ --target rabbitmq=amqp://127.0.0.1:5673/\n"
    "  lepus-perf sweep slow-consumer --slow-consumer.prefetch 10,100,1000 --time-scale 0.5\n"
    "Exit code 1: bad options, or a run failed.\n";

bool is_mode(const std::string& subject) {
  for (const Mode mode :
       {Mode::throughput, Mode::drain, Mode::rpc, Mode::connections, Mode::queues, Mode::churn}) {
    if (subject == name_of(mode)) return true;
  }
  return subject == "latency";
}

Options options_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> storage = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : storage) pointers.push_back(argument.data());
  Options options;
  const auto exit_code = parse_options(static_cast<int>(pointers.size()), pointers.data(), options);
  if (exit_code) throw PerfError("sweep: the options of the run are wrong, see above");
  return options;
}

// A value as JSON has it: numbers, true, false and lists as they are, all else as text.
std::string json_value(const std::string& value) {
  const bool is_plain = value == "true" || value == "false" ||
                        value.find_first_not_of("0123456789.-") == std::string::npos;
  return is_plain ? value : "\"" + value + "\"";
}

class Sweep {
 public:
  explicit Sweep(SweepCommandLine line) : line_(std::move(line)), progress_(line_.is_quiet) {
    if (is_mode(line_.subject)) return;
    is_scenario_ = true;
    read_scenario_options();
    const Scenario scenario = load_scenario(line_.subject, read_);
    // The command line's axes stand in for the file's.
    if (!line_.axes.empty()) return;
    for (const SweepAxis& axis : scenario.sweep) line_.axes.push_back({axis.key, axis.values});
  }

  // The exit code.
  int run() {
    const std::vector<SweepCell> cells = plan_sweep(line_);
    begin_json();
    const uint64_t start_ns = now_ns();
    for (size_t index = 0; index < cells.size() && !interrupted(); ++index) {
      show(cells[index], index, cells.size(), static_cast<double>(now_ns() - start_ns) / 1e9);
      run_cell(cells[index]);
      if (index + 1 < cells.size())
        std::this_thread::sleep_for(std::chrono::duration<double>(line_.pause_s));
    }
    progress_.end();
    json_.end_array();
    json_.end_object();
    Output output;
    output.json_path = line_.json_path;
    RunReport report;
    report.json = json_.text();
    report.text = summary();
    write_report(output, report);
    return has_failed_ || interrupted() ? 1 : 0;
  }

 private:
  void read_scenario_options() {
    for (size_t index = 0; index + 1 < line_.options.size(); index += 2) {
      if (line_.options[index] != "--time-scale" && line_.options[index] != "--threads")
        throw PerfError("sweep of a scenario: ", line_.options[index],
                        " is neither --time-scale, --threads nor --CLIENTS.KEY");
    }
    if (line_.options.size() % 2 != 0)
      throw PerfError("sweep of a scenario: ", line_.options.back(), " has no place here");
    for (size_t index = 0; index < line_.options.size(); index += 2) {
      const std::string& value = line_.options[index + 1];
      const double number = std::strtod(value.c_str(), nullptr);
      const bool is_scale = line_.options[index] == "--time-scale";
      if (!(number >= (is_scale ? 0.001 : 1) && number <= (is_scale ? 1000 : 256)))
        throw PerfError(line_.options[index], ": ", value, " is out of range");
      if (is_scale) read_.time_scale = number;
      if (!is_scale) threads_ = static_cast<unsigned>(number);
    }
  }

  void begin_json() {
    json_.begin_object();
    json_.string("mode", "sweep");
    json_.string("subject", line_.subject);
    json_origin(json_);
    json_.number("repetitions", uint64_t{line_.repetitions});
    json_.begin_object("axes");
    for (const SweepAxisValues& axis : line_.axes) {
      json_.begin_array(axis.name);
      for (const std::string& value : axis.values) json_.string({}, value);
      json_.end_array();
    }
    json_.end_object();
    json_.begin_array("targets");
    for (const SweepTarget& target : line_.targets) json_.string({}, target.name);
    json_.end_array();
    json_.begin_array("cells");
  }

  void show(const SweepCell& cell, size_t done, size_t count, double passed_s) {
    std::string text =
        fmt::format("run {} of {}: {}", done + 1, count, line_.targets[cell.target].name);
    for (const auto& [name, value] : cell.values) text += fmt::format(" {}={}", name, value);
    std::optional<double> left_s;
    if (done > 0) left_s = passed_s / static_cast<double>(done) * static_cast<double>(count - done);
    progress_.show(text, left_s);
  }

  void run_cell(const SweepCell& cell) {
    const SweepTarget& target = line_.targets[cell.target];
    json_.begin_object();
    json_.string("target", target.name);
    json_.number("repetition", uint64_t{cell.repetition});
    json_.begin_object("axes");
    for (const auto& [name, value] : cell.values) json_.string(name, value);
    json_.end_object();
    try {
      json_.raw("result", measure_cell(cell, target).json);
    } catch (const PerfError& error) {
      has_failed_ = true;
      progress_.end();
      fmt::print(stderr, "lepus-perf: {}: {}\n", target.name, error.what());
      json_.string("error", error.what());
    }
    json_.end_object();
  }

  RunReport measure_cell(const SweepCell& cell, const SweepTarget& target) {
    CommonOptions common;
    common.uri = target.uri;
    if (is_scenario_) {
      ReadOptions read = read_;
      for (const auto& [name, value] : cell.values)
        read.overrides.emplace_back(name, json_value(value));
      const Scenario scenario = load_scenario(line_.subject, read);
      common.options.threads = threads_;
      common.options.output.quiet = true;
      prepare_run(common);
      return report_scenario(scenario, common.options, run_scenario(scenario, common.options));
    }
    std::vector<std::string> arguments{"lepus-perf", line_.subject, "--quiet"};
    arguments.insert(arguments.end(), line_.options.begin(), line_.options.end());
    for (const auto& [name, value] : cell.values) {
      arguments.push_back("--" + name);
      arguments.push_back(value);
    }
    common.options = options_of(arguments);
    prepare_run(common);
    return run_mode(common.options);
  }

  // A line for each combination and target.
  std::string summary() const {
    if (line_.json_path == "-") return {};
    ResultFile file;
    try {
      file = read_results("sweep", json_.text());
    } catch (const PerfError&) {
      return "nothing was measured\n";
    }
    std::string text;
    for (const std::string& cell : file.cells()) {
      for (const std::string& target : file.targets()) text += line_of(file, target, cell);
    }
    return text;
  }

  static std::string line_of(const ResultFile& file, const std::string& target,
                             const std::string& cell) {
    const std::vector<const Result*> results = file.of(target, cell);
    std::string text = fmt::format("{:<40} {:<12}", cell, target);
    const auto mean = [&](const char* name, const char* metric, const char* unit) {
      double sum = 0;
      unsigned count = 0;
      for (const Result* result : results) {
        const std::optional<double> value = result->metric(metric);
        if (!value) continue;
        sum += *value;
        ++count;
      }
      if (count > 0 && sum > 0) text += fmt::format("  {} {:.0f}{}", name, sum / count, unit);
    };
    mean("sent", "published_per_s", "/s");
    mean("received", "delivered_per_s", "/s");
    mean("created", "created_per_s", "/s");
    mean("p50", "latency_us.p50", " us");
    mean("p99", "latency_us.p99", " us");
    for (const Result* result : results) {
      if (!result->error.empty()) text += "  failed: " + result->error;
    }
    return text + "\n";
  }

  SweepCommandLine line_;
  ProgressLine progress_;
  Json json_;
  ReadOptions read_;
  unsigned threads_ = 1;
  bool is_scenario_ = false;
  bool has_failed_ = false;
};

}  // namespace

int run_sweep_command(int argc, char** argv) {
  SweepCommandLine line = read_sweep_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (line.wants_help) {
    fmt::print("{}", sweep_help);
    return 0;
  }
  return Sweep(std::move(line)).run();
}

}  // namespace lepus::perf
