// Hashes of table values that agree with their equality: what compares equal hashes alike, whatever
// the width of a number. The same on every machine and run.
#pragma once

#include <cstdint>

#include "core/exchange/text_hash.h"
#include "core/message/field_table.h"

namespace lepus::core {

/// Of any value; tables and arrays are gone through entry by entry.
std::uint64_t hash_other_value(const FieldValue& value);

inline std::uint64_t hash_value(const FieldValue& value) {
  if (value.is_string()) return mix_hash(1, hash_text(value.text()));
  if (value.is_integer()) return mix_hash(2, static_cast<std::uint64_t>(value.as_int64()));
  return hash_other_value(value);
}

}  // namespace lepus::core
