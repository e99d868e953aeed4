// The command line and the environment: what to do, and where the configuration comes from.
#pragma once

#include <string>
#include <string_view>

#include "tools/server/config/config.h"

namespace lepus::server {

enum class Command : std::uint8_t {
  run,
  check_config,
  print_placement,
  check_dpdk,
  list_config,
  list_config_reference,
  list_rabbitmq_keys,
  export_definitions,
  check_definitions,
  exit_now,  ///< --help, --version or an error: `text` is printed, the exit code is `exit_code`.
};

struct Options {
  Command command = Command::run;
  ConfigSources sources;
  std::string export_target;  ///< Of export_definitions: a file, or "-".
  std::string check_path;     ///< Of check_definitions: a file or a directory.
  std::string text;
  int exit_code = 0;
};

/// JOURNAL_STREAM, which systemd sets, names the device and inode of what a descriptor is: true if
/// that is so, and the program's other end is the journal.
bool is_journal_stream(std::string_view journal_stream, int fd);

/// Reads also the environment and the host name.
Options parse_options(int argument_count, const char* const* arguments);

}  // namespace lepus::server
