// The deadline that a queue registers, and when it is deleted for want of use.
#include "core/queue/queue_timer.h"

#include <gtest/gtest.h>

#include "core/queue/classic/idle_expiry.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

TEST(QueueTimer, RegistersTheEarliestOnly) {
  test::FakeQueueHost host;
  QueueTimer timer{QueueId{3}, host};
  timer.wake_at(never);
  EXPECT_TRUE(host.deadlines.empty());
  timer.wake_at(20);
  timer.wake_at(30);
  timer.wake_at(20);
  ASSERT_EQ(host.deadlines.size(), 1U);
  EXPECT_EQ(host.deadlines[0].at, 20);
  EXPECT_EQ(host.deadlines[0].queue, QueueId{3});
  timer.wake_at(10);
  EXPECT_EQ(host.deadlines.size(), 2U);
  timer.on_deadline();
  timer.wake_at(30);
  EXPECT_EQ(host.deadlines.back().at, 30);
}

TEST(IdleExpiry, CountsFromTheLastUse) {
  QueueInfo info{QueueSpec{}};
  IdleExpiry idle{5};
  EXPECT_EQ(idle.deadline(info), never);
  info.effective.edit().expires_ms = 2;
  EXPECT_EQ(idle.deadline(info), 2 * nanos_per_ms + 5);
  idle.note_used(7);
  EXPECT_EQ(idle.deadline(info), 2 * nanos_per_ms + 7);
}

}  // namespace
}  // namespace lepus::core
