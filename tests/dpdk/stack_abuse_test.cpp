// What nobody who is well-meaning sends: the stack stays alive, answers nothing wrong, counts it
// and gives all frames back.
#include <gtest/gtest.h>

#include "tests/dpdk/raw_frames.h"

namespace lepus::net::bypass {
namespace {

constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t rst = 0x04;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint8_t syn_ack = 0x12;

std::uint8_t tcp_flags(const Raw& frame) { return frame.at(47); }
std::uint32_t sequence_of(const Raw& frame) { return core::load_u32(&frame.at(38)); }

/// Through the handshake.
void open_connection(RawStack& stack, Segment segment) {
  segment.flags = syn;
  stack.input(tcp_frame(segment));
  const std::vector<Raw> answers = stack.answers();
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_EQ(tcp_flags(answers[0]), syn_ack);
  segment.sequence += 1;
  segment.acknowledged = sequence_of(answers[0]) + 1;
  segment.flags = ack;
  stack.input(tcp_frame(segment));
}

TEST(StackAbuse, AHandshakeByHandOpensAConnection) {
  RawStack stack;
  open_connection(stack, {});
  EXPECT_EQ(stack.connections.size(), 1U);
  EXPECT_EQ(stack.stats().connections_open, 1U);
}

TEST(StackAbuse, FramesFromItsOwnAddressAreDropped) {
  RawStack stack;
  stack.input(tcp_frame({.source = "10.9.0.1", .source_port = 5672}));
  stack.input(tcp_frame({.source = "10.9.7.1"}));
  stack.input(tcp_frame({.source = "127.0.0.1"}));
  stack.input(tcp_frame({.source = "224.0.0.1"}));
  stack.input(tcp_frame({.source = "10.9.0.255"}));
  EXPECT_EQ(stack.count(FrameFate::bad_source), 5U);
  EXPECT_TRUE(stack.answers().empty());
}

TEST(StackAbuse, FramesForOthersAreDropped) {
  RawStack stack;
  stack.input(tcp_frame({.target = "10.9.0.9"}));
  Raw other_mac = tcp_frame({});
  other_mac[5] = 9;
  stack.input(other_mac);
  EXPECT_EQ(stack.count(FrameFate::other_target), 2U);
  EXPECT_TRUE(stack.answers().empty());
}

TEST(StackAbuse, FragmentsAndOptionsAreDropped) {
  RawStack stack;
  Raw fragment = tcp_frame({});
  fragment[20] = 0x20;  // More fragments.
  stack.input(fragment);
  fragment[20] = 0;
  fragment[21] = 3;  // Not the first.
  stack.input(fragment);
  EXPECT_EQ(stack.count(FrameFate::fragment), 2U);
  Raw options = tcp_frame({});
  options[14] = 0x46;
  stack.input(options);
  EXPECT_EQ(stack.count(FrameFate::options), 1U);
  EXPECT_TRUE(stack.answers().empty());
}

TEST(StackAbuse, AWrongChecksumIsNoSegment) {
  RawStack stack;
  Raw frame = tcp_frame({});
  frame[50] ^= 0x55;
  stack.input(frame);
  frame = tcp_frame({});
  frame[24] ^= 0x55;
  stack.input(frame);
  EXPECT_TRUE(stack.answers().empty());
  EXPECT_EQ(stack.frames_in_use(), 0U);
}

TEST(StackAbuse, AFrameMayEndAnywhere) {
  RawStack stack;
  Segment segment{.flags = ack, .bytes = "0123456789"};
  const Raw whole = tcp_frame(segment);
  for (std::size_t size = 0; size < whole.size(); ++size)
    stack.input(Raw(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  EXPECT_EQ(stack.count(FrameFate::short_frame), whole.size());
  EXPECT_EQ(stack.frames_in_use(), 0U);
}

TEST(StackAbuse, AFloodOfHalfOpenConnectionsLeavesRoomForAClient) {
  constexpr std::uint32_t half_open_max = 16;
  RawStack stack(half_open_max);
  for (unsigned i = 0; i < 5000; ++i) {
    const std::string source = "10.9.0." + std::to_string(3 + i % 200);
    stack.input(tcp_frame({.source = source, .source_port = static_cast<std::uint16_t>(1024 + i)}));
  }
  EXPECT_EQ(stack.stats().half_open_dropped, 5000 - half_open_max);
  (void)stack.answers();
  open_connection(stack, {});
  EXPECT_EQ(stack.connections.size(), 1U);
}

TEST(StackAbuse, AResetThatGuessesIsNoReset) {
  RawStack stack;
  open_connection(stack, {});
  (void)stack.answers();
  for (std::uint32_t guess = 0; guess < 100; ++guess)
    stack.input(tcp_frame({.sequence = 1000 + 50 + guess * 100, .flags = rst}));
  EXPECT_EQ(stack.failures, 0);
  stack.input(tcp_frame({.sequence = 1001, .flags = rst}));
  EXPECT_EQ(stack.failures, 1);
}

TEST(StackAbuse, WhatTheDeviceFoundCounts) {
  RawStack stack;
  Raw frame = tcp_frame({});
  stack.input(frame, SumState::bad);
  EXPECT_EQ(stack.count(FrameFate::bad_checksum), 1U);
  EXPECT_EQ(stack.stats().bad_checksums, 1U);
  EXPECT_TRUE(stack.answers().empty());
  frame[50] ^= 0x55;
  stack.input(frame, SumState::good);
  EXPECT_EQ(stack.answers().size(), 1U) << "it is not looked at again";
  stack.input(frame);
  EXPECT_EQ(stack.stats().bad_checksums, 2U);
}

TEST(StackAbuse, APeerThatNeverAnswersIsForgotten) {
  RawStack stack;
  stack.input(tcp_frame({}));
  EXPECT_EQ(stack.stats().connections_half_open, 1U);
  std::size_t answers = 0;
  for (int i = 0; i < 1200; ++i) {
    stack.advance(50);
    answers += stack.answers().size();
  }
  EXPECT_GE(answers, 3U) << "it was asked again";
  EXPECT_EQ(stack.stats().connections_half_open, 0U);
  EXPECT_TRUE(stack.connections.empty());
}

/// The peer closes its window while more is to be sent, and opens it much later.
TEST(StackAbuse, AClosedWindowIsProbedAndNotOverrun) {
  RawStack stack;
  Segment segment;
  stack.input(tcp_frame(segment));
  const std::uint32_t first = sequence_of(stack.answers().at(0)) + 1;
  segment = {.sequence = 1001, .acknowledged = first, .flags = ack, .window = 1000};
  stack.input(tcp_frame(segment));
  const std::string bytes(3000, 'x');
  Connection& connection = *stack.connections.at(0);
  ASSERT_TRUE(connection.write(reinterpret_cast<const std::uint8_t*>(bytes.data()), 3000));
  ASSERT_TRUE(connection.output());
  std::size_t sent = 0;
  for (const Raw& answer : stack.answers()) sent += answer.size() - 54;
  EXPECT_EQ(sent, 536U) << "a segment of a peer that said nothing of its size";
  segment.acknowledged = first + 536;
  segment.window = 0;
  stack.input(tcp_frame(segment));
  sent = 0;
  for (int i = 0; i < 400; ++i) {
    stack.advance(50);
    for (const Raw& answer : stack.answers()) sent = std::max(sent, answer.size() - 54);
  }
  EXPECT_EQ(sent, 1U) << "a probe";
  EXPECT_EQ(stack.failures, 0);
  segment.window = 60'000;
  for (int i = 0; i < 100 && stack.acknowledged < bytes.size(); ++i) {
    stack.input(tcp_frame(segment));
    stack.advance(50);
    for (const Raw& answer : stack.answers()) {
      const auto end = sequence_of(answer) + static_cast<std::uint32_t>(answer.size() - 54);
      if (end - segment.acknowledged < 0x8000'0000U) segment.acknowledged = end;
    }
  }
  EXPECT_EQ(stack.acknowledged, bytes.size());
}

/// More than the MTU in a segment, and bytes behind the packet.
/// Of a connection whose user takes nothing: `early` comes first, then what was missing before it.
/// All that was there is the input.
void fill_window(Segment early, std::size_t early_at) {
  RawStack stack;
  open_connection(stack, {});
  constexpr std::uint32_t first = 1001;
  const std::size_t window = 65'535;
  Segment next{.sequence = first, .acknowledged = early.acknowledged, .flags = ack};
  std::size_t sent = 0;
  while (sent < window - 1000) {
    next.bytes.assign(std::min<std::size_t>(1400, window - 1000 - sent), 'x');
    next.sequence = first + static_cast<std::uint32_t>(sent);
    next.acknowledged = early.acknowledged;
    stack.input(tcp_frame(next));
    sent += next.bytes.size();
  }
  ASSERT_EQ(stack.received.size(), sent);
  early.sequence = first + static_cast<std::uint32_t>(sent + early_at);
  stack.input(tcp_frame(early));
  next.sequence = first + static_cast<std::uint32_t>(sent);
  next.bytes.assign(early_at, 'y');
  stack.input(tcp_frame(next));
  EXPECT_EQ(stack.received.size(), sent + early_at);
  EXPECT_EQ(stack.failures, 0);
  EXPECT_EQ(stack.connections.size(), 1U);
}

TEST(StackAbuse, WhatComesEarlyAndEndsBehindTheWindowIsDropped) {
  fill_window({.flags = ack, .bytes = std::string(1200, 'z')}, 500);
  fill_window({.flags = ack, .bytes = std::string(1001, 'z')}, 1);
}

TEST(StackAbuse, AFinBehindAFullWindowIsDropped) {
  constexpr std::uint8_t fin_ack = 0x11;
  fill_window({.flags = fin_ack, .bytes = std::string(500, 'z')}, 500);
}

TEST(StackAbuse, AnOversizedFrameIsASegmentLikeOthers) {
  RawStack stack;
  Segment segment;
  stack.input(tcp_frame(segment));
  segment = {
      .sequence = 1001, .acknowledged = sequence_of(stack.answers().at(0)) + 1, .flags = ack};
  stack.input(tcp_frame(segment));
  segment.bytes.assign(8000, 'y');
  Raw padded = tcp_frame(segment);
  padded.resize(9000, 0xff);
  stack.input(padded);
  EXPECT_EQ(stack.received, segment.bytes);
  EXPECT_EQ(stack.frames_in_use(), 0U);
}

TEST(StackAbuse, IPv6GoesToOtherNetworksByTheGateway) {
  RawStack stack;
  (void)stack.answers();
  Connection* const connection =
      stack.stack().connect({*parse_address("fd09::1"), 4000}, *parse_endpoint("[fd10::5]:80"));
  ASSERT_NE(connection, nullptr);
  const std::vector<Raw> answers = stack.answers();
  ASSERT_EQ(answers.size(), 1U);
  const Address gateway = *parse_address("fd09::9");
  ASSERT_GE(answers[0].size(), 78U);
  EXPECT_EQ(answers[0][54], 135) << "a neighbour solicitation";
  EXPECT_TRUE(std::equal(gateway.bytes.begin(), gateway.bytes.end(), answers[0].begin() + 62));
  connection->reset();
}

TEST(StackAbuse, NoConnectionNoMercy) {
  RawStack stack;
  stack.input(tcp_frame({.target_port = 80}));
  const std::vector<Raw> answers = stack.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(tcp_flags(answers[0]) & rst, rst);
  EXPECT_EQ(stack.stats().no_listener, 1U);
}

TEST(StackAbuse, InitialSequenceNumbersDoNotFollowEachOther) {
  RawStack stack;
  std::vector<std::uint32_t> numbers;
  for (std::uint16_t port = 2000; port < 2050; ++port) {
    stack.input(tcp_frame({.source_port = port}));
    numbers.push_back(sequence_of(stack.answers().at(0)));
  }
  for (std::size_t i = 1; i < numbers.size(); ++i)
    EXPECT_GT(numbers[i] - numbers[i - 1] + 100'000, 200'000U);
}

TEST(StackAbuse, OnlyFramesOfTheVlanAreTakenAndSent) {
  constexpr std::uint16_t vlan = 7;
  RawStack stack(1024, vlan);
  Raw frame = tcp_frame({});
  stack.input(frame);
  EXPECT_EQ(stack.count(FrameFate::other_vlan), 1U);
  const Raw tag = {0x81, 0, 0, vlan};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  stack.input(frame);
  const std::vector<Raw> answers = stack.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(std::equal(tag.begin(), tag.end(), answers[0].begin() + 12));
}

TEST(StackAbuse, AnswersWhoAsksForItsAddressAndWhoPings) {
  RawStack stack;
  Raw question = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  2, 8, 6,
                  0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0, 0, 2,
                  10,   9,    0,    2,    0,    0,    0, 0, 0, 0, 10, 9, 7, 1};
  stack.input(question);
  ASSERT_EQ(stack.answers().size(), 1U);
  Raw ping = tcp_frame({.bytes = "echo"});
  ping[23] = 1;
  put_u16(ping, 24, 0);
  put_u16(ping, 24, ~checksum(&ping[14], 20) & 0xffff);
  ping[34] = 8;
  ping[35] = 0;
  put_u16(ping, 36, 0);
  put_u16(ping, 36, ~checksum(&ping[34], ping.size() - 34) & 0xffff);
  stack.input(ping);
  const std::vector<Raw> answers = stack.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0][34], 0) << "an echo reply";
}

/// Frames that are nearly right, around a connection's real numbers.
TEST(StackAbuse, RandomFramesDoNoHarm) {
  constexpr int frames = 200'000;
  core::Random random(5);
  RawStack stack(64);
  Raw last = tcp_frame({});
  for (int i = 0; i < frames; ++i) {
    Segment segment;
    segment.source_port = static_cast<std::uint16_t>(1024 + random.below(8));
    segment.flags = static_cast<std::uint8_t>(random.below(64));
    segment.sequence = 1000 + static_cast<std::uint32_t>(random.below(4000));
    segment.acknowledged = sequence_of(last) + static_cast<std::uint32_t>(random.below(3));
    segment.bytes.resize(random.below(1400), 'x');
    Raw frame = tcp_frame(segment);
    // Half of them are damaged somewhere in the headers.
    for (std::uint64_t hits = random.below(4); random.chance(50) && hits > 0; --hits)
      frame[random.below(54)] = static_cast<std::uint8_t>(random.next());
    if (random.chance(10)) frame.resize(random.below(frame.size() + 1));
    stack.input(frame);
    for (const Raw& answer : stack.answers())
      if (answer.size() >= 54 && answer[23] == 6) last = answer;
    if (random.chance(2)) stack.advance(random.below(400));
  }
  EXPECT_GT(stack.stats().connections_accepted, 0U);
  EXPECT_LT(stack.frames_in_use(), 5000U) << "segments that came too early";
}

}  // namespace
}  // namespace lepus::net::bypass
