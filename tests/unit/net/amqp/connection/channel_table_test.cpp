// Channels come, are found, counted, told of, and go.
#include "net/amqp/connection/channel_table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/amqp/closed_channels.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/publisher_block.h"
#include "net/amqp/services.h"
#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

class ChannelTableTest : public ::testing::Test, private ChannelHost {
 protected:
  ChannelTableTest() {
    const core::Topology& topology = world_.broker().topology();
    ConnectionFacts& facts = part_.facts();
    facts.user = "guest";
    facts.user_id = topology.access().find_user("guest")->id;
    facts.vhost_name = "/";
    facts.vhost = topology.find_vhost("/")->id;
    facts.tuned.channel_max = 3;
  }
  ~ChannelTableTest() override {
    table_.close_all(false);
    closed_channels_.destroy();
  }

  template <class Method>
  static std::vector<std::uint8_t> payload_of(const Method& method) {
    std::vector<std::uint8_t> bytes(method_frame_size(method));
    store_method_frame(bytes.data(), 0, method);
    return {bytes.begin() + frame_header_size, bytes.end() - 1};
  }
  /// Returns the error's text, or "" when it was opened.
  template <class Method = ChannelOpen>
  std::string open(std::uint16_t number, const Method& method = {}) {
    const std::vector<std::uint8_t> payload = payload_of(method);
    const auto refused = table_.open({FrameType::method, number, payload});
    return refused ? refused->text() : "";
  }
  template <class Method>
  void send(std::uint16_t number, const Method& method) {
    const std::vector<std::uint8_t> payload = payload_of(method);
    table_.find(number)->on_frame({FrameType::method, number, payload});
    world_.settle();
  }
  std::uint64_t counted() {
    return services_.uses().count(
        {core::QuotaKey::Kind::user_channels, part_.facts().user_id.value});
  }

  // ChannelHost
  void raise(std::uint16_t channel, core::AmqpError error) override {
    raised_ = error.text();
    table_.close(channel, error);
  }
  void on_channel_closed(std::uint16_t channel) override { table_.remove(channel); }
  void note_exclusive_queue() override { may_own_queues_ = true; }
  bool has_consumers() const override { return table_.has_consumers(); }

  test::BrokerWorld world_{{}};
  test::PartWorld part_;
  Services& services_ = world_.server().services();
  ResumeList resume_list_;
  AckList ack_list_;
  ClosedChannels closed_channels_;
  Output output_{part_.stream()};
  InputGate input_{part_.stream(), resume_list_};
  ConnectionTimer timer_{services_.loop()};
  PublisherBlock block_{{part_.facts(), output_, input_, timer_}};
  std::string raised_;
  bool may_own_queues_ = false;
  ChannelContext context_{services_, ack_list_, closed_channels_, part_.facts(),
                          output_,   input_,    block_,           *this};
  ChannelTable table_{context_};
};

TEST_F(ChannelTableTest, AnOpenChannelIsFoundByItsNumber) {
  EXPECT_EQ(table_.find(1), nullptr);
  EXPECT_EQ(open(1), "");
  EXPECT_EQ(open(7), "");
  EXPECT_EQ(part_.sent_methods(), "channel.open-ok channel.open-ok");
  EXPECT_EQ(table_.size(), 2U);
  EXPECT_EQ(counted(), 2U);
  ASSERT_NE(table_.find(7), nullptr);
  EXPECT_EQ(table_.find(7)->number(), 7);
  EXPECT_EQ(table_.last(), table_.find(7));
  EXPECT_EQ(table_.find(1)->number(), 1);
  EXPECT_EQ(table_.find(2), nullptr);
  EXPECT_EQ(table_.last()->number(), 1);
}

