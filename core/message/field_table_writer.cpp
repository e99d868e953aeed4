// Appends values as they come; the length of a nested table or array is filled in by its end().
#include "core/message/field_table_writer.h"

#include <utility>

#include "core/base/assert.h"

namespace lepus::core {

void FieldTableWriter::text(std::string_view name, std::string_view value) {
  begin_value(name, 'S');
  put_u32(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
}

void FieldTableWriter::boolean(std::string_view name, bool value) {
  begin_value(name, 't');
  out_.push_back(value ? '\1' : '\0');
}

void FieldTableWriter::int32(std::string_view name, std::int32_t value) {
  begin_value(name, 'I');
  put_u32(static_cast<std::uint32_t>(value));
}

void FieldTableWriter::int64(std::string_view name, std::int64_t value) {
  begin_value(name, 'l');
  put_u64(static_cast<std::uint64_t>(value));
}

void FieldTableWriter::timestamp_s(std::string_view name, std::uint64_t seconds) {
  begin_value(name, 'T');
  put_u64(seconds);
}

void FieldTableWriter::nothing(std::string_view name) { begin_value(name, 'V'); }

void FieldTableWriter::value(std::string_view name, const FieldValue& value) {
  begin_value(name, value.tag);
  const bool has_length =
      value.is_string() || value.is_binary() || value.is_table() || value.is_array();
  if (has_length) put_u32(static_cast<std::uint32_t>(value.data.size()));
  out_.append(as_text(value.data));
}

void FieldTableWriter::table(std::string_view name, Bytes inside) {
  if (!FieldTable::is_valid_at(inside, open_count_ + 2)) inside = {};
  value(name, FieldValue{'F', inside});
}

void FieldTableWriter::begin_table(std::string_view name) { begin_nested(name, 'F'); }

void FieldTableWriter::begin_array(std::string_view name) { begin_nested(name, 'A'); }

void FieldTableWriter::end() {
  CHECK(open_count_ > 0);
  const std::size_t length_at = open_[--open_count_].length_at;
  const std::size_t inside_at = length_at + sizeof(std::uint32_t);
  CHECK(out_.size() >= inside_at);
  store_u32(reinterpret_cast<std::uint8_t*>(out_.data() + length_at),
            static_cast<std::uint32_t>(out_.size() - inside_at));
}

Bytes FieldTableWriter::bytes() const {
  CHECK(open_count_ == 0);
  return as_bytes(out_);
}

std::string FieldTableWriter::take() {
  CHECK(open_count_ == 0);
  return std::exchange(out_, {});
}

void FieldTableWriter::begin_value(std::string_view name, char tag) {
  const bool in_array = open_count_ > 0 && open_[open_count_ - 1].is_array;
  if (in_array) {
    CHECK(name.empty());
  } else {
    CHECK(name.size() <= 255);
    out_.push_back(static_cast<char>(name.size()));
    out_.append(name);
  }
  out_.push_back(tag);
}

void FieldTableWriter::begin_nested(std::string_view name, char tag) {
  CHECK(open_count_ < open_.size());
  begin_value(name, tag);
  open_[open_count_++] = {.length_at = out_.size(), .is_array = tag == 'A'};
  put_u32(0);
}

void FieldTableWriter::put_u32(std::uint32_t value) {
  std::uint8_t bytes[sizeof value];
  store_u32(bytes, value);
  out_.append(as_text(bytes));
}

void FieldTableWriter::put_u64(std::uint64_t value) {
  std::uint8_t bytes[sizeof value];
  store_u64(bytes, value);
  out_.append(as_text(bytes));
}

}  // namespace lepus::core
