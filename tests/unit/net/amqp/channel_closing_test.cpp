// Channels that hold so much that giving it back takes several turns.
#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using core::limits::session_steps_at_once_max;
using core::limits::session_steps_per_turn_max;

class ChannelClosingTest : public test::ChannelTest {
 protected:
  /// More than a turn's share.
  static constexpr std::uint32_t count =
      session_steps_at_once_max + 2 * session_steps_per_turn_max + 10;

  /// The client has all of them unacknowledged.
  void hold() {
    declare("q");
    client_->link().piece_max = SIZE_MAX;
    for (std::uint32_t i = 0; i < count; ++i) client_->publish("", "q", "x");
    client_->consume("q", "tag");
    ASSERT_EQ(client_->take_events().size(), count);
  }
};

INSTANTIATE_TEST_SUITE_P(Homes, ChannelClosingTest, ::testing::Bool(), test::home_name);

/// All of it comes in one piece: what is behind close-ok waits.
TEST_P(ChannelClosingTest, ANumberIsFreeWhenEverythingIsBack) {
  hold();
  ack(count + 1);
  client_->send(1, ChannelCloseOk{});
  client_->send(1, ChannelOpen{});
  QueueDeclare passive{};
  passive.queue = "q";
  passive.passive = true;
  client_->send(1, passive);
  EXPECT_EQ(client_->expect<ChannelClose>()->reply_code, 406);
  (void)client_->expect<ChannelOpenOk>();
  const auto declared = client_->expect<QueueDeclareOk>();
  EXPECT_EQ(declared->message_count, count);
  EXPECT_EQ(declared->consumer_count, 0U);
  EXPECT_TRUE(client_->quiet());
}

TEST_P(ChannelClosingTest, CloseOkComesWhenEverythingIsBack) {
  hold();
  client_->send(1, ChannelClose{200, "bye", 0, 0});
  (void)client_->expect<ChannelCloseOk>();
  EXPECT_EQ(owner_->message_count("q"), count);
  client_->open_channel();
  EXPECT_EQ(client_->message_count("q"), count);
}

TEST_P(ChannelClosingTest, AConnectionThatIsGoneStaysUntilEverythingIsBack) {
  hold();
  const std::size_t before = world_->server().connection_count();
  client_->link().reset = true;
  int rounds = 0;
  for (; world_->server().connection_count() == before && rounds < 100; ++rounds)
    (void)world_->run_round();
  EXPECT_GE(rounds, 2);
  EXPECT_EQ(world_->server().connection_count(), before - 1);
  EXPECT_EQ(owner_->message_count("q"), count);
}

/// It ends while its channel is still giving back.
TEST_P(ChannelClosingTest, AConnectionEndsInTheMiddleOfAClose) {
  hold();
  client_->send(1, ChannelClose{200, "bye", 0, 0});
  (void)world_->run_round();
  client_->link().reset = true;
  world_->settle();
  EXPECT_EQ(owner_->message_count("q"), count);
  client_ = opened();
  EXPECT_EQ(client_->message_count("q"), count);
}

}  // namespace
}  // namespace lepus::amqp
