// AMQP 0-9-1 on the wire, as far as a load generator needs it: constants, big-endian access, a
// frame writer and a bounded reader. Independent of the broker's own codec on purpose: a shared
// mistake would hide itself.
//
//   frame   | type 1 | channel 2 | size 4 | payload (size) | 0xCE |
//   method  payload = class 2, method 2, arguments
//   header  payload = class 2, weight 2, body size 8, property flags 2, properties
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tools/perf/client/error.h"

namespace lepus::perf {

constexpr uint8_t frame_method = 1;
constexpr uint8_t frame_header = 2;
constexpr uint8_t frame_body = 3;
constexpr uint8_t frame_heartbeat = 8;
constexpr uint8_t frame_end = 0xCE;
constexpr size_t frame_head_size = 7;
constexpr size_t frame_overhead_size = 8;
constexpr uint32_t frame_size_min = 4096;
constexpr uint16_t class_basic = 60;

constexpr uint16_t property_headers = 0x2000;
constexpr uint16_t property_delivery_mode = 0x1000;
constexpr uint16_t property_priority = 0x0800;
constexpr uint16_t property_correlation_id = 0x0400;
constexpr uint16_t property_reply_to = 0x0200;

// A method's identity: class in the upper half, method in the lower.
using MethodId = uint32_t;
namespace method {
constexpr MethodId id(uint32_t class_id, uint32_t method_id) { return class_id << 16 | method_id; }
constexpr MethodId connection_start = id(10, 10);
constexpr MethodId connection_start_ok = id(10, 11);
constexpr MethodId connection_secure = id(10, 20);
constexpr MethodId connection_tune = id(10, 30);
constexpr MethodId connection_tune_ok = id(10, 31);
constexpr MethodId connection_open = id(10, 40);
constexpr MethodId connection_open_ok = id(10, 41);
constexpr MethodId connection_close = id(10, 50);
constexpr MethodId connection_close_ok = id(10, 51);
constexpr MethodId connection_blocked = id(10, 60);
constexpr MethodId connection_unblocked = id(10, 61);
constexpr MethodId channel_open = id(20, 10);
constexpr MethodId channel_open_ok = id(20, 11);
constexpr MethodId channel_flow = id(20, 20);
constexpr MethodId channel_close = id(20, 40);
constexpr MethodId channel_close_ok = id(20, 41);
constexpr MethodId exchange_declare = id(40, 10);
constexpr MethodId exchange_declare_ok = id(40, 11);
constexpr MethodId exchange_delete = id(40, 20);
constexpr MethodId exchange_delete_ok = id(40, 21);
constexpr MethodId queue_declare = id(50, 10);
constexpr MethodId queue_declare_ok = id(50, 11);
constexpr MethodId queue_bind = id(50, 20);
constexpr MethodId queue_bind_ok = id(50, 21);
constexpr MethodId queue_purge = id(50, 30);
constexpr MethodId queue_purge_ok = id(50, 31);
constexpr MethodId queue_delete = id(50, 40);
constexpr MethodId queue_delete_ok = id(50, 41);
constexpr MethodId basic_qos = id(60, 10);
constexpr MethodId basic_qos_ok = id(60, 11);
constexpr MethodId basic_consume = id(60, 20);
constexpr MethodId basic_consume_ok = id(60, 21);
constexpr MethodId basic_cancel = id(60, 30);
constexpr MethodId basic_publish = id(60, 40);
constexpr MethodId basic_return = id(60, 50);
constexpr MethodId basic_deliver = id(60, 60);
constexpr MethodId basic_get = id(60, 70);
constexpr MethodId basic_get_ok = id(60, 71);
constexpr MethodId basic_get_empty = id(60, 72);
constexpr MethodId basic_ack = id(60, 80);
constexpr MethodId basic_nack = id(60, 120);
constexpr MethodId confirm_select = id(85, 10);
constexpr MethodId confirm_select_ok = id(85, 11);
}  // namespace method

inline uint16_t load_u16(const uint8_t* cursor) {
  uint16_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap16(value);
}
inline uint32_t load_u32(const uint8_t* cursor) {
  uint32_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap32(value);
}
inline uint64_t load_u64(const uint8_t* cursor) {
  uint64_t value;
  std::memcpy(&value, cursor, sizeof value);
  return __builtin_bswap64(value);
}
inline void store_u32(uint8_t* cursor, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(cursor, &value, sizeof value);
}
inline void store_u64(uint8_t* cursor, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(cursor, &value, sizeof value);
}

using Bytes = std::vector<uint8_t>;

// Appends wire data to a byte vector. begin_*/end_* pairs patch the length in afterwards.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}

  void u8(unsigned value) { out_.push_back(static_cast<uint8_t>(value)); }
  void u16(unsigned value) { u8(value >> 8), u8(value & 0xFF); }
  void u32(uint32_t value) { u16(value >> 16), u16(value & 0xFFFF); }
  void u64(uint64_t value) {
    u32(static_cast<uint32_t>(value >> 32));
    u32(static_cast<uint32_t>(value));
  }
  void raw(std::string_view text) { out_.insert(out_.end(), text.begin(), text.end()); }
  void short_string(std::string_view text) {
    if (text.size() > 255) throw PerfError("a name of more than 255 bytes cannot be sent: ", text);
    u8(static_cast<unsigned>(text.size()));
    raw(text);
  }
  void long_string(std::string_view text) {
    u32(static_cast<uint32_t>(text.size()));
    raw(text);
  }

  void begin_frame(uint8_t type, uint16_t channel) {
    u8(type), u16(channel), u32(0);
    frame_at_ = out_.size();
  }
  void end_frame() {
    store_u32(&out_[frame_at_ - 4], static_cast<uint32_t>(out_.size() - frame_at_));
    u8(frame_end);
  }
  void begin_method(uint16_t channel, MethodId id) {
    begin_frame(frame_method, channel);
    u32(id);
  }

  // Tables nest: begin_table() returns the mark that end_table() needs.
  size_t begin_table() {
    u32(0);
    return out_.size();
  }
  void end_table(size_t mark) {
    store_u32(&out_[mark - 4], static_cast<uint32_t>(out_.size() - mark));
  }
  void field_string(std::string_view key, std::string_view value) {
    short_string(key), u8('S'), long_string(value);
  }
  void field_bool(std::string_view key, bool value) { short_string(key), u8('t'), u8(value); }
  void field_int(std::string_view key, int64_t value) {
    short_string(key), u8('l'), u64(static_cast<uint64_t>(value));
  }
  size_t begin_field_table(std::string_view key) {
    short_string(key), u8('F');
    return begin_table();
  }

 private:
  Bytes& out_;
  size_t frame_at_ = 0;
};

// Reads arguments the broker sent; throws PerfError when they end too early.
class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  explicit Reader(const Bytes& data) : Reader(data.data(), data.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint8_t u8() { return *take(1); }
  uint16_t u16() { return load_u16(take(2)); }
  uint32_t u32() { return load_u32(take(4)); }
  uint64_t u64() { return load_u64(take(8)); }
  std::string_view short_string() { return text(u8()); }
  std::string_view long_string() { return text(u32()); }
  void skip(size_t size) { take(size); }

 private:
  std::string_view text(size_t size) { return {reinterpret_cast<const char*>(take(size)), size}; }
  const uint8_t* take(size_t size) {
    if (left() < size) throw PerfError("the broker sent a method whose arguments end too early");
    const uint8_t* cursor = at_;
    at_ += size;
    return cursor;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace lepus::perf
