// Messages between queues of one shard: all, some, so many a second, back to where they died, and
// what stays where it is.
#include "tests/unit/tools/server/shovel/shovel_world.h"

namespace lepus::server {
namespace {

class ShovelTest : public test::ShovelWorld {};

TEST_F(ShovelTest, MovesWhatIsThereInOrder) {
  const core::QueueId from = shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  for (const char* body : {"a", "b", "c"}) publish("from", body);
  start(order("from", "to"));
  run();
  EXPECT_EQ(last().ended, Ended::done);
  EXPECT_EQ(last().progress.forwarded, 3U);
  EXPECT_EQ(last().progress.remaining, 0U);
  EXPECT_EQ(count(to), 3U);
  EXPECT_EQ(count(from), 0U);
  EXPECT_EQ(drain(to), "abc");
}

TEST_F(ShovelTest, AnEmptyQueueIsDoneAtOnce) {
  shard_.declare("from");
  shard_.declare("to");
  start(order("from", "to"));
  run();
  EXPECT_EQ(last().ended, Ended::done);
}

TEST_F(ShovelTest, OnlySoMany) {
  const core::QueueId from = shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  for (const char* body : {"a", "b", "c", "d"}) publish("from", body);
  auto two = order("from", "to");
  two->ends_after_queue_length = false;
  two->ends_after = 2;
  start(std::move(two));
  run();
  EXPECT_EQ(last().ended, Ended::done);
  EXPECT_EQ(drain(to), "ab");
  EXPECT_EQ(drain(from), "cd") << "at their places";
}

TEST_F(ShovelTest, OneThatDoesNotEndGoesOnUntilItIsStopped) {
  const core::QueueId from = shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  auto forever = order("from", "to");
  forever->ends_after_queue_length = false;
  start(std::move(forever));
  run(5);
  publish("from", "a");
  run(5);
  EXPECT_TRUE(last().is_running);
  EXPECT_EQ(count(to), 1U);
  shovels_.stop(1);
  run();
  EXPECT_EQ(last().ended, Ended::stopped);
  publish("from", "b");
  EXPECT_EQ(drain(from), "b");
}

TEST_F(ShovelTest, DeadLettersGoBackToWhereTheyDied) {
  const core::QueueId letters = shard_.declare("letters");
  const core::QueueId first = shard_.declare("first");
  const core::QueueId second = shard_.declare("second");
  publish("letters", "1", death("first", "rejected"));
  publish("letters", "2", death("second", "expired"));
  publish("letters", "3", death("gone", "expired"));
  publish("letters", "4");
  auto back = order("letters", "");
  back->origin = ShovelOrigin::last_death;
  start(std::move(back));
  run();
  EXPECT_EQ(last().ended, Ended::done);
  EXPECT_EQ(last().progress.forwarded, 2U);
  EXPECT_EQ(last().progress.skipped, 2U);
  EXPECT_EQ(drain(first), "1");
  EXPECT_EQ(drain(second), "2");
  EXPECT_EQ(drain(letters), "34") << "no queue to go back to, and no dead letter";
}

TEST_F(ShovelTest, AFilterLeavesOthersAtTheirPlaces) {
  const core::QueueId letters = shard_.declare("letters");
  const core::QueueId to = shard_.declare("to");
  publish("letters", "1", death("a", "rejected"));
  publish("letters", "2", death("b", "rejected"));
  publish("letters", "3", death("a", "expired"));
  publish("letters", "4", death("a", "rejected"));
  auto some = order("letters", "to");
  some->filter.died_in = "a";
  some->filter.reason = "rejected";
  start(std::move(some));
  run();
  EXPECT_EQ(drain(to), "14");
  EXPECT_EQ(drain(letters), "23");
}

TEST_F(ShovelTest, OneByItsId) {
  const core::QueueId from = shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  for (const char* body : {"a", "b", "c"}) publish("from", body);
  auto one = order("from", "to");
  one->filter.message_id = "b";
  one->ends_after_queue_length = false;
  one->ends_after = 1;
  start(std::move(one));
  run();
  EXPECT_EQ(last().ended, Ended::done);
  EXPECT_EQ(drain(to), "b");
  EXPECT_EQ(drain(from), "ac");
}

TEST_F(ShovelTest, NotFasterThanItsRate) {
  shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  for (int i = 0; i < 100; ++i) publish("from", "x");
  auto slow = order("from", "to");
  slow->rate_max = 10;
  start(std::move(slow));
  run_with_time(20);
  EXPECT_GE(count(to), 15U);
  EXPECT_LE(count(to), 25U) << "two seconds";
  shovels_.stop_all();
  run();
}

TEST_F(ShovelTest, AMissingQueueIsAFailureUnlessItMayBeDeclared) {
  shard_.declare("from");
  start(order("from", "to"));
  run();
  EXPECT_EQ(last().ended, Ended::failed);
  EXPECT_EQ(last().why, "target: NOT_FOUND - no queue 'to' in vhost '/'");
}

TEST_F(ShovelTest, AFullTargetEndsTheRunAndNothingIsLost) {
  const core::QueueId from = shard_.declare("from");
  core::TopologyRequest full = shard_.request(core::TopologyRequest::Kind::declare_queue, "to");
  core::FieldTableWriter arguments;
  arguments.int32("x-max-length", 1);
  arguments.text("x-overflow", "reject-publish");
  full.arguments = arguments.take();
  shard_.change(full);
  shard_.outbox.clear();
  for (const char* body : {"a", "b", "c"}) publish("from", body);
  start(order("from", "to"));
  run();
  EXPECT_EQ(last().ended, Ended::failed);
  EXPECT_EQ(last().why, "target: a message was refused: a queue that it reaches is full");
  const core::QueueId to = shard_.master.find_queue(shard_.vhost, "to")->id;
  EXPECT_EQ(count(to) + count(from), 3U);
  EXPECT_EQ(count(to), 1U);
}

TEST_F(ShovelTest, AnAlarmStopsIt) {
  shard_.declare("from");
  const core::QueueId to = shard_.declare("to");
  publish("from", "a");
  shard_.broker.apply(core::Alarm{true, false});
  start(order("from", "to"));
  run_with_time(20);
  EXPECT_EQ(count(to), 0U);
  EXPECT_TRUE(last().progress.is_blocked);
  shard_.broker.apply(core::Alarm{});
  run();
  EXPECT_EQ(count(to), 1U);
}

TEST_F(ShovelTest, WhenOthersTookTheRestItIsDone) {
  const core::QueueId from = shard_.declare("from");
  shard_.declare("to");
  for (int i = 0; i < 3; ++i) publish("from", "x");
  auto one = order("from", "to");
  one->prefetch = 1;
  one->rate_max = 1;
  start(std::move(one));
  run(3);
  (void)drain(from);
  run_with_time(60);
  EXPECT_TRUE(shovels_.is_empty());
  EXPECT_EQ(last().ended, Ended::done);
}

TEST_F(ShovelTest, ADeletedSourceIsAFailure) {
  const core::QueueId from = shard_.declare("from");
  shard_.declare("to");
  auto forever = order("from", "to");
  forever->ends_after_queue_length = false;
  start(std::move(forever));
  run(5);
  shard_.delete_queue(from);
  run();
  EXPECT_EQ(last().ended, Ended::failed);
}

}  // namespace
}  // namespace lepus::server
