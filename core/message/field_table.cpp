// Walking and comparing field tables. How large a value is depends on its tag only, through one
// table of 256 entries.
#include "core/message/field_table.h"

#include <array>
#include <bit>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::core {
namespace {

// What data follows a tag: 0..8 bytes, or four length bytes and that many bytes, or nothing known.
constexpr std::uint8_t size_by_length = 0xfe;
constexpr std::uint8_t size_unknown = 0xff;

constexpr std::array<std::uint8_t, 256> make_sizes() {
  std::array<std::uint8_t, 256> sizes{};
  sizes.fill(size_unknown);
  sizes['V'] = 0;
  sizes['t'] = sizes['b'] = sizes['B'] = 1;
  sizes['s'] = sizes['u'] = 2;
  sizes['I'] = sizes['i'] = sizes['f'] = 4;
  sizes['D'] = 5;
  sizes['l'] = sizes['L'] = sizes['d'] = sizes['T'] = 8;
  sizes['S'] = sizes['x'] = sizes['A'] = sizes['F'] = size_by_length;
  return sizes;
}
constexpr std::array<std::uint8_t, 256> sizes_by_tag = make_sizes();

/// Depth-first over a table and what is nested in it. The depth is bounded, so it may recurse.
class Validator {
 public:
  explicit Validator(Bytes outermost) : start_(outermost.data()) {}

  FieldTableFault check_table(Bytes inside, std::uint32_t depth) const {
    if (depth > limits::field_table_depth_max)
      return fault(FieldTableFault::Kind::too_deep, 'F', inside.data());
    ByteReader in{inside};
    while (!in.at_end()) {
      const std::uint8_t* const at = in.position();
      in.shortstr();
      if (!in.ok()) return fault(FieldTableFault::Kind::truncated, 0, at);
      if (const FieldTableFault found = check_value(in, depth)) return found;
    }
    return {};
  }

 private:
  FieldTableFault check_array(Bytes inside, std::uint32_t depth) const {
    if (depth > limits::field_table_depth_max)
      return fault(FieldTableFault::Kind::too_deep, 'A', inside.data());
    ByteReader in{inside};
    while (!in.at_end()) {
      if (const FieldTableFault found = check_value(in, depth)) return found;
    }
    return {};
  }

  FieldTableFault check_value(ByteReader& in, std::uint32_t depth) const {
    const std::uint8_t* const at = in.position();
    const std::uint8_t tag = in.u8();
    if (!in.ok()) return fault(FieldTableFault::Kind::truncated, 0, at);
    const std::uint8_t size = sizes_by_tag[tag];
    if (size == size_unknown) return fault(FieldTableFault::Kind::unknown_tag, tag, at);
    const Bytes data = size == size_by_length ? in.longstr() : in.bytes(size);
    if (!in.ok()) return fault(FieldTableFault::Kind::truncated, tag, at);
    if (tag == 'F') return check_table(data, depth + 1);
    if (tag == 'A') return check_array(data, depth + 1);
    return {};
  }

  FieldTableFault fault(FieldTableFault::Kind kind, std::uint8_t tag,
                        const std::uint8_t* cursor) const {
    return {kind, tag, static_cast<std::uint32_t>(cursor - start_)};
  }

  const std::uint8_t* start_;
};

/// The next value of validated bytes.
FieldValue take_value(ByteReader& in) {
  FieldValue value;
  const std::uint8_t tag = in.u8();
  const std::uint8_t size = sizes_by_tag[tag];
  CHECK(size != size_unknown);
  value.tag = static_cast<char>(tag);
  value.data = size == size_by_length ? in.longstr() : in.bytes(size);
  CHECK(in.ok());
  return value;
}

std::string tag_text(std::uint8_t tag) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool printable = tag > 0x20 && tag < 0x7f;
  std::string text = "'";
  text += printable ? static_cast<char>(tag) : '?';
  text += "' (0x";
  text += digits[tag >> 4];
  text += digits[tag & 15];
  return text + ")";
}

bool same_tables(const FieldTable& left, const FieldTable& right) {
  FieldTable::Iterator other = right.begin();
  for (const FieldEntry& entry : left) {
    if (other == std::default_sentinel) return false;
    if (entry.name != other->name || !(entry.value == other->value)) return false;
    ++other;
  }
  return other == std::default_sentinel;
}

bool same_arrays(const FieldArray& left, const FieldArray& right) {
  FieldArray::Iterator other = right.begin();
  for (const FieldValue& value : left) {
    if (other == std::default_sentinel || !(value == *other)) return false;
    ++other;
  }
  return other == std::default_sentinel;
}

}  // namespace

