// One header more for a message on its way out: what the broker knows of a delivery
// (x-stream-offset) travels as a header, and the message itself is shared and stays as it is.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

namespace lepus::core {

/// Writes `properties` (valid, encoded) to `out` with the header `name` = `value` (tag l) behind
/// the others; a header of that name that is there already goes.
void splice_header(Bytes properties, std::string_view name, std::int64_t value,
                   std::vector<std::uint8_t>& out);

}  // namespace lepus::core
