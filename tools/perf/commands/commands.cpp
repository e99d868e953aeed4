// The table of commands.
#include "tools/perf/commands/commands.h"

#include <array>

namespace lepus::perf {

namespace {

constexpr std::array command_table{
    Command{"run", "run a scenario: a file, or one that is built in", run_scenario_command},
    Command{"list", "list the scenarios that are built in", run_list_command},
    Command{"show", "print a built-in scenario as the JSON it is", run_show_command},
    Command{"openstack", "play the agents of an OpenStack: declares, calls, a restart",
            run_openstack_command},
    Command{"sweep", "measure all combinations of options, brokers in turn", run_sweep_command},
    Command{"report", "make an HTML page with charts of results", run_report_command},
    Command{"compare", "compare two results, with confidence intervals", run_compare_command},
    Command{"completion", "print completions for bash, zsh or fish", run_completion_command},
};

}  // namespace

std::span<const Command> commands() { return command_table; }

std::optional<int> run_command(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  for (const Command& command : command_table) {
    if (command.name == argv[1]) return command.run(argc - 1, argv + 1);
  }
  return std::nullopt;
}

}  // namespace lepus::perf
