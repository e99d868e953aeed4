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
