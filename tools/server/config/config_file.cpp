// Reading of configuration files; see config_file.h for the format.
#include "tools/server/config/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "core/limits.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view long_quote = "'''";
/// Of a value with environment variables in it.

/// The lines of one file, one after the other.
class Parser {
 public:
  Parser(std::string_view file_name, std::string_view text, const EnvironmentVariables& environment,
         SettingList& list)
      : file_name_(file_name), rest_(text), environment_(environment), list_(list) {}

  void run() {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    if (is_erlang()) {
      fail(
          "this is a file in Erlang's format (rabbitmq.config, advanced.config); write its "
          "settings as lines of 'key = value'");
      return;
    }
    while (!rest_.empty()) {
      const std::string_view line = trim(take_line());
      if (!line.empty() && line.front() != '#') parse_line(line);
    }
  }

 private:
  /// Whether the first line that is neither empty nor a comment begins a list of Erlang.
  bool is_erlang() const {
    std::string_view text = rest_;
    while (!text.empty()) {
      const std::string_view line = trim(text.substr(0, text.find('\n')));
      if (!line.empty() && line.front() != '%' && line.front() != '#') return line.front() == '[';
      text = text.substr(std::min(text.size(), text.find('\n')));
      if (!text.empty()) text.remove_prefix(1);
    }
    return false;
  }

  std::string_view take_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_number_;
    return line;
  }

  std::string origin() const { return fmt::format("{}:{}", file_name_, line_number_); }
  void fail(std::string_view why) {
    list_.errors.push_back(fmt::format("{}: {}", line_number_ == 0 ? file_name_ : origin(), why));
  }

  void parse_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals > line.find('#'))
      return fail(fmt::format("expected 'key = value', found '{}'", line));
    const std::string_view key = trim(line.substr(0, equals));
    if (key.empty()) return fail("there is no key before '='");
    if (key.find_first_of(" \t") != std::string_view::npos)
      return fail(fmt::format("a key has no blanks, found '{}'", key));
    Setting setting{.origin = origin(), .key = without_escapes(key), .value = {}};
    const auto value = parse_value(setting, trim(line.substr(equals + 1)));
    if (!value) return;
    setting.value = *value;
    if (fill_in(setting)) list_.settings.push_back(std::move(setting));
  }

  static std::string without_escapes(std::string_view key) {
    std::string plain;
    for (std::size_t i = 0; i < key.size(); ++i)
      if (key[i] != '\\' || i + 1 == key.size() || key[i + 1] != '.') plain += key[i];
    return plain;
  }

  /// What stands behind the `=`, without comment and quotes; nothing after an error.
  std::optional<std::string> parse_value(const Setting& setting, std::string_view text) {
    if (text.starts_with(long_quote)) return parse_lines(setting, text.substr(long_quote.size()));
    if (!text.starts_with('\'')) return std::string(parse_plain(setting, text));
    const std::size_t close = text.find('\'', 1);
    const std::string_view rest =
        close == std::string_view::npos ? "open" : trim(text.substr(close + 1));
    if (rest.empty() || rest.front() == '#') return std::string(text.substr(1, close - 1));
    fail(fmt::format("{}: a value that starts with a quote must end with one", setting.key));
    return {};
  }

  std::string_view parse_plain(const Setting& setting, std::string_view text) {
    std::size_t index = text.find('#');
    bool has_hash = false;
    while (index != std::string_view::npos && index > 0 && text[index - 1] != ' ' &&
           text[index - 1] != '\t') {
      has_hash = true;
      index = text.find('#', index + 1);
    }
    if (has_hash)
      list_.warnings.push_back(fmt::format(
          "{}: the '#' in the value of '{}' is part of it; RabbitMQ takes it for a comment: put "
          "the value between single quotes, or a blank before the comment",
          setting.origin, setting.key));
    return trim(text.substr(0, index));
  }

  /// Up to the closing quotes, which may be some lines further down.
  std::optional<std::string> parse_lines(const Setting& setting, std::string_view line) {
    std::string value;
    while (true) {
      const std::size_t close = line.find(long_quote);
      value += line.substr(0, close);
      if (close != std::string_view::npos) return strip_lines(value);
      if (rest_.empty()) break;
      value += '\n';
      line = take_line();
    }
    list_.errors.push_back(fmt::format("{}: {}: a value that starts with ''' must end with '''",
                                       setting.origin, setting.key));
    return {};
  }

  /// Without blanks and empty lines at both ends.
  static std::string strip_lines(const std::string& text) {
    constexpr const char* blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
  }

  /// Puts environment variables into the value.
  bool fill_in(Setting& setting) {
    std::string& value = setting.value;
    std::size_t begin = 0;
    while ((begin = value.find("$(", begin)) != std::string::npos) {
      const std::size_t end = value.find(')', begin);
      if (end == std::string::npos) return true;
      const std::string name = value.substr(begin + 2, end - begin - 2);
      const auto found = std::find_if(environment_.begin(), environment_.end(),
                                      [&](const auto& one) { return one.first == name; });
      if (found == environment_.end()) {
        fail(fmt::format("{}: there is no environment variable '{}'", setting.key, name));
        return false;
      }
      value.replace(begin, end + 1 - begin, found->second);
      begin += found->second.size();
      if (value.size() > core::limits::config_value_max) {
        fail(fmt::format("{}: the value has more than {} bytes", setting.key,
                         core::limits::config_value_max));
        return false;
      }
    }
    return true;
  }

  const std::string file_name_;
  std::string_view rest_;
  const EnvironmentVariables& environment_;
  SettingList& list_;
  std::size_t line_number_ = 0;
};

}  // namespace

void parse_config_text(std::string_view file_name, std::string_view text,
                       const EnvironmentVariables& environment, SettingList& list) {
  Parser(file_name, text, environment, list).run();
}

void parse_set_argument(std::string_view argument, SettingList& list) {
  // Taken as it is: the shell has its own quotes and comments.
  const std::size_t equals = argument.find('=');
  const std::string_view key = trim(argument.substr(0, equals));
  if (equals == std::string_view::npos || key.empty()) {
    list.errors.push_back(fmt::format("--set: expected key=value, found '{}'", argument));
    return;
  }
  list.settings.push_back(
      {"--set", std::string(key), std::string(trim(argument.substr(equals + 1)))});
}

std::vector<std::string> list_config_files(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    if (at->path().extension() == ".conf") files.push_back(at->path().string());
  std::sort(files.begin(), files.end());
  return files;
}

bool read_file(const std::string& path, std::string& text, std::size_t size_max) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : 0;
  std::array<char, 4096> buffer;
  text.clear();
  while (fd >= 0 && text.size() <= size_max && (size = read(fd, buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  if (size < 0) text = std::strerror(errno);
  if (fd >= 0) close(fd);
  if (size > 0) text = fmt::format("it has more than {} bytes", size_max);
  return size == 0;
}

}  // namespace lepus::server
