// Any bytes as the inside of a field table. What must hold: a table that is accepted can be walked
// with all accessors and written again byte for byte; a fault lies inside the input and has
// readable words.
#include <cstdint>
#include <string>

#include "core/base/assert.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

void write_table(FieldTableWriter& writer, const FieldTable& table);
void write_array(FieldTableWriter& writer, const FieldArray& array);

/// Reads the value through its accessor; returns whether it equals itself (a NaN does not).
bool read_value(const FieldValue& value) {
  CHECK(!value.type_name().empty());
  if (value.is_bool()) (void)value.as_bool();
  if (value.is_integer()) (void)value.as_int64();
  if (value.is_decimal()) (void)value.as_decimal();
  if (value.is_timestamp()) (void)value.as_timestamp_s();
  if (value.is_string() || value.is_binary()) CHECK(value.text().size() == value.data.size());
  return !value.is_floating() || value.as_double() == value.as_double();
}

void write_value(FieldTableWriter& writer, std::string_view name, const FieldValue& value) {
  if (value.is_table()) {
    writer.begin_table(name);
    write_table(writer, value.table());
    writer.end();
  } else if (value.is_array()) {
    writer.begin_array(name);
    write_array(writer, value.array());
    writer.end();
  } else {
    CHECK((value == value) == read_value(value));
    writer.value(name, value);
  }
}

void write_table(FieldTableWriter& writer, const FieldTable& table) {
  for (const FieldEntry& entry : table) {
    const std::optional<FieldValue> found = table.find(entry.name);
    CHECK(found);
    CHECK(found->data.data() <= entry.value.data.data());
    write_value(writer, entry.name, entry.value);
  }
}

void write_array(FieldTableWriter& writer, const FieldArray& array) {
  for (const FieldValue& value : array) write_value(writer, {}, value);
}

void run(Bytes input) {
  if (const FieldTableFault fault = FieldTable::validate(input)) {
    CHECK(fault.offset <= input.size());
    CHECK(fault.text().size() > 20);
    return;
  }
  FieldTableWriter writer;
  write_table(writer, FieldTable{input});
  CHECK(as_text(writer.bytes()) == as_text(input));
}

}  // namespace
}  // namespace lepus::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Finding names is quadratic in their number; long inputs only repeat what short ones show.
  if (size <= 4096) lepus::core::run({data, size});
  return 0;
}
