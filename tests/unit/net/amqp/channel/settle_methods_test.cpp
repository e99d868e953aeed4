// What each way to settle a delivery does to it.
#include "net/amqp/channel/settle_methods.h"

#include <string>

#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class SettleMethodsTest : public test::ChannelPartTest {
 protected:
  /// Tags 1 to 3 are unacknowledged.
  SettleMethodsTest() {
    fill("q", "abc");
    EXPECT_EQ(consume("q", "tag"), "");
    EXPECT_EQ(session_.unacked().count(), 3U);
    (void)sent();
  }
  std::uint32_t left_after_cancel() {
    (void)session_.deliveries().unsubscribe(origin_of(MethodId::basic_cancel), "tag");
    world_.settle();
    return client_.message_count("q");
  }

  SettleMethods methods_{link_};
};

TEST_F(SettleMethodsTest, AnAckIsForOneOrForAllBefore) {
  EXPECT_EQ(say(methods_.on(BasicAck{1, false})), "");
  EXPECT_EQ(session_.unacked().count(), 2U);
  EXPECT_EQ(say(methods_.on(BasicAck{3, true})), "");
  EXPECT_EQ(session_.unacked().count(), 0U);
  EXPECT_EQ(say(methods_.on(BasicAck{3, false})), "PRECONDITION_FAILED - unknown delivery tag 3");
  EXPECT_EQ(left_after_cancel(), 0U);
}

TEST_F(SettleMethodsTest, WhatIsRefusedGoesBackOrNot) {
  EXPECT_EQ(say(methods_.on(BasicReject{1, false})), "");
  EXPECT_EQ(say(methods_.on(BasicNack{3, true, true})), "");
  world_.settle();
  EXPECT_EQ(session_.unacked().count(), 2U);  // They came again.
  EXPECT_EQ(say(methods_.on(BasicReject{4, true})), "");
  EXPECT_EQ(say(methods_.on(BasicNack{9, false, true})),
            "PRECONDITION_FAILED - unknown delivery tag 9");
  EXPECT_EQ(say(methods_.on(BasicReject{1, false})),
            "PRECONDITION_FAILED - unknown delivery tag 1");
}

TEST_F(SettleMethodsTest, RecoverIsAnsweredIfItIsNotTheAsyncOne) {
  EXPECT_EQ(say(methods_.on(BasicRecoverAsync{true})), "");
  EXPECT_EQ(session_.unacked().count(), 0U);
  EXPECT_EQ(answered(), "60.100+");
  EXPECT_EQ(session_.unacked().count(), 3U);
  EXPECT_EQ(say(methods_.on(BasicRecover{true})), "");
  EXPECT_EQ(answered(), "60.110");
}

}  // namespace
}  // namespace lepus::amqp
