// Builds the bytes of a field table: server-properties, x-death, queue arguments of tests.
//
//   FieldTableWriter table;
//   table.text("product", "Lepus");
//   table.begin_table("capabilities");
//   table.boolean("basic.nack", true);
//   table.end();
//   table.begin_array("keys");
//   table.text({}, "first");              values of an array have no name: pass {}
//   table.end();
//   use(table.bytes());                   the inside, without the four length bytes in front
//
// Invariants: names are at most 255 bytes; a name inside an array must be empty; every begin has
// its end before bytes() or take(); nesting stays within limits::field_table_depth_max. All are
// CHECKed: the content is ours, not a client's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/limits.h"
#include "core/message/field_table.h"

namespace lepus::core {

class FieldTableWriter {
 public:
  void text(std::string_view name, std::string_view value);        ///< S
  void boolean(std::string_view name, bool value);                 ///< t
  void int32(std::string_view name, std::int32_t value);           ///< I
  void int64(std::string_view name, std::int64_t value);           ///< l
  void timestamp_s(std::string_view name, std::uint64_t seconds);  ///< T
  void nothing(std::string_view name);                             ///< V
  /// Any value, byte for byte as it was received.
  void value(std::string_view name, const FieldValue& value);

  /// A table as it was received. One that is nested too deep for this place comes out empty.
  void table(std::string_view name, Bytes inside);

  void begin_table(std::string_view name);
  void begin_array(std::string_view name);
  void end();

  /// The inside of the table; valid until the next change.
  Bytes bytes() const;
  std::string take();

 private:
  struct Open {
    std::size_t length_at = 0;  ///< Where the four length bytes of this table or array are.
    bool is_array = false;
  };

  void begin_value(std::string_view name, char tag);
  void begin_nested(std::string_view name, char tag);
  void put_u32(std::uint32_t value);
  void put_u64(std::uint64_t value);

  std::string out_;
  std::array<Open, limits::field_table_depth_max - 1> open_{};
  std::uint32_t open_count_ = 0;
};

}  // namespace lepus::core
