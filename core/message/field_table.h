// AMQP field tables: a view over the bytes as they came in, never a decoded copy.
//
//   table := { name:shortstr value }        the inside, without the four length bytes before it
//   array := { value }
//   value := tag:octet data                 data of S x A F begins with four length bytes
//
//   t bool   b byte    B unsignedbyte   s short    u unsignedshort   I signedint   i unsignedint
//   l, L long   f float   d double   D decimal   T timestamp   S longstr   x binary
//   F table   A array   V void
//
// The tags are those RabbitMQ understands ('s' is a number of 16 bits, 'l' and 'L' are signed); the
// type names are the ones it prints in error texts. Bytes are never rewritten, so what a client
// sent reaches the other side unchanged.
//
// Invariant: FieldTable and FieldArray exist only over bytes that FieldTable::validate() accepted
// (methods and properties are validated when decoded). Walking bytes that were not validated may
// stop the process, never read past the end. All views borrow the bytes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace lepus::core {

/// Why bytes are not a field table. Cheap to make and to pass; `text()` is for the error path.
struct FieldTableFault {
  enum class Kind : std::uint8_t { none, truncated, unknown_tag, too_deep };
  Kind kind = Kind::none;
  /// The tag that is not known (unknown_tag) or whose data is cut short (truncated, 0 = a name).
  std::uint8_t tag = 0;
  std::uint32_t offset = 0;  ///< Where in the outermost table, in bytes.

  explicit operator bool() const { return kind != Kind::none; }
  /// "unknown field table type tag 'Z' (0x5a)".
  std::string text() const;
};

class FieldTable;
class FieldArray;

/// One value. The accessors named as_... and table(), array(), text() CHECK that the value is of
/// that kind.
struct FieldValue {
  /// AMQP's decimal: unscaled / 10^scale.
  struct Decimal {
    std::uint8_t scale = 0;
    std::int32_t unscaled = 0;
    bool operator==(const Decimal&) const = default;
  };

  char tag = 'V';
  Bytes data;  ///< What follows the tag; for S x A F without the four length bytes.

  bool is_void() const { return tag == 'V'; }
  bool is_bool() const { return tag == 't'; }
  bool is_integer() const;  ///< b B s u I i l L
  bool is_floating() const { return tag == 'f' || tag == 'd'; }
  bool is_decimal() const { return tag == 'D'; }
  bool is_timestamp() const { return tag == 'T'; }
  bool is_string() const { return tag == 'S'; }  ///< longstr; 'x' (binary) is not a string.
  bool is_binary() const { return tag == 'x'; }
  bool is_table() const { return tag == 'F'; }
  bool is_array() const { return tag == 'A'; }

  bool as_bool() const;
  std::int64_t as_int64() const;  ///< Any integer tag, sign-extended as the tag says.
  double as_double() const;
  Decimal as_decimal() const;
  std::uint64_t as_timestamp_s() const;  ///< Seconds since 1970.
  std::string_view text() const;         ///< S or x.
  FieldTable table() const;
  FieldArray array() const;

  /// As RabbitMQ names it in error texts: "longstr", "signedint", ...
  std::string_view type_name() const;

  /// Equal as AMQP values: integers of any width by value, float and double by value, everything
  /// else only within its own tag. Tables and arrays entry by entry, in order.
  friend bool operator==(const FieldValue& left, const FieldValue& right);
};

struct FieldEntry {
  std::string_view name;
  FieldValue value;
};

class FieldTable {
 public:
  class Iterator;

  /// An empty table.
  FieldTable() = default;
  /// `validated`: the inside of a table for which validate() found no fault.
  explicit FieldTable(Bytes validated) : bytes_(validated) {}

  /// Checks the inside of a table with everything nested in it.
  static FieldTableFault validate(Bytes inside);
  /// Whether it is valid inside of other tables and arrays: at `depth` 1 it is the outermost.
  static bool is_valid_at(Bytes inside, std::uint32_t depth);

  bool empty() const { return bytes_.empty(); }
  Bytes bytes() const { return bytes_; }
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }
  /// The first entry of that name.
  std::optional<FieldValue> find(std::string_view name) const;

 private:
  Bytes bytes_;
};

class FieldArray {
 public:
  class Iterator;

  FieldArray() = default;
  /// `validated`: the inside of an array, taken from a validated table.
  explicit FieldArray(Bytes validated) : bytes_(validated) {}

  bool empty() const { return bytes_.empty(); }
  Bytes bytes() const { return bytes_; }
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }

 private:
  Bytes bytes_;
};

/// Input iterators: `for (const FieldEntry& entry : table)`, `for (const FieldValue& value :
/// array)`.
class FieldTable::Iterator {
 public:
  using value_type = FieldEntry;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(Bytes left) : left_(left) { read(); }
  const FieldEntry& operator*() const { return entry_; }
  const FieldEntry* operator->() const { return &entry_; }
  Iterator& operator++() {
    read();
    return *this;
  }
  void operator++(int) { read(); }
  bool operator==(std::default_sentinel_t) const { return done_; }

 private:
  void read();

  Bytes left_;  ///< What follows the entry.
  FieldEntry entry_;
  bool done_ = false;
};

class FieldArray::Iterator {
 public:
  using value_type = FieldValue;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(Bytes left) : left_(left) { read(); }
  const FieldValue& operator*() const { return value_; }
  const FieldValue* operator->() const { return &value_; }
  Iterator& operator++() {
    read();
    return *this;
  }
  void operator++(int) { read(); }
  bool operator==(std::default_sentinel_t) const { return done_; }

 private:
  void read();

  Bytes left_;
  FieldValue value_;
  bool done_ = false;
};

inline FieldTable::Iterator FieldTable::begin() const { return Iterator{bytes_}; }
inline FieldArray::Iterator FieldArray::begin() const { return Iterator{bytes_}; }

}  // namespace lepus::core
