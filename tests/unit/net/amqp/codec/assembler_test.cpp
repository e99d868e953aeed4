// The assembler: contents in pieces, and every order of frames that is wrong, with RabbitMQ's
// words.
#include "net/amqp/codec/assembler.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/net/amqp/hex.h"

namespace lepus::amqp {
namespace {

struct Step {
  FrameType type;
  std::string_view payload;
};

const Step publish{FrameType::method, "003c0028 0000 00 0171 00"};
const Step declare{FrameType::method, "0032000a 0000 0171 00 00000000"};
const Step header_of_3{FrameType::header, "003c 0000 0000000000000003 0000"};
const Step header_of_0{FrameType::header, "003c 0000 0000000000000000 0000"};

class AssemblerTest : public testing::Test {
 protected:
  AssemblerEvent feed(const Step& step) {
    payloads_.push_back(from_hex(step.payload));
    return assembler_.on_frame({step.type, 1, payloads_.back()});
  }
  /// Feeds `good`, which must be accepted, then `bad`: its error.
  core::AmqpError error_after(std::initializer_list<Step> good, const Step& bad) {
    assembler_ = Assembler{};
    for (const Step& step : good) {
      EXPECT_FALSE(std::holds_alternative<AssemblerError>(feed(step))) << step.payload;
    }
    const AssemblerEvent event = feed(bad);
    const AssemblerError* error = std::get_if<AssemblerError>(&event);
    EXPECT_NE(error, nullptr) << bad.payload;
    return error != nullptr ? error->to_amqp_error() : core::AmqpError{};
  }

  std::vector<ByteVector> payloads_;
  Assembler assembler_;
};

void expect_error(const core::AmqpError& error, std::string_view text, bool names_publish) {
  EXPECT_EQ(error.text(), text);
  EXPECT_EQ(error.class_id, names_publish ? 60 : 0) << text;
  EXPECT_EQ(error.method_id, names_publish ? 40 : 0) << text;
  EXPECT_FALSE(error.channel_only());
}

TEST_F(AssemblerTest, MethodWithoutContent) {
  const AssemblerEvent event = feed(declare);
  const auto& method = std::get<MethodReady>(event);
  EXPECT_EQ(method.method, MethodId::queue_declare);
  EXPECT_EQ(to_hex(method.arguments), "000001710000000000");
  EXPECT_TRUE(assembler_.idle());
  EXPECT_TRUE(std::holds_alternative<MethodReady>(feed(declare)));
}

TEST_F(AssemblerTest, ContentInPieces) {
  EXPECT_EQ(std::get<MethodReady>(feed(publish)).method, MethodId::basic_publish);
  EXPECT_FALSE(assembler_.idle());
  const AssemblerEvent event = feed({FrameType::header, "003c 0000 0000000000000005 1000 02"});
  const auto& header = std::get<ContentHeader>(event);
  EXPECT_EQ(header.class_id, 60);
  EXPECT_EQ(header.body_size, 5u);
  EXPECT_EQ(to_hex(header.properties), "100002");
  const BodyPiece first = std::get<BodyPiece>(feed({FrameType::body, "616263"}));
  EXPECT_EQ(to_hex(first.bytes), "616263");
  EXPECT_FALSE(first.last);
  const BodyPiece empty = std::get<BodyPiece>(feed({FrameType::body, ""}));
  EXPECT_TRUE(empty.bytes.empty());
  EXPECT_FALSE(empty.last);
  EXPECT_TRUE(std::get<BodyPiece>(feed({FrameType::body, "6465"})).last);
  EXPECT_TRUE(assembler_.idle());
  EXPECT_TRUE(std::holds_alternative<MethodReady>(feed(publish)));
}

TEST_F(AssemblerTest, EmptyContentIsCompleteWithItsHeader) {
  feed(publish);
  EXPECT_EQ(std::get<ContentHeader>(feed(header_of_0)).body_size, 0u);
  EXPECT_TRUE(assembler_.idle());
  expect_error(error_after({publish, header_of_0}, {FrameType::body, "78"}),
               "UNEXPECTED_FRAME - expected method frame, got non method frame instead", false);
}

TEST_F(AssemblerTest, ContentWithoutMethod) {
  const std::string_view text =
      "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
  expect_error(error_after({}, header_of_3), text, false);
  expect_error(error_after({}, {FrameType::body, "78"}), text, false);
  expect_error(error_after({declare}, header_of_3), text, false);
}

TEST_F(AssemblerTest, SomethingElseThanTheHeader) {
  const std::string_view text =
      "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame "
      "instead";
  expect_error(error_after({publish}, {FrameType::body, "78"}), text, true);
  expect_error(error_after({publish}, declare), text, true);
  expect_error(error_after({publish}, publish), text, true);
  expect_error(error_after({publish}, {FrameType::header, "003c 0001 0000000000000003 0000"}), text,
               true);
}

TEST_F(AssemblerTest, HeaderOfAnotherClass) {
  expect_error(error_after({publish}, {FrameType::header, "0032 0000 0000000000000003 0000"}),
               "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 "
               "instead",
               true);
}

TEST_F(AssemblerTest, SomethingElseThanTheBody) {
  const std::string_view text =
      "UNEXPECTED_FRAME - expected content body, got non content body frame instead";
  expect_error(error_after({publish, header_of_3}, declare), text, true);
  expect_error(error_after({publish, header_of_3}, header_of_3), text, true);
  expect_error(error_after({publish, header_of_3, {FrameType::body, "61"}}, publish), text, true);
}

TEST_F(AssemblerTest, BodyLongerThanAnnounced) {
  const std::string_view text = "FRAME_ERROR - content body frame exceeds remaining content size";
  expect_error(error_after({publish, header_of_3}, {FrameType::body, "61626364"}), text, true);
  expect_error(
      error_after({publish, header_of_3, {FrameType::body, "6162"}}, {FrameType::body, "6364"}),
      text, true);
}

TEST_F(AssemblerTest, BodyAnnouncedTooLarge) {
  expect_error(error_after({publish}, {FrameType::header, "003c 0000 0000000020000001 0000"}),
               "FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912",
               true);
  expect_error(error_after({publish}, {FrameType::header, "003c 0000 ffffffffffffffff 0000"}),
               "FRAME_ERROR - content body size 18446744073709551615 exceeds maximum allowed size "
               "536870912",
               true);
  assembler_ = Assembler{};
  feed(publish);
  const AssemblerEvent largest = feed({FrameType::header, "003c 0000 0000000020000000 0000"});
  EXPECT_EQ(std::get<ContentHeader>(largest).body_size, 536870912u);
}

TEST_F(AssemblerTest, UnknownMethod) {
  core::AmqpError error = error_after({}, {FrameType::method, "03e7000a"});
  EXPECT_EQ(error.text(), "COMMAND_INVALID - unknown method: class 999, method 10");
  EXPECT_EQ(error.class_id, 999);
  EXPECT_EQ(error.method_id, 10);
  error = error_after({publish}, {FrameType::method, "003c03e7"});
  EXPECT_EQ(error.text(), "COMMAND_INVALID - unknown method: class 60, method 999");
}

}  // namespace
}  // namespace lepus::amqp
