// Field tables: each tag, malformed bytes, equality by value, and the writer.
#include "core/message/field_table.h"
#include "core/limits.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

using namespace std::string_literals;

struct TagCase {
  std::string value;  ///< Tag and data.
  std::string_view type_name;
};

const TagCase tags[] = {
    {"t\x01"s, "bool"},
    {"b\xff"s, "byte"},
    {"B\xff"s, "unsignedbyte"},
    {"s\xff\xfe"s, "short"},
    {"u\xff\xfe"s, "unsignedshort"},
    {"I\xff\xff\xff\xfd"s, "signedint"},
    {"i\xff\xff\xff\xfd"s, "unsignedint"},
    {"l\xff\xff\xff\xff\xff\xff\xff\xfc"s, "long"},
    {"L\xff\xff\xff\xff\xff\xff\xff\xfc"s, "long"},
    {"f\x3f\xc0\x00\x00"s, "float"},
    {"d\x3f\xf8\x00\x00\x00\x00\x00\x00"s, "double"},
    {"D\x02\xff\xff\xff\x9c"s, "decimal"},
    {"S\x00\x00\x00\x03"
     "abc"s,
     "longstr"},
    {"A\x00\x00\x00\x03t\x01V"s, "array"},
    {"T\x00\x00\x00\x00\x00\x00\x01\x00"s, "timestamp"},
    {"F\x00\x00\x00\x03\x01xV"s, "table"},
    {"V"s, "void"},
    {"x\x00\x00\x00\x02\x00\xff"s, "binary"},
};

std::string entry(std::string_view name, std::string_view value) {
  return std::string(1, static_cast<char>(name.size())) + std::string{name} + std::string{value};
}

/// The value of {"n": value}; `bytes` keeps its memory.
FieldValue parse(std::string& bytes, std::string_view value) {
  bytes = entry("n", value);
  CHECK(!FieldTable::validate(as_bytes(bytes)));
  return *FieldTable{as_bytes(bytes)}.find("n");
}

bool equal(std::string_view left, std::string_view right) {
  std::string left_bytes;
  std::string right_bytes;
  const bool forth = parse(left_bytes, left) == parse(right_bytes, right);
  EXPECT_EQ(forth, parse(right_bytes, right) == parse(left_bytes, left)) << "not symmetric";
  return forth;
}

std::string fault_text(std::string_view table) {
  return FieldTable::validate(as_bytes(table)).text();
}

TEST(FieldTable, AllTagsInOneTable) {
  std::string bytes;
  for (const TagCase& one : tags) bytes += entry(one.value.substr(0, 1), one.value);
  ASSERT_FALSE(FieldTable::validate(as_bytes(bytes)));
  std::size_t count = 0;
  for (const FieldEntry& found : FieldTable{as_bytes(bytes)}) {
    ASSERT_LT(count, std::size(tags));
    EXPECT_EQ(found.name, tags[count].value.substr(0, 1));
    EXPECT_EQ(found.value.tag, tags[count].value[0]);
    EXPECT_EQ(found.value.type_name(), tags[count].type_name);
    ++count;
  }
  EXPECT_EQ(count, std::size(tags));
}

TEST(FieldTable, EveryTruncationOfEveryTagIsFound) {
  for (const TagCase& one : tags) {
    const std::string bytes = entry("name", one.value);
    ASSERT_FALSE(FieldTable::validate(as_bytes(bytes))) << one.type_name;
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const FieldTableFault fault = FieldTable::validate(as_bytes(bytes).first(size));
      EXPECT_EQ(fault.kind, FieldTableFault::Kind::truncated) << one.type_name << " " << size;
    }
  }
}

TEST(FieldTable, EveryOtherTagIsUnknown) {
  const std::string known = "tbBsuIilLfdDSATFVx";
  for (int tag = 0; tag < 256; ++tag) {
    const std::string bytes =
        entry("n", std::string(1, static_cast<char>(tag)) + "\0\0\0\0\0\0\0\0"s);
    const FieldTableFault fault = FieldTable::validate(as_bytes(bytes));
    const bool is_known = known.find(static_cast<char>(tag)) != std::string::npos;
    // Behind a short value the zeros are more fields, of the unknown tag 0: their fault is further
    // on.
    const bool refused = fault.kind == FieldTableFault::Kind::unknown_tag && fault.offset == 2;
    EXPECT_EQ(refused, !is_known) << tag;
    EXPECT_TRUE(is_known || fault.tag == tag);
  }
}

TEST(FieldTable, TextsOfFaults) {
  EXPECT_EQ(fault_text(entry("n", "Z1")), "unknown field table type tag 'Z' (0x5a)");
  EXPECT_EQ(fault_text(entry("n", "\x01")), "unknown field table type tag '?' (0x01)");
  EXPECT_EQ(fault_text("\x05"
                       "ab"),
            "field table ends inside a field name or before its type tag at byte 0");
  EXPECT_EQ(fault_text(entry("n", "V") + entry("m", "I12")),
            "field table ends inside a value of type 'I' (0x49) at byte 5");
  EXPECT_EQ(fault_text(entry("n", "F\0\0\0\x03\x01xZ"s)),
            "unknown field table type tag 'Z' (0x5a)");
}

