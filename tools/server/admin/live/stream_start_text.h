// Where in a stream to begin, as an operator writes it.
#pragma once

#include <optional>
#include <string_view>

#include "core/stream/stream_spec.h"

namespace lepus::server {

/// What parse_stream_start() accepts, for error texts.
inline constexpr std::string_view stream_start_words =
    "first, last, next, an offset like 42, an age like 10m or 2h, or a time like "
    "2026-03-01T12:00:00Z";

/// nullopt when it is none of stream_start_words. A time has a date, and may have hours and
/// minutes, seconds with a fraction, and Z or an offset like +01:00; without them it is UTC. Blanks
/// may stand in place of the T. What is before 1970 counts as its begin.
std::optional<core::StreamStart> parse_stream_start(std::string_view text);

}  // namespace lepus::server
