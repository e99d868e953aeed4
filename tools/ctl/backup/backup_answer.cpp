// See backup_answer.h.
#include "tools/ctl/backup/backup_answer.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace {

std::uint64_t count_of(simdjson::dom::object result, std::string_view name) {
  std::uint64_t count = 0;
  return result[name].get(count) == simdjson::SUCCESS ? count : 0;
}

}  // namespace

void print_backup_progress(simdjson::dom::array cells) {
  std::uint64_t copied = 0;
  std::uint64_t total = 0;
  if (::isatty(STDERR_FILENO) == 0 || cells.at(0).get(copied) != simdjson::SUCCESS ||
      cells.at(1).get(total) != simdjson::SUCCESS)
    return;
  fmt::print(stderr, "{} of {} MiB\033[K\r", copied >> 20, total >> 20);
}

void print_backup(simdjson::dom::object result, bool as_json) {
  if (as_json) return fmt::print("{}\n", std::string{simdjson::minify(result)});
  std::string_view directory;
  if (result["directory"].get(directory) != simdjson::SUCCESS) directory = "?";
  fmt::print(
      "{} bytes in {} segments are in {}; {} of them were copied, the others share their "
      "blocks with the journal. Writes stood still for {} ms.\n",
      count_of(result, "bytes"), count_of(result, "segments"), escape_controls(directory),
      count_of(result, "copied_bytes"), count_of(result, "frozen_ms"));
  if (const std::uint64_t unreadable = count_of(result, "unreadable_bytes"); unreadable > 0)
    fmt::print(
        "{} bytes could not be read and are zeros there: lepus-journal verify says what "
        "that means\n",
        unreadable);
}

}  // namespace lepus::ctl
