// See json_text.h. The depth is counted before the text is parsed: brackets inside of strings do
// not count, and whether the brackets match is for the parser to say.
#include "persist/catalog/json_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.h"

namespace lepus::persist {

namespace {

bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char letter = text[index];
    if (in_string) {
      if (letter == '\\') ++index;
      in_string = letter != '"';
    } else if (letter == '"') {
      in_string = true;
    } else if (letter == '[' || letter == '{') {
      if (++depth > core::limits::json_depth_max) return true;
    } else if (letter == ']' || letter == '}') {
      depth -= std::min<std::size_t>(depth, 1);
    }
  }
  return false;
}

}  // namespace

std::string check_json(std::string_view text) {
  if (is_too_deep(text))
    return fmt::format("JSON decoding error: lists and objects nest deeper than {}",
                       core::limits::json_depth_max);
  if (!nlohmann::ordered_json::accept(text)) return "JSON decoding error: the value is no JSON";
  return {};
}

nlohmann::ordered_json parse_json(std::string_view text) {
  if (is_too_deep(text)) return nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded);
  return nlohmann::ordered_json::parse(text, nullptr, false);
}

}  // namespace lepus::persist
