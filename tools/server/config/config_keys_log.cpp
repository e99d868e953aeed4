// The keys of the log: where lines go, how they are written, and from which level on.
#include <algorithm>
#include <array>
#include <utility>

#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace {

using Config = ServerConfig;
using access::refused;
using access::taken;

constexpr std::string_view accepts_level = "debug, info, notice, warning, error, critical or none";
constexpr std::string_view accepts_format = "plaintext or json";
constexpr std::string_view accepts_time =
    "rfc3339_T, rfc3339_space, epoch_usecs, epoch_secs or lager_default";

constexpr std::array formats{std::pair{LogFormat::plaintext, std::string_view{"plaintext"}},
                             std::pair{LogFormat::json, std::string_view{"json"}}};
constexpr std::array times{
    std::pair{LogTimeFormat::rfc3339_t, std::string_view{"rfc3339_T"}},
    std::pair{LogTimeFormat::rfc3339_space, std::string_view{"rfc3339_space"}},
    std::pair{LogTimeFormat::epoch_usecs, std::string_view{"epoch_usecs"}},
    std::pair{LogTimeFormat::epoch_secs, std::string_view{"epoch_secs"}},
    std::pair{LogTimeFormat::lager_default, std::string_view{"lager_default"}}};

template <class Names, class Value>
SetOutcome set_named(const Names& names, std::string_view given, Value& value) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& one) { return one.second == given; });
  if (found == names.end()) return refused();
  value = found->first;
  return taken();
}
template <class Names, class Value>
std::string show_named(const Names& names, Value value) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == value; });
  CHECK(found != names.end());
  return std::string{found->second};
}

template <LogStyle LogConfig::*Style>
constexpr access::Access format_of = {
    [](Config& config, const KeyText& given) {
      return set_named(formats, given.value, (config.log.*Style).format);
    },
    [](const Config& config) { return show_named(formats, (config.log.*Style).format); }};
template <LogStyle LogConfig::*Style>
constexpr access::Access time_of = {
    [](Config& config, const KeyText& given) {
      return set_named(times, given.value, (config.log.*Style).time);
    },
    [](const Config& config) { return show_named(times, (config.log.*Style).time); }};

void add_outputs(const Section& add) {
  add({"log.dir", "a path", "Directory of the log file; created if missing."}, at_once,
      access::text<&Config::log, &LogConfig::dir>);
  add({"log.file", "a file name or false", "File in log.dir, or an absolute path."}, at_once,
      access::log_file);
  add({"log.file.level", accepts_level, "Lowest level that goes to the file."}, at_once,
      access::level<&Config::log, &LogConfig::file_level>);
  add({"log.file.formatter", accepts_format,
       "plaintext: time, level, category, thread, event and name=value; json: an object a line "
       "with "
       "time, level, domain, thread, msg and a field for each name."},
      at_once, format_of<&LogConfig::file_style>);
  add({"log.file.formatter.time_format", accepts_time,
       "How times are written; rfc3339_T is 2026-03-01T12:00:00.123456Z."},
      at_once, time_of<&LogConfig::file_style>);
  add({"log.console", accepts_bool, "Log to the console."}, at_once,
      access::flag<&Config::log, &LogConfig::console>);
  add({"log.console.level", accepts_level, "Lowest level that goes to the console."}, at_once,
      access::level<&Config::log, &LogConfig::console_level>);
  add({"log.console.stdio", "stdout or stderr",
       "Which stream is the console. The line 'lepus ready' always goes to standard output."},
      at_once, access::log_stdio);
  add({"log.console.formatter", accepts_format, "As log.file.formatter."}, at_once,
      format_of<&LogConfig::console_style>);
  add({"log.console.formatter.time_format", accepts_time, "As log.file.formatter.time_format."},
      at_once, time_of<&LogConfig::console_style>);
  add({"log.journald", accepts_bool,
       "Log to systemd's journal, each line with its priority. When systemd started the broker, "
       "the default is true, and that of log.console false."},
      at_once, access::flag<&Config::log, &LogConfig::journald>);
  add({"log.journald.level", accepts_level, "Lowest level that goes to the journal."}, at_once,
      access::level<&Config::log, &LogConfig::journald_level>);
}

}  // namespace

void add_log(std::vector<KeySpec>& rows) {
  const Section add{rows, "Files and log"};
  add_outputs(add);
  add({"log.default.level", accepts_level,
       "Lowest level of lines in none of the categories below; console and file restrict "
       "further."},
      at_once, access::category_level<core::LogCategory::general>);
  add({"log.connection.level", accepts_level, "Lowest level of lines about connections."}, at_once,
      access::category_level<core::LogCategory::connection>);
  add({"log.channel.level", accepts_level, "Lowest level of lines about channels."}, at_once,
      access::category_level<core::LogCategory::channel>);
  add({"log.queue.level", accepts_level, "Lowest level of lines about queues."}, at_once,
      access::category_level<core::LogCategory::queue>);
}

}  // namespace lepus::server
