// What a scrape finds of queues while queues and their rows come and go.
#include "tools/server/metrics/sample_metrics_source.h"

#include <gtest/gtest.h>

#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

class SampleMetricsSourceTest : public test::AdminTest {
 protected:
  void tell(core::QueueId id, std::uint64_t ready) {
    core::StatsPage page;
    page.queues.emplace_back();
    page.queues.back().id = id;
    page.queues.back().messages_ready = ready;
    ++round_.number;
    samples_.take(0, page, round_);
    samples_.end_round(round_, thread_->view().topology(), {});
  }
  /// "a=5 b=-": what is ready in each; "-": nothing is known of it. Gone ones are left out.
  std::string found(const std::vector<core::QueueId>& ids) const {
    std::string text;
    for (const core::QueueId id : ids) {
      const auto queue = source_.find(id);
      if (!queue) continue;
      if (!text.empty()) text += ' ';
      text += std::string{queue->name} + "=" +
              (queue->stats == nullptr ? "-" : std::to_string(queue->stats->messages_ready));
    }
    return text;
  }

  SampleStore samples_{2};
  SampleStore::Round round_;
  SampleMetricsSource source_{thread_->view(), samples_, host_};
};

TEST_F(SampleMetricsSourceTest, EachRoundOfAScrapeFindsTheSame) {
  const core::QueueId a = declare("a", 0);
  (void)declare("b", 1);
  tell(a, 5);
  const auto ids = source_.queues({});
  for (int round = 0; round < 3; ++round) EXPECT_EQ(found(ids), "a=5 b=-");
  tell(a, 6);
  EXPECT_EQ(found(ids), "a=6 b=-");
}

TEST_F(SampleMetricsSourceTest, WhatComesAndGoesMeanwhileIsNoticed) {
  const core::QueueId a = declare("a", 0);
  const core::QueueId b = declare("b", 1);
  tell(a, 5);
  const auto ids = source_.queues({});
  tell(b, 7);  // Its first row.
  EXPECT_EQ(found(ids), "a=5 b=7");
  control_->change(core::DeleteVhost{"/"}, {}, [](const auto& refusal) { EXPECT_FALSE(refusal); });
  turn();
  EXPECT_EQ(found(ids), "");
  tell(b, 7);  // The rows of what is gone are forgotten.
  EXPECT_EQ(found(ids), "");
  EXPECT_TRUE(source_.queues({}).empty());
}

TEST_F(SampleMetricsSourceTest, TwoScrapesOfDifferentVhostsDoNotDisturbEachOther) {
  (void)declare("a", 0);
  (void)declare("b", 1);
  (void)declare("c", 0, "other");
  const std::vector<std::string> other{"other"};
  const auto all = source_.queues({});
  const auto some = source_.queues(other);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(found(all), "a=- b=- c=-");
    EXPECT_EQ(found(some), "c=-");
  }
}

TEST_F(SampleMetricsSourceTest, TheControlThreadStandsBehindTheShards) {
  core::StatsPage page;
  page.threads.emplace_back();
  page.threads.back().turns.turns = 42;
  samples_.take(2, page, round_);
  const auto threads = source_.threads();
  ASSERT_EQ(threads.size(), 4U);
  EXPECT_EQ(threads[1].name, "shard-1");
  EXPECT_EQ(threads[2].name, "control");
  EXPECT_EQ(threads[2].stats.turns.turns, 42U);
  EXPECT_EQ(threads[3].name, "admin");
}

TEST_F(SampleMetricsSourceTest, ANewStoreIsNotTakenForTheOneBefore) {
  const core::QueueId a = declare("a", 0);
  tell(a, 5);
  const auto ids = source_.queues({});
  samples_ = SampleStore{2, samples_.queue_version() + 1};
  EXPECT_EQ(found(ids), "a=-");
}

}  // namespace
}  // namespace lepus::server