TEST_F(ChannelTableTest, ANumberBeginsWithChannelOpen) {
  EXPECT_EQ(open(1, BasicQos{}), "CHANNEL_ERROR - expected 'channel.open'");
  const std::vector<std::uint8_t> unknown{0, 99, 0, 1};
  EXPECT_TRUE(table_.open({FrameType::method, 1, unknown}).has_value());
  EXPECT_EQ(table_.open({FrameType::body, 1, unknown})->text(),
            "CHANNEL_ERROR - expected 'channel.open'");
  EXPECT_TRUE(table_.empty());
  EXPECT_EQ(counted(), 0U);
  EXPECT_EQ(part_.sent_methods(), "");
}

TEST_F(ChannelTableTest, NoMoreThanWereAgreedOn) {
  for (std::uint16_t number = 1; number <= 3; ++number) EXPECT_EQ(open(number), "");
  EXPECT_EQ(open(4),
            "NOT_ALLOWED - number of channels opened (3) has reached the negotiated channel_max "
            "(3)");
  EXPECT_EQ(counted(), 3U);
}

TEST_F(ChannelTableTest, NoMoreThanTheUserMayHave) {
  world_.add_user("guest", "guest", {}, {.channels = 1});
  world_.settle();
  EXPECT_EQ(open(1), "");
  EXPECT_TRUE(open(2).starts_with("NOT_ALLOWED")) << open(2);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(ChannelTableTest, OneThatClosesIsRemovedAndDestroyedLater) {
  EXPECT_EQ(open(1), "");
  send(1, ChannelClose{});
  EXPECT_EQ(part_.sent_methods(), "channel.open-ok channel.close-ok");
  EXPECT_EQ(table_.find(1), nullptr);
  EXPECT_EQ(table_.last(), nullptr);
  EXPECT_EQ(counted(), 0U);
  const std::uint64_t before = world_.broker().memory().session_bytes;
  closed_channels_.destroy();
  EXPECT_LT(world_.broker().memory().session_bytes, before);
  EXPECT_EQ(open(1), "");
}

TEST_F(ChannelTableTest, OneThatFailedKeepsItsNumberUntilTheClientAgrees) {
  EXPECT_EQ(open(1), "");
  send(1, BasicAck{5, false});
  EXPECT_TRUE(raised_.starts_with("PRECONDITION_FAILED")) << raised_;
  EXPECT_NE(table_.find(1), nullptr);
  send(1, BasicQos{});  // Ignored.
  send(1, ChannelCloseOk{});
  EXPECT_EQ(table_.find(1), nullptr);
  EXPECT_EQ(part_.sent_methods(), "channel.open-ok channel.close");
}

TEST_F(ChannelTableTest, AllCloseAtTheEnd) {
  EXPECT_EQ(open(1), "");
  EXPECT_EQ(open(2), "");
  table_.close_all(true);
  world_.settle();
  EXPECT_TRUE(table_.empty());
  EXPECT_EQ(counted(), 0U);
}

TEST_F(ChannelTableTest, ItDescribesThem) {
  EXPECT_EQ(open(2), "");
  EXPECT_FALSE(table_.has_consumers());
  QueueDeclare declare{};
  declare.queue = "mine";
  declare.exclusive = true;
  send(2, declare);
  EXPECT_TRUE(may_own_queues_);
  BasicConsume consume{};
  consume.queue = "mine";
  consume.consumer_tag = "tag";
  send(2, consume);
  EXPECT_TRUE(table_.has_consumers());
  EXPECT_EQ(table_.content_bytes(), 0U);
  std::vector<core::ChannelStats> channels;
  table_.describe(channels);
  ASSERT_EQ(channels.size(), 1U);
  EXPECT_EQ(channels[0].number, 2);
  EXPECT_EQ(channels[0].user, "guest");
  EXPECT_EQ(channels[0].connection_name, part_.facts().peer.text());
  std::vector<core::ConsumerStats> consumers;
  table_.describe_consumers(consumers);
  ASSERT_EQ(consumers.size(), 1U);
  EXPECT_EQ(consumers[0].connection, part_.facts().id);
}

}  // namespace
}  // namespace lepus::amqp
