// Lines of the undo file are "value before<TAB>value written<TAB>path". A path that is there
// already keeps its value before as long as nobody else wrote it since.
#include "tools/ctl/tune/tune.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/assert.h"
#include "io/kernel_disk.h"
#include "tools/ctl/options.h"
#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace {

/// What one file held, and what apply made of it.
struct AppliedValue {
  std::string before;
  std::string written;  ///< As the kernel shows it.
};
using AppliedValues = std::map<std::string, AppliedValue>;  ///< By path.

constexpr std::size_t undo_file_max = 1 << 20;

AppliedValues read_undo(const std::string& path) {
  AppliedValues values;
  std::ifstream stream(path);
  std::size_t size = 0;
  for (std::string line; size < undo_file_max && std::getline(stream, line);) {
    size += line.size() + 1;
    const std::size_t first = line.find('\t');
    const std::size_t last = line.rfind('\t');
    if (first == last) continue;  // no such line
    values.emplace(line.substr(last + 1),
                   AppliedValue{line.substr(0, first), line.substr(first + 1, last - first - 1)});
  }
  return values;
}

/// Empty, or why it cannot be written.
std::string write_undo(const std::string& path, const AppliedValues& values) {
  std::string text;
  for (const auto& [file, value] : values)
    text += fmt::format("{}\t{}\t{}\n", value.before, value.written, file);
  io::KernelDisk disk;
  const std::string next = path + ".new";
  const int fd = disk.open(next, {.write = true, .create = true});
  int code = fd;
  if (fd >= 0) {
    code = disk.truncate(fd, 0);
    if (code == 0) code = disk.write(fd, 0, core::as_bytes(text));
    if (code == 0) code = disk.sync(fd);
    disk.close(fd);
    if (code == 0) code = disk.rename(next, path);
  }
  return code >= 0 ? std::string() : fmt::format("{}: {}", path, std::strerror(-code));
}

/// A write to /proc or /sys is refused as a whole. Empty, or why.
std::string write_value(const std::string& path, std::string_view value) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return fmt::format("{}: {}", path, std::strerror(errno));
  bool is_done = std::fwrite(value.data(), 1, value.size(), file) == value.size();
  is_done = std::fclose(file) == 0 && is_done;
  return is_done ? std::string() : fmt::format("{}: {}", path, std::strerror(errno));
}

void fail(TuneOutcome& outcome, std::string error) {
  if (!outcome.error.empty()) outcome.error += '\n';
  const bool is_forbidden =
      error.ends_with(std::strerror(EACCES)) || error.ends_with(std::strerror(EPERM));
  outcome.error += is_forbidden ? error + ". Only root may do this: use sudo" : error;
  outcome.exit_code = is_forbidden ? exit_no_permission : exit_cannot_write;
}

/// Empty, or why it cannot be written. The undo file has the setting before it is changed.
std::string apply_one(const TuneRun& run, const TuneSetting& setting, AppliedValues& values) {
  AppliedValue& value = values[setting.path];
  if (setting.current != value.written) value.before = setting.current;
  value.written = setting.wanted;
  std::string error = write_undo(run.undo_file, values);
  if (error.empty()) error = write_value(run.place.root + setting.path, setting.wanted);
  if (!error.empty()) return error;
  // The kernel may show the same value in other words (lists of CPUs), or not have taken it.
  value.written = chosen_of(read_value(run.place, setting.path));
  return value.written == setting.wanted ? error : write_undo(run.undo_file, values);
}

std::string describe(const TuneSetting& setting) {
  return fmt::format("{}: {} -> {}", setting.path, setting.current, setting.wanted);
}

std::string state_of(const Tuner& tuner) {
  if (!tuner.unsupported.empty()) return "unsupported";
  const bool is_good = std::ranges::all_of(tuner.settings, &TuneSetting::is_good);
  return is_good ? "good" : "differs";
}

/// Values of all its settings, once each.
template <class Field>
std::string values_of(const Tuner& tuner, Field field) {
  std::vector<std::string> values;
  for (const TuneSetting& setting : tuner.settings)
    if (std::ranges::find(values, setting.*field) == values.end()) values.push_back(setting.*field);
  return fmt::format("{}", fmt::join(values, " "));
}

