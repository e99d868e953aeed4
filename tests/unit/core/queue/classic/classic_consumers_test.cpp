// Consumers that come, change and leave: what the queue is asked to do then.
#include "core/queue/classic/classic_consumers.h"

#include <gtest/gtest.h>

#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class ClassicConsumersTest : public test::QueuePartsTest {
 protected:
  ClassicConsumersTest() {
    Parts& parts = make({});
    returns_ = std::make_unique<Returns>(
        parts.context, Returns::Parts{parts.residency, parts.forwarding, parts.limits});
    consumers_ = std::make_unique<ClassicConsumers>(parts.context, parts.delivery, *returns_);
  }
  Consumer& subscribe(bool limited = false) {
    ConsumerSpec spec{};
    spec.channel = {2, 1, 1};
    spec.limited = limited;
    Consumer* consumer = consumers_->subscribe(spec, nullptr, nullptr);
    CHECK(consumer != nullptr);
    return *consumer;
  }

  std::unique_ptr<Returns> returns_;
  std::unique_ptr<ClassicConsumers> consumers_;
};

TEST_F(ClassicConsumersTest, TheQueueIsScheduledIfThereIsSomethingToTake) {
  EXPECT_EQ(subscribe().queue, &parts_->queue);
  EXPECT_FALSE(host_.is_scheduled());
  push("a");
  subscribe();
  EXPECT_TRUE(host_.is_scheduled());
  EXPECT_EQ(consumers_->all().size(), 2U);
}

TEST_F(ClassicConsumersTest, ExclusiveUseIsRefused) {
  subscribe();
  ConsumerSpec spec{};
  spec.exclusive = true;
  EXPECT_EQ(consumers_->subscribe(spec, nullptr, nullptr), nullptr);
}

TEST_F(ClassicConsumersTest, LeavingIsUse) {
  consumers_->unsubscribe(subscribe());
  EXPECT_TRUE(consumers_->all().empty());
  EXPECT_EQ(parts_->queue.uses, 1);
}

TEST_F(ClassicConsumersTest, AChannelThatPausesStopsItsConsumer) {
  Consumer& consumer = subscribe();
  push("a");
  consumers_->set_flow(consumer, {QueueId{6}, consumer.handle, true, false});
  EXPECT_TRUE(consumer.paused);
  host_.unschedule();
  consumers_->set_flow(consumer, {QueueId{6}, consumer.handle, false, false});
  EXPECT_FALSE(consumer.paused);
  EXPECT_TRUE(host_.is_scheduled());
}

TEST_F(ClassicConsumersTest, CreditSchedulesAnEmptyQueueToGiveItBack) {
  Consumer& consumer = subscribe(true);
  consumers_->grant_credit(consumer, {3});
  EXPECT_EQ(consumer.credit.count, 3U);
  EXPECT_TRUE(host_.is_scheduled());
}

}  // namespace
}  // namespace lepus::core
