// Just enough JSON to write results: objects, arrays, numbers, strings.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lepus::perf {

class Json {
 public:
  void begin_object(std::string_view key = {}) { open(key, '{'); }
  void end_object() { close('}'); }
  void begin_array(std::string_view key) { open(key, '['); }
  void end_array() { close(']'); }
  void number(std::string_view key, uint64_t value) { put(key, fmt::format("{}", value)); }
  void number(std::string_view key, double value) { put(key, fmt::format("{:.3f}", value)); }
  void boolean(std::string_view key, bool value) { put(key, value ? "true" : "false"); }
  void string(std::string_view key, std::string_view value) { put(key, quote(value)); }
  // A value that is JSON already.
  void raw(std::string_view key, std::string_view json) { put(key, json); }
  const std::string& text() const { return text_; }

 private:
  static std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      const auto code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\')
        quoted.append(1, '\\').append(1, c);
      else if (code < 0x20)
        quoted += fmt::format("\\u{:04x}", code);
      else
        quoted += c;
    }
    return quoted + '"';
  }
  void put(std::string_view key, std::string_view value) {
    if (!first_) text_ += ',';
    if (depth_ > 0) text_.append(1, '\n').append(2 * depth_, ' ');
    if (!key.empty()) text_ += quote(key) + ": ";
    text_ += value;
    first_ = false;
  }
  void open(std::string_view key, char bracket) {
    put(key, std::string_view(&bracket, 1));
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    text_.append(1, '\n').append(2 * depth_, ' ').append(1, bracket);
    first_ = false;
  }

  std::string text_;
  size_t depth_ = 0;
  bool first_ = true;
};

}  // namespace lepus::perf
