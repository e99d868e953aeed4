// What the API shows of objects with their statistics.
#include <nlohmann/json.hpp>

#include "tests/unit/tools/server/http_api/api_world.h"

namespace lepus::server {
namespace {

using core::MessageEvent;
using Json = nlohmann::json;

class ApiStatisticsTest : public test::ApiTest {
 protected:
  Json get_json(const std::string& path, const std::string& user = "guest") {
    const test::ApiAnswer answer = get(path, user);
    EXPECT_EQ(answer.status, 200U) << path << ": " << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  /// As a shard tells it.
  void tell(core::StatsPage page) { thread_->sampler().take(page); }
  core::QueueId queue_with(std::string_view name, std::uint64_t ready, std::uint64_t unacked = 0) {
    const core::QueueId id = declare(name, 0);
    core::StatsPage page;
    core::QueueStats row;
    row.id = id;
    row.messages_ready = ready;
    row.messages_unacknowledged = unacked;
    row.counts[MessageEvent::publish] = ready + unacked;
    page.queues.push_back(row);
    tell(std::move(page));
    return id;
  }
  void connect(std::uint64_t number, std::string_view user, std::string_view vhost = "/") {
    core::StatsPage page;
    core::ConnectionStats row;
    row.id = core::ConnectionId{number};
    row.user = user;
    row.vhost = vhost;
    row.name = "127.0.0.1:" + std::to_string(number) + " -> 127.0.0.1:5672";
    row.recv_oct = 100 * number;
    page.connections.push_back(row);
    core::ChannelStats channel;
    channel.connection = row.id;
    channel.connection_name = row.name;
    channel.number = 1;
    channel.user = user;
    channel.vhost = vhost;
    page.channels.push_back(channel);
    tell(std::move(page));
  }
  /// The shards have nothing to tell.
  void answer_samples() {
    for (core::ShardId shard = 0; shard < 2; ++shard)
      for (auto& command : std::exchange(received_[shard], {}))
        if (const auto* asked = std::get_if<AskStats>(&command)) {
          core::StatsPage page;
          page.number = asked->request->number;
          page.last = true;
          answer(shard, std::move(page));
        }
  }
  static std::vector<std::string> names(const Json& list) {
    std::vector<std::string> found;
    for (const Json& object : list) found.push_back(object.value("name", ""));
    return found;
  }
};

TEST_F(ApiStatisticsTest, AQueueHasItsCountsAndWhatItWasDeclaredWith) {
  queue_with("q", 3, 2);
  const Json queue = get_json("/queues/%2F/q");
  EXPECT_EQ(queue["name"], "q");
  EXPECT_EQ(queue["vhost"], "/");
  EXPECT_EQ(queue["type"], "classic");
  EXPECT_EQ(queue["messages"], 5);
  EXPECT_EQ(queue["messages_ready"], 3);
  EXPECT_EQ(queue["messages_unacknowledged"], 2);
  EXPECT_EQ(queue["message_stats"]["publish"], 5);
  EXPECT_TRUE(queue["messages_details"]["rate"].is_number());
  EXPECT_EQ(queue["arguments"], Json::object());
  EXPECT_EQ(queue["effective_policy_definition"], Json::object());
  EXPECT_TRUE(queue["policy"].is_null());
  EXPECT_EQ(queue["node"], "lepus@h");
  EXPECT_EQ(queue["consumer_details"], Json::array());
  EXPECT_EQ(get("/queues/%2F/other").status, 404U);
}

TEST_F(ApiStatisticsTest, AQueueThatNothingHappenedToIsAllZero) {
  declare("idle", 0);
  const Json queue = get_json("/queues/%2F/idle");
  EXPECT_EQ(queue["messages"], 0);
  EXPECT_EQ(queue["consumers"], 0);
  EXPECT_FALSE(queue.contains("message_stats"));
}

TEST_F(ApiStatisticsTest, QueuesAreSortedByNumbersAndCutIntoPages) {
  for (int number = 0; number < 5; ++number)
    queue_with("q" + std::to_string(number), static_cast<std::uint64_t>((number * 7) % 5));
  const Json page = get_json("/queues?page=1&page_size=2&sort=messages&sort_reverse=true");
  EXPECT_EQ(page["total_count"], 5);
  EXPECT_EQ(page["page_count"], 3);
  EXPECT_EQ(page["items"][0]["messages"], 4);
  EXPECT_EQ(page["items"][1]["messages"], 3);
  EXPECT_EQ(get_json("/queues?columns=name")[0], (Json{{"name", "q0"}}));
}

TEST_F(ApiStatisticsTest, SortsByWhatIsInsideOfStatistics) {
  queue_with("a", 1);
  queue_with("b", 9);
  queue_with("c", 5);
  EXPECT_EQ(names(get_json("/queues?sort=message_stats.publish&sort_reverse=true")),
            (std::vector<std::string>{"b", "c", "a"}));
  EXPECT_EQ(names(get_json("/queues/%2F?sort=message_bytes_persistent&sort_reverse=true")).size(),
            3U);
}

TEST_F(ApiStatisticsTest, LeavesStatisticsOutWhenTheyAreNotWanted) {
  queue_with("q", 3);
  const Json bare = get_json("/queues?disable_stats=true")[0];
  EXPECT_FALSE(bare.contains("messages"));
  EXPECT_FALSE(bare.contains("memory"));
  EXPECT_EQ(get_json("/queues?disable_stats=true&enable_queue_totals=true")[0]["messages"], 3);
  host_.settings.management.disable_stats = true;
  EXPECT_FALSE(get_json("/queues")[0].contains("messages"));
  EXPECT_EQ(get_json("/queues?enable_queue_totals=true")[0]["messages"], 3);
  EXPECT_TRUE(get_json("/overview")["disable_stats"].get<bool>());
  host_.settings.management.enable_queue_totals = true;
  EXPECT_EQ(get_json("/queues")[0]["messages"], 3);
  EXPECT_FALSE(get_json("/queues")[0].contains("memory"));
}

TEST_F(ApiStatisticsTest, ThreadsTellHowBusyTheyAre) {
  const Json threads = get_json("/nodes/lepus@h/threads");
  EXPECT_EQ(threads.back()["name"], "admin");
  EXPECT_EQ(threads.back()["turn_us"]["counts"].size(),
            threads.back()["turn_us"]["bounds"].size() + 1);
  EXPECT_EQ(get("/nodes/other/threads").status, 404U);
  add_user("eve", "management");
  EXPECT_EQ(get("/nodes/lepus@h/threads", "eve").status, 401U);
}

TEST_F(ApiStatisticsTest, TheBypassTellsWhatItCounts) {
  EXPECT_EQ(get_json("/nodes/lepus@h/bypass"),
            (Json{{"enabled", false}, {"shards", Json::array()}}));
  BypassFacts& facts = host_.known.bypass;
  facts.is_on = true;
  facts.device.name = {"net0"};
  facts.stats.missed = 4;
  facts.shards.resize(2);
  facts.shards[1][static_cast<std::size_t>(net::bypass::Counter::retransmits)] = 7;
  const Json bypass = get_json("/nodes/lepus@h/bypass");
  EXPECT_EQ(bypass["device"]["name"], "net0");
  EXPECT_EQ(bypass["device"]["link"], "down");
  EXPECT_EQ(bypass["device"]["device_missed"], 4);
  EXPECT_EQ(bypass["shards"][1]["name"], "shard-1");
  EXPECT_EQ(bypass["shards"][1]["retransmits"], 7);
  EXPECT_EQ(get("/nodes/other/bypass").status, 404U);
  add_user("eve", "management");
  EXPECT_EQ(get("/nodes/lepus@h/bypass", "eve").status, 401U);
}

TEST_F(ApiStatisticsTest, AUserSeesHisVirtualHostsAndHisConnections) {
  add_user("ann", "management");
  permit("ann", "other");
  queue_with("mine", 1);
  connect(1, "guest");
  connect(2, "ann", "other");
  EXPECT_EQ(get_json("/queues", "ann"), Json::array());
  EXPECT_EQ(get("/queues/%2F", "ann").status, 401U);
  EXPECT_EQ(get_json("/connections", "ann").size(), 1U);
  EXPECT_EQ(get_json("/channels", "ann").size(), 1U);
  EXPECT_EQ(get_json("/connections").size(), 2U);
  EXPECT_EQ(get("/connections/127.0.0.1%3A1%20-%3E%20127.0.0.1%3A5672", "ann").status, 401U);
  const Json own = get_json("/connections/127.0.0.1%3A2%20-%3E%20127.0.0.1%3A5672", "ann");
  EXPECT_EQ(own["recv_oct"], 200);
  EXPECT_EQ(get_json("/overview", "ann")["object_totals"]["connections"], 1);
  EXPECT_EQ(get("/nodes", "ann").status, 401U);
}

TEST_F(ApiStatisticsTest, ConnectionsAreFoundByUserVirtualHostAndName) {
  connect(1, "guest");
  connect(2, "ann", "other");
  EXPECT_EQ(get_json("/connections/username/ann").size(), 1U);
  EXPECT_EQ(get_json("/vhosts/other/connections").size(), 1U);
  EXPECT_EQ(get_json("/vhosts/other/channels").size(), 1U);
  const std::string path = "/connections/127.0.0.1%3A1%20-%3E%20127.0.0.1%3A5672";
  EXPECT_EQ(get_json(path + "/channels")[0]["number"], 1);
  EXPECT_EQ(get_json("/channels/127.0.0.1%3A1%20-%3E%20127.0.0.1%3A5672%20(1)")["number"], 1);
  EXPECT_EQ(get("/connections/nobody").status, 404U);
  EXPECT_EQ(get("/channels/nobody").status, 404U);
}

TEST_F(ApiStatisticsTest, AVirtualHostMayGoWhileSamplesAreAwaited) {
  change(core::AddVhost{"brief", {}, {}, {}});
  thread_->sampler().set_interval(core::nanos_per_s);
  const auto list = begin({"GET", "/queues/brief"});
  const auto one = begin({"GET", "/vhosts/brief"});
  ASSERT_FALSE(list->is_over());
  ASSERT_FALSE(one->is_over());
  change(core::DeleteVhost{"brief"});
  answer_samples();
  EXPECT_EQ(list->status(), 404U);
  EXPECT_EQ(one->status(), 404U);
}

TEST_F(ApiStatisticsTest, ExchangesAreThereWithTheirTypes) {
  const Json exchanges = get_json("/exchanges/%2F");
  EXPECT_EQ(exchanges.size(), 7U + (thread_->view().topology().event_exchange() != nullptr));
  EXPECT_EQ(get_json("/exchanges/%2F/amq.topic")["type"], "topic");
  EXPECT_EQ(get_json("/exchanges/%2F/amq.default")["name"], "");
  EXPECT_EQ(get("/exchanges/%2F/none").status, 404U);
}

TEST_F(ApiStatisticsTest, TheOverviewAlwaysHasItsObjects) {
  const Json overview = get_json("/overview");
  for (const char* name : {"queue_totals", "object_totals", "message_stats", "churn_rates"})
    EXPECT_TRUE(overview[name].is_object()) << name;
  EXPECT_EQ(overview["queue_totals"]["messages"], 0);
  EXPECT_EQ(overview["object_totals"]["queues"], 0);
  EXPECT_EQ(overview["message_stats"]["publish"], 0);
  EXPECT_TRUE(overview["exchange_types"].is_array());
  EXPECT_EQ(overview["node"], "lepus@h");
}

TEST_F(ApiStatisticsTest, TheNodeHasWhatMonitorsRead) {
  host_.known.resident_bytes = 1000;
  const Json nodes = get_json("/nodes");
  ASSERT_EQ(nodes.size(), 1U);
  for (const char* name : {"mem_used", "mem_limit", "disk_free", "disk_free_limit", "fd_total",
                           "proc_used", "proc_total", "sockets_total", "uptime", "run_queue"})
    EXPECT_TRUE(nodes[0][name].is_number_unsigned()) << name;
  EXPECT_EQ(nodes[0]["running"], true);
  EXPECT_EQ(nodes[0]["mem_alarm"], false);
  EXPECT_EQ(nodes[0]["partitions"], Json::array());
  EXPECT_EQ(get_json("/nodes/lepus@h")["mem_used"], 1000);
  EXPECT_EQ(get_json("/nodes/lepus@h/memory")["memory"]["total"]["rss"], 1000);
  EXPECT_EQ(get_json("/nodes/lepus@h/memory/relative")["memory"]["total"], 100);
  EXPECT_EQ(get("/nodes/other").status, 404U);
}

}  // namespace
}  // namespace lepus::server
