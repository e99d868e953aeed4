// Reading of configuration files; see config_file.h for the format.
#include "tools/server/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "tools/server/config_value.h"

namespace lepus::server {

namespace {

/// What stands behind the `=`, without comment and quotes; nothing when the quotes do not close.
std::optional<std::string_view> parse_value(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('\'')) return trim(text.substr(0, text.find('#')));
  const std::size_t close = text.find('\'', 1);
  if (close == std::string_view::npos) return {};
  const std::string_view rest = trim(text.substr(close + 1));
  if (!rest.empty() && !rest.starts_with('#')) return {};
  return text.substr(1, close - 1);
}

/// Appends one setting, or says what is wrong with the line.
std::string parse_line(std::string_view line, std::string origin, std::vector<Setting>& settings) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals > line.find('#'))
    return fmt::format("{}: expected 'key = value', found '{}'", origin, line);
  const std::string_view key = trim(line.substr(0, equals));
  if (key.empty()) return fmt::format("{}: there is no key before '='", origin);
  if (key.find_first_of(" \t") != std::string_view::npos)
    return fmt::format("{}: a key has no blanks, found '{}'", origin, key);
  const auto value = parse_value(line.substr(equals + 1));
  if (!value)
    return fmt::format("{}: {}: a value that starts with a quote must end with one", origin, key);
  settings.push_back({std::move(origin), std::string(key), std::string(*value)});
  return {};
}

}  // namespace

void parse_config_text(std::string_view file_name, std::string_view text,
                       std::vector<Setting>& settings, std::vector<std::string>& errors) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    std::string error = parse_line(line, fmt::format("{}:{}", file_name, number), settings);
    if (!error.empty()) errors.push_back(std::move(error));
  }
}

void parse_set_argument(std::string_view argument, std::vector<Setting>& settings,
                        std::vector<std::string>& errors) {
  // Taken as it is: the shell has its own quotes and comments.
  const std::size_t equals = argument.find('=');
  const std::string_view key = trim(argument.substr(0, equals));
  if (equals == std::string_view::npos || key.empty()) {
    errors.push_back(fmt::format("--set: expected key=value, found '{}'", argument));
    return;
  }
  settings.push_back({"--set", std::string(key), std::string(trim(argument.substr(equals + 1)))});
}

bool read_file(const std::string& path, std::string& text) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : 0;
  std::array<char, 4096> buffer;
  text.clear();
  while (fd >= 0 && (size = read(fd, buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  if (size < 0) text = std::strerror(errno);
  if (fd >= 0) close(fd);
  return size == 0;
}

}  // namespace lepus::server