TEST(FieldTable, NestedLengthsMustStayInside) {
  EXPECT_EQ(FieldTable::validate(as_bytes(entry("n", "F\0\0\0\x04\x01xV"s))).kind,
            FieldTableFault::Kind::truncated);
  EXPECT_EQ(FieldTable::validate(as_bytes(entry("n", "A\xff\xff\xff\xffV"s))).kind,
            FieldTableFault::Kind::truncated);
  // The inner value would fit the outer table, not its array.
  EXPECT_EQ(FieldTable::validate(as_bytes(entry("n", "A\0\0\0\x02I\0\0\0\0\0"s))).kind,
            FieldTableFault::Kind::truncated);
}

TEST(FieldTable, DepthCountsTablesAndArrays) {
  // Array, table, array, ... inside the outermost table: the writer has the same limit.
  FieldTableWriter writer;
  for (std::uint32_t level = 2; level <= limits::field_table_depth_max; ++level) {
    if (level % 2 == 0) {
      writer.begin_array(level == 2 ? "n" : "m");
    } else {
      writer.begin_table({});
    }
  }
  for (std::uint32_t level = 2; level <= limits::field_table_depth_max; ++level) writer.end();
  const std::string deepest = writer.take();
  EXPECT_FALSE(FieldTable::validate(as_bytes(deepest)));
  std::uint8_t size[4];
  store_u32(size, static_cast<std::uint32_t>(deepest.size()));
  const std::string too_deep = entry("n", "F" + std::string{as_text(size)} + deepest);
  EXPECT_EQ(FieldTable::validate(as_bytes(too_deep)).kind, FieldTableFault::Kind::too_deep);
}

TEST(FieldTable, Accessors) {
  std::string bytes;
  EXPECT_TRUE(parse(bytes, "t\x05"s).as_bool());
  EXPECT_FALSE(parse(bytes, "t\0"s).as_bool());
  EXPECT_EQ(parse(bytes, "b\xff"s).as_int64(), -1);
  EXPECT_EQ(parse(bytes, "B\xff"s).as_int64(), 255);
  EXPECT_EQ(parse(bytes, "s\xff\xfe"s).as_int64(), -2);
  EXPECT_EQ(parse(bytes, "u\xff\xfe"s).as_int64(), 65534);
  EXPECT_EQ(parse(bytes, "I\xff\xff\xff\xfd"s).as_int64(), -3);
  EXPECT_EQ(parse(bytes, "i\xff\xff\xff\xfd"s).as_int64(), 4294967293);
  EXPECT_EQ(parse(bytes, "l\xff\xff\xff\xff\xff\xff\xff\xfc"s).as_int64(), -4);
  EXPECT_EQ(parse(bytes, "L\xff\xff\xff\xff\xff\xff\xff\xfc"s).as_int64(), -4);
  EXPECT_EQ(parse(bytes, "f\x3f\xc0\0\0"s).as_double(), 1.5);
  EXPECT_EQ(parse(bytes, "d\x3f\xf8\0\0\0\0\0\0"s).as_double(), 1.5);
  EXPECT_EQ(parse(bytes, "D\x02\xff\xff\xff\x9c"s).as_decimal(), (FieldValue::Decimal{2, -100}));
  EXPECT_EQ(parse(bytes, "T\0\0\0\0\0\0\x01\0"s).as_timestamp_s(), 256u);
  EXPECT_EQ(parse(bytes,
                  "S\0\0\0\x03"
                  "abc"s)
                .text(),
            "abc");
  EXPECT_EQ(parse(bytes, "x\0\0\0\x02\0\xff"s).text(), "\0\xff"s);
  EXPECT_TRUE(parse(bytes, "F\0\0\0\x03\x01xV"s).table().find("x")->is_void());
  EXPECT_TRUE(parse(bytes, "V").is_void());
}

TEST(FieldTable, ArrayValuesInOrder) {
  std::string bytes;
  std::string numbers;
  for (const FieldValue& value : parse(bytes,
                                       "A\0\0\0\x06"
                                       "b\x01V"
                                       "s\0\x02"s)
                                     .array()) {
    numbers += value.is_void() ? "void " : std::to_string(value.as_int64()) + " ";
  }
  EXPECT_EQ(numbers, "1 void 2 ");
  EXPECT_TRUE(parse(bytes, "A\0\0\0\0"s).array().empty());
}

