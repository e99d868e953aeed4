// runtime_thread_stats: the turns of the shards, of the control thread and of the admin thread.
#include <algorithm>

#include "tests/unit/tools/server/admin_world.h"
#include "tools/server/admin/admin.h"

namespace lepus::server {
namespace {

class AdminThreadsTest : public test::AdminTest {
 protected:
  void answer_threads(core::ShardId shard, core::TurnProfile::Totals turns) {
    const core::StatsRequest request = asked(shard);
    EXPECT_EQ(request.kind, core::StatsRequest::Kind::threads);
    answer(shard, {.number = request.number, .last = true, .threads = {{shard, turns}}});
  }
  bool has_row(std::string_view row) const {
    return std::any_of(sink_.rows.begin(), sink_.rows.end(), [&](const std::string& rows) {
      return rows.find(row) != std::string::npos;
    });
  }
};

TEST_F(AdminThreadsTest, ThreadsAreTheShardsAndBothOthers) {
  start("runtime_thread_stats", {}, {"name"});
  EXPECT_TRUE(has_row(R"(["admin"])"));
  EXPECT_TRUE(has_row(R"(["control"])"));
  EXPECT_EQ(sink_.done, "");
  for (core::ShardId shard = 0; shard < 2; ++shard) answer_threads(shard, {});
  EXPECT_TRUE(has_row(R"(["shard-0"])"));
  EXPECT_TRUE(has_row(R"(["shard-1"])"));
  EXPECT_EQ(sink_.done, R"({"count":4})");
}

TEST_F(AdminThreadsTest, TurnsAreThoseOfTheThread) {
  start("runtime_thread_stats", {}, {"name", "turns", "longest_us", "longest_job"});
  core::TurnProfile::Totals turns;
  turns.turns = 7;
  turns.longest = {12'345'678, core::TurnJob::pump, 11'000'000};
  answer_threads(1, turns);
  EXPECT_EQ(sink_.rows.back(), R"([["shard-1",7,12345,"pump"]])");
  EXPECT_FALSE(has_row(R"(["control",0,)")) << "it has made turns";
  EXPECT_FALSE(has_row(R"(["admin",0,)"));
}

TEST_F(AdminThreadsTest, QuantilesAndBucketsAreColumns) {
  start("runtime_thread_stats", {}, {"turn_us_p50", "turn_us_p99", "turns_by_us"});
  core::TurnProfile::Totals turns;
  turns.turns = 3;
  turns.buckets[2] = 2;
  turns.buckets[5] = 1;
  answer_threads(0, turns);
  EXPECT_TRUE(sink_.rows.back().starts_with("[[4,32,[0,0,2,0,0,1,0,")) << sink_.rows.back();
}

}  // namespace
}  // namespace lepus::server
