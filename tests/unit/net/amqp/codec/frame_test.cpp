// Frames: golden bytes in and out, every prefix of a stream, and RabbitMQ's texts for broken ones.
#include "net/amqp/codec/frame.h"

#include <gtest/gtest.h>

#include "tests/unit/net/amqp/hex.h"

namespace lepus::amqp {
namespace {

constexpr std::size_t payload_max = payload_max_of(4096);

struct Broken {
  std::string_view bytes;
  core::ReplyCode code;
  std::string_view detail;
  bool lost_sync;
};

TEST(Frame, ReadsMethodFrame) {
  const ByteVector input = from_hex("01 0003 00000005 0014000a 00 ce");
  const FrameResult result = next_frame(input, payload_max);
  ASSERT_TRUE(result.complete());
  EXPECT_EQ(result.size, input.size());
  EXPECT_EQ(result.frame.type, FrameType::method);
  EXPECT_EQ(result.frame.channel, 3);
  EXPECT_EQ(to_hex(result.frame.payload), "0014000a00");
  EXPECT_EQ(result.frame.payload.data(), input.data() + 7) << "the payload is not copied";
}

TEST(Frame, LeavesWhatFollows) {
  const ByteVector input = from_hex("08 0000 00000000 ce 08 0000 00000000 ce");
  const FrameResult result = next_frame(input, payload_max);
  ASSERT_TRUE(result.complete());
  EXPECT_EQ(result.frame.type, FrameType::heartbeat);
  EXPECT_EQ(result.size, 8u);
}

TEST(Frame, EveryPrefixIsIncompleteAndSaysHowMuchItNeeds) {
  const ByteVector input = from_hex("03 0001 00000004 61626364 ce");
  for (std::size_t size = 0; size < input.size(); ++size) {
    const FrameResult result = next_frame(core::Bytes{input}.first(size), payload_max);
    ASSERT_TRUE(result.incomplete()) << size;
    EXPECT_EQ(result.size, size < 7 ? 8u : input.size()) << size;
    EXPECT_FALSE(result.lost_sync());
  }
}

TEST(Frame, TextsOfBrokenFrames) {
  using core::ReplyCode;
  const Broken cases[] = {
      {"01 0001 00000005 0014000a00 00", ReplyCode::frame_error,
       "type 1, all octets = <<0,20,0,10,0>>: {invalid_frame_end_marker,0}", true},
      {"09 0001 00000004 61626364 ce", ReplyCode::frame_error,
       "type 9, all octets = <<\"abcd\">>: unknown_frame", false},
      {"04 0000 00000004 61626364 ce", ReplyCode::frame_error,
       "type 4, all octets = <<\"abcd\">>: unknown_frame", false},
      {"08 0001 00000000 ce", ReplyCode::unexpected_frame, "type 8, all octets = <<>>", false},
      {"08 0000 00000002 7878 ce", ReplyCode::frame_error,
       "type 8, all octets = <<\"xx\">>: unknown_frame", false},
      {"08 0001 00000002 7878 ce", ReplyCode::frame_error,
       "type 8, all octets = <<\"xx\">>: unknown_frame", false},
      {"01 0001 00000003 001400 ce", ReplyCode::frame_error,
       "type 1, all octets = <<0,20,0>>: unknown_frame", false},
      {"01 0001 00000000 ce", ReplyCode::frame_error, "type 1, all octets = <<>>: unknown_frame",
       false},
      {"02 0001 00000004 003c0000 ce", ReplyCode::frame_error,
       "type 2, all octets = <<0,60,0,0>>: unknown_frame", false},
      {"02 0000 0000000e 003c 0000 0000000000000001 0000 ce", ReplyCode::unexpected_frame,
       "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,1,0,0>>", false},
      {"03 0000 00000001 78 ce", ReplyCode::unexpected_frame, "type 3, all octets = <<\"x\">>",
       false},
      {"03 0001 00001001", ReplyCode::frame_error,
       "type 3, all octets = <<>>: {frame_too_large,4097,4088}", true},
      {"03 0001 ffffffff", ReplyCode::frame_error,
       "type 3, all octets = <<>>: {frame_too_large,4294967295,4088}", true},
  };
  for (const Broken& broken : cases) {
    const ByteVector input = from_hex(broken.bytes);
    const FrameResult result = next_frame(input, payload_max);
    ASSERT_FALSE(result.complete() || result.incomplete()) << broken.bytes;
    const core::AmqpError error = result.error();
    EXPECT_EQ(error.code, broken.code) << broken.bytes;
    EXPECT_EQ(error.detail, broken.detail);
    EXPECT_EQ(error.class_id, 0);
    EXPECT_EQ(error.method_id, 0);
    EXPECT_EQ(result.lost_sync(), broken.lost_sync) << broken.bytes;
  }
}

TEST(Frame, AnnouncingOneGigabyteIsRefusedAtTheHeader) {
  const FrameResult result = next_frame(from_hex("03 0001 40000000"), payload_max_of(131072));
  EXPECT_EQ(result.status, FrameStatus::too_large);
  EXPECT_EQ(result.error().text(),
            "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,1073741824,131064}");
}

TEST(Frame, PayloadOfFrameMaxIsTolerated) {
  ByteVector input = from_hex("03 0001 00001000");
  input.resize(input.size() + 4096, 0x61);
  input.push_back(0xce);
  const FrameResult result = next_frame(input, payload_max);
  ASSERT_TRUE(result.complete());
  EXPECT_EQ(result.frame.payload.size(), 4096u);
}

TEST(Frame, UnexpectedFrameErrorPrintsThePayload) {
  const ByteVector input = from_hex("01 0001 00000006 0014000a0130 ce");
  const FrameResult result = next_frame(input, payload_max);
  ASSERT_TRUE(result.complete());
  const core::AmqpError error = unexpected_frame_error(result.frame);
  EXPECT_EQ(error.text(), "UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,1,48>>");
}

TEST(Frame, WritesMethodFrame) {
  const BasicPublish publish{.exchange = "", .routing_key = "q", .mandatory = true};
  ByteVector out(method_frame_size(publish));
  EXPECT_EQ(store_method_frame(out.data(), 1, publish), out.data() + out.size());
  EXPECT_EQ(to_hex(out),
            "0100010000000a003c00280000000171"
            "01ce");
}

TEST(Frame, WritesContentHeaderFrame) {
  const ByteVector properties = from_hex("1000 02");
  const ContentHeaderFields fields{.body_size = 300, .properties = properties};
  ByteVector out(content_header_frame_size(fields));
  EXPECT_EQ(store_content_header_frame(out.data(), 2, fields), out.data() + out.size());
  EXPECT_EQ(to_hex(out), "0200020000000f003c0000000000000000012c100002ce");
}

TEST(Frame, WritesBodyFramePieceByPiece) {
  const ByteVector body = from_hex("616263");
  const Frame frame{FrameType::body, 1, body};
  ByteVector out(frame_overhead + body.size());
  std::uint8_t* at = store_frame_header(out.data(), frame);
  EXPECT_EQ(at, out.data() + frame_header_size);
  at = store_frame_end(core::store_bytes(at, body));
  EXPECT_EQ(at, out.data() + out.size());
  EXPECT_EQ(to_hex(out), "03000100000003616263ce");
}

}  // namespace
}  // namespace lepus::amqp
