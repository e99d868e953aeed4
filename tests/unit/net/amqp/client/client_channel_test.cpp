// What another broker may send on the channel of a client, and what it may not.
#include "net/amqp/client/client_channel.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/message/properties.h"
#include "net/amqp/client/client_login.h"

namespace lepus::amqp {
namespace {

struct FakeListener final : ClientListener {
  void on_channel_open() override {}
  bool on_method(const MethodReady& method) override {
    methods.push_back(method.method);
    return takes_methods;
  }
  void on_delivery(std::uint64_t tag, core::MessageRef message) override {
    std::string body;
    message->for_each_piece([&body](core::Bytes piece) { body += core::as_text(piece); });
    deliveries.emplace_back(tag, body);
  }
  void on_returned(std::string_view text) override { returned = text; }
  bool on_channel_closed(std::uint16_t code, std::string_view) override {
    return code == reopened_code;
  }
  void on_ended(std::string) override {}

  std::vector<MethodId> methods;
  std::vector<std::pair<std::uint64_t, std::string>> deliveries;
  std::string returned;
  bool takes_methods = true;
  std::uint16_t reopened_code = 404;
};

class ClientChannelTest : public ::testing::Test {
 protected:
  ~ClientChannelTest() override { chain_.clear(); }
  ClientChannel::Outcome feed(const Frame& frame) { return channel_.on_frame(frame); }
  template <class Method>
  ClientChannel::Outcome method(const Method& method) {
    bytes_.resize(method_frame_size(method));
    store_method_frame(bytes_.data(), ClientChannel::number, method);
    return feed(next_frame(bytes_, bytes_.size()).frame);
  }
  ClientChannel::Outcome header(std::uint64_t size, std::string_view properties = {"\0\0", 2}) {
    const ContentHeaderFields fields{class_basic, size, core::as_bytes(properties)};
    bytes_.resize(content_header_frame_size(fields));
    store_content_header_frame(bytes_.data(), ClientChannel::number, fields);
    return feed(next_frame(bytes_, bytes_.size()).frame);
  }
  ClientChannel::Outcome body(std::string_view text) {
    return feed({FrameType::body, ClientChannel::number, core::as_bytes(text)});
  }
  void open() {
    channel_.open();
    EXPECT_TRUE(method(ChannelOpenOk{}).is_opened);
  }

  net::BlockPool pool_;
  net::SendChain chain_{pool_};
  Writer writer_{chain_};
  FakeListener listener_;
  core::MemoryAccount memory_;
  ClientChannel channel_{{writer_, listener_, memory_, 10}};
  std::vector<std::uint8_t> bytes_;
};

TEST_F(ClientChannelTest, DeliveriesArePutTogether) {
  open();
  EXPECT_FALSE(method(BasicDeliver{"c", 7, false, "e", "k"}).refused);
  EXPECT_FALSE(header(4).refused);
  EXPECT_FALSE(body("ab").refused);
  EXPECT_FALSE(body("cd").refused);
  EXPECT_FALSE(method(BasicDeliver{"c", 8, false, "e", "k"}).refused);
  EXPECT_FALSE(header(0).refused);
  ASSERT_EQ(listener_.deliveries.size(), 2U);
  EXPECT_EQ(listener_.deliveries[0], (std::pair<std::uint64_t, std::string>{7, "abcd"}));
  EXPECT_EQ(listener_.deliveries[1], (std::pair<std::uint64_t, std::string>{8, ""}));
  EXPECT_EQ(memory_.message_bytes, 0U);
}

TEST_F(ClientChannelTest, WhatMayNotComeIsRefused) {
  EXPECT_TRUE(method(BasicAck{1, false}).refused) << "the channel is not open";
  channel_.open();
  EXPECT_EQ(method(BasicAck{1, false}).refused->detail, "unexpected method basic.ack");
  EXPECT_TRUE(method(ChannelOpenOk{}).is_opened);
  listener_.takes_methods = false;
  EXPECT_EQ(method(BasicAck{1, false}).refused->detail, "unexpected method basic.ack");
  EXPECT_TRUE(body("x").refused) << "no content is due";
}

TEST_F(ClientChannelTest, ContentsAreBounded) {
  open();
  EXPECT_FALSE(method(BasicDeliver{"c", 1, false, "", ""}).refused);
  EXPECT_EQ(header(11).refused->detail,
            "a message of 11 bytes is larger than max_message_size, 10");
}

TEST_F(ClientChannelTest, BrokenPropertiesAreRefused) {
  open();
  EXPECT_FALSE(method(BasicDeliver{"c", 1, false, "", ""}).refused);
  EXPECT_TRUE(header(1, {"\xff\xff", 2}).refused);
}

TEST_F(ClientChannelTest, AMissingQueueOpensItAgain) {
  open();
  EXPECT_TRUE(method(ChannelClose{404, "no queue", 50, 10}).is_opening);
  EXPECT_FALSE(channel_.is_open());
  EXPECT_TRUE(method(ChannelOpenOk{}).is_opened);
  EXPECT_EQ(method(ChannelClose{403, "no", 50, 10}).ended,
            "the other broker closed the channel: 403 no");
}

TEST_F(ClientChannelTest, FlowIsAnswered) {
  open();
  EXPECT_FALSE(method(ChannelFlow{false}).refused);
  EXPECT_TRUE(channel_.is_flow_stopped());
  EXPECT_FALSE(method(ChannelFlow{true}).refused);
  EXPECT_FALSE(channel_.is_flow_stopped());
}

TEST_F(ClientChannelTest, ReturnsAreTold) {
  open();
  EXPECT_FALSE(method(BasicReturn{312, "NO_ROUTE", "", "q"}).refused);
  EXPECT_FALSE(header(0).refused);
  EXPECT_EQ(listener_.returned, "NO_ROUTE");
}

TEST_F(ClientChannelTest, LoginNeedsAMechanismAndAFrame) {
  EXPECT_EQ(answer_start({0, 9, {}, "AMQPLAIN PLAIN", "en_US"}, {"u", "p", false, "/"}, writer_),
            "");
  EXPECT_EQ(answer_start({0, 9, {}, "XPLAIN", "en_US"}, {"u", "p", false, "/"}, writer_),
            "the other broker does not offer the mechanism PLAIN, only: XPLAIN");
  ClientLimits limits{131072};
  EXPECT_EQ(answer_tune({2047, 8192, 60}, {"u", "p", false, "/", 10}, limits, writer_), "");
  EXPECT_EQ(limits.frame_max, 8192U);
  EXPECT_EQ(limits.heartbeat_s, 10);
  EXPECT_NE(answer_tune({2047, 100, 60}, {"u", "p", false, "/", 10}, limits, writer_), "");
}

}  // namespace
}  // namespace lepus::amqp
