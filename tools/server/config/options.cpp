// The command line through CLI11, whose exceptions end here, and the environment variables that
// belong to the configuration.
#include "tools/server/config/options.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

namespace lepus::server {

namespace {

constexpr const char* fallback_file = "/etc/lepus/lepus.conf";
constexpr const char* footer =
    "Configuration: built-in defaults, then the file, then the *.conf of the directory conf.d "
    "beside it,\n"
    "then RABBITMQ_DEFAULT_USER, _PASS and _VHOST, then --set. LEPUS_CONFIG_FILE names the file "
    "like\n"
    "--config does.\n"
    "Signals: SIGTERM or SIGINT stop cleanly; SIGHUP reopens the log and reloads the "
    "configuration.";

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

void read_environment(ConfigSources& sources) {
  for (char** cursor = environ; *cursor != nullptr; ++cursor) {
    const std::string_view entry = *cursor;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    sources.environment.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  const char* file = std::getenv("LEPUS_CONFIG_FILE");
  if (!sources.file && file != nullptr && *file != '\0') sources.file = file;
  sources.fallback_file = fallback_file;
  sources.host_name = host_name();
  const char* stream = std::getenv("JOURNAL_STREAM");
  sources.stderr_is_journal = stream != nullptr && is_journal_stream(stream, STDERR_FILENO);
}

void set_exit(Options& options, std::string text, int code) {
  options.command = Command::exit_now;
  options.text = std::move(text);
  options.exit_code = code;
}

}  // namespace

bool is_journal_stream(std::string_view journal_stream, int fd) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return false;
  return journal_stream == fmt::format("{}:{}", found.st_dev, found.st_ino);
}

Options parse_options(int argument_count, const char* const* arguments) {
  Options options;
  CLI::App app("lepus: an AMQP 0-9-1 message broker", "lepus");
  app.footer(footer);
  std::string file;
  bool version = false;
  auto* config_option =
      app.add_option("-c,--config", file,
                     std::string("Configuration file, or a directory of *.conf [") + fallback_file +
                         ", if there is one]");
  app.add_option("--set", options.sources.settings,
                 "Sets a key like a line of the file; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--version", version, "Prints the version");
  const auto add_command = [&](const char* name, Command command, const char* help) {
    app.add_flag_callback(
        name, [&options, command] { options.command = command; }, help);
  };
  add_command("--check-config", Command::check_config,
              "Reads the configuration and looks at what it names, says what is wrong");
  add_command("--print-placement", Command::print_placement,
              "Prints which shard runs on which CPU");
  add_command("--check-dpdk", Command::check_dpdk,
              "Looks for what the kernel bypass needs, says what is missing and what mends it");
  add_command("--list-config,--help-config", Command::list_config,
              "Prints all keys with their defaults, as a configuration file");
  add_command("--list-config-markdown", Command::list_config_reference, "The same as tables");
  add_command("--list-rabbitmq-keys", Command::list_rabbitmq_keys,
              "Prints what is done with each key of rabbitmq.conf, as tables");
  auto* export_option =
      app.add_option("--export-definitions", options.export_target,
                     "Writes the definitions of a stopped broker's data_dir in RabbitMQ's format; "
                     "- is standard output");
  export_option->type_name("FILE");
  auto* check_option =
      app.add_option("--check-definitions", options.check_path,
                     "Reads a definitions file or a directory of them, says all that is wrong; "
                     "needs no broker and no data_dir");
  check_option->type_name("FILE");
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    set_exit(options, app.help(), 0);
    return options;
  } catch (const CLI::ParseError& error) {
    set_exit(options, std::string("lepus: ") + error.what() + "; see lepus --help\n", 2);
    return options;
  }
  if (export_option->count() > 0) options.command = Command::export_definitions;
  if (check_option->count() > 0) options.command = Command::check_definitions;
  if (version) set_exit(options, "lepus " LEPUS_VERSION "\n", 0);
  if (config_option->count() > 0) options.sources.file = file;
  read_environment(options.sources);
  return options;
}

}  // namespace lepus::server
