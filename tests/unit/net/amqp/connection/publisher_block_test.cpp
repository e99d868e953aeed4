// What a publisher is told of an alarm, and for how long it may be in the middle of something.
#include "net/amqp/connection/publisher_block.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

class PublisherBlockTest : public ::testing::Test {
 protected:
  PublisherBlockTest() {
    part_.facts().capabilities.connection_blocked = true;
    timer_.bind<&PublisherBlockTest::on_timer>(this);
  }
  void on_timer(io::Timer&) {}
  core::Nanos now() { return loop_.now(); }

  test::StillDriver driver_;
  io::Loop loop_{driver_, {}};
  test::PartWorld part_;
  ResumeList list_;
  Output output_{part_.stream()};
  InputGate input_{part_.stream(), list_};
  ConnectionTimer timer_{loop_};
  PublisherBlock block_{{part_.facts(), output_, input_, timer_}};
};

TEST_F(PublisherBlockTest, TheClientIsToldOnceAndThatItIsOver) {
  block_.block({.disk = true}, false, now());
  block_.block({.memory = true, .disk = true}, false, now());
  EXPECT_TRUE(input_.is_stopped_for(InputStop::alarm));
  EXPECT_EQ(part_.sent_methods(), "connection.blocked");
  block_.unblock();
  EXPECT_FALSE(input_.is_stopped());
  block_.unblock();
  EXPECT_EQ(part_.sent_methods(), "connection.unblocked");
}

TEST_F(PublisherBlockTest, OneThatCannotHearIsStoppedAllTheSame) {
  part_.facts().capabilities.connection_blocked = false;
  block_.block({.memory = true}, false, now());
  EXPECT_TRUE(input_.is_stopped_for(InputStop::alarm));
  block_.unblock();
  EXPECT_EQ(part_.sent_methods(), "");
}

TEST_F(PublisherBlockTest, HalfDoneItMayNotStayForEver) {
  constexpr core::Nanos wait = core::limits::content_stop_wait;
  block_.block({.memory = true}, false, now());
  EXPECT_FALSE(timer_.is_armed());
  EXPECT_FALSE(block_.stopped_long(now() + 2 * wait));
  block_.block({.memory = true}, true, now());
  EXPECT_TRUE(timer_.is_armed());
  EXPECT_FALSE(block_.stopped_long(now() + wait - 1));
  EXPECT_TRUE(block_.stopped_long(now() + wait));
  block_.unblock();
  EXPECT_FALSE(block_.stopped_long(now() + wait));
}

TEST_F(PublisherBlockTest, HeartbeatsHaveTheTimer) {
  part_.facts().tuned.heartbeat_s = 60;
  block_.block({.memory = true}, true, now());
  EXPECT_FALSE(timer_.is_armed());
}

}  // namespace
}  // namespace lepus::amqp
