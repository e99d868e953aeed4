// Bytes as Erlang prints them in error texts: numbers or text, escapes, and where they are cut.
#include "net/amqp/codec/erlang_print.h"

#include <gtest/gtest.h>

#include "tests/unit/net/amqp/hex.h"

namespace lepus::amqp {
namespace {

TEST(ErlangPrint, OctetsAreNumbers) {
  EXPECT_EQ(print_octets({}), "<<>>");
  EXPECT_EQ(print_octets(from_hex("00ff61")), "<<0,255,97>>");
}

TEST(ErlangPrint, OctetsStopWhereAReplyTextEnds) {
  const ByteVector many(100000, 7);
  EXPECT_EQ(print_octets(many).size(), 2 + 255 * 2 - 1 + 2u);
}

TEST(ErlangPrint, PayloadAsText) {
  EXPECT_EQ(print_payload({}), "<<>>");
  EXPECT_EQ(print_payload(core::as_bytes("abcd")), "<<\"abcd\">>");
  EXPECT_EQ(print_payload(core::as_bytes("say \"\\\"\n\t\x1b")), R"(<<"say \"\\\"\n\t\e">>)");
}

TEST(ErlangPrint, PayloadThatCannotBeReadIsNumbers) {
  EXPECT_EQ(print_payload(from_hex("61 00")), "<<97,0>>");
  EXPECT_EQ(print_payload(from_hex("61 e9")), "<<97,233>>") << "Latin-1 would not be UTF-8";
}

TEST(ErlangPrint, PayloadIsCutAfterSixteenBytes) {
  EXPECT_EQ(print_payload(core::as_bytes("0123456789abcdef")), "<<\"0123456789abcdef\">>");
  EXPECT_EQ(print_payload(core::as_bytes("0123456789abcdefg")), "<<\"0123456789abcdef...\">>");
  EXPECT_EQ(print_payload(ByteVector(17, 1)), "<<1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,46,46,46>>");
}

}  // namespace
}  // namespace lepus::amqp
