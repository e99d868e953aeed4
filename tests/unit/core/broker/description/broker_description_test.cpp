// Pages of rows while queues come and go.
#include "core/broker/description/broker_description.h"

#include <gtest/gtest.h>

#include <set>

#include "core/limits.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using Kind = StatsRequest::Kind;

class BrokerDescriptionTest : public ::testing::Test {
 protected:
  /// The ids of one page; appended to all_.
  bool page() {
    StatsPage page;
    const bool has_more = description().page(Kind::all_queues, page);
    EXPECT_LE(page.queues.size(), limits::stats_rows_max);
    for (const QueueStats& row : page.queues) EXPECT_TRUE(all_.insert(row.id).second);
    return has_more;
  }
  BrokerDescription& description() { return shard_.broker.description(); }

  test::FakeShard shard_;
  std::set<QueueId> all_;
};

TEST_F(BrokerDescriptionTest, QueuesThatStayAreToldOnce) {
  std::vector<QueueId> ids;
  for (std::size_t i = 0; i < 2 * limits::stats_rows_max + 3; ++i)
    ids.push_back(shard_.declare("q" + std::to_string(i)));
  shard_.declare("away", 1);
  description().begin(Kind::all_queues);
  EXPECT_TRUE(page());
  shard_.delete_queue(ids[0]);
  shard_.delete_queue(ids[2 * limits::stats_rows_max]);
  const QueueId late = shard_.declare("late");
  while (page()) {
  }
  for (std::size_t i = 1; i < ids.size(); ++i)
    EXPECT_EQ(all_.contains(ids[i]), i != 2 * limits::stats_rows_max) << i;
  EXPECT_TRUE(all_.contains(late));
  EXPECT_EQ(all_.size(), ids.size());
}

TEST_F(BrokerDescriptionTest, NothingIsOnePage) {
  description().begin(Kind::all_queues);
  EXPECT_FALSE(page());
  StatsPage none;
  description().begin(Kind::exchanges);
  EXPECT_FALSE(description().page(Kind::exchanges, none));
  EXPECT_EQ(none.row_count(), 0U);
}

TEST_F(BrokerDescriptionTest, QueuesThatWereMadeAndDeletedHere) {
  shard_.declare("a");
  const QueueId b = shard_.declare("b");
  shard_.declare("away", 1);
  shard_.delete_queue(b);
  ShardCounts counts;
  description().describe(counts);
  EXPECT_EQ(counts.queues_created, 2U);
  EXPECT_EQ(counts.queues_deleted, 1U);
}

TEST_F(BrokerDescriptionTest, AnExchangeThatIsGoneIsLeftOut) {
  TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_exchange, "x");
  made.type = "fanout";
  shard_.change(made);
  const ExchangeInfo& info = *shard_.broker.topology().find_exchange(shard_.vhost, "x");
  description().note_traffic(info);
  description().note_traffic(info);
  StatsPage one;
  description().begin(Kind::exchanges);
  EXPECT_FALSE(description().page(Kind::exchanges, one));
  EXPECT_EQ(one.exchanges.size(), 1U);
  shard_.change(shard_.request(TopologyRequest::Kind::delete_exchange, "x"));
  StatsPage none;
  description().begin(Kind::exchanges);
  EXPECT_FALSE(description().page(Kind::exchanges, none));
  EXPECT_TRUE(none.exchanges.empty());
}

}  // namespace
}  // namespace lepus::core
