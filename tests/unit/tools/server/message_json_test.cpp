// Properties and bodies between JSON and AMQP.
#include "tools/server/admin/message_json.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"

namespace lepus::server {
namespace {

/// JSON -> properties -> JSON.
std::string there_and_back(const std::string& text) {
  std::string encoded;
  if (std::string error = read_properties({text}, encoded); !error.empty()) return error;
  core::PropertiesView view;
  if (!core::decode_properties(core::as_bytes(encoded), view)) return "malformed";
  JsonWriter json;
  json.begin_object();
  write_properties(view, json);
  if (view.has(core::Property::headers)) {
    json.key("headers");
    write_plain_table(view.header_table(), json);
  }
  json.end_object();
  return json.take();
}

TEST(MessageJson, PropertiesComeBackAsTheyWere) {
  const std::string all =
      R"({"content_type":"a","content_encoding":"b","correlation_id":"c","reply_to":"d",)"
      R"("expiration":"5","message_id":"e","type":"f","user_id":"g","app_id":"h",)"
      R"("cluster_id":"i","delivery_mode":2,"priority":7,"timestamp":1700000000,)"
      R"("headers":{"n":1,"t":{"list":[1,"two",true,null,0.5]}}})";
  EXPECT_EQ(there_and_back(all), all);
  EXPECT_EQ(there_and_back("{}"), "{}");
  EXPECT_EQ(there_and_back(R"({"type":""})"), R"({"type":""})") << "empty is not absent";
}

TEST(MessageJson, WrongPropertiesAreNamed) {
  EXPECT_EQ(there_and_back("[1]"),
            "properties: expected a JSON object like {\"delivery_mode\": 2}");
  EXPECT_EQ(there_and_back("{"), "properties: expected a JSON object like {\"delivery_mode\": 2}");
  EXPECT_EQ(there_and_back(R"({"color":1})"), "properties.color: there is no such property");
  EXPECT_EQ(there_and_back(R"({"type":1})"),
            "properties.type: expected a text of at most 255 bytes");
  EXPECT_EQ(there_and_back(R"({"type":")" + std::string(256, 'x') + "\"}"),
            "properties.type: expected a text of at most 255 bytes");
  EXPECT_EQ(there_and_back(R"({"delivery_mode":3})"),
            "properties.delivery_mode: expected a whole number from 0 to 2");
  EXPECT_EQ(there_and_back(R"({"delivery_mode":0})"), "properties.delivery_mode: expected 1 or 2");
  EXPECT_EQ(there_and_back(R"({"priority":-1})"),
            "properties.priority: expected a whole number from 0 to 255");
  EXPECT_EQ(there_and_back(R"({"headers":{"n":18446744073709551615}})"),
            "properties.headers.n: the number is above 9223372036854775807");
}

TEST(MessageJson, HeadersMayStandAlone) {
  std::string encoded;
  EXPECT_EQ(read_properties({R"({"headers":{"a":1}})", R"({"b":2})"}, encoded), "");
  core::PropertiesView view;
  ASSERT_TRUE(core::decode_properties(core::as_bytes(encoded), view));
  EXPECT_FALSE(view.header_table().find("a"));
  EXPECT_TRUE(view.header_table().find("b"));
  EXPECT_EQ(read_properties({"{}", "{"}, encoded),
            "headers: expected a JSON object like {\"a\": 1}");
}

TEST(MessageJson, WhatJsonCannotHoldIsWrittenAsWellAsItCanBe) {
  core::FieldTableWriter table;
  table.text("bytes", "\xff");
  table.timestamp_s("when", 5);
  const std::string inside = table.take();
  JsonWriter json;
  write_plain_table(core::FieldTable{core::as_bytes(inside)}, json);
  EXPECT_EQ(json.take(), R"({"bytes":"\ufffd","when":5})");
}

TEST(MessageJson, Base64) {
  for (const std::string text : {"", "a", "ab", "abc", "\xff\x00\x10"}) {
    const auto decoded = decode_base64(encode_base64(core::as_bytes(text)));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, text);
  }
  EXPECT_EQ(encode_base64(core::as_bytes("hi")), "aGk=");
  for (const char* wrong : {"a", "aGk", "aG k", "aGk=\n", "====", "aG=k"})
    EXPECT_FALSE(decode_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace lepus::server