TEST(FieldTable, FindTakesTheFirstOfEqualNames) {
  const std::string bytes = entry("a", "b\x01") + entry("b", "b\x02") + entry("a", "b\x03");
  const FieldTable table{as_bytes(bytes)};
  EXPECT_EQ(table.find("a")->as_int64(), 1);
  EXPECT_EQ(table.find("b")->as_int64(), 2);
  EXPECT_FALSE(table.find("c"));
  EXPECT_FALSE(table.find(""));
  EXPECT_FALSE(FieldTable{}.find("a"));
}

TEST(FieldTable, IntegersAreEqualByValue) {
  EXPECT_TRUE(equal("s\x03\xe8"s, "l\0\0\0\0\0\0\x03\xe8"s));
  EXPECT_TRUE(equal("b\xff"s, "I\xff\xff\xff\xff"s));
  EXPECT_FALSE(equal("B\xff"s, "I\xff\xff\xff\xff"s));
  EXPECT_FALSE(equal("t\x01"s, "b\x01"s));
  EXPECT_FALSE(equal("T\0\0\0\0\0\0\0\x01"s, "b\x01"s));
}

TEST(FieldTable, OtherValuesAreEqualWithinTheirType) {
  EXPECT_TRUE(equal("f\x3f\xc0\0\0"s, "d\x3f\xf8\0\0\0\0\0\0"s));
  EXPECT_FALSE(equal("f\x3f\x80\0\0"s, "b\x01"s)) << "1.0 is no integer";
  EXPECT_TRUE(equal("t\x01"s, "t\x02"s)) << "any octet but 0 is true";
  EXPECT_FALSE(
      equal("S\0\0\0\x01"
            "a"s,
            "x\0\0\0\x01"
            "a"s));
  EXPECT_TRUE(equal("V", "V"));
  EXPECT_FALSE(
      equal("S\0\0\0\x01"
            "a"s,
            "S\0\0\0\x01"
            "b"s));
  EXPECT_FALSE(equal("D\x01\0\0\0\x01"s, "D\x02\0\0\0\x01"s));
}

TEST(FieldTable, NestedValuesAreComparedByValue) {
  EXPECT_TRUE(
      equal("A\0\0\0\x03V"
            "b\x01"s,
            "A\0\0\0\x04V"
            "s\0\x01"s));
  EXPECT_FALSE(equal("A\0\0\0\x01V"s, "A\0\0\0\x02VV"s));
  EXPECT_FALSE(equal("A\0\0\0\0"s, "F\0\0\0\0"s));
  EXPECT_TRUE(equal("F\0\0\0\x04\x01xb\x01"s, "F\0\0\0\x05\x01xs\0\x01"s));
  EXPECT_FALSE(equal("F\0\0\0\x04\x01xb\x01"s, "F\0\0\0\x04\x01yb\x01"s));
  EXPECT_FALSE(equal("F\0\0\0\x03\x01xV"s, "F\0\0\0\0"s));
}

TEST(FieldTableWriter, GoldenBytes) {
  FieldTableWriter writer;
  writer.text("a", "bc");
  writer.boolean("t", true);
  writer.int32("i", -2);
  writer.begin_array("l");
  writer.int64({}, 5);
  writer.begin_table({});
  writer.timestamp_s("w", 256);
  writer.end();
  writer.end();
  writer.nothing("v");
  const std::string expected =
      "\x01"
      "aS\0\0\0\x02"
      "bc\x01tt\x01\x01iI\xff\xff\xff\xfe\x01lA\0\0\0\x19"
      "l\0\0\0\0\0\0\0\x05"
      "F\0\0\0\x0b\x01wT\0\0\0\0\0\0\x01\0\x01vV"s;
  EXPECT_EQ(as_text(writer.bytes()), expected);
  EXPECT_FALSE(FieldTable::validate(writer.bytes()));
  EXPECT_EQ(writer.take(), expected);
  EXPECT_TRUE(writer.bytes().empty());
}

TEST(FieldTableWriter, CopiesAnyValueByteForByte) {
  std::string bytes;
  for (const TagCase& one : tags) bytes += entry("n", one.value);
  FieldTableWriter writer;
  for (const FieldEntry& found : FieldTable{as_bytes(bytes)}) writer.value(found.name, found.value);
  EXPECT_EQ(as_text(writer.bytes()), bytes);
}

TEST(FieldTableWriterDeathTest, ChecksItsUse) {
  FieldTableWriter writer;
  EXPECT_DEATH(writer.end(), "open_count_");
  EXPECT_DEATH(writer.text(std::string(256, 'n'), ""), "255");
  writer.begin_array("a");
  EXPECT_DEATH(writer.text("name", ""), "name.empty");
  EXPECT_DEATH((void)writer.bytes(), "open_count_");
}

TEST(FieldValueDeathTest, ChecksItsKind) {
  std::string bytes;
  const FieldValue value = parse(bytes, "V");
  EXPECT_DEATH((void)value.as_int64(), "is_integer");
  EXPECT_DEATH((void)value.text(), "is_string");
  EXPECT_DEATH((void)value.table(), "is_table");
}

}  // namespace
}  // namespace lepus::core
