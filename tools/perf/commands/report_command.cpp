// The command report: pages and pictures of results.
#include <fmt/format.h>

#include <cstdio>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/report.h"
#include "tools/perf/results/html_report.h"

namespace lepus::perf {

int run_report_command(int argc, char** argv) {
  CLI::App app{
      "Makes a page of results of runs, scenarios and sweeps: tables, throughput and latency over\n"
      "time, latencies by percentile. The page needs nothing from elsewhere and has no scripts.",
      "lepus-perf report"};
  app.footer(
      "Examples:\n"
      "  lepus-perf report sweep.json -o sweep.html\n"
      "  lepus-perf report lepus.json rabbitmq.json -o both.html --title \"Two brokers\"\n"
      "  lepus-perf report sweep.json --svg sweep.svg");
  std::vector<std::string> paths;
  std::string html_path;
  std::string svg_path;
  std::string title = "Results of lepus-perf";
  app.add_option("files", paths, "Results as --json and sweep write them")->required();
  app.add_option("-o,--output", html_path, "The page to write");
  app.add_option("--svg", svg_path, "Write bars of sweeps and latencies of runs as one picture");
  app.add_option("--title", title, "Heading of the page")->capture_default_str();
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  if (html_path.empty() && svg_path.empty())
    throw PerfError("report: say where the page goes: -o FILE.html, or --svg FILE.svg");
  std::vector<ResultFile> files;
  for (const std::string& path : paths) files.push_back(read_result_file(path));
  if (!html_path.empty()) write_file("--output", html_path, html_report(title, files));
  if (!svg_path.empty()) write_file("--svg", svg_path, svg_report(files));
  return 0;
}

}  // namespace lepus::perf
