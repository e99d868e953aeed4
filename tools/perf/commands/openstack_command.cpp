// The command openstack: the agents of a cloud on the command line.
#include <fmt/format.h>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/openstack/openstack_run.h"

namespace lepus::perf {

int run_openstack_command(int argc, char** argv) {
  CLI::App app{
      "Plays the agents of an OpenStack with the exchanges and queues of oslo.messaging: three\n"
      "connections and 30 declares and binds an agent, then calls from agent to agent through\n"
      "reply queues, and when there is a command that restarts the broker, all of them again.",
      "lepus-perf openstack"};
  app.footer(
      "Examples:\n"
      "  lepus-perf openstack --agents 500 --rate 2000\n"
      "  lepus-perf openstack --restart-command 'systemctl restart lepus' --json cloud.json\n"
      "Every call is answered or reported as lost. Exit code 1: connecting took more than "
      "--connect-limit,\nor calls were lost though nothing was restarted.");
  CommonOptions common;
  OpenstackOptions options;
  common.options.body_size = 1024;
  common.options.rate_per_s = 5000;
  common.options.duration_s = 30;
  add_run_options(app, common);
  app.add_option("--agents", options.agents, "Agents, with three connections each")
      ->check(CLI::Range(2, 20000).description(""))
      ->capture_default_str();
  app.add_option("--rate", common.options.rate_per_s, "Calls per second of all agents together")
      ->check(CLI::Range(1.0, 1e6).description(""))
      ->capture_default_str();
  app.add_option("--size,--body-size", common.options.body_size, "Bytes of calls and answers")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 24).description(""))
      ->capture_default_str();
  app.add_option("--duration", common.options.duration_s, "Seconds of calls, before and after")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  app.add_option("--casts", options.cast_rate_per_s, "Messages to all agents per second")
      ->check(CLI::Range(0.0, 1000.0).description(""))
      ->capture_default_str();
  app.add_option("--timeout", options.call_timeout_s, "Seconds after which a call is lost")
      ->check(CLI::Range(0.1, 3600.0).description(""))
      ->capture_default_str();
  app.add_option("--connects", options.connects_per_s, "New connections per second at the start")
      ->check(CLI::Range(1.0, 1e6).description(""))
      ->capture_default_str();
  app.add_option("--connect-limit", options.connect_limit_s,
                 "Seconds that connecting and declaring may take")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  app.add_option("--restart-command", options.restart_command,
                 "Shell command that restarts the broker and returns");
  app.add_flag("--keep", options.keep, "Do not delete queues and exchanges after the run");
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  if (common.options.threads > 1) throw PerfError("openstack runs on one thread: no --threads");
  prepare_run(common);
  options.common = common.options;
  const OpenstackResult result = run_openstack(options);
  write_report(options.common.output, report_openstack(options, result));
  return has_failed(options, result) ? 1 : 0;
}

}  // namespace lepus::perf
