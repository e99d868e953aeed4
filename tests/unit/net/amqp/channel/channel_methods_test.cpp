// What a client may say of the channel itself.
#include "net/amqp/channel/channel_methods.h"

#include <string>

#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class ChannelMethodsTest : public test::ChannelPartTest {
 protected:
  ~ChannelMethodsTest() override {
    if (!session_.is_open()) closing_.on_session_closed();
  }

  ChannelClosing closing_{link_, acks_};
  ChannelMethods methods_{link_, closing_};
};

TEST_F(ChannelMethodsTest, ItIsOpenedOnce) {
  EXPECT_EQ(say(methods_.on(ChannelOpen{})), "CHANNEL_ERROR - second 'channel.open' seen");
}

TEST_F(ChannelMethodsTest, AccessIsGranted) {
  EXPECT_EQ(say(methods_.on(AccessRequest{})), "");
  EXPECT_EQ(sent_as<AccessRequestOk>().ticket, 1U);
}

TEST_F(ChannelMethodsTest, ConsumersAreStoppedForWhoSaidThatItCan) {
  EXPECT_EQ(say(methods_.on(ChannelFlow{false})), "NOT_IMPLEMENTED - active=false");
  EXPECT_EQ(say(methods_.on(ChannelFlow{true})), "");
  EXPECT_EQ(sent(), "channel.flow-ok");
  facts_.capabilities.channel_flow = true;
  EXPECT_EQ(say(methods_.on(ChannelFlow{false})), "");
  EXPECT_EQ(answered(), "20.20");
  EXPECT_NE(protocol_.last<core::ConsumersStopped>(), nullptr);
  EXPECT_EQ(sent(), "");
}

TEST_F(ChannelMethodsTest, OrWhereTheSettingsSaySo) {
  world_.settings.channel_flow = true;
  EXPECT_EQ(say(methods_.on(ChannelFlow{false})), "");
  EXPECT_TRUE(session_.deliveries().is_flow_stopped());
}

TEST_F(ChannelMethodsTest, StoppedConsumersGetNothingUntilTheyGoOn) {
  facts_.capabilities.channel_flow = true;
  fill("q", "");
  EXPECT_EQ(consume("q", "tag"), "");
  EXPECT_EQ(say(methods_.on(ChannelFlow{false})), "");
  fill("q", "ab");
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(say(methods_.on(ChannelFlow{true})), "");
  EXPECT_EQ(sent(), "channel.flow-ok");
  world_.settle();
  EXPECT_EQ(session_.unacked().count(), 2U);
}

TEST_F(ChannelMethodsTest, CloseBeginsTheEnd) {
  EXPECT_EQ(say(methods_.on(ChannelClose{})), "");
  EXPECT_FALSE(closing_.is_open());
  EXPECT_FALSE(session_.is_open());
}

}  // namespace
}  // namespace lepus::amqp
