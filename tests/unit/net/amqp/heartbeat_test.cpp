// What is due when: a heartbeat to the client, or its end.
#include "net/amqp/heartbeat.h"

#include <gtest/gtest.h>

namespace lepus::amqp {
namespace {

using core::nanos_per_s;
using Due = Heartbeat::Due;

TEST(Heartbeat, WithoutAnIntervalNothingIsDue) {
  Heartbeat heartbeat;
  heartbeat.start(0, 0);
  EXPECT_FALSE(heartbeat.is_on());
  EXPECT_EQ(heartbeat.look(1'000 * nanos_per_s, true), Due::nothing);
}

TEST(Heartbeat, OneIsSentAfterHalfAnIntervalOfSilence) {
  Heartbeat heartbeat;
  heartbeat.start(10, 0);
  EXPECT_EQ(heartbeat.next_look(), 5 * nanos_per_s);
  EXPECT_EQ(heartbeat.look(5 * nanos_per_s - 1, true), Due::nothing);
  EXPECT_EQ(heartbeat.look(5 * nanos_per_s, true), Due::send);
  EXPECT_EQ(heartbeat.look(5 * nanos_per_s, true), Due::nothing);
  heartbeat.on_sent(8 * nanos_per_s);
  EXPECT_EQ(heartbeat.look(12 * nanos_per_s, true), Due::nothing);
  EXPECT_EQ(heartbeat.next_look(), 13 * nanos_per_s);
}

TEST(Heartbeat, AClientThatIsSilentForThreeIntervalsIsGone) {
  Heartbeat heartbeat;
  heartbeat.start(10, 0);
  EXPECT_EQ(heartbeat.look(30 * nanos_per_s - 1, true), Due::send);
  EXPECT_EQ(heartbeat.next_look(), 30 * nanos_per_s);
  EXPECT_EQ(heartbeat.look(30 * nanos_per_s, true), Due::peer_gone);
  heartbeat.on_received(30 * nanos_per_s);
  EXPECT_NE(heartbeat.look(59 * nanos_per_s, true), Due::peer_gone);
}

TEST(Heartbeat, WhileItIsNotReadItMayBeSilent) {
  Heartbeat heartbeat;
  heartbeat.start(10, 0);
  EXPECT_EQ(heartbeat.look(100 * nanos_per_s, false), Due::send);
  EXPECT_NE(heartbeat.look(129 * nanos_per_s, true), Due::peer_gone);
  EXPECT_EQ(heartbeat.look(130 * nanos_per_s, true), Due::peer_gone);
}

}  // namespace
}  // namespace lepus::amqp
