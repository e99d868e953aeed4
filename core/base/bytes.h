// Big-endian bytes, the order AMQP uses. ByteReader never reads past its end: the first short read
// makes it fail for good (`ok()` is false, further reads give zero), so callers check once after a
// group of reads.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/base/assert.h"

namespace lepus::core {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::uint16_t load_u16(const std::uint8_t* cursor) {
  std::uint16_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap16(value);
}
inline std::uint32_t load_u32(const std::uint8_t* cursor) {
  std::uint32_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap32(value);
}
inline std::uint64_t load_u64(const std::uint8_t* cursor) {
  std::uint64_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap64(value);
}
inline std::uint8_t* store_u8(std::uint8_t* cursor, std::uint8_t value) {
  *cursor = value;
  return cursor + 1;
}
inline std::uint8_t* store_u16(std::uint8_t* cursor, std::uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(cursor, &value, sizeof value);
  return cursor + sizeof value;
}
inline std::uint8_t* store_u32(std::uint8_t* cursor, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(cursor, &value, sizeof value);
  return cursor + sizeof value;
}
inline std::uint8_t* store_u64(std::uint8_t* cursor, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(cursor, &value, sizeof value);
  return cursor + sizeof value;
}
inline std::uint8_t* store_bytes(std::uint8_t* cursor, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(cursor, bytes.data(), bytes.size());
  return cursor + bytes.size();
}
/// AMQP shortstr: one length byte, then the text. At most 255 bytes.
inline std::uint8_t* store_shortstr(std::uint8_t* cursor, std::string_view text) {
  CHECK(text.size() <= 255);
  *cursor = static_cast<std::uint8_t>(text.size());
  return store_bytes(cursor + 1, as_bytes(text));
}

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool at_end() const { return at_ == end_; }
  const std::uint8_t* position() const { return at_; }

  std::uint8_t u8() { return has(1) ? *take(1) : std::uint8_t{0}; }
  std::uint16_t u16() { return has(2) ? load_u16(take(2)) : std::uint16_t{0}; }
  std::uint32_t u32() { return has(4) ? load_u32(take(4)) : 0; }
  std::uint64_t u64() { return has(8) ? load_u64(take(8)) : 0; }
  Bytes bytes(std::size_t size) { return has(size) ? Bytes{take(size), size} : Bytes{}; }
  std::string_view shortstr() { return as_text(bytes(u8())); }
  /// AMQP longstr or the inside of a table or array: four length bytes, then that many bytes.
  Bytes longstr() { return bytes(u32()); }
  void fail() { ok_ = false; }

 private:
  bool has(std::size_t size) {
    if (ok_ && size <= left()) return true;
    ok_ = false;
    return false;
  }
  const std::uint8_t* take(std::size_t size) {
    const std::uint8_t* cursor = at_;
    at_ += size;
    return cursor;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace lepus::core
