// What /metrics and the paths below it say.
#include <gtest/gtest.h>

#include <limits>

#include "core/limits/metrics.h"
#include "tests/unit/tools/server/metrics/metrics_world.h"

namespace lepus::server::test {
namespace {

using core::MessageEvent;

TEST(MetricsText, FamiliesLabelsAndNumbersAreWrittenAsPrometheusReadsThem) {
  MetricsText out;
  out.begin("p_", {"a_total", MetricType::counter, "What it is"});
  out.sample(MetricLabels{{"x", "1"}, {"y", "a\"b\\c\nd"}},
             std::uint64_t{18'446'744'073'709'551'615U});
  out.sample(0.5);
  EXPECT_EQ(out.take(),
            "# TYPE p_a_total counter\n# HELP p_a_total What it is\n"
            "p_a_total{x=\"1\",y=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\np_a_total 0.5\n");
  EXPECT_EQ(metric_value(1e9), "1000000000");
  EXPECT_EQ(metric_value(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(metric_value(3), "3");
}

TEST(MetricsText, BucketsOfHistogramsAddUp) {
  MetricsText out;
  out.begin("", {"h", MetricType::histogram, "h"});
  const std::vector<std::string> bounds{"1.0", "1e+06"};
  const std::vector<std::uint64_t> counts{2, 0, 3};
  out.histogram(MetricLabels{{"a", "b"}}, bounds, counts, 7.5);
  EXPECT_EQ(out.take(),
            "# TYPE h histogram\n# HELP h h\n"
            "h_bucket{a=\"b\",le=\"1.0\"} 2\nh_bucket{a=\"b\",le=\"1e+06\"} 2\n"
            "h_bucket{a=\"b\",le=\"+Inf\"} 5\nh_count{a=\"b\"} 5\nh_sum{a=\"b\"} 7.5\n");
}

TEST_F(MetricsTest, AggregatedOnesAreSums) {
  FakeExchange exchange;
  ask(exchange, "/metrics");
  run(exchange);
  EXPECT_EQ(exchange.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const ReadMetrics read(exchange.body());
  EXPECT_EQ(read.value("rabbitmq_queue_messages_ready"), "15");
  EXPECT_EQ(read.value("rabbitmq_queue_messages"), "17");
  EXPECT_EQ(read.value("lepus_queue_oldest_ready_age_seconds"), "1.5");
  EXPECT_EQ(read.value("rabbitmq_connections"), "1");
  EXPECT_EQ(read.value("rabbitmq_consumers"), "3");
  EXPECT_EQ(read.value("rabbitmq_process_max_fds"), "1024");
  EXPECT_EQ(read.value("rabbitmq_channel_messages_published_total"), "100");
  EXPECT_EQ(read.value("rabbitmq_connection_incoming_bytes_total"), "11");
  EXPECT_EQ(read.value("rabbitmq_identity_info{rabbitmq_node=\"lepus@host\",rabbitmq_cluster="
                       "\"orders\",rabbitmq_cluster_permanent_id=\"id\",rabbitmq_endpoint="
                       "\"aggregated\"}"),
            "1");
  EXPECT_EQ(read.value("lepus_journal_write_amplification_ratio{thread=\"shard-0\"}"), "1.5");
  EXPECT_EQ(read.value("lepus_turns_total{thread=\"admin\"}"), "0");
}

TEST_F(MetricsTest, MessageSizesHaveRabbitmqsBounds) {
  const ReadMetrics read(scrape("/metrics"));
  const std::string name = "rabbitmq_message_size_bytes_bucket{protocol=\"amqp091\",le=\"";
  EXPECT_EQ(read.value(name + "100.0\"}"), "4");
  for (const char* bound : {"1000.0", "10000.0", "100000.0", "1e+06", "1e+07", "5e+07", "1e+08"})
    EXPECT_EQ(read.value(name + bound + "\"}"), "7") << bound;
  EXPECT_EQ(read.value(name + "+Inf\"}"), "8");
  EXPECT_EQ(read.value("rabbitmq_message_size_bytes_sum{protocol=\"amqp091\"}"), "200000500");
}

TEST_F(MetricsTest, GlobalOnesAreByTypeOfQueueAndThereFromTheStart) {
  const ReadMetrics read(scrape("/metrics"));
  const auto delivered = [&](const char* type) {
    return read.value(std::string("rabbitmq_global_messages_delivered_consume_manual_ack_total"
                                  "{protocol=\"amqp091\",queue_type=\"") +
                      type + "\"}");
  };
  EXPECT_EQ(delivered("rabbit_classic_queue"), "50");
  EXPECT_EQ(delivered("rabbit_quorum_queue"), "30");
  EXPECT_EQ(delivered("rabbit_stream_queue"), "0");
  EXPECT_EQ(read.value("rabbitmq_global_messages_routed_total{protocol=\"amqp091\"}"), "60");
  EXPECT_EQ(read.value("rabbitmq_global_messages_received_confirm_total{protocol=\"amqp091\"}"),
            "94");
  EXPECT_EQ(read.value("rabbitmq_global_publishers{protocol=\"amqp091\"}"), "1");
  EXPECT_EQ(read.value("rabbitmq_global_messages_dead_lettered_expired_total{queue_type="
                       "\"rabbit_quorum_queue\",dead_letter_strategy=\"disabled\"}"),
            "0");
}

TEST_F(MetricsTest, GlobalOnesNeverFall) {
  (void)scrape("/metrics");
  source_.queue_rows.erase(2);
  source_.exchange_rows.clear();
  source_.channel_rows.clear();
  const std::string quorum =
      "rabbitmq_global_messages_delivered_consume_manual_ack_total{protocol=\"amqp091\","
      "queue_type=\"rabbit_quorum_queue\"}";
  const std::string routed = "rabbitmq_global_messages_routed_total{protocol=\"amqp091\"}";
  ReadMetrics read(scrape("/metrics"));
  EXPECT_EQ(read.value(quorum), "30");
  EXPECT_EQ(read.value(routed), "60");
  EXPECT_EQ(read.value("rabbitmq_global_messages_received_confirm_total{protocol=\"amqp091\"}"),
            "94");
  // Others with the same ids: what they count comes on top.
  FakeMetricsSource::Queue again{"/", "again", core::QueueType::quorum, {}};
  again.stats.counts[MessageEvent::deliver] = 5;
  source_.queue_rows[2] = again;
  FakeMetricsSource::Exchange exchange{"/", "f", {}};
  exchange.counts[MessageEvent::publish_out] = 7;
  source_.exchange_rows[1] = exchange;
  read = ReadMetrics(scrape("/metrics"));
  EXPECT_EQ(read.value(quorum), "35");
  EXPECT_EQ(read.value(routed), "67");
}

TEST_F(MetricsTest, SingleObjectsHaveTheirNames) {
  const ReadMetrics read(scrape("/metrics/per-object"));
  EXPECT_EQ(read.value("rabbitmq_queue_messages_ready{vhost=\"/\",queue=\"q\"}"), "5");
  EXPECT_EQ(read.value("rabbitmq_queue_messages_ready{vhost=\"other\",queue=\"with "
                       "\\\"quotes\\\"\\\\\\n\"}"),
            "10");
  EXPECT_EQ(read.count("rabbitmq_queue_messages_ready"), 2U);
  EXPECT_EQ(read.value("rabbitmq_queue_info{vhost=\"/\",queue=\"q\",queue_type="
                       "\"rabbit_classic_queue\",membership=\"leader\"}"),
            "1");
  EXPECT_EQ(read.value("rabbitmq_exchange_messages_published_total{vhost=\"/\",exchange=\"e\"}"),
            "40");
  EXPECT_EQ(read.value("rabbitmq_channel_messages_unconfirmed{channel=\"a -> b (1)\"}"), "4");
  EXPECT_EQ(read.value("rabbitmq_connection_incoming_bytes_total{connection=\"a -> b\"}"), "11");
  EXPECT_EQ(read.value("lepus_queue_oldest_ready_age_seconds{vhost=\"/\",queue=\"q\"}"), "1.5");
  EXPECT_EQ(read.value("rabbitmq_connections"), "1");
}

TEST_F(MetricsTest, AQueueThatNothingHappenedToIsZero) {
  source_.queue_rows[3] = {"/", "fresh", core::QueueType::classic, {}, false};
  const ReadMetrics read(scrape("/metrics/per-object"));
  EXPECT_EQ(read.value("rabbitmq_queue_messages{vhost=\"/\",queue=\"fresh\"}"), "0");
}

TEST_F(MetricsTest, DetailedOnesAreThoseThatWereAskedFor) {
  const ReadMetrics read(
      scrape("/metrics/detailed", "family=queue_coarse_metrics&vhost=%2F&family=vhost_status"));
  EXPECT_EQ(read.value("rabbitmq_detailed_queue_messages_ready{vhost=\"/\",queue=\"q\"}"), "5");
  EXPECT_EQ(read.count("rabbitmq_detailed_queue_messages_ready"), 1U);
  EXPECT_EQ(read.count("rabbitmq_detailed_queue_info"), 1U);
  EXPECT_EQ(read.labels("rabbitmq_cluster_vhost_status"), std::set<std::string>{"{vhost=\"/\"}"});
  EXPECT_TRUE(read.has("rabbitmq_identity_info"));
  EXPECT_FALSE(read.has("rabbitmq_detailed_queue_consumers"));
  EXPECT_FALSE(read.has("rabbitmq_connections"));
  EXPECT_FALSE(read.has("rabbitmq_global_consumers"));
}

TEST_F(MetricsTest, AllFamiliesAtOnceHaveNoSeriesTwice) {
  std::string query =
      "family=vhost_status&family=exchange_bindings&family=exchange_names&"
      "family=lepus_queue_metrics&family=lepus_thread_metrics&family=unknown";
  for (const char* family :
       {"connection_churn_metrics", "node_coarse_metrics", "node_metrics", "node_persister_metrics",
        "auth_attempt_metrics", "queue_coarse_metrics", "queue_consumer_count", "queue_metrics",
        "queue_delivery_metrics", "channel_queue_exchange_metrics", "channel_metrics",
        "channel_exchange_metrics", "channel_queue_metrics", "connection_coarse_metrics",
        "connection_metrics", "exchange_metrics"})
    query += std::string("&family=") + family;
  const ReadMetrics read(scrape("/metrics/detailed", query));
  EXPECT_EQ(read.count("rabbitmq_detailed_queue_consumers"), 2U);
  EXPECT_EQ(read.value("rabbitmq_detailed_connections_opened_total"), "5");
  EXPECT_EQ(read.value("rabbitmq_cluster_exchange_bindings{vhost=\"/\",exchange=\"e\",type="
                       "\"topic\"}"),
            "3");
}

TEST_F(MetricsTest, TheBypassIsThereWhenItIsOn) {
  EXPECT_FALSE(ReadMetrics(scrape("/metrics")).has("lepus_bypass_received_frames_total"));
  using net::bypass::Counter;
  BypassFacts& facts = source_.bypass_facts;
  facts.is_on = true;
  facts.device.name = {"net0"};
  facts.stats.missed = 4;
  facts.stats.is_link_up = true;
  facts.shards.resize(2);
  facts.shards[1][static_cast<std::size_t>(Counter::frames_in)] = 7;
  facts.shards[1][static_cast<std::size_t>(Counter::dropped_no_listener)] = 3;
  const ReadMetrics read(scrape("/metrics"));
  EXPECT_EQ(read.value("lepus_bypass_received_frames_total{thread=\"shard-1\"}"), "7");
  EXPECT_EQ(
      read.value("lepus_bypass_dropped_frames_total{thread=\"shard-1\",reason=\"no_listener\"}"),
      "3");
  EXPECT_EQ(read.count("lepus_bypass_dropped_frames_total"), 28U);
  EXPECT_EQ(read.value("lepus_bypass_device_missed_frames_total{device=\"net0\"}"), "4");
  EXPECT_EQ(read.value("lepus_bypass_device_link_up{device=\"net0\"}"), "1");
  EXPECT_TRUE(ReadMetrics(scrape("/metrics/detailed", "family=lepus_bypass_metrics"))
                  .has("lepus_bypass_used_frames"));
}

TEST_F(MetricsTest, MemoryIsByAccount) {
  const ReadMetrics read(scrape("/metrics/memory-breakdown"));
  EXPECT_EQ(read.value("lepus_memory_bytes{thread=\"shard-0\",account=\"messages\"}"), "0");
  EXPECT_EQ(read.value("lepus_memory_resident_bytes"), "1000");
}

TEST_F(MetricsTest, OtherPathsAndMethodsAreRefused) {
  FakeExchange elsewhere;
  ask(elsewhere, "/api/overview");
  EXPECT_EQ(elsewhere.status(), 404U);
  FakeExchange unknown;
  ask(unknown, "/metrics/unknown");
  EXPECT_EQ(unknown.status(), 404U);
  FakeExchange bad;
  ask(bad, "/metrics/detailed", "vhost=%2");
  EXPECT_EQ(bad.status(), 400U);
  FakeExchange post;
  post.edit().method = "POST";
  post.edit().path = "/metrics";
  service_.on_request(post);
  EXPECT_EQ(post.status(), 405U);
}

TEST_F(MetricsTest, ThePathIsTheOperators) {
  service_.set_settings({"/m", true});
  const ReadMetrics read(scrape("/m"));
  EXPECT_EQ(read.count("rabbitmq_queue_messages_ready"), 2U);
  FakeExchange exchange;
  ask(exchange, "/metrics");
  EXPECT_EQ(exchange.status(), 404U);
}

TEST_F(MetricsTest, ManyObjectsTakeManyTurnsAndBoundedMemory) {
  for (std::uint64_t i = 10; i < 3'010; ++i)
    source_.queue_rows[i] = {"/", "queue-" + std::to_string(i), core::QueueType::classic, {}};
  FakeExchange exchange;
  ask(exchange, "/metrics/per-object");
  std::size_t before = 0;
  std::size_t largest = 0;
  int turns = 0;
  for (; !exchange.is_over(); ++turns) {
    // Every other turn the client has read nothing.
    exchange.set_room(turns % 2 == 0);
    if (turns % 2 == 0) service_.work();
    largest = std::max(largest, exchange.body().size() - before);
    before = exchange.body().size();
    if (turns % 2 == 1) exchange.tell_room();
  }
  EXPECT_GT(turns, 50);
  EXPECT_LT(largest, 1U << 20);
  const ReadMetrics read(exchange.body());
  EXPECT_EQ(read.count("rabbitmq_queue_messages_ready"), 3'002U);
  EXPECT_FALSE(service_.has_work());
  EXPECT_EQ(service_.scrape_count(), 0U);
}

TEST_F(MetricsTest, AClientThatGoesEndsItsScrape) {
  FakeExchange exchange;
  ask(exchange, "/metrics/per-object");
  EXPECT_EQ(service_.scrape_count(), 1U);
  exchange.abandon();
  EXPECT_TRUE(service_.has_work());
  (void)service_.work();
  EXPECT_EQ(service_.scrape_count(), 0U);
}

TEST_F(MetricsTest, TooManyScrapesAreRefused) {
  std::vector<std::unique_ptr<FakeExchange>> exchanges;
  for (std::size_t i = 0; i <= core::limits::metrics_scrapes_max; ++i) {
    exchanges.push_back(std::make_unique<FakeExchange>());
    ask(*exchanges.back(), "/metrics");
  }
  EXPECT_EQ(exchanges.back()->status(), 503U);
  for (const auto& exchange : exchanges) run(*exchange);
}

TEST_F(MetricsTest, WhatGoesDuringAScrapeIsLeftOut) {
  FakeExchange exchange;
  ask(exchange, "/metrics/per-object");
  source_.queue_rows.clear();
  source_.channel_rows.clear();
  run(exchange);
  const ReadMetrics read(exchange.body());
  EXPECT_EQ(read.count("rabbitmq_queue_messages_ready"), 0U);
}

}  // namespace
}  // namespace lepus::server::test
