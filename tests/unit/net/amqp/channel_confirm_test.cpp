// Publisher confirms and transactions.
#include "net/amqp/channel.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;

// --- Confirms
//

class ChannelConfirmTest : public ChannelTest {
 protected:
  void select() {
    client_->send(1, ConfirmSelect{false});
    (void)client_->expect<ConfirmSelectOk>();
  }
  /// What the acks that came confirm; each number once.
  void read_acks() {
    for (const Event& event : client_->take_events()) {
      BasicAck ack;
      ASSERT_EQ(event.method, MethodId::basic_ack);
      ASSERT_TRUE(decode(core::Bytes{event.arguments}, ack));
      ++ack_count_;
      auto at = ack.multiple ? outstanding_.begin() : outstanding_.find(ack.delivery_tag);
      ASSERT_TRUE(outstanding_.contains(ack.delivery_tag)) << ack.delivery_tag;
      while (at != outstanding_.end() && *at <= ack.delivery_tag) at = outstanding_.erase(at);
    }
  }
  std::set<std::uint64_t> outstanding_;
  std::uint64_t published_ = 0;
  std::size_t ack_count_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelConfirmTest, ::testing::Bool(), test::home_name);

TEST_P(ChannelConfirmTest, EverythingIsConfirmedOnce) {
  declare("q");
  owner_->send(1, QueueBind{"q", "amq.fanout", "", false, {}});
  (void)owner_->expect<QueueBindOk>();
  client_->declare("mine");
  client_->send(1, QueueBind{"mine", "amq.fanout", "", false, {}});
  (void)client_->expect<QueueBindOk>();
  select();
  for (int round = 0; round < 200 && !HasFatalFailure(); ++round) {
    for (std::uint64_t i = world_->random().below(5); i > 0; --i) {
      const char* exchange = world_->random().chance(50) ? "amq.fanout" : "";
      const char* key = world_->random().chance(70) ? "q" : "nowhere";
      client_->publish(exchange, key, "x");
      outstanding_.insert(++published_);
    }
    for (std::uint64_t i = world_->random().below(5); i > 0; --i) (void)world_->run_round();
    if (world_->random().chance(30)) read_acks();
  }
  read_acks();
  EXPECT_TRUE(outstanding_.empty());
  EXPECT_GT(published_, 100U);
}

TEST_P(ChannelConfirmTest, ABatchCostsOneAck) {
  declare("q");
  select();
  client_->link().piece_max = SIZE_MAX;
  for (std::uint64_t number = 1; number <= 500; ++number) {
    client_->publish("", "q", "x");
    outstanding_.insert(number);
  }
  read_acks();
  EXPECT_TRUE(outstanding_.empty());
  EXPECT_LT(ack_count_, GetParam() ? 30U : 4U);
}

TEST_P(ChannelConfirmTest, UnroutedIsReturnedFirst) {
  select();
  client_->send(1, BasicPublish{"", "nowhere", true, false});
  client_->content(1, "x");
  (void)client_->expect<BasicReturn>();
  EXPECT_EQ(client_->expect<BasicAck>()->delivery_tag, 1U);
}

// --- Transactions

class ChannelTxTest : public ChannelTest {
 protected:
  void SetUp() override {
    declare("q");
    client_->send(1, TxSelect{});
    (void)client_->expect<TxSelectOk>();
  }
  void commit() {
    client_->send(1, TxCommit{});
    (void)client_->expect<TxCommitOk>();
  }
  void rollback() {
    client_->send(1, TxRollback{});
    (void)client_->expect<TxRollbackOk>();
  }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelTxTest, ::testing::Bool(), test::home_name);

TEST_P(ChannelTxTest, PublishesWaitForTheCommit) {
  publish_each("q", "abc");
  EXPECT_EQ(owner_->message_count("q"), 0U);
  commit();
  EXPECT_EQ(owner_->message_count("q"), 3U);
  publish_each("q", "de");
  rollback();
  commit();
  EXPECT_EQ(owner_->message_count("q"), 3U);
  EXPECT_TRUE(client_->quiet());  // No acks in a transaction.
}

