// A configuration file as a list of settings. Format: one `key = value` a line; blanks around both
// do not count. `#` starts a comment where it is the first character of a line or of a value, or
// stands behind a blank; elsewhere it is part of the value. Between single quotes all characters
// count: key = 'va #ue'. Between ''' and ''' a value may have several lines. $(NAME) stands for the
// environment variable, also between quotes. "\." in a key is a dot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lepus::server {

constexpr std::size_t config_file_size_max = 1 << 20;  ///< Bytes of one file.
constexpr std::size_t config_errors_max = 100;         ///< Shown of one start.

/// One key given a value, and where.
struct Setting {
  std::string origin;  ///< "lepus.conf:12", "--set", "RABBITMQ_DEFAULT_USER": prefix of messages.
  std::string key;
  std::string value;
};

/// What was read so far. Errors and warnings are complete lines.
struct SettingList {
  std::vector<Setting> settings;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

using EnvironmentVariables = std::vector<std::pair<std::string, std::string>>;

/// Appends the settings in `text`, in order.
void parse_config_text(std::string_view file_name, std::string_view text,
                       const EnvironmentVariables& environment, SettingList& list);

/// The argument of --set, "key=value".
void parse_set_argument(std::string_view argument, SettingList& list);

/// The *.conf of a directory in the order of their names; empty when it cannot be read.
std::vector<std::string> list_config_files(const std::string& directory);

/// The content of a file, or false with the reason in `text`: the system's, or that it has more
/// than `size_max` bytes.
bool read_file(const std::string& path, std::string& text, std::size_t size_max = SIZE_MAX);

}  // namespace lepus::server
