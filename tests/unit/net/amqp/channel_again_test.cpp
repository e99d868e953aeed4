// What RabbitMQ leaves out of the specification: immediate, and recover without requeue.
#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;

class ChannelAgainTest : public ChannelTest {
 protected:
  void publish_now(std::string_view queue, std::string_view body, bool mandatory = false) {
    client_->send(1, BasicPublish{"", queue, mandatory, true});
    client_->content(1, body);
  }
  void expect_return(std::string_view body, std::uint16_t code = 313) {
    const auto returned = client_->expect<BasicReturn>();
    EXPECT_EQ(returned->reply_code, code);
    EXPECT_EQ(returned->reply_text, code == 313 ? "NO_CONSUMERS" : "NO_ROUTE");
    EXPECT_EQ(returned.event.body, body);
  }
  /// Deliveries as "a", again as "a!".
  std::string flagged() {
    std::string all;
    for (const Event& event : client_->take_events()) {
      BasicDeliver deliver;
      if (event.method != MethodId::basic_deliver) continue;
      EXPECT_TRUE(decode(core::Bytes{event.arguments}, deliver));
      last_tag_ = deliver.delivery_tag;
      consumer_ = deliver.consumer_tag;
      all += event.body + (deliver.redelivered ? "!" : "");
    }
    return all;
  }
  void recover(bool requeue) { client_->send(1, BasicRecover{requeue}); }

  std::uint64_t last_tag_ = 0;
  std::string consumer_;
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelAgainTest, ::testing::Bool(), test::home_name);

// --- immediate

TEST_P(ChannelAgainTest, ImmediateGoesToAConsumerOrComesBack) {
  declare("q");
  publish_now("q", "a");
  expect_return("a");
  EXPECT_EQ(client_->message_count("q"), 0U);
  client_->send(1, BasicQos{0, 1, false});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "tag");
  publish_now("q", "b");
  EXPECT_EQ(deliveries(), "b");
  publish_now("q", "c");
  expect_return("c");
  ack(1);
  publish_now("q", "d");
  EXPECT_EQ(deliveries(), "d");
  client_->send(1, BasicReject{2, true});
  EXPECT_EQ(deliveries(), "d") << "it is a message like any other then";
}

TEST_P(ChannelAgainTest, ImmediateWithoutARoute) {
  publish_now("nowhere", "a");
  expect_return("a");
  publish_now("nowhere", "b", true);
  expect_return("b", 312);
  EXPECT_TRUE(client_->quiet());
}

TEST_P(ChannelAgainTest, OneQueueOfSeveralIsEnough) {
  declare("with");
  declare("without");
  for (const char* queue : {"with", "without"}) {
    owner_->send(1, QueueBind{queue, "amq.fanout", "", false, {}});
    (void)owner_->expect<QueueBindOk>();
  }
  client_->consume("with", "tag");
  client_->send(1, BasicPublish{"amq.fanout", "", false, true});
  client_->content(1, "a");
  EXPECT_EQ(deliveries(), "a");
  EXPECT_EQ(client_->message_count("without"), 0U);
}

TEST_P(ChannelAgainTest, ImmediateIsReturnedBeforeItIsConfirmed) {
  declare("q");
  client_->send(1, ConfirmSelect{false});
  (void)client_->expect<ConfirmSelectOk>();
  publish_now("q", "a");
  client_->publish("", "q", "b");
  client_->settle();
  expect_return("a");
  std::uint64_t confirmed = 0;
  for (const Event& event : client_->take_events()) {
    BasicAck acked;
    ASSERT_EQ(event.method, MethodId::basic_ack);
    ASSERT_TRUE(decode(core::Bytes{event.arguments}, acked));
    confirmed = acked.delivery_tag;
  }
  EXPECT_EQ(confirmed, 2U);
  EXPECT_EQ(owner_->message_count("q"), 1U);
}

TEST_P(ChannelAgainTest, ImmediateIsDecidedAtTheCommit) {
  declare("q");
  client_->send(1, TxSelect{});
  (void)client_->expect<TxSelectOk>();
  publish_now("q", "a");
  publish_now("q", "b");
  EXPECT_TRUE(client_->quiet());
  client_->send(1, TxCommit{});
  expect_return("a");
  expect_return("b");
  (void)client_->expect<TxCommitOk>();
  EXPECT_TRUE(client_->quiet());
}

/// The answer of another shard finds the channel gone.
TEST_P(ChannelAgainTest, ImmediateOfAChannelThatEnds) {
  declare("q");
  for (int round = 0; round < 10; ++round) {
    const auto other = opened();
    other->send(1, BasicPublish{"", "q", false, true});
    other->content(1, "x");
    for (int i = 0; i < round; ++i) (void)world_->run_round();
    other->link().reset = true;
    owner_->settle();
  }
  EXPECT_EQ(owner_->message_count("q"), 0U);
}

// --- recover without requeue

