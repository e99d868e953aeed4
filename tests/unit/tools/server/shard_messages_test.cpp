// The operator's requests about messages on one shard: their results, their limit, and the stop.
#include "tools/server/shard_messages.h"

#include "core/limits.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::server {
namespace {

class ShardMessagesTest : public ::testing::Test {
 protected:
  std::unique_ptr<core::MessageRequest> request(core::MessageRequest::Kind kind,
                                                std::uint64_t number) {
    auto made = std::make_unique<core::MessageRequest>();
    made->number = number;
    made->kind = kind;
    made->vhost = shard_.vhost;
    made->vhost_name = "/";
    made->routing_key = made->queue = "q";
    made->body = "m";
    return made;
  }
  void take(std::unique_ptr<core::MessageRequest> request) {
    if (auto refused = messages_.take(std::move(request), {1'000, interceptors_, "n"}))
      results_.push_back(std::move(refused));
  }
  void turn() {
    messages_.work();
    shard_.broker.flush();
    for (auto& one : messages_.collect()) results_.push_back(std::move(one));
  }
  ShardMessages::Result result() {
    if (results_.empty()) {
      ADD_FAILURE() << "no result";
      return std::make_unique<core::MessageResult>();
    }
    auto oldest = std::move(results_.front());
    results_.erase(results_.begin());
    return oldest;
  }

  core::test::FakeShard shard_;
  core::Interceptors interceptors_;
  ShardMessages messages_{shard_.broker};
  std::vector<ShardMessages::Result> results_;
};

using Kind = core::MessageRequest::Kind;

TEST_F(ShardMessagesTest, RequestsAreAnsweredWhenTheyAreDone) {
  shard_.declare("q");
  take(request(Kind::publish, 1));
  EXPECT_TRUE(messages_.has_work());
  turn();
  EXPECT_FALSE(messages_.has_work()) << "confirmed by the flush of the same turn";
  const auto published = result();
  EXPECT_EQ(published->number, 1U);
  EXPECT_TRUE(published->is_routed);
  take(request(Kind::get, 2));
  turn();
  const auto shown = result();
  EXPECT_EQ(shown->number, 2U);
  ASSERT_EQ(shown->messages.size(), 1U);
  EXPECT_EQ(shown->messages[0].body, "m");
  EXPECT_FALSE(messages_.has_work());
}

TEST_F(ShardMessagesTest, OnlySoManyWaitAtOnce) {
  shard_.declare("q", 1);
  for (std::size_t i = 0; i < core::limits::jobs_max; ++i) take(request(Kind::get, i));
  turn();
  take(request(Kind::get, 500));
  const auto refused = result();
  EXPECT_EQ(refused->number, 500U);
  ASSERT_TRUE(refused->error);
  EXPECT_EQ(refused->error->code, core::ReplyCode::resource_error);
  EXPECT_EQ(messages_.stop().size(), core::limits::jobs_max);
  EXPECT_FALSE(messages_.has_work());
}

TEST_F(ShardMessagesTest, AStoppingShardAnswersWithoutDoing) {
  const core::QueueId queue = shard_.declare("q");
  shard_.broker.apply(core::StopServing{});
  take(request(Kind::publish, 1));
  const auto refused = result();
  ASSERT_TRUE(refused->error);
  EXPECT_EQ(refused->error->code, core::ReplyCode::connection_forced);
  EXPECT_EQ(shard_.inspect(queue).message_count, 0U);
}

}  // namespace
}  // namespace lepus::server
