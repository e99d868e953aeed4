// Who is told from whom by the first bytes, and what clients that came to the wrong port are told.
#include "net/amqp/codec/protocol_header.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lepus::amqp {
namespace {

using namespace std::string_view_literals;

FirstBytes read(std::string_view header) { return read_first_bytes(core::as_bytes(header)); }

TEST(ProtocolHeader, OtherProtocolsAreNamed) {
  EXPECT_EQ(read("\x16\x03\x01\x00\xa5\x01\x00\x00"sv), FirstBytes::tls);
  for (const std::string_view text : {"GET / HT"sv, "POST /ap"sv, "HEAD / H"sv, "PRI * HT"sv})
    EXPECT_EQ(read(text), FirstBytes::http) << text;
  EXPECT_EQ(read("\x10\x16\x00\x04MQTT"sv), FirstBytes::mqtt);
  EXPECT_EQ(read("AMQP\x00\x01\x00\x00"sv), FirstBytes::other_amqp);
  EXPECT_EQ(read("AMQP\x03\x01\x00\x00"sv), FirstBytes::other_amqp);
  EXPECT_EQ(version_text(core::as_bytes("AMQP\x03\x01\x00\x00"sv)), "3-1-0-0");
  EXPECT_EQ(read("PROXY TC"sv), FirstBytes::proxy);
  EXPECT_EQ(read("\r\n\r\n\0\r\nQ"sv), FirstBytes::proxy);
  EXPECT_EQ(read("12345678"sv), FirstBytes::unknown);
  EXPECT_EQ(read("GET /"sv), FirstBytes::none);
  EXPECT_EQ(read(""sv), FirstBytes::none);
}

TEST(ProtocolHeader, OldClientsAreAccepted) {
  EXPECT_EQ(read("AMQP\x00\x00\x09\x01"sv), FirstBytes::amqp);
  EXPECT_EQ(read("AMQP\x01\x01\x08\x00"sv), FirstBytes::amqp);
  EXPECT_EQ(read("AMQP\x00\x00\x09\x02"sv), FirstBytes::other_amqp);
}

TEST(ProtocolHeader, WhoIsWrongHereGetsAnAnswerItUnderstands) {
  const std::string answer = answer_to_foreign(FirstBytes::http);
  const std::size_t end = answer.find("\r\n\r\n");
  ASSERT_NE(end, std::string::npos);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_NE(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - end - 4) + "\r\n"),
            std::string::npos);
  for (const FirstBytes first : {FirstBytes::tls, FirstBytes::other_amqp, FirstBytes::mqtt,
                                 FirstBytes::proxy, FirstBytes::unknown})
    EXPECT_EQ(answer_to_foreign(first), "AMQP\x00\x00\x09\x01"sv);
}

TEST(ProtocolHeader, WhoIsWrongHereIsDescribed) {
  for (std::size_t i = 0; i < first_bytes_count; ++i) {
    const auto first = static_cast<FirstBytes>(i);
    const bool is_right = first == FirstBytes::none || first == FirstBytes::amqp;
    EXPECT_EQ(describe_foreign(first).empty(), is_right) << i;
    EXPECT_EQ(advice_on_foreign(first).empty(), is_right) << i;
  }
}

}  // namespace
}  // namespace lepus::amqp
