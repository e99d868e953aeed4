// Which queues give up memory, and when.
#include "core/broker/eviction_list.h"

#include <gtest/gtest.h>

#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

class EvictionListTest : public ::testing::Test {
 protected:
  /// A durable queue with so many messages whose records are written.
  QueueInfo& filled(std::string_view name, int count) {
    QueueInfo& info = world_.declare(name, 0, true);
    for (int i = 0; i < count; ++i) world_.publish({&info}, "x", {}, true);
    world_.host.message_log_port.flush();
    return info;
  }
  void work() {
    for (const auto& [queue, has_own_limit] : world_.host.candidates)
      list_.add(queue, has_own_limit);
    world_.host.candidates.clear();
    for (const QueueId queue : world_.host.written_awaited) list_.await_written(queue);
    world_.host.written_awaited.clear();
    list_.work(world_.host.turn_to_change());
  }

  PartsWorld world_;
  EvictionList list_{world_.queues, world_.host.memory()};
};

TEST_F(EvictionListTest, NothingLeavesWhileThereIsMemory) {
  const QueueInfo& info = filled("q", 3);
  work();
  EXPECT_EQ(info.local->storage().resident_count(), 3U);
  EXPECT_FALSE(world_.host.turn().memory_pressure);
  EXPECT_FALSE(list_.has_work());
}

TEST_F(EvictionListTest, UnderPressureEveryQueueGivesWhatItCan) {
  const QueueInfo& one = filled("one", 3);
  const QueueInfo& two = filled("two", 2);
  list_.set_pressure_threshold(0);
  const std::uint32_t epoch = world_.host.turn().pressure_epoch;
  work();
  work();
  EXPECT_TRUE(one.local->storage().resident_count() == 0 &&
              two.local->storage().resident_count() == 0);
  EXPECT_EQ(world_.host.memory().message_bytes, 0U);
  EXPECT_EQ(world_.host.turn().pressure_epoch, epoch + 1) << "it began once";
  work();
  EXPECT_FALSE(world_.host.turn().memory_pressure) << "nothing is above the threshold any more";
}

TEST_F(EvictionListTest, ATransientMessageIsSpilledAndLeavesOnceThatIsWritten) {
  QueueInfo& info = world_.declare("q");
  FakeMessageLog& log = world_.host.message_log_port;
  log.slow = true;
  world_.publish({&info}, "x");
  list_.set_pressure_threshold(0);
  work();
  EXPECT_EQ(log.paged, 1U);
  EXPECT_EQ(info.local->storage().resident_count(), 1U) << "not written yet";
  log.flush();
  log.durable_up_to = log.submitted;
  work();
  EXPECT_EQ(info.local->storage().resident_count(), 0U);
}

TEST_F(EvictionListTest, AQueueThatIsGoneLeavesTheList) {
  const QueueInfo& info = filled("q", 1);
  list_.set_pressure_threshold(0);
  QueueInfo& other = world_.declare("other", 0, true);
  for (const auto& [queue, has_own_limit] : world_.host.candidates) list_.add(queue, has_own_limit);
  world_.host.candidates.clear();
  world_.queues.remove(info.id);
  world_.publish({&other}, "x", {}, true);
  world_.host.message_log_port.flush();
  work();
  work();
  EXPECT_EQ(other.local->storage().resident_count(), 0U);
}

}  // namespace
}  // namespace lepus::core::test