std::string FieldTableFault::text() const {
  const std::string where = " at byte " + std::to_string(offset);
  switch (kind) {
    case Kind::none:
      return "no fault";
    case Kind::unknown_tag:
      return "unknown field table type tag " + tag_text(tag);
    case Kind::truncated:
      if (tag == 0) return "field table ends inside a field name or before its type tag" + where;
      return "field table ends inside a value of type " + tag_text(tag) + where;
    case Kind::too_deep:
      return "field table is nested deeper than " + std::to_string(limits::field_table_depth_max) +
             " levels" + where;
  }
  CHECK(kind == Kind::none);
  return {};
}

FieldTableFault FieldTable::validate(Bytes inside) {
  return Validator{inside}.check_table(inside, 1);
}

bool FieldTable::is_valid_at(Bytes inside, std::uint32_t depth) {
  return !Validator{inside}.check_table(inside, depth);
}

std::optional<FieldValue> FieldTable::find(std::string_view name) const {
  for (const FieldEntry& entry : *this) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

void FieldTable::Iterator::read() {
  CHECK(!done_);
  if (left_.empty()) {
    done_ = true;
    return;
  }
  ByteReader in{left_};
  entry_.name = in.shortstr();
  CHECK(in.ok());
  entry_.value = take_value(in);
  left_ = left_.last(in.left());
}

void FieldArray::Iterator::read() {
  CHECK(!done_);
  if (left_.empty()) {
    done_ = true;
    return;
  }
  ByteReader in{left_};
  value_ = take_value(in);
  left_ = left_.last(in.left());
}

bool FieldValue::is_integer() const {
  return tag == 'b' || tag == 'B' || tag == 's' || tag == 'u' || tag == 'I' || tag == 'i' ||
         tag == 'l' || tag == 'L';
}

bool FieldValue::as_bool() const {
  CHECK(is_bool());
  return data[0] != 0;
}

std::int64_t FieldValue::as_int64() const {
  const std::uint8_t* const at = data.data();
  switch (tag) {
    case 'b':
      return static_cast<std::int8_t>(at[0]);
    case 'B':
      return at[0];
    case 's':
      return static_cast<std::int16_t>(load_u16(at));
    case 'u':
      return load_u16(at);
    case 'I':
      return static_cast<std::int32_t>(load_u32(at));
    case 'i':
      return load_u32(at);
    case 'l':
    case 'L':
      return static_cast<std::int64_t>(load_u64(at));
    default:
      break;
  }
  CHECK(is_integer());
  return 0;
}

double FieldValue::as_double() const {
  CHECK(is_floating());
  if (tag == 'f') return static_cast<double>(std::bit_cast<float>(load_u32(data.data())));
  return std::bit_cast<double>(load_u64(data.data()));
}

FieldValue::Decimal FieldValue::as_decimal() const {
  CHECK(is_decimal());
  return {data[0], static_cast<std::int32_t>(load_u32(data.data() + 1))};
}

std::uint64_t FieldValue::as_timestamp_s() const {
  CHECK(is_timestamp());
  return load_u64(data.data());
}

std::string_view FieldValue::text() const {
  CHECK(is_string() || is_binary());
  return as_text(data);
}

FieldTable FieldValue::table() const {
  CHECK(is_table());
  return FieldTable{data};
}

FieldArray FieldValue::array() const {
  CHECK(is_array());
  return FieldArray{data};
}

std::string_view FieldValue::type_name() const {
  switch (tag) {
    case 't':
      return "bool";
    case 'b':
      return "byte";
    case 'B':
      return "unsignedbyte";
    case 's':
      return "short";
    case 'u':
      return "unsignedshort";
    case 'I':
      return "signedint";
    case 'i':
      return "unsignedint";
    case 'l':
    case 'L':
      return "long";
    case 'f':
      return "float";
    case 'd':
      return "double";
    case 'D':
      return "decimal";
    case 'T':
      return "timestamp";
    case 'S':
      return "longstr";
    case 'x':
      return "binary";
    case 'F':
      return "table";
    case 'A':
      return "array";
    default:
      break;
  }
  CHECK(is_void());
  return "void";
}

bool operator==(const FieldValue& left, const FieldValue& right) {
  if (left.is_integer()) return right.is_integer() && left.as_int64() == right.as_int64();
  if (left.is_floating()) return right.is_floating() && left.as_double() == right.as_double();
  if (left.tag != right.tag) return false;
  if (left.is_bool()) return left.as_bool() == right.as_bool();
  if (left.is_table()) return same_tables(left.table(), right.table());
  if (left.is_array()) return same_arrays(left.array(), right.array());
  return as_text(left.data) == as_text(right.data);
}

}  // namespace lepus::core
