// Values that are rarely hashed. Each kind begins with a number of its own.
#include "core/exchange/value_hash.h"

#include <bit>

namespace lepus::core {

namespace {

/// 0 and -0 are equal, and so is nothing that is no number.
std::uint64_t hash_double(double number) {
  return number == 0 ? 0 : std::bit_cast<std::uint64_t>(number);
}

}  // namespace

std::uint64_t hash_other_value(const FieldValue& value) {
  if (value.is_bool()) return mix_hash(3, value.as_bool() ? 1 : 0);
  if (value.is_floating()) return mix_hash(4, hash_double(value.as_double()));
  if (value.is_table()) {
    std::uint64_t hash = 5;
    for (const FieldEntry& entry : value.table())
      hash = mix_hash(hash, mix_hash(hash_text(entry.name), hash_value(entry.value)));
    return hash;
  }
  if (value.is_array()) {
    std::uint64_t hash = 6;
    for (const FieldValue& entry : value.array()) hash = mix_hash(hash, hash_value(entry));
    return hash;
  }
  return mix_hash(static_cast<std::uint8_t>(value.tag), hash_text(as_text(value.data)));
}

}  // namespace lepus::core
