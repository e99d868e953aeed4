// What the operator sees of a shard's connections, and that he can close them.
#include <gtest/gtest.h>

#include "core/limits.h"
#include "net/amqp/server.h"
#include "tests/unit/net/amqp/connection_world.h"
#include "tools/server/shard_stats.h"

namespace lepus::amqp {
namespace {

using core::StatsPage;
using core::StatsRequest;

class StatsTest : public test::ConnectionTest {
 protected:
  StatsPage describe(StatsRequest::Kind kind) {
    StatsPage part;
    EXPECT_EQ(world_.server().describe(kind, 0, part), 0U);
    return part;
  }
};

INSTANTIATE_TEST_SUITE_P(Pieces, StatsTest, ::testing::Values(0, 40));

TEST_P(StatsTest, ARowPerOpenConnection) {
  const auto waiting = client(world_);
  const auto one = opened();
  const auto two = opened();
  two->open_channel(2);
  world_.settle();
  const StatsPage part = describe(StatsRequest::Kind::connections);
  ASSERT_EQ(part.connections.size(), 2U);
  const core::ConnectionStats& row = part.connections[1];
  EXPECT_EQ(row.user, "guest");
  EXPECT_EQ(row.vhost, "/");
  EXPECT_EQ(row.peer_host, "127.0.0.1");
  EXPECT_EQ(row.port, 5672);
  EXPECT_EQ(row.name, "127.0.0.1:40000 -> 127.0.0.1:5672");
  EXPECT_EQ(row.state, "running");
  EXPECT_EQ(row.auth_mechanism, "PLAIN");
  EXPECT_EQ(row.channels, 2U);
  EXPECT_EQ(row.channel_max, 2047U);
  EXPECT_EQ(row.frame_max, 131'072U);
  EXPECT_GT(row.recv_oct, 0U);
  EXPECT_GT(row.recv_cnt, 0U);
  EXPECT_GT(row.send_oct, 0U);
  EXPECT_EQ(row.send_pend, 0U);
  EXPECT_NE(part.connections[0].id, row.id);
}

TEST_P(StatsTest, ABlockedConnectionSaysSo) {
  const auto publisher = opened();
  publisher->declare("q");
  world_.broadcast(core::Alarm{true});
  world_.settle();
  publisher->publish("", "q", "held");
  world_.settle();
  EXPECT_EQ(describe(StatsRequest::Kind::connections).connections.at(0).state, "blocked");
}

TEST_P(StatsTest, ChannelsCountWhatTheyHold) {
  const auto one = opened();
  one->declare("q");
  one->publish("", "q", "a");
  one->publish("", "q", "b");
  one->send(1, BasicQos{0, 5, false});
  (void)one->expect<BasicQosOk>();
  one->consume("q", "tag");
  one->send(1, ConfirmSelect{});
  world_.settle();
  const StatsPage part = describe(StatsRequest::Kind::channels);
  ASSERT_EQ(part.channels.size(), 1U);
  const core::ChannelStats& row = part.channels[0];
  EXPECT_EQ(row.number, 1);
  EXPECT_EQ(row.consumer_count, 1U);
  EXPECT_EQ(row.messages_unacknowledged, 2U);
  EXPECT_EQ(row.prefetch_count, 5U);
  EXPECT_TRUE(row.confirm);
  EXPECT_FALSE(row.transactional);
  EXPECT_EQ(row.messages_unconfirmed, 0U);
}

TEST_P(StatsTest, AnOpenTransactionIsCounted) {
  const auto one = opened();
  one->declare("q");
  one->publish("", "q", "a");
  one->consume("q", "tag");
  one->send(1, TxSelect{});
  one->publish("", "q", "b");
  one->send(1, BasicAck{1, false});
  world_.settle();
  const StatsPage part = describe(StatsRequest::Kind::channels);
  ASSERT_EQ(part.channels.size(), 1U);
  EXPECT_TRUE(part.channels[0].transactional);
  EXPECT_EQ(part.channels[0].messages_uncommitted, 1U);
  EXPECT_EQ(part.channels[0].acks_uncommitted, 1U);
  EXPECT_EQ(part.channels[0].messages_unacknowledged, 1U);
}

TEST_P(StatsTest, ConsumersWithWhatTheyAskedFor) {
  const auto one = opened();
  one->declare("q");
  one->send(1, BasicQos{0, 7, false});
  (void)one->expect<BasicQosOk>();
  core::FieldTableWriter arguments;
  arguments.int32("x-priority", 3);
  const std::string inside = arguments.take();
  BasicConsume how;
  how.exclusive = true;
  how.arguments = core::as_bytes(inside);
  one->consume("q", "tag", how);
  world_.settle();
  const StatsPage part = describe(StatsRequest::Kind::consumers);
  ASSERT_EQ(part.consumers.size(), 1U);
  const core::ConsumerStats& row = part.consumers[0];
  EXPECT_EQ(row.tag, "tag");
  EXPECT_EQ(row.prefetch_count, 7U);
  EXPECT_TRUE(row.ack_required);
  EXPECT_TRUE(row.exclusive);
  EXPECT_EQ(row.arguments, inside);
  EXPECT_EQ(row.queue, world_.topology().queues(world_.topology().vhosts()[0]->id).at(0)->id);
  one->send(1, BasicCancel{"tag", true});
  world_.settle();
  EXPECT_TRUE(describe(StatsRequest::Kind::consumers).consumers.empty());
}

TEST_P(StatsTest, ClosingTellsTheReasonAndOnlyThoseNamed) {
  const auto one = opened();
  const auto two = opened();
  world_.settle();
  const StatsPage part = describe(StatsRequest::Kind::connections);
  ASSERT_EQ(part.connections.size(), 2U);
  EXPECT_EQ(world_.server().close({part.connections[0].id, core::ConnectionId{9}}, "maintenance"),
            1U);
  EXPECT_EQ(one->expect_close(0), "320 CONNECTION_FORCED - maintenance (0,0)");
  EXPECT_TRUE(two->quiet());
  EXPECT_EQ(world_.server().close({part.connections[0].id}, "again"), 0U);
}

/// So many rows a turn, whatever there is.
TEST_P(StatsTest, LongListingsComeInPieces) {
  const std::size_t count = core::limits::stats_rows_max + 5;
  const auto one = opened();
  std::vector<core::QueueId> ids;
  for (std::size_t i = 0; i < count; ++i) one->declare("q" + std::to_string(i));
  world_.settle();
  server::ShardStats inquiries{world_.broker(), world_.server()};
  EXPECT_FALSE(inquiries.has_work());
  auto inquiry = std::make_unique<StatsRequest>();
  for (const core::QueueInfo* queue : world_.topology().queues(world_.topology().vhosts()[0]->id))
    inquiry->queues.push_back(queue->id);
  ASSERT_EQ(inquiry->queues.size(), count);
  inquiries.take(std::move(inquiry));
  const auto first = inquiries.work();
  EXPECT_TRUE(inquiries.has_work());
  const auto second = inquiries.work();
  EXPECT_FALSE(inquiries.has_work());
  EXPECT_EQ(inquiries.work(), nullptr);
  EXPECT_EQ(first->queues.size(), core::limits::stats_rows_max);
  EXPECT_FALSE(first->last);
  EXPECT_EQ(second->queues.size(), 5U);
  EXPECT_TRUE(second->last);
}

TEST_P(StatsTest, QueuesThatAreGoneAreLeftOut) {
  const auto one = opened();
  one->declare("q");
  one->publish("", "q", "abc");
  one->publish("", "q", "de");
  world_.settle();
  const core::QueueId id = world_.topology().queues(world_.topology().vhosts()[0]->id).at(0)->id;
  std::vector<core::QueueStats> rows;
  const std::array ids{id, core::QueueId{id.value + 1}};
  world_.broker().description().describe(ids, rows);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].messages_ready, 2U);
  EXPECT_EQ(rows[0].message_bytes_ready, 5U);
  EXPECT_EQ(rows[0].messages_unacknowledged, 0U);
}

/// What `page` is the only piece of.
StatsPage ask(test::BrokerWorld& world, StatsRequest::Kind kind) {
  server::ShardStats inquiries{world.broker(), world.server()};
  auto inquiry = std::make_unique<StatsRequest>();
  inquiry->kind = kind;
  inquiries.take(std::move(inquiry));
  auto page = inquiries.work();
  EXPECT_TRUE(page->last);
  EXPECT_FALSE(inquiries.has_work());
  return std::move(*page);
}

TEST_P(StatsTest, TheShardCountsWhatComesAndGoes) {
  const auto one = opened();
  const auto two = opened();
  two->open_channel(2);
  one->declare("q");
  one->declare("q");
  one->publish("", "q", "abc");
  world_.settle();
  core::ShardCounts counts = ask(world_, StatsRequest::Kind::threads).threads.at(0).counts;
  EXPECT_EQ(counts.connections_opened, 2U);
  EXPECT_EQ(counts.connections_closed, 0U);
  EXPECT_EQ(counts.channels_opened, 3U);
  EXPECT_EQ(counts.queues_declared, 2U);
  EXPECT_EQ(counts.queues_created, 1U);
  EXPECT_EQ(counts.message_size.sum, 3U);
  EXPECT_EQ(counts.messages[core::MessageEvent::publish], 1U);
  EXPECT_GT(counts.memory_messages, 0U);
  EXPECT_GT(counts.memory_topology, 0U);
  two->send(2, ChannelClose{200, "bye", 0, 0});
  (void)two->expect<ChannelCloseOk>(2);
  one->send(0, ConnectionClose{200, "bye", 0, 0});
  (void)one->expect<ConnectionCloseOk>(0);
  world_.settle();
  counts = ask(world_, StatsRequest::Kind::threads).threads.at(0).counts;
  EXPECT_EQ(counts.channels_closed, 2U);
  EXPECT_EQ(counts.connections_closed, 1U);
  EXPECT_EQ(counts.messages[core::MessageEvent::publish], 1U);
}

TEST_P(StatsTest, PublishersThatWaitAreCounted) {
  const auto publisher = opened();
  publisher->declare("q");
  world_.broadcast(core::Alarm{true});
  world_.settle();
  publisher->publish("", "q", "held");
  world_.settle();
  EXPECT_EQ(ask(world_, StatsRequest::Kind::threads).threads.at(0).counts.publishers_waiting, 1U);
  EXPECT_FALSE(describe(StatsRequest::Kind::channels).channels.at(0).is_flow_blocked)
      << "it never published";
  world_.broadcast(core::Alarm{false});
  world_.settle();
  EXPECT_EQ(ask(world_, StatsRequest::Kind::threads).threads.at(0).counts.publishers_waiting, 0U);
  world_.broadcast(core::Alarm{true});
  world_.settle();
  publisher->publish("", "q", "held");
  world_.settle();
  EXPECT_TRUE(describe(StatsRequest::Kind::channels).channels.at(0).is_flow_blocked);
}

TEST_P(StatsTest, KindsThatTheShardGoesOver) {
  const auto one = opened();
  one->declare("q");
  one->publish("", "q", "abc");
  one->consume("q", "tag");
  world_.settle();
  const StatsPage queues = ask(world_, StatsRequest::Kind::all_queues);
  ASSERT_EQ(queues.queues.size(), 1U);
  EXPECT_EQ(queues.queues[0].counts[core::MessageEvent::deliver], 1U);
  const StatsPage exchanges = ask(world_, StatsRequest::Kind::exchanges);
  ASSERT_EQ(exchanges.exchanges.size(), 1U);
  EXPECT_EQ(exchanges.exchanges[0].counts[core::MessageEvent::publish_out], 1U);
  const StatsPage vhosts = ask(world_, StatsRequest::Kind::vhosts);
  ASSERT_EQ(vhosts.vhosts.size(), 1U);
  EXPECT_EQ(vhosts.vhosts[0].counts[core::MessageEvent::deliver], 1U);
}

TEST_P(StatsTest, AnExclusiveConsumerIsNamed) {
  const auto one = opened();
  one->declare("q");
  BasicConsume how;
  how.exclusive = true;
  one->consume("q", "alone", how);
  world_.settle();
  const core::QueueStats row = ask(world_, StatsRequest::Kind::all_queues).queues.at(0);
  EXPECT_EQ(row.exclusive_consumer_tag, "alone");
  EXPECT_EQ(row.exclusive_consumer_channel, 1U);
  EXPECT_EQ(row.exclusive_consumer_connection,
            describe(StatsRequest::Kind::connections).connections.at(0).id);
}

}  // namespace
}  // namespace lepus::amqp