TEST_P(ChannelTxTest, AcksWaitForTheCommit) {
  owner_->publish("", "q", "a");
  owner_->publish("", "q", "b");
  owner_->publish("", "q", "c");
  owner_->settle();
  client_->send(1, BasicQos{0, 3, false});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "tag");
  EXPECT_EQ(deliveries(), "abc");
  ack(2, true);
  rollback();
  ack(1);
  client_->send(1, BasicReject{2, true});
  client_->send(1, BasicNack{3, false, false});
  EXPECT_TRUE(client_->quiet());
  client_->send(1, TxCommit{});
  std::string back;
  for (const Event& event : client_->take_events()) back += event.body;
  EXPECT_EQ(back, "b");
}

TEST_P(ChannelTxTest, AnOpenTransactionDiesWithItsChannel) {
  owner_->publish("", "q", "a");
  owner_->settle();
  client_->consume("q", "tag");
  EXPECT_EQ(deliveries(), "a");
  ack(1);
  publish_each("q", "lost");
  client_->send(1, ChannelClose{200, "", 0, 0});
  (void)client_->expect<ChannelCloseOk>();
  EXPECT_EQ(owner_->message_count("q"), 1U);
}

TEST_P(ChannelTxTest, MandatoryIsReturnedAtTheCommit) {
  client_->send(1, BasicPublish{"", "nowhere", true, false});
  client_->content(1, "x");
  EXPECT_TRUE(client_->quiet());
  client_->send(1, TxCommit{});
  EXPECT_EQ(client_->expect<BasicReturn>().event.body, "x");
  (void)client_->expect<TxCommitOk>();
}

/// A full queue that refuses: the commit is not ok, and where that is known before, nothing of it
/// is done.
TEST_P(ChannelTxTest, AFullQueueFailsTheCommit) {
  core::FieldTableWriter table;
  table.int32("x-max-length", 3);
  table.text("x-overflow", "reject-publish");
  const std::string arguments = table.take();
  QueueDeclare how{};
  how.arguments = core::as_bytes(arguments);
  declare("full", how);
  publish_each("full", "abcd");
  publish_each("q", "x");
  client_->send(1, TxCommit{});
  EXPECT_EQ(client_->expect_close(1), "406 PRECONDITION_FAILED - partial tx completion (90,20)");
  EXPECT_EQ(owner_->message_count("full"), 0U);
  EXPECT_EQ(owner_->message_count("q"), 0U);
  client_->open_channel();
  client_->send(1, TxSelect{});
  (void)client_->expect<TxSelectOk>();
  publish_each("full", "abc");
  client_->send(1, TxCommit{});
  (void)client_->expect<TxCommitOk>();
  EXPECT_EQ(owner_->message_count("full"), 3U);
}

/// Whether a consumer takes enough shows only then.
TEST_P(ChannelTxTest, AConsumerMayMakeRoomForACommit) {
  core::FieldTableWriter table;
  table.int32("x-max-length", 0);
  table.text("x-overflow", "reject-publish");
  const std::string arguments = table.take();
  QueueDeclare how{};
  how.arguments = core::as_bytes(arguments);
  declare("full", how);
  owner_->send(1, BasicQos{0, 5, false});
  (void)owner_->expect<BasicQosOk>();
  owner_->consume("full", "tag");
  publish_each("full", "abc");
  client_->send(1, TxCommit{});
  (void)client_->expect<TxCommitOk>();
  EXPECT_EQ(owner_->take_events().size(), 3U);
  publish_each("full", "defg");
  client_->send(1, TxCommit{});
  EXPECT_EQ(client_->expect_close(1), "406 PRECONDITION_FAILED - partial tx completion (90,20)");
  EXPECT_EQ(owner_->take_events().size(), 2U);
}

TEST_P(ChannelTxTest, ModesExcludeEachOther) {
  client_->send(1, ConfirmSelect{false});
  EXPECT_EQ(client_->expect_close(1),
            "406 PRECONDITION_FAILED - cannot switch from tx to confirm mode (85,10)");
  client_->open_channel();
  client_->send(1, TxCommit{});
  EXPECT_EQ(client_->expect_close(1),
            "406 PRECONDITION_FAILED - channel is not transactional (90,20)");
}

}  // namespace
}  // namespace lepus::amqp