void print_table(const std::vector<Tuner>& tuners, const Invocation& invocation) {
  std::vector<std::string> columns{"name", "state", "current", "wanted", "why"};
  RowPrinter printer({invocation.formatter, invocation.has_headers}, std::move(columns), stdout);
  for (const Tuner& tuner : tuners) {
    const nlohmann::json row{
        tuner.name, state_of(tuner), values_of(tuner, &TuneSetting::current),
        values_of(tuner, &TuneSetting::wanted),
        tuner.unsupported.empty() ? std::string(tuner.why) : tuner.unsupported};
    simdjson::dom::parser parser;
    simdjson::dom::array cells;
    const std::string text = row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    CHECK(parser.parse(text.data(), text.size()).get(cells) == simdjson::SUCCESS);
    printer.row(cells);
  }
  printer.end();
}

std::string option(const Invocation& invocation, std::string_view name, std::string_view other) {
  const auto found = invocation.options.find(name);
  return std::string(found == invocation.options.end() ? other : found->second);
}

int report(const TuneOutcome& outcome, bool is_dry) {
  for (const std::string& line : outcome.lines)
    fmt::print("{}{}\n", is_dry ? "would set " : "", line);
  for (const std::string& line : outcome.kept) fmt::print("{}\n", line);
  if (outcome.lines.empty() && outcome.kept.empty() && outcome.error.empty())
    fmt::print("nothing to do\n");
  if (!outcome.error.empty()) fmt::print(stderr, "Error:\n{}\n", outcome.error);
  return outcome.exit_code;
}

}  // namespace

TuneOutcome apply_tuning(const TuneRun& run) {
  TuneOutcome outcome;
  AppliedValues values = read_undo(run.undo_file);
  for (const Tuner& tuner : find_tuners(run.place)) {
    for (const TuneSetting& setting : tuner.settings) {
      if (setting.is_good || setting.path.empty()) continue;
      std::string error = run.is_dry ? std::string() : apply_one(run, setting, values);
      if (error.empty()) {
        outcome.lines.push_back(describe(setting));
      } else {
        fail(outcome, std::move(error));
      }
    }
  }
  return outcome;
}

TuneOutcome undo_tuning(const TuneRun& run) {
  TuneOutcome outcome;
  for (const auto& [path, value] : read_undo(run.undo_file)) {
    const std::string current = chosen_of(read_value(run.place, path));
    if (current == value.before) continue;
    if (current != value.written) {
      outcome.kept.push_back(
          fmt::format("{}: left at {}, which apply did not write (it wrote {}, before it was {})",
                      path, current, value.written, value.before));
      continue;
    }
    std::string error;
    if (!run.is_dry) error = write_value(run.place.root + path, value.before);
    if (error.empty()) {
      outcome.lines.push_back(fmt::format("{}: {} -> {}", path, current, value.before));
    } else {
      fail(outcome, std::move(error));
    }
  }
  if (!run.is_dry && outcome.error.empty()) (void)std::remove(run.undo_file.c_str());
  return outcome;
}

int tune(const Invocation& invocation) {
  CHECK(invocation.arguments.size() == 1);
  TuneRun run;
  run.place.data_dir = option(invocation, "data-dir", run.place.data_dir);
  run.place.irq_cpus = option(invocation, "irq-cpus", "");
  run.place.interface = option(invocation, "interface", "");
  run.is_dry = invocation.has("dry-run");
  const std::string& what = invocation.arguments[0];
  if (what == "apply") return report(apply_tuning(run), run.is_dry);
  if (what == "undo") return report(undo_tuning(run), run.is_dry);
  if (what != "list" && what != "check") {
    fmt::print(stderr, "Error:\n'{}' is none of list, check, apply and undo\n", what);
    return exit_usage;
  }
  const std::vector<Tuner> tuners = find_tuners(run.place);
  print_table(tuners, invocation);
  if (what == "list") return exit_ok;
  const bool differs =
      std::ranges::any_of(tuners, [](const Tuner& tuner) { return state_of(tuner) == "differs"; });
  return differs ? exit_data : exit_ok;
}

}  // namespace lepus::ctl
