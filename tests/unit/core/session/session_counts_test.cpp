// What a session counts: for itself, its virtual host, the exchanges it publishes to and the shard.
#include "core/session/session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

using test::SessionTest;
using enum MessageEvent;

class SessionCountsTest : public SessionTest {
 protected:
  MessageCounts counts() { return session_->describe().counts; }
  MessageCounts vhost_counts() {
    StatsPage page;
    shard_.broker.description().begin(StatsRequest::Kind::vhosts);
    EXPECT_FALSE(shard_.broker.description().page(StatsRequest::Kind::vhosts, page));
    for (const VhostStats& row : page.vhosts)
      if (row.id == shard_.vhost) return row.counts;
    return {};
  }
  MessageCounts exchange(std::string_view name) {
    StatsPage page;
    shard_.broker.description().begin(StatsRequest::Kind::exchanges);
    EXPECT_FALSE(shard_.broker.description().page(StatsRequest::Kind::exchanges, page));
    const ExchangeId id = shard_.broker.topology().find_exchange(shard_.vhost, name)->id;
    for (const ExchangeStats& row : page.exchanges)
      if (row.id == id) return row.counts;
    return {};
  }
  ShardCounts shard_counts() {
    ShardCounts counts;
    shard_.broker.description().describe(counts);
    return counts;
  }
  void declare_exchange(std::string_view name, const char* type, const char* alternate = nullptr) {
    TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_exchange, name);
    made.type = type;
    FieldTableWriter arguments;
    if (alternate != nullptr) arguments.text("alternate-exchange", alternate);
    made.arguments = arguments.take();
    shard_.change(made);
  }
  void bind_exchange(std::string_view source, std::string_view destination) {
    TopologyRequest made = shard_.request(TopologyRequest::Kind::bind_exchange, destination);
    made.source = source;
    shard_.change(made);
  }
};

TEST_F(SessionCountsTest, PublishesByWhereTheyGo) {
  shard_.declare("a");
  shard_.declare("b", away);
  shard_.bind("amq.fanout", "a", "");
  shard_.bind("amq.fanout", "b", "");
  EXPECT_EQ(publish("amq.fanout", "", "both"), "");
  EXPECT_EQ(publish("", "a", "one"), "");
  EXPECT_EQ(publish("amq.direct", "x", "dropped"), "");
  EXPECT_EQ(publish("amq.direct", "x", "back", {{}, true}), "");
  EXPECT_EQ(counts()[MessageEvent::publish], 4U);
  EXPECT_EQ(counts()[drop_unroutable], 1U);
  EXPECT_EQ(counts()[return_unroutable], 1U);
  EXPECT_EQ(exchange("amq.fanout")[publish_in], 1U);
  EXPECT_EQ(exchange("amq.fanout")[publish_out], 2U);
  EXPECT_EQ(exchange("")[publish_in], 1U);
  EXPECT_EQ(exchange("")[publish_out], 1U);
  EXPECT_EQ(exchange("amq.direct")[publish_in], 2U);
  EXPECT_EQ(exchange("amq.direct")[publish_out], 0U);
  EXPECT_EQ(exchange("amq.topic"), MessageCounts{});
  EXPECT_EQ(vhost_counts(), counts());
  EXPECT_EQ(shard_counts().messages, counts());
}

/// RabbitMQ counts for the exchange that the client named.
TEST_F(SessionCountsTest, ExchangesOnTheWayCountNothing) {
  shard_.declare("q");
  declare_exchange("first", "fanout");
  declare_exchange("second", "fanout");
  declare_exchange("with", "direct", "second");
  bind_exchange("first", "second");
  shard_.bind("second", "q", "");
  EXPECT_EQ(publish("first", "", "on"), "");
  EXPECT_EQ(publish("with", "x", "by the alternate"), "");
  EXPECT_EQ(exchange("first")[publish_in], 1U);
  EXPECT_EQ(exchange("first")[publish_out], 1U);
  EXPECT_EQ(exchange("with")[publish_out], 1U);
  EXPECT_EQ(exchange("second"), MessageCounts{});
  EXPECT_EQ(counts()[drop_unroutable], 0U);
}

TEST_F(SessionCountsTest, RoutesThatAreNotKeptCountAsWell) {
  shard_.declare("q");
  PropertiesView view;
  FieldTableWriter headers;
  headers.begin_array("CC");
  headers.text({}, "q");
  headers.end();
  const std::string table = headers.take();
  view.headers = as_bytes(table);
  view.set(Property::headers);
  EXPECT_EQ(publish("", "nowhere", "carbon", {view}), "");
  EXPECT_EQ(exchange("")[publish_in], 1U);
  EXPECT_EQ(exchange("")[publish_out], 1U);
}

TEST_F(SessionCountsTest, ConfirmsAreMessagesNotFrames) {
  shard_.declare("q");
  ASSERT_FALSE(session_->commits().select_confirms());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(publish("", "q", "x"), "");
  shard_.broker.flush();
  EXPECT_EQ(acks(), "3* ");
  EXPECT_EQ(counts()[confirm], 3U);
  EXPECT_EQ(vhost_counts()[confirm], 3U);
}

