// Reading a command line whose options are those of other commands, and multiplying it out.
#include "tools/perf/sweep/sweep_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "tools/perf/client/error.h"
#include "tools/perf/json_reader.h"

namespace lepus::perf {

namespace {

constexpr size_t runs_max = 100000;
constexpr unsigned repetitions_max = 1000;

// Options without a value; all others take one.
constexpr std::array<std::string_view, 6> flags{"--auto-ack",  "--persistent", "--keep",
                                                "--mandatory", "--spin",       "--quiet"};
// Options whose value may have commas of its own, or that name a file for one run.
constexpr std::array<std::string_view, 7> no_axes{
    "--queue-arg", "--consumer-arg", "--prefix", "--json", "--hdr", "--uri", "--pid"};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> split_values(const std::string& option, const std::string& text) {
  std::vector<std::string> values;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    values.push_back(text.substr(start, comma - start));
    if (values.back().empty()) throw PerfError(option, ": an empty value in ", text);
    start = comma + 1;
  }
  return values;
}

double number_of(const std::string& option, const std::string& text, double high) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !(value >= 0 && value <= high))
    throw PerfError(option, " must be a number from 0 to ", high, ", not ", text);
  return value;
}

SweepTarget target_of(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t scheme = text.find("://");
  if (equals == 0 || equals == std::string::npos || scheme == std::string::npos || scheme < equals)
    throw PerfError("--target wants NAME=URI (lepus=amqp://guest:guest@127.0.0.1:5672/), not ",
                    text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// True when the option was the sweep's own.
bool take_own(const std::string& name, const std::string& value, SweepCommandLine& line) {
  if (name == "--target") {
    line.targets.push_back(target_of(value));
  } else if (name == "--repetitions") {
    line.repetitions = static_cast<unsigned>(number_of(name, value, repetitions_max));
    if (line.repetitions == 0) throw PerfError("--repetitions must be 1 or more");
  } else if (name == "--pause") {
    line.pause_s = number_of(name, value, 3600);
  } else if (name == "--json") {
    line.json_path = value;
  } else {
    return false;
  }
  return true;
}

void take_foreign(const std::string& name, const std::string& value, SweepCommandLine& line) {
  if (name == "--uri" || name == "--pid" || name == "--hdr")
    throw PerfError(name, " has no place in a sweep: ",
                    name == "--hdr" ? "it is one file for one run" : "name targets with --target");
  const bool is_key = name.find('.') != std::string::npos;  // of a scenario's clients
  if (is_key || (value.find(',') != std::string::npos && !is_among(no_axes, name))) {
    const std::string axis = name.substr(2);
    for (const SweepAxisValues& known : line.axes) {
      if (known.name == axis) throw PerfError(name, " is there twice");
    }
    line.axes.push_back({axis, split_values(name, value)});
    return;
  }
  line.options.push_back(name);
  line.options.push_back(value);
}

void check_targets(SweepCommandLine& line) {
  if (line.targets.empty())
    line.targets.push_back({"broker", "amqp://guest:guest@127.0.0.1:5672/"});
  std::vector<std::string_view> names;
  for (const SweepTarget& target : line.targets) {
    if (is_among(names, target.name)) throw PerfError("--target ", target.name, " is there twice");
    names.push_back(target.name);
  }
}

}  // namespace

SweepCommandLine read_sweep_command_line(const std::vector<std::string>& arguments) {
  SweepCommandLine line;
  for (size_t index = 0; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    if (argument == "--help" || argument == "-h") {
      line.wants_help = true;
      return line;
    }
    if (argument.rfind("--", 0) != 0) {
      if (!line.subject.empty()) throw PerfError("sweep: what is ", argument, "?");
      line.subject = argument;
      continue;
    }
    if (is_among(flags, argument)) {
      if (argument == "--quiet") line.is_quiet = true;
      if (argument != "--quiet") line.options.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (index + 1 < arguments.size()) {
      value = arguments[++index];
    } else {
      throw PerfError(name, ": its value is missing");
    }
    if (!take_own(name, value, line)) take_foreign(name, value, line);
  }
  if (line.subject.empty()) line.subject = "throughput";
  check_targets(line);
  return line;
}

std::vector<SweepCell> plan_sweep(const SweepCommandLine& line) {
  size_t combinations = 1;
  for (const SweepAxisValues& axis : line.axes) combinations *= axis.values.size();
  if (combinations * line.repetitions * line.targets.size() > runs_max)
    throw PerfError("sweep: more than ", runs_max, " runs");
  std::vector<SweepCell> cells;
  for (size_t combination = 0; combination < combinations; ++combination) {
    SweepCell cell;
    // The last axis changes fastest.
    size_t rest = combination;
    for (size_t axis = line.axes.size(); axis-- > 0;) {
      const SweepAxisValues& values = line.axes[axis];
      cell.values.insert(cell.values.begin(),
                         {values.name, values.values[rest % values.values.size()]});
      rest /= values.values.size();
    }
    for (unsigned repetition = 1; repetition <= line.repetitions; ++repetition) {
      cell.repetition = repetition;
      for (size_t turn = 0; turn < line.targets.size(); ++turn) {
        cell.target = repetition % 2 == 1 ? turn : line.targets.size() - 1 - turn;
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

}  // namespace lepus::perf
