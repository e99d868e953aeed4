// lepus-journal: looks into the journal of a data directory, for people. See options.cpp for what
// it can do.
#include <cstdio>

#include "io/kernel_disk.h"
#include "tools/journal/commands.h"

int main(int argument_count, char** arguments) {
  const auto parsed = lepus::journal::parse_options(argument_count, arguments);
  if (!parsed.options) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  lepus::io::KernelDisk disk;
  const int result = lepus::journal::run_command({disk, *parsed.options, stdout, stderr});
  return std::fflush(stdout) == 0 ? result : 1;
}
