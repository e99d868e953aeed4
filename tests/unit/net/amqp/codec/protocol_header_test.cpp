// What the log says about clients that come to the wrong port.
#include "net/amqp/codec/protocol_header.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lepus::amqp {
namespace {

using namespace std::string_view_literals;

std::string described(std::string_view header) {
  return describe_foreign_header(core::as_bytes(header));
}

TEST(ProtocolHeader, OtherProtocolsAreNamed) {
  EXPECT_NE(described("\x16\x03\x01\x00\xa5\x01\x00\x00"sv).find("TLS"), std::string::npos);
  for (const std::string_view text : {"GET / HT"sv, "POST /ap"sv, "HEAD / H"sv, "PRI * HT"sv})
    EXPECT_NE(described(text).find("HTTP"), std::string::npos) << text;
  EXPECT_NE(described("\x10\x16\x00\x04MQTT"sv).find("MQTT"), std::string::npos);
  EXPECT_NE(described("AMQP\x03\x01\x00\x00"sv).find("(3-1-0-0)"), std::string::npos);
  EXPECT_EQ(described("12345678"), "the client does not begin with the header of AMQP 0-9-1");
  EXPECT_EQ(described(""), "the client does not begin with the header of AMQP 0-9-1");
}

TEST(ProtocolHeader, OldClientsAreAccepted) {
  EXPECT_TRUE(is_accepted_header(core::as_bytes("AMQP\x00\x00\x09\x01"sv)));
  EXPECT_TRUE(is_accepted_header(core::as_bytes("AMQP\x01\x01\x08\x00"sv)));
  EXPECT_FALSE(is_accepted_header(core::as_bytes("AMQP\x00\x00\x09\x02"sv)));
  EXPECT_FALSE(is_accepted_header({}));
}

}  // namespace
}  // namespace lepus::amqp
