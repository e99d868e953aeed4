// The server program: command line -> configuration -> placement -> checks of the machine -> node.
// Exit codes: service/exit_codes.h. Everything that can be wrong is said in one line on standard
// error before anything listens.
#include <fmt/ranges.h>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "io/os.h"
#include "io/signals.h"
#include "io/uring/uring_probe.h"
#include "tools/server/bypass/bypass_check.h"
#include "tools/server/config/config_check.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"
#include "tools/server/config/options.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"
#include "tools/server/data_dir.h"
#include "tools/server/definitions/definitions_check.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/listeners/listening.h"
#include "tools/server/log/log.h"
#include "tools/server/node.h"
#include "tools/server/placement/placement_locks.h"
#include "tools/server/placement/placement_machine.h"
#include "tools/server/service/exit_codes.h"
#include "tools/server/service/machine_check.h"
#include "tools/server/service/service_manager.h"

namespace lepus::server {

namespace {

/// Each line of it with the program's name. Returns `code`.
int fail(std::string_view why, int code = exit_failed) {
  for (std::size_t begin = 0; begin <= why.size();) {
    const std::size_t end = std::min(why.find('\n', begin), why.size());
    fmt::print(stderr, "lepus: {}\n", why.substr(begin, end - begin));
    begin = end + 1;
  }
  return code;
}

/// A broker that cannot go on, or not begin.
int fail_start(std::string_view why, const ServerConfig& config) {
  const int code = failure_code(config);
  (void)fail(why);
  if (code == exit_disk_full)
    (void)fail(fmt::format("the disk of data_dir {} is full: make room, then start again",
                           config.data_dir));
  return code;
}

/// Returns the warning to be logged when epoll stands in; `error`: what is missing.
std::string check_driver(const ServerConfig& config, std::string& error) {
  if (config.io_driver == DriverChoice::epoll) return {};
  io::UringProbe probe = io::probe_uring();
  if (probe.is_refused && config.io_driver == DriverChoice::automatic)
    return epoll_warning(probe.missing);
  error = std::move(probe.missing);
  return {};
}

int print(const std::string& text) {
  const bool done = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return done ? 0 : 1;
}

std::string ready_line(const ServerConfig& config) {
  std::string line = "lepus ready: amqp";
  for (const ListenAddress& address : config.listeners) line += " " + shown_address(address);
  if (config.dpdk.enabled)
    line += fmt::format(" net.dpdk {}", fmt::join(config.dpdk.addresses, " "));
  for (const ListenAddress& address : config.http_listeners())
    line += fmt::format("; {} {}", net::protocol_name(listener_protocol(address.kind)),
                        shown_address(address));
  return line + "\n";
}

int run_node(const ServerConfig& config, const Placement& placement) {
  ServiceManager service;
  const std::string unheard = service.open(ServiceManager::take_environment());
  std::string missing;
  const std::string driver_warning = check_driver(config, missing);
  if (!missing.empty()) return fail(missing);
  if (const std::string error = certificate_problem(config); !error.empty())
    return fail(error, exit_configuration);
  DataDir data_dir;
  if (const std::string error = data_dir.open(config.data_dir); !error.empty())
    return fail_start(error, config);

  io::block_signals({SIGTERM, SIGINT, SIGHUP});
  LogSystem log_system(config.log);
  if (const auto error = log_system.open()) return fail_start(*error, config);
  core::Log& log = log_system.producer("main");
  PlacementLocks locks;
  const std::string overlap = locks.take(placement, PlacementLocks::shared_directory);
  for (const std::string& warning : data_dir.warnings())
    log.write(core::LogLevel::warning, core::LogCategory::general, "data_dir", {{"text", warning}});
  for (const std::string& warning : placement.warnings)
    log.write(core::LogLevel::warning, core::LogCategory::general, "placement",
              {{"text", warning}});
  if (!overlap.empty())
    log.write(core::LogLevel::warning, core::LogCategory::general, "placement",
              {{"text", overlap}});

  for (const std::string& warning : {driver_warning, unheard})
    if (!warning.empty())
      log.write(core::LogLevel::warning, core::LogCategory::general, "start", {{"text", warning}});

  Node node(config, placement, log_system, service);
  if (const std::string error = node.start(); !error.empty()) return fail_start(error, config);
  log_system.start();
  const std::string ready = ready_line(config);
  if (print(ready) != 0) return fail("cannot write to standard output");
  service.ready(std::string_view(ready).substr(0, ready.size() - 1));
  return node.run();
}

/// The placement with the warning that another broker has its CPUs, as a start would log it.
Placement with_overlap(Placement placement) {
  PlacementLocks locks;
  std::string overlap = locks.take(placement, PlacementLocks::shared_directory);
  if (!overlap.empty()) placement.warnings.push_back(std::move(overlap));
  return placement;
}

/// --check-config, for what only shows outside the configuration.
int check(const ConfigResult& loaded, const Placement& placement) {
  ConfigCheck outcome = check_environment(loaded.config);
  check_machine(loaded.config, outcome);
  for (const std::string& warning : with_overlap(placement).warnings)
    fmt::print(stderr, "lepus: {}\n", warning);
  for (const std::string& warning : outcome.warnings) fmt::print(stderr, "lepus: {}\n", warning);
  for (const std::string& error : outcome.errors) fmt::print(stderr, "lepus: {}\n", error);
  if (!outcome.errors.empty()) return 1;
  const std::string files = fmt::format("{}", fmt::join(loaded.files, ", "));
  return print(
      fmt::format("configuration is valid ({})\n", files.empty() ? std::string("no file") : files));
}

/// --check-definitions.
int check_file(const ServerConfig& config, const std::string& path) {
  const DefinitionsCheck checked = check_definitions(config, path);
  for (const std::string& warning : checked.warnings)
    fmt::print(stderr, "lepus: warning: {}\n", warning);
  for (const std::string& problem : checked.problems) (void)fail(problem);
  if (!checked.problems.empty())
    return fail(fmt::format("{}: nothing of it would be imported", path));
  return print(fmt::format("{}: valid: {}\n", path, checked.summary));
}

/// --check-dpdk.
int check_dpdk(const DpdkConfig& config) {
  const BypassCheck checked = check_bypass(config);
  for (const std::string& problem : checked.problems) (void)fail(problem);
  if (!checked.problems.empty()) return 1;
  return print(fmt::format("kernel bypass is ready: {}\n", checked.device));
}

int run(const Options& options) {
  if (options.command == Command::list_config) return print(format_config_example());
  if (options.command == Command::list_config_reference) return print(format_config_reference());
  if (options.command == Command::list_rabbitmq_keys) return print(format_rabbitmq_reference());

  const ConfigResult loaded = load_config(options.sources);
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "lepus: {}\n", warning);
  for (const std::string& error : loaded.errors) fmt::print(stderr, "lepus: {}\n", error);
  const int refused = options.command == Command::run ? exit_configuration : exit_failed;
  if (!loaded.ok()) return refused;
  if (options.command == Command::export_definitions) {
    const std::string error = export_definitions(loaded.config, options.export_target);
    return error.empty() ? 0 : fail(error);
  }
  if (options.command == Command::check_dpdk) return check_dpdk(loaded.config.dpdk);
  if (options.command == Command::check_definitions)
    return check_file(loaded.config, options.check_path);
  const MachineResult machine = read_machine();
  if (!machine.ok()) return fail(machine.error);
  const PlacementResult placed = place(loaded.config, machine.machine);
  if (!placed.ok()) return fail(placed.error, refused);

  if (options.command == Command::print_placement)
    return print(format_placement(with_overlap(placed.placement), machine.machine));
  if (options.command == Command::check_config) return check(loaded, placed.placement);
  return run_node(loaded.config, placed.placement);
}

}  // namespace

}  // namespace lepus::server

int main(int argument_count, char** arguments) {
  umask(umask(0) | lepus::server::closed_to_others);
  const auto options = lepus::server::parse_options(argument_count, arguments);
  if (options.command != lepus::server::Command::exit_now) return lepus::server::run(options);
  std::fputs(options.text.c_str(), options.exit_code == 0 ? stdout : stderr);
  return options.exit_code;
}
