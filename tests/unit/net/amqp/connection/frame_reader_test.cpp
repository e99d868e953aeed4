// Frames however the input is cut, bodies in pieces, and what is kept between inputs.
#include "net/amqp/connection/frame_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"

namespace lepus::amqp {
namespace {

std::string framed(FrameType type, std::uint16_t channel, std::string_view payload) {
  std::vector<std::uint8_t> bytes(payload.size() + frame_overhead);
  std::uint8_t* at = store_frame_header(bytes.data(), {type, channel, core::as_bytes(payload)});
  store_frame_end(core::store_bytes(at, core::as_bytes(payload)));
  return {bytes.begin(), bytes.end()};
}

/// What a reader gave out: methods and headers as they are, pieces of a body joined.
class FrameReaderTest : public ::testing::Test {
 protected:
  void feed(std::string_view input, bool gives_pieces = true) {
    // A buffer of its own, gone after the call: views kept too long show.
    const std::vector<std::uint8_t> buffer(input.begin(), input.end());
    core::Bytes bytes{buffer};
    while (reader_.has_carried() && !bytes.empty() && error_.empty()) {
      const FrameReader::Completed frame = reader_.complete(bytes);
      take(frame.result);
    }
    while (!bytes.empty() && error_.empty()) {
      const FrameResult result = reader_.next(bytes, gives_pieces);
      take(result);
      if (result.incomplete()) break;
    }
    if (!bytes.empty() && error_.empty()) reader_.carry(bytes);
    carried_max_ = std::max(carried_max_, reader_.carried_size());
  }
  void take(const FrameResult& result) {
    if (result.incomplete()) return;
    if (!result.complete()) {
      error_ = result.error().text();
      return;
    }
    ++frame_count_;
    all_ += result.frame.type == FrameType::body ? "" : "|";
    all_ += core::as_text(result.frame.payload);
  }

  FrameReader reader_;
  std::string all_;
  std::string error_;
  std::size_t frame_count_ = 0;
  std::size_t carried_max_ = 0;
};

TEST_F(FrameReaderTest, FramesAreTheSameHoweverTheyAreCut) {
  reader_.set_frame_max(8192);
  const std::string body(5'000, 'b');
  std::string input;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    input += framed(FrameType::method, 1, "method " + std::to_string(i));
    input += framed(FrameType::heartbeat, 0, "");
    input += framed(FrameType::body, 1, body);
    input += framed(FrameType::body, 1, "");
    input += framed(FrameType::body, 1, "x");
    expected += "|method " + std::to_string(i) + "|" + body + "x";
  }
  core::Random random{1};
  for (const std::size_t piece_max :
       {std::size_t{1}, std::size_t{3}, std::size_t{40}, std::size_t{6'000}, input.size()}) {
    all_.clear();
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t size = std::min(input.size() - at, 1 + random.below(piece_max));
      feed(std::string_view{input}.substr(at, size));
      at += size;
    }
    EXPECT_EQ(error_, "");
    EXPECT_EQ(all_, expected);
    EXPECT_FALSE(reader_.has_carried());
    EXPECT_TRUE(reader_.is_between_frames());
  }
}

TEST_F(FrameReaderTest, TheProtocolHeaderMayComeInPieces) {
  const std::string input = std::string{core::as_text(protocol_header)} + "rest";
  for (std::size_t cut = 0; cut < protocol_header_size; ++cut) {
    core::Bytes first = core::as_bytes(input).first(cut);
    EXPECT_FALSE(reader_.take_protocol_header(first));
    EXPECT_TRUE(first.empty());
    core::Bytes second = core::as_bytes(input).subspan(cut);
    EXPECT_EQ(reader_.take_protocol_header(second), protocol_header);
    EXPECT_EQ(core::as_text(second), "rest");
    EXPECT_FALSE(reader_.has_carried());
  }
}

TEST_F(FrameReaderTest, ABodyIsNotWaitedFor) {
  reader_.set_frame_max(8192);
  const std::string frame = framed(FrameType::body, 1, std::string(4'000, 'b'));
  feed(frame.substr(0, 1'000));
  EXPECT_EQ(all_.size(), 1'000 - frame_header_size);
  EXPECT_FALSE(reader_.is_between_frames());
  EXPECT_FALSE(reader_.has_carried());
  feed(frame.substr(1'000, frame.size() - 1'001));  // All but the end octet.
  EXPECT_EQ(all_.size(), 3'999U);                   // The last byte waits for it.
  EXPECT_EQ(reader_.carried_size(), 1U);
  feed(frame.substr(frame.size() - 1));
  EXPECT_EQ(all_.size(), 4'000U);
  EXPECT_TRUE(reader_.is_between_frames());
}

TEST_F(FrameReaderTest, WithoutPiecesItIs) {
  reader_.set_frame_max(8192);
  const std::string frame = framed(FrameType::body, 1, std::string(4'000, 'b'));
  feed(frame.substr(0, 1'000), /*gives_pieces=*/false);
  EXPECT_EQ(all_, "");
  EXPECT_EQ(reader_.carried_size(), 1'000U);
  feed(frame.substr(1'000), /*gives_pieces=*/false);
  EXPECT_EQ(all_.size(), 4'000U);
  EXPECT_EQ(frame_count_, 1U);
}

TEST_F(FrameReaderTest, NoMoreThanAFrameIsKept) {
  reader_.set_frame_max(frame_min_size);
  const std::string method = framed(FrameType::method, 1, std::string(3'000, 'm'));
  for (int i = 0; i < 50; ++i)
    for (std::size_t at = 0; at < method.size(); at += 100) feed(method.substr(at, 100));
  EXPECT_EQ(frame_count_, 50U);
  EXPECT_LE(carried_max_, method.size());
}

TEST_F(FrameReaderTest, ErrorsAreThoseOfTheFrame) {
  feed(framed(FrameType::method, 1, std::string(frame_min_size + 1, 'm')));
  EXPECT_EQ(error_, "FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,4097,4088}");
}

TEST_F(FrameReaderTest, ABodyInPiecesMustEndRight) {
  std::string frame = framed(FrameType::body, 1, std::string(2'000, 'b'));
  frame.back() = '\0';
  feed(frame.substr(0, 500));
  EXPECT_EQ(error_, "");
  feed(frame.substr(500));
  EXPECT_NE(error_.find("invalid_frame_end_marker,0"), std::string::npos) << error_;
}

TEST_F(FrameReaderTest, WhatWasHeldIsReadAndTheRestPutBack) {
  const std::string first = framed(FrameType::method, 1, "first");
  const std::string second = framed(FrameType::method, 1, "second");
  reader_.carry(core::as_bytes(first));
  reader_.carry(core::as_bytes(second));
  CarriedInput kept = reader_.take_carried();
  EXPECT_FALSE(reader_.has_carried());
  core::Bytes bytes = kept.bytes();
  const FrameResult result = reader_.next(bytes, true);
  EXPECT_EQ(core::as_text(result.frame.payload), "first");
  kept.keep_last(bytes.size());
  reader_.put_back(std::move(kept));
  EXPECT_EQ(reader_.carried_size(), second.size());
}

}  // namespace
}  // namespace lepus::amqp
