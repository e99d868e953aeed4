// The commands of lepus-perf: words that stand where else a mode does, with options of their own.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace lepus::perf {

struct Command {
  std::string_view name;
  std::string_view summary;           // one line
  int (*run)(int argc, char** argv);  // argv[0] is the command; returns the exit code
};

std::span<const Command> commands();
// Runs the command that argv[1] names and returns its exit code; nothing when it names none.
std::optional<int> run_command(int argc, char** argv);

int run_scenario_command(int argc, char** argv);
int run_list_command(int argc, char** argv);
int run_show_command(int argc, char** argv);
int run_openstack_command(int argc, char** argv);
int run_sweep_command(int argc, char** argv);
int run_report_command(int argc, char** argv);
int run_compare_command(int argc, char** argv);
int run_completion_command(int argc, char** argv);

}  // namespace lepus::perf
