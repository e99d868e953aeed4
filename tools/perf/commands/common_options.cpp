// The options, and the usual preparations.
#include "tools/perf/commands/common_options.h"

#include "tools/perf/process.h"

namespace lepus::perf {

void add_run_options(CLI::App& app, CommonOptions& common) {
  Options& o = common.options;
  app.add_option("--uri", common.uri, "Broker")->capture_default_str();
  app.add_option("--prefix", o.prefix, "Start of queue and exchange names")->capture_default_str();
  app.add_option("--threads", o.threads, "Generator threads")
      ->check(CLI::Range(1, 256).description(""))
      ->capture_default_str();
  app.add_flag("--spin", o.spin, "Never sleep: lower latency, one whole core per thread");
  app.add_option("--pid", o.pid,
                 "Process id of the broker, for its CPU time and memory; a broker of this machine "
                 "is found by its port");
  app.add_option("--json", o.output.json_path, "Write the results as JSON; - = standard output");
  app.add_option("--hdr", o.output.hdr_path,
                 "Write each second's latencies as a log of HdrHistogram, in nanoseconds");
  app.add_flag("--quiet", o.output.quiet, "No progress");
}

std::optional<int> parse_command(CLI::App& app, int argc, char** argv) {
  app.get_formatter()->column_width(34);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return std::nullopt;
}

void prepare_run(CommonOptions& common) {
  Options& options = common.options;
  options.uri = parse_uri(common.uri);
  raise_file_limit();
  catch_interrupts();
  const bool is_local = options.uri.host == "localhost" || options.uri.host == "::1" ||
                        options.uri.host.rfind("127.", 0) == 0;
  if (options.pid == 0 && is_local) options.pid = find_listener(options.uri.port);
  sample_process(options.pid);
}

}  // namespace lepus::perf
