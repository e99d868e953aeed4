// A look at a piece of a stream by somebody who has no connection.
#include "core/session/job/browse_job.h"

#include "core/limits/live.h"
#include "tests/unit/core/stream/stream_world.h"

namespace lepus::core {
namespace {

using Start = StreamStart::Kind;

class BrowseJobTest : public test::StreamWorld {
 protected:
  std::unique_ptr<SessionJob> begin(StreamStart start, std::uint32_t count,
                                    std::uint64_t body_size_max = UINT64_MAX) {
    auto made = std::make_unique<MessageRequest>();
    made->number = 7;
    made->kind = MessageRequest::Kind::browse;
    made->user = "op";
    made->vhost_name = "/";
    made->vhost = shard_.vhost;
    made->queue = "s";
    made->start = start;
    made->count_max = count;
    made->body_size_max = body_size_max;
    return make_session_job(shard_.broker, std::move(made), {1'000, interceptors_, "n"});
  }
  /// As a shard does it. Returns how many turns it took.
  int turns(SessionJob& job) {
    for (int turn = 1; turn < 200; ++turn) {
      if (job.has_work()) job.work();
      shard_.broker.flush();
      job.collect();
      if (job.is_done()) return turn;
      shard_.broker.pump();
      shard_.message_log.bring();
    }
    ADD_FAILURE() << "it does not end";
    return 0;
  }
  std::unique_ptr<MessageResult> browse(StreamStart start, std::uint32_t count,
                                        std::uint64_t body_size_max = UINT64_MAX) {
    const auto job = begin(start, count, body_size_max);
    (void)turns(*job);
    return job->is_done() ? job->take_result() : std::make_unique<MessageResult>();
  }
  static std::string bodies(const MessageResult& result) {
    std::string all;
    for (const ShownMessage& one : result.messages) all += one.body;
    return all;
  }

  Interceptors interceptors_;
};

TEST_F(BrowseJobTest, ItBeginsWhereItIsTold) {
  queue_ = declare();
  publish("abcde");
  EXPECT_EQ(bodies(*browse({Start::first, 0}, 2)), "ab");
  EXPECT_EQ(bodies(*browse({Start::offset, 2}, 2)), "cd");
  EXPECT_EQ(bodies(*browse({Start::offset, 2}, 100)), "cde");
  EXPECT_EQ(bodies(*browse({Start::last, 0}, 10)), "e");
  EXPECT_EQ(bodies(*browse({Start::time, 0}, 3)), "abc");
  EXPECT_EQ(bodies(*browse({Start::next, 0}, 10)), "");
  EXPECT_EQ(bodies(*browse({Start::offset, 90}, 10)), "");
}

TEST_F(BrowseJobTest, ItSaysWhereItIs) {
  queue_ = declare();
  shard_.broker.advance(12 * nanos_per_s);
  publish("abcde");
  const auto piece = browse({Start::offset, 1}, 2);
  EXPECT_EQ(piece->number, 7U);
  ASSERT_EQ(piece->messages.size(), 2U);
  EXPECT_EQ(piece->messages[0].offset, 1U);
  EXPECT_EQ(piece->messages[1].offset, 2U);
  EXPECT_EQ(piece->messages[0].arrived_ms, 12'000U);
  EXPECT_EQ(piece->first_offset, 0U);
  EXPECT_EQ(piece->next_offset, 3U);
  EXPECT_EQ(piece->end_offset, 5U);
  EXPECT_EQ(browse({Start::next, 0}, 1)->next_offset, 5U);
}

TEST_F(BrowseJobTest, NothingIsTouched) {
  queue_ = declare();
  publish("abc");
  (void)browse({Start::first, 0}, 2);
  const Reply counts = shard_.inspect(queue_);
  EXPECT_EQ(counts.message_count, 3U);
  EXPECT_EQ(counts.consumer_count, 0U);
  EXPECT_EQ(bodies(*browse({Start::first, 0}, 9)), "abc");
}

TEST_F(BrowseJobTest, WhileItReadsItIsInNobodysWay) {
  queue_ = declare();
  publish("abc");
  const auto job = begin({Start::first, 0}, 2);
  job->work();
  EXPECT_EQ(shard_.inspect(queue_).consumer_count, 0U);
  test::FakeChannel alone{shard_.broker};
  const ConsumerSpec exclusive{.queue = queue_, .prefetch = 9, .exclusive = true};
  EXPECT_NE(shard_.subscribe(alone, exclusive, std::make_unique<StreamSpec>()).generation, 0U);
  EXPECT_EQ(shard_.inspect(queue_).consumer_count, 1U);
  (void)turns(*job);
  EXPECT_EQ(bodies(*job->take_result()), "ab");
  EXPECT_EQ(bodies(*browse({Start::first, 0}, 9)), "abc") << "beside an exclusive consumer";
  test::FakeChannel second{shard_.broker};
  EXPECT_EQ(shard_.subscribe(second, {.queue = queue_, .prefetch = 9}, nullptr).generation, 0U)
      << "that one is still alone";
}

TEST_F(BrowseJobTest, WhatIsOnDiskOnlyIsRead) {
  queue_ = declare();
  shard_.broker.set_memory_pressure_threshold(0);
  publish("abcdefghij");
  for (int turn = 0; turn < 5; ++turn) shard_.broker.flush();
  EXPECT_EQ(bodies(*browse({Start::first, 0}, 5)), "abcde");
}

TEST_F(BrowseJobTest, LargeBodiesTakeTurnsAndHaveALimit) {
  queue_ = declare();
  const std::string large(limits::job_bytes_per_turn, 'x');
  for (int i = 0; i < 5; ++i) shard_.publish("", "s", large);
  settle_down();
  const auto job = begin({Start::first, 0}, 5);
  EXPECT_GE(turns(*job), 5) << "one a turn";
  EXPECT_EQ(job->take_result()->messages.size(), 5U);
  const auto cut = browse({Start::first, 0}, 5, 3);
  ASSERT_EQ(cut->messages.size(), 5U);
  EXPECT_EQ(cut->messages[0].body, "xxx");
  EXPECT_EQ(cut->messages[0].body_size, large.size());
}

TEST_F(BrowseJobTest, WhatComesMeanwhileDoesNotKeepItBusy) {
  queue_ = declare();
  publish("ab");
  const auto job = begin({Start::first, 0}, 100);
  job->work();
  shard_.publish_each("s", "cd");
  (void)turns(*job);
  EXPECT_EQ(job->take_result()->messages[1].body, "b");
}

TEST_F(BrowseJobTest, AQueueThatGoesEndsIt) {
  queue_ = declare();
  publish("ab");
  const auto job = begin({Start::first, 0}, 100);
  job->work();
  shard_.delete_queue(queue_);
  (void)turns(*job);
  EXPECT_TRUE(job->is_done());
}

TEST_F(BrowseJobTest, WhatIsNoStreamIsRefused) {
  const auto missing = browse({Start::first, 0}, 1);
  ASSERT_TRUE(missing->error);
  EXPECT_EQ(missing->error->code, ReplyCode::not_found);
  EXPECT_EQ(missing->error->detail, "no stream 's' in vhost '/'");
  shard_.declare("s");
  EXPECT_EQ(browse({Start::first, 0}, 1)->error->code, ReplyCode::not_found);
}

TEST_F(BrowseJobTest, OneThatIsAbandonedLeavesNothing) {
  queue_ = declare();
  publish("abc");
  auto job = begin({Start::first, 0}, 2);
  job->work();
  shard_.broker.pump();
  job.reset();
  EXPECT_EQ(shard_.inspect(queue_).consumer_count, 0U);
}

}  // namespace
}  // namespace lepus::core
