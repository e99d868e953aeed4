// What the admin thread remembers of rows that shards send, round by round.
#include "tools/server/samples/sample_store.h"

#include <gtest/gtest.h>

#include "core/limits/samples.h"

namespace lepus::server {

namespace {

using core::MessageEvent;

class SampleStoreTest : public testing::Test {
 protected:
  SampleStoreTest() {
    topology_.apply(core::VhostAdded{core::VhostId{1}, "/"});
    for (std::uint64_t id = 1; id <= 2; ++id) add_queue(id);
  }

  void add_queue(std::uint64_t id) {
    core::QueueSpec spec;
    spec.id = core::QueueId{id};
    spec.vhost = core::VhostId{1};
    spec.name = "q" + std::to_string(id);
    topology_.apply(core::QueueAdded{spec});
  }
  static core::QueueStats queue_row(std::uint64_t id, std::uint64_t ready,
                                    std::uint64_t published) {
    core::QueueStats row;
    row.id = core::QueueId{id};
    row.messages_ready = ready;
    row.counts[MessageEvent::publish] = published;
    return row;
  }
  /// A round five seconds after the one before.
  void begin(bool is_measured = true) {
    const core::Nanos before = round_.now;
    ++round_.number;
    round_.is_measured = is_measured;
    round_.before = before;
    round_.now = before + 5 * core::nanos_per_s;
    round_.wall_s = 1'800'000'000 + static_cast<std::uint64_t>(round_.now / core::nanos_per_s);
  }
  void take(core::ShardId shard, core::StatsPage page) { store_.take(shard, page, round_); }
  void end() { store_.end_round(round_, topology_, {}); }

  core::Topology topology_{2};
  SampleStore store_{2};
  SampleStore::Round round_;
};

TEST_F(SampleStoreTest, KeepsNothingOfAQueueThatNothingHappenedTo) {
  begin();
  core::StatsPage page;
  page.queues.push_back(queue_row(1, 0, 0));
  take(0, std::move(page));
  end();
  EXPECT_EQ(store_.find_queue(core::QueueId{1}), nullptr);
  EXPECT_EQ(store_.row_count(), 0U);
}

TEST_F(SampleStoreTest, MeasuresRatesBetweenRounds) {
  for (const std::uint64_t published : {100, 200}) {
    begin();
    core::StatsPage page;
    page.queues.push_back(queue_row(1, published / 2, published));
    take(0, std::move(page));
    end();
  }
  const QueueSample* sample = store_.find_queue(core::QueueId{1});
  ASSERT_NE(sample, nullptr);
  EXPECT_DOUBLE_EQ(sample->rates.rate(series_of(MessageEvent::publish)), 20);
  EXPECT_DOUBLE_EQ(sample->rates.rate(series_of(Series::messages_ready)), 10);
  EXPECT_EQ(store_.node().values()[series_of(Series::messages_ready)], 100U);
}

TEST_F(SampleStoreTest, ARoundInBetweenBringsValuesButNoRates) {
  begin();
  core::StatsPage page;
  page.queues.push_back(queue_row(1, 5, 100));
  take(0, std::move(page));
  end();
  const double before =
      store_.find_queue(core::QueueId{1})->rates.rate(series_of(MessageEvent::publish));
  begin(false);
  core::StatsPage newer;
  newer.queues.push_back(queue_row(1, 6, 1'000'000));
  take(0, std::move(newer));
  end();
  const QueueSample* sample = store_.find_queue(core::QueueId{1});
  EXPECT_EQ(sample->rates.values()[series_of(MessageEvent::publish)], 1'000'000U);
  EXPECT_DOUBLE_EQ(sample->rates.rate(series_of(MessageEvent::publish)), before);
}

TEST_F(SampleStoreTest, AddsUpWhatShardsCountOfOneExchangeAndVirtualHost) {
  topology_.apply(
      core::ExchangeAdded{{.id = core::ExchangeId{9}, .vhost = core::VhostId{1}, .name = "x"}});
  begin();
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    core::StatsPage page;
    core::MessageCounts counts;
    counts[MessageEvent::publish_in] = 3;
    page.exchanges.push_back({core::ExchangeId{9}, counts});
    counts[MessageEvent::publish] = 4;
    page.vhosts.push_back({core::VhostId{1}, counts});
    take(shard, std::move(page));
  }
  end();
  EXPECT_EQ(store_.find_exchange(core::ExchangeId{9})
                ->rates.values()[series_of(MessageEvent::publish_in)],
            6U);
  EXPECT_EQ(store_.node().values()[series_of(MessageEvent::publish)], 8U);
}

TEST_F(SampleStoreTest, ForgetsWhatIsGone) {
  begin();
  core::StatsPage page;
  page.queues.push_back(queue_row(1, 1, 1));
  page.connections.push_back({.id = core::ConnectionId{7}, .vhost = "/", .name = "a -> b"});
  page.channels.push_back({.connection = core::ConnectionId{7}, .number = 1});
  take(0, std::move(page));
  end();
  ASSERT_NE(store_.find_connection("a -> b"), nullptr);
  ASSERT_NE(store_.find_channel({core::ConnectionId{7}, 1}), nullptr);
  topology_.apply(core::QueueRemoved{core::QueueId{1}});
  begin();
  end();
  EXPECT_EQ(store_.find_queue(core::QueueId{1}), nullptr);
  EXPECT_EQ(store_.find_connection("a -> b"), nullptr);
  EXPECT_EQ(store_.find_channel({core::ConnectionId{7}, 1}), nullptr);
}

TEST_F(SampleStoreTest, ConsumersAreThoseOfTheLastWholeRound) {
  begin();
  core::StatsPage page;
  page.consumers.push_back({.queue = core::QueueId{1}, .tag = "c"});
  take(1, std::move(page));
  EXPECT_EQ(store_.consumer_count(), 0U);
  store_.end_consumers(1);
  EXPECT_EQ(store_.consumer_count(), 1U);
  store_.end_consumers(1);
  EXPECT_EQ(store_.consumer_count(), 0U);
}

TEST_F(SampleStoreTest, HistoriesAreBounded) {
  begin();
  core::StatsPage page;
  for (std::uint64_t id = 100; id < 102 + core::limits::sampled_histories_max; ++id) {
    add_queue(id);
    page.queues.push_back(queue_row(id, 1, 1));
  }
  take(0, std::move(page));
  end();
  EXPECT_NE(store_.find_queue(core::QueueId{100})->history, nullptr);
  EXPECT_EQ(store_.find_queue(core::QueueId{101 + core::limits::sampled_histories_max})->history,
            nullptr);
}

}  // namespace

}  // namespace lepus::server
