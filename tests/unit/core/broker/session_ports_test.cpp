// A session attaches the ports it has a use for; what comes for the others is as if it were gone.
#include <gtest/gtest.h>

#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeShard;

/// Waits for one kind of answer.
class OneAnswer final : public AnswerPort {
 public:
  void on_topology_done(const TopologyDone& done) override { count += done.message_count; }
  std::uint32_t count = 0;
};

/// Wants to know what is confirmed.
class Publisher final : public AnswerPort, public ConfirmPort {
 public:
  void on_confirm(const Confirm& confirm) override { last = confirm.last; }
  std::uint64_t last = 0;
};

class SessionPortsTest : public ::testing::Test {
 protected:
  Deliver delivery_to(const ChannelRef& session, bool no_ack) {
    Deliver delivery{};
    delivery.channel = session;
    delivery.queue = QueueId{7};
    delivery.sequence = 9;
    delivery.home = 2;
    delivery.no_ack = no_ack;
    MessageRef message = shard_.message("x");
    delivery.message = export_message(std::move(message));
    return delivery;
  }
  FakeShard shard_;
};

TEST_F(SessionPortsTest, OneAnswerIsEnough) {
  OneAnswer waiting;
  const ChannelRef session = shard_.broker.attach({&waiting});
  shard_.broker.apply(TopologyDone{session, 5, nullptr});
  shard_.broker.apply(Reply{session, 1, 1, {}, 0, {}, nullptr});
  EXPECT_EQ(waiting.count, 5U);
  EXPECT_TRUE(shard_.broker.is_attached(session));
  shard_.broker.detach(session);
  shard_.broker.apply(TopologyDone{session, 6, nullptr});
  EXPECT_EQ(waiting.count, 5U) << "a late answer is dropped";
}

TEST_F(SessionPortsTest, ADeliveryToASessionWithoutConsumersGoesBack) {
  OneAnswer waiting;
  const ChannelRef session = shard_.broker.attach({&waiting});
  shard_.outbox.clear();
  shard_.broker.apply(delivery_to(session, false));
  const auto settles = shard_.outbox.all<Settle>();
  ASSERT_EQ(settles.size(), 1U);
  EXPECT_EQ(settles[0].queue, QueueId{7});
  EXPECT_EQ(settles[0].first, 9U);
  EXPECT_EQ(settles[0].outcome, Outcome::undelivered);
  shard_.broker.apply(delivery_to(session, true));
  shard_.broker.apply(ConsumerCancelled{session, 1});
  shard_.broker.apply(ConsumerActive{session, 1, true});
  shard_.broker.apply(CreditRequest{session, 1, 2, QueueId{7}, {1, 1}, 5, 1});
  shard_.broker.apply(CreditReturn{session, 5});
  shard_.broker.apply(Confirm{session, 1, 1, false});
  EXPECT_EQ(shard_.outbox.sent.size(), 1U) << "nothing of that is answered";
  shard_.broker.detach(session);
}

TEST_F(SessionPortsTest, APublisherIsConfirmed) {
  Publisher publisher;
  const ChannelRef session = shard_.broker.attach({&publisher, nullptr, &publisher});
  shard_.declare("q");
  EXPECT_EQ(shard_.publish("", "q", "x", {nullptr, session, 3}), 1U);
  EXPECT_EQ(publisher.last, 0U) << "with the turn";
  shard_.broker.flush();
  EXPECT_EQ(publisher.last, 3U);
  shard_.broker.detach(session);
}

}  // namespace
}  // namespace lepus::core
