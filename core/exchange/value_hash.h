// Hashes of table values that agree with their equality: what compares equal hashes alike, whatever
// the width of an integer. Kinds that are rarely used as conditions share one hash and are told
// apart by comparing.
#pragma once

#include <cstdint>

#include "core/exchange/text_hash.h"
#include "core/field_table.h"

namespace lepus::core {

inline std::uint64_t hash_value(const FieldValue& value) {
  if (value.is_string()) return mix_hash(1, hash_text(value.text()));
  if (value.is_integer()) return mix_hash(2, static_cast<std::uint64_t>(value.as_int64()));
  if (value.is_bool()) return mix_hash(3, value.as_bool() ? 1 : 0);
  return 4;
}

}  // namespace lepus::core
