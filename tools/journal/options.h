// The command line of lepus-journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lepus::journal {

enum class Command : std::uint8_t { summary, verify, print, export_messages, kept_aside };

struct Options {
  std::string data_directory;
  Command command = Command::summary;
  std::optional<std::uint32_t> shard;  ///< Nothing: all.
  std::optional<std::uint64_t> queue;  ///< export: only this queue's id; nothing: all.
  std::uint64_t from = 0;              ///< print: records before this sequence are left out.
  bool bodies = false;                 ///< print: with the messages' bodies.
};

struct ParsedOptions {
  std::optional<Options> options;  ///< Nothing: `text` is to be printed, and that is all.
  std::string text;
  int exit_code = 0;
};

ParsedOptions parse_options(int argument_count, const char* const* arguments);

}  // namespace lepus::journal
