// Consumers of a queue of any kind: exclusive use, flow, room.
#include "core/queue/consumer_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

class ConsumerSetTest : public ::testing::Test {
 protected:
  ~ConsumerSetTest() override {
    while (!set_.all().empty()) set_.remove(set_.all().back());
  }
  Consumer* add(bool exclusive, bool limited = false) {
    ConsumerSpec spec{};
    spec.channel = {2, 1, 1};
    spec.exclusive = exclusive;
    spec.limited = limited;
    spec.prefetch = 2;
    return set_.add(spec, nullptr);
  }
  test::FakeQueueHost host_;
  ConsumerSet set_{QueueId{3}, host_};
};

TEST_F(ConsumerSetTest, ExclusiveUseIsWithoutOthers) {
  ASSERT_NE(add(true), nullptr);
  EXPECT_EQ(add(false), nullptr);
  set_.remove(set_.all().front());
  ASSERT_NE(add(false), nullptr);
  EXPECT_EQ(add(true), nullptr);
  EXPECT_EQ(host_.consumers.live_count(), 1U);
}

/// Against a plain list, in which one is searched for.
TEST_F(ConsumerSetTest, StayInOrderOfArrivalWhoeverLeaves) {
  Random random{7};
  std::vector<Consumer*> model;
  for (int step = 0; step < 2'000; ++step) {
    if (model.size() < 40 && random.chance(55)) {
      model.push_back(add(false));
    } else if (!model.empty()) {
      const auto leaves = model.begin() + static_cast<std::ptrdiff_t>(random.below(model.size()));
      set_.remove(**leaves);
      model.erase(leaves);
    }
    ASSERT_EQ(set_.all().size(), model.size());
    ASSERT_EQ(set_.all().empty(), model.empty());
    ASSERT_TRUE(std::equal(set_.all().begin(), set_.all().end(), model.begin(), model.end()));
    if (model.empty()) continue;
    ASSERT_EQ(&set_.all().front(), model.front());
    ASSERT_EQ(&set_.all().back(), model.back());
  }
}

TEST_F(ConsumerSetTest, IsAbleWithRoomAndAWay) {
  Consumer& consumer = *add(false);
  EXPECT_TRUE(set_.is_able(consumer, 1, false));
  host_.outbox_port.congested_shards.insert(2);
  EXPECT_TRUE(set_.is_congested(consumer));
  EXPECT_FALSE(set_.is_able(consumer, 1, false));
  host_.outbox_port.congested_shards.clear();
  set_.set_flow(consumer, {QueueId{3}, consumer.handle, true, false});
  EXPECT_FALSE(set_.is_able(consumer, 1, false));
}

TEST_F(ConsumerSetTest, CreditGoesBackWhenNobodyNeedsIt) {
  Consumer& consumer = *add(false, true);
  EXPECT_FALSE(set_.is_able(consumer, 1, false)) << "it has to ask";
  set_.credit().grant(consumer, {4});
  EXPECT_TRUE(set_.is_able(consumer, 1, false));
  set_.give_up_credit();
  EXPECT_EQ(host_.outbox_port.take<CreditReturn>().count, 4U);
  set_.credit().grant(consumer, {2});
  set_.set_flow(consumer, {QueueId{3}, consumer.handle, false, false});
  EXPECT_EQ(host_.outbox_port.take<CreditReturn>().count, 2U) << "it has no shared limit any more";
}

}  // namespace
}  // namespace lepus::core
