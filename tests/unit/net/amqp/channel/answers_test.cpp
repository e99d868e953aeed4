// Each kind of answer in AMQP's words, and what holds the client's input.
#include "net/amqp/channel/answers.h"

#include <string>
#include <utility>

#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class AnswersTest : public test::ChannelPartTest {
 protected:
  ~AnswersTest() override {
    if (!session_.is_open() && !closing_.is_closed()) closing_.shut_down(false);
  }
  void answer(MethodId asked, core::Answer what, bool no_wait = false) {
    answers_.on_answer(origin_of(asked, no_wait), what);
  }
  core::MessageRef message() {
    core::MessageRef made = core::Message::create(
        {"ex", "key", test::TestClient::no_properties, 1, false, 0}, account_);
    made->append_body(core::as_bytes("x"));
    return made;
  }

  core::MemoryAccount account_;
  ChannelClosing closing_{link_, acks_};
  Answers answers_{{link_, acks_, notices_, deliveries_, closing_}};
};

TEST_F(AnswersTest, WhatIsDoneIsToldAsWhatWasAskedFor) {
  answer(MethodId::queue_bind, core::TopologyChanged{});
  answer(MethodId::queue_unbind, core::TopologyChanged{});
  answer(MethodId::exchange_declare, core::TopologyChanged{});
  answer(MethodId::exchange_delete, core::TopologyChanged{});
  answer(MethodId::exchange_bind, core::TopologyChanged{});
  answer(MethodId::exchange_unbind, core::TopologyChanged{});
  EXPECT_EQ(sent(),
            "queue.bind-ok queue.unbind-ok exchange.declare-ok exchange.delete-ok "
            "exchange.bind-ok exchange.unbind-ok");
  answer(MethodId::tx_commit, core::Committed{});
  answer(MethodId::tx_rollback, core::RolledBack{});
  EXPECT_EQ(sent(), "tx.commit-ok tx.rollback-ok");
  answer(MethodId::basic_recover, core::Recovered{});
  answer(MethodId::basic_recover_async, core::Recovered{}, /*no_wait=*/true);
  EXPECT_EQ(sent(), "basic.recover-ok");
  answer(MethodId::channel_flow, core::ConsumersStopped{});
  EXPECT_FALSE(sent_as<ChannelFlowOk>().active);
}

TEST_F(AnswersTest, CountsAreTold) {
  answer(MethodId::queue_declare, core::QueueInspected{"q", 3, 2});
  const auto declared = sent_as<QueueDeclareOk>();
  EXPECT_EQ(declared.queue, "q");
  EXPECT_EQ(declared.message_count, 3U);
  EXPECT_EQ(declared.consumer_count, 2U);
  answer(MethodId::queue_purge, core::QueuePurged{4});
  EXPECT_EQ(sent_as<QueuePurgeOk>().message_count, 4U);
  answer(MethodId::queue_delete, core::QueueDeleted{5});
  EXPECT_EQ(sent_as<QueueDeleteOk>().message_count, 5U);
  answer(MethodId::basic_cancel, core::Unsubscribed{0, "tag"});
  EXPECT_EQ(sent_as<BasicCancelOk>().consumer_tag, "tag");
}

TEST_F(AnswersTest, StepsAndWhatNobodyWaitsForAreNot) {
  answer(MethodId::queue_declare, core::QueueDeclared{"q"});
  answer(MethodId::queue_declare, core::QueueVanished{});
  answer(MethodId::tx_commit, core::RoomAnswered{true});
  answer(MethodId::queue_declare, core::Answer{});
  answer(MethodId::queue_purge, core::QueuePurged{4}, /*no_wait=*/true);
  answer(MethodId::exchange_bind, core::TopologyChanged{}, /*no_wait=*/true);
  EXPECT_EQ(sent(), "");
}

TEST_F(AnswersTest, AConsumerThatIsThereIsTold) {
  fill("q", "");
  EXPECT_EQ(consume("q", "tag"), "");
  ASSERT_NE(protocol_.last<core::Subscribed>(), nullptr);
  answer(MethodId::basic_consume, *protocol_.last<core::Subscribed>());
  EXPECT_EQ(sent_as<BasicConsumeOk>().consumer_tag, "tag");
}

TEST_F(AnswersTest, WithATimeoutItIsWatchedFromThenOn) {
  world_.settings.consumer_timeout = 10 * core::nanos_per_s;
  fill("q", "a");
  EXPECT_EQ(consume("q", "tag"), "");
  ASSERT_NE(protocol_.last<core::Subscribed>(), nullptr);
  answer(MethodId::basic_consume, *protocol_.last<core::Subscribed>(), /*no_wait=*/true);
  for (int second = 0; second < 15; ++second) world_.advance(core::nanos_per_s);
  EXPECT_EQ(protocol_.events, "+tag!tag-tag");
}

TEST_F(AnswersTest, AFailureClosesTheChannel) {
  core::RequestFailed failed{{core::ReplyCode::precondition_failed, "in use", 50, 40}, "q"};
  answer(MethodId::queue_delete, failed, /*no_wait=*/true);
  EXPECT_EQ(raised_, "7 PRECONDITION_FAILED - in use");
  failed.error = {core::ReplyCode::not_found, "", 50, 40};
  answer(MethodId::basic_consume, core::SubscribeFailed{0, failed});
  EXPECT_EQ(raised_, "7 NOT_FOUND - no queue 'q' in vhost '/'");
  EXPECT_EQ(sent(), "");
}

TEST_F(AnswersTest, InputIsHeldUntilTheAnswer) {
  answers_.on_request_pending();
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::reply));
  answers_.on_request_done();
  EXPECT_FALSE(input_.is_stopped());
}

TEST_F(AnswersTest, ABrakeWaitsForNobodyWhoConsumes) {
  has_consumers_ = true;
  answers_.on_blocked({0, core::QueueId{3}});
  EXPECT_FALSE(input_.is_stopped());
  answers_.on_blocked({0, {}});  // The way to a shard is full.
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::target));
  input_.allow(InputStop::target);
  has_consumers_ = false;
  answers_.on_blocked({0, core::QueueId{3}});
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::target));
}

TEST_F(AnswersTest, WhatNobodyWantedComesBack) {
  answers_.on_returned(core::ReplyCode::no_route, message());
  EXPECT_GT(output_.writer().brake().unsent_bytes(), 0U);
  const auto returned = sent_as<BasicReturn>();
  EXPECT_EQ(returned.reply_code, 312);
  EXPECT_EQ(returned.reply_text, "NO_ROUTE");
  EXPECT_EQ(returned.exchange, "ex");
  EXPECT_EQ(returned.routing_key, "key");
}

TEST_F(AnswersTest, TheRestGoesToThePartItIsFor) {
  answers_.on_message_got({session_.ref(), 0, {}, {}, {}, 0, false, true}, 1, {});
  EXPECT_EQ(sent(), "basic.get-empty");
  answers_.on_acks_due();
  EXPECT_TRUE(acks_.linked());
  core::SessionConsumer consumer;
  answers_.on_consumer_changed(consumer, true);
  answers_.on_consumer_overdue(consumer);
  EXPECT_EQ(answers_.connection_name(), facts_.peer.text());
  closing_.on_close_method();
  world_.settle();
  ASSERT_TRUE(protocol_.is_closed);
  answers_.on_closed();
  EXPECT_TRUE(is_closed_);
  EXPECT_EQ(sent(), "channel.close-ok");
}

}  // namespace
}  // namespace lepus::amqp
