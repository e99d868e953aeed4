// One line for each message, whatever is in it.
#include "tools/ctl/live/tail_line.h"

#include <gtest/gtest.h>

namespace lepus::ctl {
namespace {

std::string line_of(std::string (*make)(simdjson::dom::object), std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  EXPECT_EQ(parser.parse(json).get(object), simdjson::SUCCESS);
  return make(object);
}

TEST(TailLine, OfAStream) {
  EXPECT_EQ(line_of(stream_line, R"({"offset":42,"timestamp":1772366400000,"exchange":"events",
              "routing_key":"a b","payload_bytes":5,"properties":{},"payload":"hello",
              "payload_encoding":"string"})"),
            R"(42 2026-03-01T12:00:00Z exchange=events key="a b" bytes=5 hello)");
  EXPECT_EQ(line_of(stream_line, R"({"offset":0,"timestamp":0,"exchange":"","routing_key":"k",
              "payload_bytes":2,"payload":"AAE=","payload_encoding":"base64"})"),
            R"(0 - exchange="" key=k bytes=2 base64:AAE=)");
}

TEST(TailLine, ItStaysOneLine) {
  const std::string line = line_of(stream_line, R"({"offset":1,"timestamp":0,"exchange":"x",
      "routing_key":"k\n\u001b[2J","payload_bytes":9,"payload":"two\nlines\u001b]0;title",
      "payload_encoding":"string"})");
  EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos) << line;
}

TEST(TailLine, LongPayloadsAreCutBetweenLetters) {
  const std::string payload = "x" + [] {
    std::string all;
    for (int i = 0; i < 1500; ++i) all += "ä";
    return all;
  }();
  const std::string line = line_of(
      stream_line, R"({"offset":1,"payload":")" + payload + R"(","payload_encoding":"string"})");
  EXPECT_TRUE(line.ends_with("ä ...")) << line.substr(line.size() - 20);
  EXPECT_LT(line.size(), 2200U);
}

TEST(TailLine, OfATrace) {
  EXPECT_EQ(line_of(trace_line, R"({"time":1772366400007,"type":"published","exchange":"e",
              "routing_key":"k","queues":["a","b c"],"queue_count":5,"user":"ann",
              "connection":"1 -> 2","channel":1,"redelivered":false,"payload_bytes":1,
              "payload":"x","payload_encoding":"string"})"),
            R"(2026-03-01T12:00:00.007Z published exchange=e key=k queues=a,"b c",+3 user=ann )"
            R"(connection="1 -> 2" bytes=1 x)");
  EXPECT_EQ(line_of(trace_line, R"({"time":1772366400007,"type":"delivered","exchange":"e",
              "routing_key":"k","queues":["a"],"queue_count":1,"user":"ann","connection":"c",
              "redelivered":true,"payload_bytes":1,"payload":"x","payload_encoding":"string"})"),
            R"(2026-03-01T12:00:00.007Z delivered again exchange=e key=k queue=a user=ann )"
            R"(connection=c bytes=1 x)");
}

TEST(TailLine, OfTheLog) {
  EXPECT_EQ(line_of(log_line, R"({"number":1,"time":1772366400007,"level":"info",
              "text":"info general \"a\"\u001b"})"),
            "2026-03-01T12:00:00.007Z info general \"a\"\\x1b");
}

}  // namespace
}  // namespace lepus::ctl
