// A configuration file as a list of settings. Format: one `key = value` a line; blanks around both
// do not count; `#` starts a comment anywhere, except between single quotes: key = 'va#ue'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

/// One key given a value, and where.
struct Setting {
  std::string origin;  ///< "lepus.conf:12", "--set", "RABBITMQ_DEFAULT_USER": prefix of messages.
  std::string key;
  std::string value;
};

/// Appends the settings in `text`, in order. Lines that are none become complete error lines.
void parse_config_text(std::string_view file_name, std::string_view text,
                       std::vector<Setting>& settings, std::vector<std::string>& errors);

/// The argument of --set, "key=value".
void parse_set_argument(std::string_view argument, std::vector<Setting>& settings,
                        std::vector<std::string>& errors);

/// The content of a file, or false with the system's reason in `text`.
bool read_file(const std::string& path, std::string& text);

}  // namespace lepus::server
