// JSON text, value by value: commas, escapes, and the field tables of AMQP.
#include "tools/server/admin/json_writer.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"

namespace lepus::server {
namespace {

TEST(JsonWriter, CommasComeByThemselves) {
  JsonWriter json;
  json.begin_object();
  json.field("a", 1);
  json.field("b", true);
  json.field("c", "x");
  json.key("d");
  json.begin_array();
  json.number(std::int64_t{-1});
  json.number(1.5);
  json.raw("null");
  json.begin_array();
  json.end_array();
  json.text("last");
  json.end_array();
  json.end_object();
  EXPECT_EQ(json.take(), R"({"a":1,"b":true,"c":"x","d":[-1,1.5,null,[],"last"]})");
  EXPECT_EQ(json.take(), "");
}

TEST(JsonWriter, TextIsEscaped) {
  JsonWriter json;
  json.text("a\"b\\c\n\x01\xc3\xa4");
  EXPECT_EQ(json.take(), "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa4\"");
  json.text("a\xff\xfe");
  EXPECT_EQ(json.take(), R"("a\ufffd\ufffd")");
  json.number(std::numeric_limits<double>::infinity());
  EXPECT_EQ(json.take(), R"("infinity")");
}

TEST(JsonWriter, NumbersThatAreWholeHaveNoPoint) {
  JsonWriter json;
  json.begin_array();
  for (const double value : {0.0, -3.0, 1e14, 1e15, 1e300, 0.1, -2.5}) json.number(value);
  json.number(std::numeric_limits<std::int64_t>::min());
  json.number(std::numeric_limits<std::uint64_t>::max());
  json.end_array();
  EXPECT_EQ(json.take(),
            "[0,-3,100000000000000,1000000000000000,1e+300,0.1,-2.5,-9223372036854775808,"
            "18446744073709551615]");
}

TEST(JsonWriter, KeysOfTwoParts) {
  JsonWriter json;
  json.begin_object();
  json.key("a\"b", "_details");
  json.boolean(true);
  json.end_object();
  EXPECT_EQ(json.take(), R"({"a\"b_details":true})");
}

TEST(JsonWriter, AListInPieces) {
  std::string text = "[";
  for (int piece = 0; piece < 3; ++piece) {
    JsonWriter json = JsonWriter::continuing(piece > 0);
    json.number(piece);
    json.number(piece);
    text += json.take();
  }
  EXPECT_EQ(text, "[0,0,1,1,2,2");
}

TEST(JsonWriter, FieldTables) {
  core::FieldTableWriter table;
  table.text("s", "v");
  table.boolean("t", true);
  table.begin_table("f");
  table.int32("n", 7);
  table.end();
  const std::string inside = table.take();
  JsonWriter json;
  write_field_table(core::FieldTable{core::as_bytes(inside)}, json);
  const std::string text = json.take();
  EXPECT_TRUE(
      text.starts_with(R"({"table":[["s","longstr","v"],["t","bool",true],["f","table",[["n",)"))
      << text;
  write_field_table(core::FieldTable{}, json);
  EXPECT_EQ(json.take(), R"({"table":[]})");
}

}  // namespace
}  // namespace lepus::server
