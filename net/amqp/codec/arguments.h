// Reading and checking the arguments of a method; used by the generated decoders.
//
// The order of the checks is RabbitMQ's: first the shape of the whole (every field there, nothing
// behind the last), then the content in the order of the fields: shortstrs are UTF-8, tables are
// well-formed. Which check failed only matters to decode_error(), which runs the decoder again.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/message/field_table.h"

namespace lepus::amqp {

enum class MethodId : std::uint32_t;

/// Why arguments could not be decoded.
struct DecodeFault {
  enum class Kind : std::uint8_t { none, wrong_size, malformed_utf8, malformed_table };
  Kind kind = Kind::none;
  core::FieldTableFault table;  ///< malformed_table

  bool operator==(Kind other) const { return kind == other; }
};

class ArgumentReader {
 public:
  explicit ArgumentReader(core::Bytes arguments) : in_(arguments) {}

  std::uint8_t octet() { return in_.u8(); }
  std::uint16_t short_uint() { return in_.u16(); }
  std::uint32_t long_uint() { return in_.u32(); }
  std::uint64_t longlong_uint() { return in_.u64(); }
  std::string_view longstr() { return core::as_text(in_.longstr()); }
  std::string_view shortstr() {
    const std::string_view text = in_.shortstr();
    if (!core::is_utf8(text)) [[unlikely]]
      note({DecodeFault::Kind::malformed_utf8, {}});
    return text;
  }
  core::Bytes table() {
    const core::Bytes inside = in_.longstr();
    if (!inside.empty()) {
      if (const core::FieldTableFault fault = core::FieldTable::validate(inside)) [[unlikely]]
        note({DecodeFault::Kind::malformed_table, fault});
    }
    return inside;
  }

  /// After the last field: was everything as it should be?
  bool finish() const { return in_.ok() && in_.at_end() && content_ == DecodeFault::Kind::none; }
  DecodeFault fault() const {
    if (!in_.ok() || !in_.at_end()) return {DecodeFault::Kind::wrong_size, {}};
    return content_;
  }

 private:
  void note(const DecodeFault& fault) {
    if (content_ == DecodeFault::Kind::none) content_ = fault;
  }

  core::ByteReader in_;
  DecodeFault content_;  ///< The first fault in the content of a field.
};

/// The error for arguments that decode() refused:
///   501 "cannot decode <<0,0,5,97,98>>"; 501 "Malformed UTF-8 in shortstr" (class and method 0);
///   502 "unknown field table type tag 'Z' (0x5a)".
core::AmqpError decode_error(MethodId method, core::Bytes arguments);

}  // namespace lepus::amqp