TEST_P(ChannelAgainTest, EachConsumerGetsItsOwnAgain) {
  declare("q");
  client_->send(1, BasicQos{0, 1, false});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "one");
  publish_each("q", "a");
  EXPECT_EQ(flagged(), "a");
  owner_->send(1, BasicQos{0, 5, false});
  (void)owner_->expect<BasicQosOk>();
  owner_->consume("q", "other");
  publish_each("q", "b");
  EXPECT_EQ(owner_->expect<BasicDeliver>().event.body, "b");
  recover(false);
  EXPECT_EQ(flagged(), "a!");
  EXPECT_EQ(consumer_, "one");
  EXPECT_EQ(last_tag_, 2U);
  EXPECT_TRUE(owner_->quiet());
  recover(false);
  EXPECT_EQ(flagged(), "a!");
  ack(3);
  client_->settle();
  publish_each("q", "c");
  EXPECT_EQ(flagged() + owner_->expect<BasicDeliver>().event.body, "c") << "there is room again";
}

TEST_P(ChannelAgainTest, TheOldTagIsUnknown) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(flagged(), "a");
  recover(false);
  EXPECT_EQ(flagged(), "a!");
  ack(1);
  EXPECT_EQ(client_->expect_close(1), "406 PRECONDITION_FAILED - unknown delivery tag 1 (60,80)");
  EXPECT_EQ(owner_->message_count("q"), 1U);
}

TEST_P(ChannelAgainTest, WithoutAConsumerItGoesBack) {
  declare("q");
  publish_each("q", "ab");
  client_->send(1, BasicGet{"q", false});
  (void)client_->expect<BasicGetOk>();
  client_->consume("q", "tag");
  EXPECT_EQ(flagged(), "b");
  client_->send(1, BasicCancel{"tag", false});
  (void)client_->expect<BasicCancelOk>();
  recover(false);
  (void)client_->expect<BasicRecoverOk>();
  EXPECT_EQ(owner_->message_count("q"), 2U);
}

/// Cancelled, or its channel closed, before they are on their way again.
TEST_P(ChannelAgainTest, WhoLeavesMeanwhileLosesNothing) {
  declare("q");
  const std::string all = "abcdefgh";
  for (int round = 0; round < 12; ++round) {
    const auto other = opened();
    owner_->send(1, QueuePurge{"q", false});
    (void)owner_->expect<QueuePurgeOk>();
    other->consume("q", "tag");
    publish_each("q", all);
    EXPECT_EQ(other->take_events().size(), all.size());
    other->send(1, BasicRecover{false});
    for (int i = 0; i < round % 4; ++i) (void)world_->run_round();
    if (round % 3 == 0) other->send(1, BasicCancel{"tag", true});
    if (round % 3 != 2) other->send(1, ChannelClose{200, "", 0, 0});
    if (round % 3 == 2) other->link().reset = true;
    owner_->settle();
    EXPECT_EQ(owner_->message_count("q"), all.size()) << round;
  }
}

TEST_P(ChannelAgainTest, ASharedLimitStaysWhole) {
  declare("q");
  client_->send(1, BasicQos{0, 2, true});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "tag");
  publish_each("q", "abcd");
  EXPECT_EQ(flagged(), "ab");
  for (int round = 0; round < 5; ++round) {
    recover(false);
    EXPECT_EQ(flagged(), "a!b!");
  }
  ack(last_tag_);
  EXPECT_EQ(flagged(), "c");
  ack(0, true);
  EXPECT_EQ(flagged(), "d");
}

TEST_P(ChannelAgainTest, ItCountsAsAReturn) {
  core::FieldTableWriter table;
  table.int32("x-delivery-limit", 2);
  const std::string arguments = table.take();
  QueueDeclare how{};
  how.arguments = core::as_bytes(arguments);
  declare("q", how);
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(flagged(), "a");
  for (const char* expected : {"a!", "a!", ""}) {
    recover(false);
    EXPECT_EQ(flagged(), expected);
  }
  EXPECT_EQ(owner_->message_count("q"), 0U);
  publish_each("q", "b");
  EXPECT_EQ(flagged(), "b");
}

TEST_P(ChannelAgainTest, ASlowReaderGetsThemLater) {
  declare("q");
  client_->consume("q", "tag");
  const std::string body(60'000, 'x');
  const std::size_t count = 2 * core::limits::send_high_water / body.size();
  client_->link().piece_max = SIZE_MAX;
  for (std::size_t i = 0; i < count; ++i) owner_->publish("", "q", body);
  EXPECT_EQ(client_->take_events().size(), count);
  client_->link().window_closed = true;
  recover(false);
  client_->settle();
  EXPECT_LT(client_->link().unsent, core::limits::send_high_water * 3 / 2);
  client_->link().window_closed = false;
  EXPECT_EQ(client_->take_events().size(), count + 1);
}

}  // namespace
}  // namespace lepus::amqp
