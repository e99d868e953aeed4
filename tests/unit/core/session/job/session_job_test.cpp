// One publish, or one look at a queue, by somebody who has no connection.
#include "core/session/job/session_job.h"

#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using Settlement = MessageRequest::Settlement;

class SessionJobTest : public ::testing::Test {
 protected:
  std::unique_ptr<MessageRequest> request(MessageRequest::Kind kind) {
    auto made = std::make_unique<MessageRequest>();
    made->number = 3;
    made->kind = kind;
    made->user = "op";
    made->vhost_name = "/";
    made->vhost = shard_.vhost;
    return made;
  }
  std::unique_ptr<SessionJob> start(std::unique_ptr<MessageRequest> request) {
    auto job = make_session_job(shard_.broker, std::move(request), {1'000, interceptors_, "n"});
    for (int turn = 0; turn < 100 && job->has_work(); ++turn) job->work();
    return job;
  }
  /// Runs a job that is done without anybody else's help.
  std::unique_ptr<MessageResult> run(std::unique_ptr<MessageRequest> request) {
    const auto job = start(std::move(request));
    shard_.broker.flush();
    job->collect();
    EXPECT_TRUE(job->is_done());
    return job->is_done() ? job->take_result() : std::make_unique<MessageResult>();
  }
  std::unique_ptr<MessageRequest> publish_to(std::string_view key, std::string_view body) {
    auto made = request(MessageRequest::Kind::publish);
    made->routing_key = key;
    made->body = body;
    return made;
  }
  std::unique_ptr<MessageRequest> look_at(std::string_view queue, std::uint32_t count,
                                          Settlement settlement = Settlement::peek) {
    auto made = request(MessageRequest::Kind::get);
    made->queue = queue;
    made->count_max = count;
    made->settlement = settlement;
    return made;
  }
  static std::string bodies(const MessageResult& result) {
    std::string all;
    for (const ShownMessage& one : result.messages) all += one.body + " ";
    return all;
  }
  std::uint32_t ready(QueueId queue) { return shard_.inspect(queue).message_count; }

  test::FakeShard shard_;
  Interceptors interceptors_;
};

TEST_F(SessionJobTest, APublishIsDoneWhenItIsDurable) {
  shard_.durable = true;
  shard_.message_log.slow = true;
  const QueueId queue = shard_.declare("q");
  auto wanted = publish_to("q", "a");
  PropertiesView view;
  view.delivery_mode = 2;
  view.set(Property::delivery_mode);
  wanted->properties = as_text(encode_properties(view));
  const auto job = start(std::move(wanted));
  shard_.broker.flush();
  job->collect();
  EXPECT_FALSE(job->is_done()) << "it waits for the disk";
  EXPECT_FALSE(job->has_work());
  shard_.message_log.durable_up_to = shard_.message_log.submitted;
  shard_.broker.flush();
  job->collect();
  ASSERT_TRUE(job->is_done());
  const auto result = job->take_result();
  EXPECT_EQ(result->number, 3U);
  EXPECT_TRUE(result->is_routed);
  EXPECT_FALSE(result->error);
  EXPECT_EQ(ready(queue), 1U);
}

TEST_F(SessionJobTest, APublishThatReachesNoQueueSaysSo) {
  const auto result = run(publish_to("nowhere", "a"));
  EXPECT_FALSE(result->is_routed);
  EXPECT_FALSE(result->error);
}

TEST_F(SessionJobTest, AFullQueueRefuses) {
  TopologyRequest full = shard_.request(test::FakeShard::Kind::declare_queue, "full");
  FieldTableWriter arguments;
  arguments.int64("x-max-length", 0);
  arguments.text("x-overflow", "reject-publish");
  full.arguments = arguments.take();
  shard_.change(full);
  const auto result = run(publish_to("full", "a"));
  EXPECT_TRUE(result->is_refused);
  EXPECT_FALSE(result->error);
}

TEST_F(SessionJobTest, APublishThatCannotBeFails) {
  auto missing = publish_to("k", "a");
  missing->exchange = "missing";
  EXPECT_EQ(run(std::move(missing))->error->code, ReplyCode::not_found);
  EXPECT_EQ(run(publish_to("k", std::string(1'001, 'x')))->error->code,
            ReplyCode::precondition_failed);
  shard_.broker.apply(Alarm{true, false});
  const auto blocked = run(publish_to("k", "a"));
  ASSERT_TRUE(blocked->error);
  EXPECT_EQ(blocked->error->detail, "publishers are blocked: low on memory");
}

TEST_F(SessionJobTest, APeekLeavesMessagesInTheirOrder) {
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "abc");
  const auto result = run(look_at("q", 2));
  EXPECT_EQ(bodies(*result), "a b ");
  EXPECT_EQ(result->messages[0].message_count, 2U);
  EXPECT_FALSE(result->messages[0].redelivered);
  EXPECT_EQ(result->messages[1].body_size, 1U);
  EXPECT_EQ(ready(queue), 3U);
  EXPECT_EQ(bodies(*run(look_at("q", 10))), "a b c ");
}

TEST_F(SessionJobTest, WhatIsAcknowledgedIsGone) {
  const QueueId queue = shard_.declare("q");
  shard_.publish_each("q", "abc");
  EXPECT_EQ(bodies(*run(look_at("q", 2, Settlement::ack))), "a b ");
  EXPECT_EQ(ready(queue), 1U);
  EXPECT_EQ(bodies(*run(look_at("q", 2, Settlement::reject))), "c ");
  EXPECT_EQ(ready(queue), 0U);
  EXPECT_EQ(bodies(*run(look_at("q", 2))), "");
}

TEST_F(SessionJobTest, ManyMessagesTakeManyTurns) {
  shard_.declare("q");
  const std::size_t count = limits::job_gets_per_turn + 3;
  shard_.publish_each("q", std::string(count, 'x'));
  auto job = make_session_job(shard_.broker, look_at("q", 1'000), {1'000, interceptors_, "n"});
  job->work();
  EXPECT_FALSE(job->is_done());
  EXPECT_TRUE(job->has_work());
  job->work();
  ASSERT_TRUE(job->is_done());
  EXPECT_EQ(job->take_result()->messages.size(), count);
}

TEST_F(SessionJobTest, AnAnswerHasALimit) {
  shard_.declare("q");
  const std::string body(limits::job_bytes_max / 2, 'x');
  for (int i = 0; i < 3; ++i) shard_.publish("", "q", body);
  auto result = run(look_at("q", 3));
  EXPECT_EQ(result->messages.size(), 2U);
  EXPECT_TRUE(result->is_limited);
  auto cut = look_at("q", 3);
  cut->body_size_max = 4;
  result = run(std::move(cut));
  EXPECT_EQ(bodies(*result), "xxxx xxxx xxxx ");
  EXPECT_EQ(result->messages[0].body_size, body.size());
  EXPECT_FALSE(result->is_limited);
}

TEST_F(SessionJobTest, AQueueElsewhereAnswersLater) {
  const QueueId queue = shard_.declare("far", 1);
  const auto job = start(look_at("far", 5));
  EXPECT_FALSE(job->has_work());
  const auto asked = shard_.outbox.all<Get>();
  ASSERT_EQ(asked.size(), 1U);
  const ChannelRef asker = asked[0].channel;
  GetReply reply{asker, 0, queue, 8, {}, 1, true, false};
  reply.message = export_message(shard_.message("m"));
  shard_.broker.apply(std::move(reply));
  ASSERT_TRUE(job->has_work());
  job->work();
  shard_.broker.apply(GetReply{asker, 0, queue, 0, {}, 1, false, true});
  job->work();
  ASSERT_TRUE(job->is_done());
  const auto result = job->take_result();
  EXPECT_EQ(bodies(*result), "m ");
  EXPECT_TRUE(result->messages[0].redelivered);
  const auto settles = shard_.outbox.all<Settle>();
  ASSERT_EQ(settles.size(), 1U);
  EXPECT_EQ(settles[0].outcome, Outcome::undelivered);
}

TEST_F(SessionJobTest, AJobThatIsGivenUpGivesBack) {
  const QueueId queue = shard_.declare("far", 1);
  {
    const auto job = start(look_at("far", 5));
    const auto asked = shard_.outbox.all<Get>();
    ASSERT_EQ(asked.size(), 1U);
    GetReply reply{asked[0].channel, 0, queue, 8, {}, 1, true, false};
    reply.message = export_message(shard_.message("m"));
    shard_.broker.apply(std::move(reply));
  }
  const auto settles = shard_.outbox.all<Settle>();
  ASSERT_EQ(settles.size(), 1U);
  EXPECT_EQ(settles[0].first, 8U);
}

TEST_F(SessionJobTest, RefusalsOfTheQueueAreErrors) {
  EXPECT_EQ(run(look_at("missing", 1))->error->code, ReplyCode::not_found);
  TopologyRequest mine = shard_.request(test::FakeShard::Kind::declare_queue, "mine");
  mine.exclusive = true;
  shard_.change(mine);
  EXPECT_EQ(run(look_at("mine", 1))->error->code, ReplyCode::resource_locked);
}

}  // namespace
}  // namespace lepus::core
