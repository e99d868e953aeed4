// The ways a channel ends, and what is still answered meanwhile.
#include "net/amqp/channel/channel_closing.h"

#include <array>
#include <string>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class ChannelClosingPartTest : public test::ChannelPartTest {
 protected:
  ~ChannelClosingPartTest() override {
    if (closing_.is_closed()) return;
    closing_.shut_down(false);
    session_.closing().finish();
    closing_.on_session_closed();
  }
  /// As the session's listener does when it is told.
  void hear() {
    world_.settle();
    if (protocol_.is_closed && !closing_.is_closed()) closing_.on_session_closed();
  }
  void on_frame(MethodId method) {
    std::array<std::uint8_t, method_header_size> payload{};
    core::store_u32(payload.data(), static_cast<std::uint32_t>(method));
    closing_.on_frame({FrameType::method, number, payload});
  }

  ChannelClosing closing_{link_, acks_};
};

TEST_F(ChannelClosingPartTest, TheClientsCloseIsAnsweredWhenEverythingIsGivenBack) {
  fill("q", "ab");
  EXPECT_EQ(consume("q", "tag"), "");
  (void)sent();
  acks_.write_later();
  closing_.on_close_method();
  EXPECT_FALSE(closing_.is_open());
  EXPECT_FALSE(acks_.linked());
  on_frame(MethodId::channel_close);  // The first one counts.
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(is_closed_);
  hear();
  EXPECT_TRUE(closing_.is_closed());
  EXPECT_TRUE(is_closed_);
  EXPECT_EQ(sent(), "channel.close-ok");
  EXPECT_EQ(client_.message_count("q"), 2U);
}

TEST_F(ChannelClosingPartTest, AnErrorIsToldAndTheAnswerEndsIt) {
  closing_.close_with({core::ReplyCode::not_found, "no queue", 50, 10});
  const auto close = sent_as<ChannelClose>();
  EXPECT_EQ(close.reply_code, 404);
  EXPECT_EQ(close.reply_text, "NOT_FOUND - no queue");
  EXPECT_EQ(close.class_id, 50);
  EXPECT_EQ(close.method_id, 10);
  hear();
  EXPECT_FALSE(closing_.is_closed());
  on_frame(MethodId::basic_publish);
  EXPECT_EQ(sent(), "");
  on_frame(MethodId::channel_close);  // The two crossed.
  EXPECT_EQ(sent(), "channel.close-ok");
  on_frame(MethodId::channel_close_ok);
  EXPECT_TRUE(closing_.is_closed());
  EXPECT_TRUE(is_closed_);
  EXPECT_FALSE(input_.is_stopped());
  EXPECT_EQ(sent(), "");
}

TEST_F(ChannelClosingPartTest, ANewOpenBeforeTheAnswerIsAFault) {
  closing_.close_with({core::ReplyCode::not_found, "no queue", 50, 10});
  on_frame(MethodId::channel_open);
  EXPECT_EQ(raised_, "7 CHANNEL_ERROR - second 'channel.open' seen");
}

TEST_F(ChannelClosingPartTest, InputIsHeldWhileMuchIsGivenBack) {
  // More than a turn's share.
  constexpr std::size_t count =
      core::limits::session_steps_at_once_max + 2 * core::limits::session_steps_per_turn_max;
  client_.declare("q");
  for (std::size_t i = 0; i < count; ++i) client_.publish("", "q", "x");
  client_.settle();
  EXPECT_EQ(consume("q", "tag"), "");
  ASSERT_EQ(session_.unacked().count(), count);
  closing_.close_with({core::ReplyCode::precondition_failed, "wrong", 60, 80});
  ASSERT_FALSE(protocol_.is_closed);
  on_frame(MethodId::channel_close_ok);
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::reply));
  EXPECT_FALSE(is_closed_);
  hear();
  EXPECT_TRUE(is_closed_);
  EXPECT_FALSE(input_.is_stopped());
}

TEST_F(ChannelClosingPartTest, WithItsConnectionItEndsWithoutAWord) {
  closing_.shut_down(false);
  hear();
  EXPECT_TRUE(is_closed_);
  closing_.shut_down(false);
  EXPECT_EQ(sent(), "");
}

TEST_F(ChannelClosingPartTest, TheConnectionsEndTakesTheAnswerAway) {
  fill("q", "a");
  EXPECT_EQ(consume("q", "tag"), "");
  (void)sent();
  closing_.on_close_method();
  closing_.shut_down(true);  // It is on its way already.
  EXPECT_FALSE(is_closed_);
  closing_.shut_down(false);
  hear();
  EXPECT_TRUE(is_closed_);
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
