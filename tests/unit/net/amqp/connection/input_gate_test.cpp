// Reasons to hold input, and when it goes on.
#include "net/amqp/connection/input_gate.h"

#include <gtest/gtest.h>

#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

class InputGateTest : public ::testing::Test {
 protected:
  InputGateTest() { gate_.set_handle({5, 1}); }
  /// How often the connection was to go on.
  int resumed() {
    int count = 0;
    list_.resume_due([&](ConnectionHandle handle) {
      EXPECT_EQ(handle.slot, 5U);
      gate_.on_resume();
      ++count;
    });
    return count;
  }

  test::PartWorld part_;
  ResumeList list_;
  InputGate gate_{part_.stream(), list_};
};

TEST_F(InputGateTest, InputGoesOnAfterTheLastReasonIsGone) {
  gate_.stop(InputStop::reply);
  gate_.stop(InputStop::alarm);
  EXPECT_TRUE(gate_.is_stopped_for(InputStop::alarm));
  EXPECT_FALSE(gate_.is_stopped_only_for(InputStop::reply));
  gate_.allow(InputStop::alarm);
  EXPECT_TRUE(gate_.is_stopped_only_for(InputStop::reply));
  EXPECT_EQ(resumed(), 0);
  gate_.allow(InputStop::reply);
  EXPECT_FALSE(gate_.is_stopped());
  EXPECT_TRUE(gate_.is_held());
  EXPECT_EQ(resumed(), 1);
  EXPECT_FALSE(gate_.is_held());
}

TEST_F(InputGateTest, AllowingWhatWasNotStoppedIsNothing) {
  gate_.allow(InputStop::reply);
  EXPECT_FALSE(gate_.is_held());
  EXPECT_EQ(resumed(), 0);
}

TEST_F(InputGateTest, WhoReadsGoesOnAtOnce) {
  gate_.begin_reading();
  gate_.stop(InputStop::reply);
  gate_.allow(InputStop::reply);
  gate_.end_reading();
  EXPECT_FALSE(gate_.is_held());
  EXPECT_EQ(resumed(), 0);
}

TEST_F(InputGateTest, ATargetIsWaitedForOnce) {
  gate_.stop_until_unblocked({.home = 2});
  gate_.stop_until_unblocked({.home = 3});
  std::vector<core::ShardId> asked;
  const auto is_blocked = [&](const core::PublishTarget& target) {
    asked.push_back(target.home);
    return false;
  };
  list_.unblock(is_blocked, [&](ConnectionHandle) { gate_.allow(InputStop::target); });
  EXPECT_EQ(asked, (std::vector<core::ShardId>{2}));
  EXPECT_EQ(resumed(), 1);
}

TEST_F(InputGateTest, AtTheEndEverythingIsAllowed) {
  gate_.stop(InputStop::alarm);
  gate_.stop(InputStop::output);
  gate_.allow_all(/*has_kept=*/false);
  EXPECT_FALSE(gate_.is_held());
  gate_.stop(InputStop::alarm);
  gate_.allow_all(/*has_kept=*/true);
  EXPECT_TRUE(gate_.is_held());
  EXPECT_EQ(resumed(), 1);
  gate_.stop(InputStop::alarm);
  gate_.limit_kept(core::limits::held_input_max + 1);
  gate_.allow_all(/*has_kept=*/false);
  EXPECT_EQ(resumed(), 1);
}

TEST_F(InputGateTest, TheSocketIsPausedAndGoesOn) {
  gate_.limit_kept(core::limits::held_input_max + 1);
  EXPECT_FALSE(gate_.is_paused());  // It is not held.
  gate_.stop(InputStop::alarm);
  gate_.limit_kept(core::limits::held_input_max);
  EXPECT_FALSE(gate_.is_paused());
  gate_.limit_kept(core::limits::held_input_max + 1);
  EXPECT_TRUE(part_.link().reading_paused);
  EXPECT_TRUE(gate_.is_paused());
  gate_.resume_socket();
  EXPECT_FALSE(part_.link().reading_paused);
  EXPECT_FALSE(gate_.is_paused());
}

TEST_F(InputGateTest, DroppedAndEndedAreIndependentOfThat) {
  gate_.set_dropped(true);
  EXPECT_TRUE(gate_.is_dropped());
  EXPECT_FALSE(gate_.is_stopped());
  gate_.set_dropped(false);
  EXPECT_FALSE(gate_.is_dropped());
  gate_.note_client_gone();
  EXPECT_TRUE(gate_.is_client_gone());
  EXPECT_FALSE(gate_.has_ended());
  gate_.note_end();
  EXPECT_TRUE(gate_.has_ended());
}

}  // namespace
}  // namespace lepus::amqp
