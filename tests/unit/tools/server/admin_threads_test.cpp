// runtime_thread_stats: the turns of the shards and of the control thread.
#include "tests/unit/tools/server/admin_world.h"
#include "tools/server/admin/admin.h"

namespace lepus::server {
namespace {

class AdminThreadsTest : public test::AdminTest {};

TEST_F(AdminThreadsTest, ThreadsAreTheShardsAndThisOne) {
  host_.known.turns.turns = 7;
  host_.known.turns.longest = {12'345'678, core::TurnJob::catalog, 11'000'000};
  start("runtime_thread_stats", {}, {"name", "turns", "longest_us", "longest_job"});
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["control",7,12345,"catalog"]])"});
  EXPECT_EQ(sink_.done, "");
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    const core::StatsRequest request = asked(shard);
    EXPECT_EQ(request.kind, core::StatsRequest::Kind::threads);
    core::ThreadStats row{shard, {}};
    row.turns.turns = 3;
    row.turns.buckets[4] = 3;
    row.turns.longest.job = core::TurnJob::pump;
    answer(shard, {.number = request.number, .last = true, .threads = {row}});
  }
  EXPECT_EQ(sink_.rows.back(), R"([["shard-1",3,0,"pump"]])");
  EXPECT_EQ(sink_.done, R"({"count":3})");
}

TEST_F(AdminThreadsTest, QuantilesAndBucketsAreColumns) {
  host_.known.turns.turns = 3;
  host_.known.turns.buckets[2] = 2;
  host_.known.turns.buckets[5] = 1;
  start("runtime_thread_stats", {}, {"turn_us_p50", "turn_us_p99", "turns_by_us"});
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_TRUE(sink_.rows[0].starts_with("[[4,32,[0,0,2,0,0,1,0,")) << sink_.rows[0];
}

}  // namespace
}  // namespace lepus::server