TEST_F(SessionCountsTest, ARefusedPublishIsNotConfirmed) {
  FieldTableWriter arguments;
  arguments.int64("x-max-length", 1);
  arguments.text("x-overflow", "reject-publish");
  TopologyRequest made = shard_.request(TopologyRequest::Kind::declare_queue, "full");
  made.arguments = arguments.take();
  shard_.change(made);
  ASSERT_FALSE(session_->commits().select_confirms());
  EXPECT_EQ(publish("", "full", "x"), "");
  EXPECT_EQ(publish("", "full", "x"), "");
  shard_.broker.flush();
  EXPECT_EQ(acks(), "1 2- ");
  EXPECT_EQ(counts()[confirm], 1U);
  EXPECT_EQ(counts()[MessageEvent::publish], 2U);
}

TEST_F(SessionCountsTest, ATransactionCountsAtItsCommit) {
  shard_.declare("q");
  EXPECT_EQ(publish("", "q", "first"), "");
  EXPECT_EQ(subscribe("q", "tag"), "");
  shard_.pump();
  ASSERT_FALSE(session_->commits().select_transaction());
  EXPECT_EQ(publish("", "q", "second"), "");
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(counts()[MessageEvent::publish], 1U);
  EXPECT_EQ(counts()[ack], 0U);
  ASSERT_FALSE(session_->commits().commit(origin));
  for (int i = 0; i < 4; ++i) {
    shard_.broker.flush();
    (void)acks();
  }
  EXPECT_EQ(counts()[MessageEvent::publish], 2U);
  EXPECT_EQ(counts()[ack], 1U);
  EXPECT_EQ(counts()[confirm], 0U) << "nobody is told of one";
  EXPECT_EQ(exchange("")[publish_in], 2U);
}

TEST_F(SessionCountsTest, DeliveriesGetsAndAcknowledgements) {
  shard_.declare("q");
  shard_.declare("r");
  EXPECT_EQ(subscribe("q", "acks"), "");
  EXPECT_EQ(subscribe("r", "none", true), "");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(publish("", "q", "x"), "");
  EXPECT_EQ(publish("", "r", "y"), "");
  shard_.pump();
  EXPECT_EQ(counts()[deliver], 4U);
  EXPECT_EQ(counts()[deliver_no_ack], 1U);
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(settle(3, true), "");
  EXPECT_EQ(counts()[ack], 3U);
  EXPECT_EQ(settle(4, false, Outcome::requeued), "");
  shard_.pump();
  EXPECT_EQ(counts()[deliver], 5U);
  EXPECT_EQ(counts()[redeliver], 1U);
  EXPECT_EQ(counts()[ack], 3U);
  ASSERT_FALSE(session_->requests().get(origin, "r", false));
  EXPECT_EQ(counts()[get_empty], 1U);
  shard_.declare("s");
  EXPECT_EQ(publish("", "s", "z"), "");
  EXPECT_EQ(publish("", "s", "z"), "");
  ASSERT_FALSE(session_->requests().get(origin, "s", false));
  ASSERT_FALSE(session_->requests().get(origin, "s", true));
  EXPECT_EQ(counts()[MessageEvent::get], 1U);
  EXPECT_EQ(counts()[get_no_ack], 1U);
  EXPECT_EQ(vhost_counts(), counts());
}

TEST_F(SessionCountsTest, VirtualHostsKeepWhatClosedSessionsHad) {
  shard_.declare("q");
  EXPECT_EQ(publish("", "q", "x"), "");
  open({});
  EXPECT_EQ(counts(), MessageCounts{});
  EXPECT_EQ(publish("", "q", "x"), "");
  EXPECT_EQ(counts()[MessageEvent::publish], 1U);
  EXPECT_EQ(vhost_counts()[MessageEvent::publish], 2U);
  close();
  EXPECT_EQ(vhost_counts()[MessageEvent::publish], 2U);
}

TEST_F(SessionCountsTest, SizesOfMessages) {
  shard_.declare("q");
  EXPECT_EQ(publish("", "q", std::string(100, 'x')), "");
  EXPECT_EQ(publish("", "q", std::string(101, 'x')), "");
  EXPECT_EQ(publish("", "q", ""), "");
  const auto& sizes = shard_.broker.counters.message_size;
  EXPECT_EQ(sizes.buckets[0], 2U);
  EXPECT_EQ(sizes.buckets[1], 1U);
  EXPECT_EQ(sizes.sum, 201U);
}

TEST_F(SessionCountsTest, IdleSinceTheFirstSampleThatSawNothingNew) {
  shard_.declare("q");
  shard_.broker.advance(2 * nanos_per_s);
  EXPECT_EQ(session_->describe().idle_since_ms, 0U);
  shard_.broker.advance(5 * nanos_per_s);
  EXPECT_EQ(session_->describe().idle_since_ms, 2'000U);
  EXPECT_EQ(publish("", "q", "x"), "");
  EXPECT_EQ(session_->describe().idle_since_ms, 0U);
}

}  // namespace
}  // namespace lepus::core
