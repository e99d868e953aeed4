// Lines of what consumers are to get again, over messages that are in memory, on disk or gone.
#include "core/queue/classic/redeliveries.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

using test::FakeQueueHost;
using Unacked = Redeliveries::Unacked;

class RedeliveriesTest : public ::testing::Test, private Redeliveries::Source {
 protected:
  RedeliveriesTest() {
    consumers_.push_back(first_);
    consumers_.push_back(second_);
  }
  /// A consumer on shard 2 that has this message unacknowledged.
  void add(Consumer& consumer, Sequence sequence, std::string_view body, bool used_credit = false) {
    messages_[sequence] = host_.message(body);
    consumer.add_unacked(body.size());
    lines_.add(consumer, {sequence, used_credit});
  }
  bool serve(std::size_t budget = 100) {
    budget_left_ = budget;
    return lines_.serve(consumers_, *this, budget_left_);
  }
  /// The bodies that went out since the last call.
  std::string sent() {
    std::string all;
    for (const Deliver& one : host_.outbox_port.all<Deliver>()) {
      EXPECT_TRUE(one.redelivered);
      all += as_text(one.message->inline_body());
    }
    host_.outbox_port.clear();
    return all;
  }

  static ConsumerSpec spec(std::uint32_t number) {
    ConsumerSpec made{};
    made.channel = {2, number, 1};
    made.number = number;
    return made;
  }

  FakeQueueHost host_;
  Consumer first_{spec(1), nullptr};
  Consumer second_{spec(2), nullptr};
  ConsumerList consumers_;
  std::map<Sequence, MessageRef> messages_;  ///< Null: on disk.
  Redeliveries lines_{QueueId{3}, host_};
  std::size_t budget_left_ = 0;

 private:
  Unacked find_unacked(Sequence sequence) override {
    const auto found = messages_.find(sequence);
    if (found == messages_.end()) return {};
    if (!found->second) return {Unacked::Where::on_disk, nullptr, 0};
    return {Unacked::Where::in_memory, found->second.get(), 7};
  }
};

TEST_F(RedeliveriesTest, EachConsumerGetsItsOwnAgain) {
  EXPECT_TRUE(lines_.empty());
  add(first_, 1, "a");
  add(first_, 2, "b");
  add(second_, 3, "c");
  EXPECT_FALSE(lines_.empty());
  EXPECT_FALSE(serve());
  const auto deliveries = host_.outbox_port.all<Deliver>();
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_EQ(deliveries[0].sequence, 1U);
  EXPECT_EQ(deliveries[0].delivery_count, 7U);
  EXPECT_EQ(deliveries[2].number, 2U);
  EXPECT_EQ(sent(), "abc");
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(budget_left_, 97U);
}

TEST_F(RedeliveriesTest, TheBudgetEndsATurn) {
  for (Sequence sequence = 1; sequence <= 3; ++sequence) add(first_, sequence, "x");
  EXPECT_TRUE(serve(2));
  EXPECT_EQ(sent(), "xx");
  EXPECT_FALSE(serve(2));
  EXPECT_EQ(sent(), "x");
}

TEST_F(RedeliveriesTest, WhatIsOnDiskIsWaitedFor) {
  add(first_, 1, "a");
  add(first_, 2, "b");
  add(second_, 3, "c");
  messages_[1] = {};
  EXPECT_FALSE(serve()) << "the queue is pumped when it comes";
  EXPECT_EQ(sent(), "c");
  messages_[1] = host_.message("a");
  EXPECT_FALSE(serve());
  EXPECT_EQ(sent(), "ab");
}

TEST_F(RedeliveriesTest, WhoIsPausedWaitsAndWhoIsCongestedTriesAgain) {
  add(first_, 1, "a");
  first_.paused = true;
  EXPECT_FALSE(serve());
  EXPECT_EQ(sent(), "");
  first_.paused = false;
  host_.outbox_port.congested_shards.insert(2);
  EXPECT_TRUE(serve());
  EXPECT_EQ(sent(), "");
  host_.outbox_port.congested_shards.clear();
  EXPECT_FALSE(serve());
  EXPECT_EQ(sent(), "a");
}

TEST_F(RedeliveriesTest, WhatIsDamagedGivesItsCreditBack) {
  add(first_, 1, "a", true);
  add(first_, 2, "b", true);
  messages_.erase(1);
  EXPECT_FALSE(serve());
  EXPECT_EQ(first_.unacked_count, 1U);
  const auto returns = host_.outbox_port.all<CreditReturn>();
  ASSERT_EQ(returns.size(), 1U);
  EXPECT_EQ(returns[0].count, 1U);
  const auto deliveries = host_.outbox_port.all<Deliver>();
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_TRUE(deliveries[0].used_credit);
}

TEST_F(RedeliveriesTest, AConsumerThatLeavesTakesItsLine) {
  add(first_, 1, "a", true);
  add(first_, 2, "b");
  const auto line = lines_.take_all(first_);
  ASSERT_EQ(line.size(), 2U);
  EXPECT_EQ(line[0].sequence, 1U);
  EXPECT_TRUE(line[0].used_credit);
  EXPECT_FALSE(line[1].used_credit);
  EXPECT_TRUE(lines_.empty());
  EXPECT_TRUE(lines_.take_all(first_).empty());
}

}  // namespace
}  // namespace lepus::core
