// What the answers of other threads mean for the request that waits for them.
#include "core/session/pending_answer.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

class PendingAnswerTest : public ::testing::Test {
 protected:
  void expect(PendingAnswer::Request request) {
    pending_.expect({50, 10, true}, std::move(request));
  }
  PendingAnswer::Answered reply(std::uint32_t messages = 0, std::uint32_t consumers = 0) {
    return pending_.on_reply({{}, messages, consumers, {4, 2}, 0, {}, nullptr});
  }
  PendingAnswer::Answered refuse(std::string detail) {
    auto error = std::make_unique<AmqpError>(AmqpError{ReplyCode::not_found, std::move(detail)});
    return pending_.on_reply({{}, 0, 0, {}, 0, {}, std::move(error)});
  }
  PendingAnswer::Answered done(std::uint32_t messages = 0) {
    return pending_.on_topology_done({{}, messages, nullptr});
  }
  PendingAnswer pending_;
};

TEST_F(PendingAnswerTest, TheOriginComesBackWithTheAnswer) {
  EXPECT_FALSE(pending_.is_awaited());
  expect(PurgeRequest{});
  EXPECT_TRUE(pending_.is_awaited());
  EXPECT_TRUE(pending_.awaits<PurgeRequest>());
  EXPECT_FALSE(pending_.awaits<GetRequest>());
  const auto answered = reply(7);
  EXPECT_EQ(answered.origin.class_id, 50);
  EXPECT_EQ(answered.origin.method_id, 10);
  EXPECT_TRUE(answered.origin.no_wait);
  EXPECT_TRUE(answered.is_final);
  EXPECT_EQ(std::get<QueuePurged>(answered.answer).message_count, 7U);
  EXPECT_FALSE(pending_.is_awaited());
}

TEST_F(PendingAnswerTest, AQueueIsDeclaredThenInspected) {
  expect(DeclareQueueRequest{"q", nullptr});
  const auto declared = done();
  EXPECT_FALSE(declared.is_final) << "its counts are to be asked for";
  EXPECT_EQ(std::get<QueueDeclared>(declared.answer).name, "q");
  const auto inspected = reply(3, 2);
  EXPECT_TRUE(inspected.is_final);
  const auto& counts = std::get<QueueInspected>(inspected.answer);
  EXPECT_EQ(counts.name, "q");
  EXPECT_EQ(counts.message_count, 3U);
  EXPECT_EQ(counts.consumer_count, 2U);
}

TEST_F(PendingAnswerTest, ADeclaredQueueMayVanishBeforeItsCountsAreKnown) {
  TopologyRequest request;
  request.name = "q";
  expect(DeclareQueueRequest{"q", std::make_unique<TopologyRequest>(request)});
  (void)done();
  Reply gone{};
  gone.is_gone = true;
  const auto vanished = pending_.on_reply(gone);
  EXPECT_FALSE(vanished.is_final);
  EXPECT_TRUE(std::holds_alternative<QueueVanished>(vanished.answer));
  ASSERT_NE(pending_.find<DeclareQueueRequest>(), nullptr);
  EXPECT_EQ(pending_.find<DeclareQueueRequest>()->request->name, "q");
  EXPECT_EQ(pending_.find<PurgeRequest>(), nullptr);
  (void)done();
  EXPECT_TRUE(std::holds_alternative<QueueInspected>(reply(1, 0).answer));
  EXPECT_FALSE(pending_.is_awaited());
}

TEST_F(PendingAnswerTest, AConsumerGetsItsHandleOrIsForgotten) {
  expect(SubscribeRequest{9, "q"});
  const auto subscribed = std::get<Subscribed>(reply().answer);
  EXPECT_EQ(subscribed.number, 9U);
  EXPECT_EQ(subscribed.handle, (ConsumerHandle{4, 2}));
  expect(SubscribeRequest{9, "q"});
  const auto answered = refuse({});
  EXPECT_TRUE(answered.is_final);
  const auto& failed = std::get<SubscribeFailed>(answered.answer);
  EXPECT_EQ(failed.number, 9U);
  EXPECT_EQ(failed.why.name, "q") << "the queue is not there";
  EXPECT_EQ(failed.why.error.class_id, 50);
  EXPECT_EQ(failed.why.error.method_id, 10);
}

TEST_F(PendingAnswerTest, AQueuesHomeOrTheControlThreadAnswers) {
  expect(UnsubscribeRequest{9, "tag"});
  EXPECT_EQ(std::get<Unsubscribed>(reply().answer).tag, "tag");
  expect(UnsubscribeRequest{9, "tag"});
  EXPECT_EQ(std::get<Unsubscribed>(done().answer).number, 9U);
  expect(DeleteQueueRequest{});
  EXPECT_EQ(std::get<QueueDeleted>(reply(1).answer).message_count, 1U);
  expect(DeleteQueueRequest{});
  EXPECT_EQ(std::get<QueueDeleted>(done(2).answer).message_count, 2U);
  expect(ChangeTopologyRequest{});
  EXPECT_TRUE(std::holds_alternative<TopologyChanged>(done().answer));
}

TEST_F(PendingAnswerTest, ConsumersAreStoppedWhenEachQueueHasAnswered) {
  expect(StopConsumersRequest{3});
  EXPECT_FALSE(reply().is_final);
  EXPECT_FALSE(refuse("a queue that is gone has stopped").is_final);
  const auto last = reply();
  EXPECT_TRUE(last.is_final);
  EXPECT_TRUE(std::holds_alternative<ConsumersStopped>(last.answer));
}

TEST_F(PendingAnswerTest, ACommitGoesOnUntilItIsFinished) {
  expect(CommitRequest{});
  EXPECT_FALSE(std::get<RoomAnswered>(reply().answer).is_full);
  EXPECT_TRUE(std::get<RoomAnswered>(refuse("full").answer).is_full);
  EXPECT_TRUE(pending_.is_awaited());
  pending_.finish();
  EXPECT_FALSE(pending_.is_awaited());
}

TEST_F(PendingAnswerTest, AnErrorOfTheControlThreadFailsTheRequest) {
  expect(DeclareQueueRequest{"q", nullptr});
  auto error = std::make_unique<AmqpError>(AmqpError{ReplyCode::precondition_failed, "why"});
  const auto answered = pending_.on_topology_done({{}, 0, std::move(error)});
  EXPECT_TRUE(answered.is_final);
  const auto& failed = std::get<RequestFailed>(answered.answer);
  EXPECT_EQ(failed.error.detail, "why");
  EXPECT_EQ(failed.error.class_id, 50);
  EXPECT_EQ(failed.name, "q");
  expect(GetRequest{});
  EXPECT_EQ(std::get<RequestFailed>(refuse("no").answer).error.detail, "no");
}

TEST_F(PendingAnswerTest, ACancelledRequestIsNotAwaited) {
  expect(PublishRequest{});
  pending_.cancel();
  EXPECT_FALSE(pending_.is_awaited());
  pending_.cancel();
  expect(GetRequest{});
  EXPECT_TRUE(pending_.awaits<GetRequest>());
}

}  // namespace
}  // namespace lepus::core
