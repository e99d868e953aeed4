// One function for each thing that is named.
#include "tools/server/config/config_check.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "tools/server/config/config_value.h"
#include "tools/server/definitions/definitions_check.h"
#include "tools/server/listeners/tls_setup.h"

namespace lepus::server {

namespace {

/// A directory that is there or will be made.
void check_directory(std::string_view key, const std::string& path, ConfigCheck& check) {
  std::error_code error;
  std::filesystem::path existing = std::filesystem::absolute(path, error);
  while (existing.has_relative_path() && !std::filesystem::exists(existing, error))
    existing = existing.parent_path();
  if (!std::filesystem::is_directory(existing, error)) {
    check.errors.push_back(
        fmt::format("{} = {}: {} is not a directory", key, path, existing.string()));
  } else if (access(existing.c_str(), W_OK | X_OK) != 0) {
    check.warnings.push_back(
        fmt::format("{} = {}: this user may not write to {}; the broker's user must be able to",
                    key, path, existing.string()));
  }
}

void check_socket(const ServerConfig& config, ConfigCheck& check) {
  const std::string path =
      config.management_socket.empty() ? config.data_dir + "/lepus.sock" : config.management_socket;
  if (path == "none" || path.size() < sizeof(sockaddr_un::sun_path)) return;
  check.errors.push_back(
      fmt::format("management.socket: the path '{}' has {} bytes, a socket's may have {}: name a "
                  "shorter one",
                  path, path.size(), sizeof(sockaddr_un::sun_path) - 1));
}

/// Nobody makes the directory of a unix socket.
void check_unix_listeners(const ServerConfig& config, ConfigCheck& check) {
  for (const ListenAddress& address : config.listeners) {
    if (address.kind != ListenerKind::unix_socket) continue;
    const std::string folder = std::filesystem::path(address.path).parent_path().string();
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) continue;
    check.errors.push_back(
        fmt::format("{} = {}: {} is not a directory", listener_key(address), address.path, folder));
  }
}

void check_definitions_file(const ServerConfig& config, ConfigCheck& check) {
  if (config.load_definitions.empty()) return;
  DefinitionsCheck found = check_definitions(config, config.load_definitions);
  std::move(found.problems.begin(), found.problems.end(), std::back_inserter(check.errors));
  std::move(found.warnings.begin(), found.warnings.end(), std::back_inserter(check.warnings));
}

}  // namespace

std::string certificate_problem(const ServerConfig& config) {
  TlsSetup setup;
  if (std::string error = make_tls(config, setup); !error.empty()) return error;
  HttpTls http;
  return make_http_tls(config, http);
}

ConfigCheck check_environment(const ServerConfig& config) {
  ConfigCheck check;
  check_directory("data_dir", config.data_dir, check);
  if (!config.log.file.empty() && !config.log.file.starts_with('/'))
    check_directory("log.dir", config.log.dir, check);
  check_socket(config, check);
  check_unix_listeners(config, check);
  if (std::string error = certificate_problem(config); !error.empty())
    check.errors.push_back(std::move(error));
  check_definitions_file(config, check);
  return check;
}

}  // namespace lepus::server
