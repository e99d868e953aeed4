// JSON texts that are kept as they were given: limits, tags, the values of parameters. Whatever
// writes or copies a parsed one recurses, so that how deep it may nest is bounded where it comes
// in.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lepus::persist {

/// Empty, or why the text is not taken: it is no JSON, or nests deeper than limits::json_depth_max.
std::string check_json(std::string_view text);
/// Discarded when check_json() has anything to say.
nlohmann::ordered_json parse_json(std::string_view text);

}  // namespace lepus::persist
