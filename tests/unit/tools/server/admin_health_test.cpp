// Verbs that say how the node is, and settings that are known at once.
#include <simdjson.h>

#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

class AdminHealthTest : public test::AdminTest {
 protected:
  void serve() {
    for (core::ShardId shard = 0; shard < 2; ++shard) ends_[shard].tell_control(Serving{});
    turn();
  }
  /// What a verb answers: the value, or the error.
  std::string answer_to(std::string_view verb, std::vector<std::string> arguments = {}) {
    sink_ = {};
    start(verb, std::move(arguments));
    if (!sink_.error.empty()) return sink_.error;
    simdjson::dom::parser parser;
    std::string_view value;
    if (parser.parse(sink_.done).at_key("value").get(value) != simdjson::SUCCESS) return sink_.done;
    return std::string{value};
  }
};

TEST_F(AdminHealthTest, AClusterOfOneNode) {
  EXPECT_EQ(answer_to("await_online_nodes", {"1"}),
            "unavailable: node lepus@h is not running or has not fully booted yet");
  serve();
  EXPECT_NE(answer_to("await_online_nodes", {"1"}).find("fully booted"), std::string::npos);
  EXPECT_EQ(answer_to("await_online_nodes", {"2"}),
            "unavailable: there is one node: clusters are not built yet");
  EXPECT_EQ(answer_to("await_online_nodes", {"0"}), "usage: '0' is no number of nodes");
  EXPECT_EQ(answer_to("enable_feature_flag", {"all"}), "Every feature is enabled already.");
  EXPECT_EQ(answer_to("enable_feature_flag", {"khepri_db"}),
            "The feature flag khepri_db is enabled already.");
  EXPECT_EQ(answer_to("enable_feature_flag", {"none"}),
            "not_found: there is no feature flag 'none': list_feature_flags lists them");
  const std::string status = answer_to("cluster_status");
  for (const char* part :
       {R"("cluster_name":"lepus@h")", R"("disk_nodes":["lepus@h"])",
        R"("running_nodes":["lepus@h"])", R"("maintenance_status":{"lepus@h":"not under)"})
    EXPECT_NE(status.find(part), std::string::npos) << part << " is not in " << status;
}

TEST_F(AdminHealthTest, ListenersByProtocol) {
  host_.settings.listeners = {{"default", "127.0.0.1", 5672}};
  EXPECT_EQ(answer_to("check_protocol_listener", {"amqp"}),
            "unavailable: No listener for protocol amqp is active on node lepus@h.");
  serve();
  EXPECT_EQ(answer_to("check_protocol_listener", {"amqp"}),
            "A listener for protocol amqp is running on node lepus@h.");
  EXPECT_EQ(answer_to("check_protocol_listener", {"mqtt"}),
            "unavailable: No listener for protocol mqtt is active on node lepus@h.");
  EXPECT_EQ(answer_to("node_health_check"), "Health check passed");
  EXPECT_NE(answer_to("check_port_connectivity").find(R"("interface":"127.0.0.1","port":5672)"),
            std::string::npos);
}

TEST_F(AdminHealthTest, WhereTheLogIs) {
  host_.settings.log.file.clear();
  host_.settings.log.console = false;
  EXPECT_EQ(answer_to("log_location"), "not_found: the log is not written anywhere");
  host_.settings.log.file = "lepus.log";
  host_.settings.log.dir = "/var/log/lepus";
  host_.settings.log.console = true;
  EXPECT_EQ(answer_to("log_location"), "/var/log/lepus/lepus.log\n<stderr>");
  host_.settings.log.file = "/elsewhere/x.log";
  host_.settings.log.console_to_stdout = true;
  EXPECT_EQ(answer_to("log_location"), "/elsewhere/x.log\n<stdout>");
}

TEST_F(AdminHealthTest, LevelsOfTheLog) {
  EXPECT_EQ(answer_to("set_log_level", {"debug"}), "{}");
  EXPECT_EQ(answer_to("set_log_level", {"connection", "error"}), "{}");
  EXPECT_EQ(answer_to("set_log_level", {"loud"}), "invalid: no such level");
  EXPECT_EQ(answer_to("set_log_level", {}), "usage: expected a level, or a category and a level");
  EXPECT_EQ(host_.log_levels, (std::vector<std::string>{"=debug", "connection=error"}));
}

TEST_F(AdminHealthTest, PermissionsInEveryVirtualHost) {
  EXPECT_EQ(answer_to("set_permissions_globally", {"ann", ".*", ".*", ".*"}).substr(0, 8),
            "no_user:");
  EXPECT_EQ(answer_to("add_user", {"ann", "secret"}), "{}");
  EXPECT_EQ(answer_to("set_permissions_globally", {"ann", "^a", "^b", ".*"}), "{}");
  for (const char* vhost : {"/", "other"}) {
    const core::Grant* grant = control_->topology().access().find_grant({"ann", vhost});
    ASSERT_NE(grant, nullptr) << vhost;
    EXPECT_EQ(grant->spec.configure, "^a");
    EXPECT_EQ(grant->spec.write, "^b");
  }
  EXPECT_EQ(answer_to("set_permissions_globally", {"ann", "("}).substr(0, 6), "usage:");
  EXPECT_EQ(answer_to("set_permissions_globally", {"ann", "(", ".*", ".*"}).substr(0, 8),
            "invalid:");
}

TEST_F(AdminHealthTest, SmallTablesBringTheirColumns) {
  EXPECT_EQ(answer_to("list_feature_flags"), R"({"columns":["name","state"]})");
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_NE(sink_.rows[0].find(R"(["khepri_db","enabled"])"), std::string::npos);
  EXPECT_EQ(answer_to("list_feature_flags", {"state", "colour"}),
            "usage: Info key(s) colour are not supported");
  EXPECT_EQ(answer_to("list_deprecated_features"), R"({"columns":["name","deprecation_phase"]})");
  EXPECT_TRUE(sink_.rows.empty());
  EXPECT_EQ(answer_to("quorum_status"), "usage: 0 arguments are too few");
}

TEST_F(AdminHealthTest, QueuesAreLedHere) {
  (void)declare("classic", 1);
  EXPECT_EQ(answer_to("quorum_status", {"classic"}),
            "invalid: queue 'classic' in vhost '/' is a classic queue, not a quorum one");
  EXPECT_EQ(answer_to("stream_status", {"none"}),
            "not_found: queue 'none' in vhost '/' does not exist");
  EXPECT_NE(answer_to("check_if_node_is_quorum_critical").find("does not apply"),
            std::string::npos);
  EXPECT_EQ(answer_to("rebalance", {"odd"}),
            "usage: 'odd' is none of all, classic, quorum, stream");
}

TEST_F(AdminHealthTest, MemoryByWhatItIsUsedFor) {
  host_.known.memory_parts = {500, 0, 100, 200, 0, 0, 0};
  host_.known.resident_bytes = 1000;
  AdminRequest request;
  request.verb = "memory_breakdown";
  request.options["unit"] = "bytes";
  start(request);
  EXPECT_EQ(sink_.done, R"({"columns":["name","bytes","percentage"]})");
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_EQ(sink_.rows[0].rfind(R"([["messages",500,50.00],["connections",200,20.00],)"
                                R"(["other",200,20.00],["metadata_store",100,10.00])",
                                0),
            0U)
      << sink_.rows[0];
  EXPECT_NE(sink_.rows[0].find(R"(["total",1000,100.00])"), std::string::npos);
  sink_ = {};
  request.options["unit"] = "cups";
  start(request);
  EXPECT_NE(sink_.error.find("usage: there is no unit 'cups'"), std::string::npos);
}

TEST_F(AdminHealthTest, BypassByShard) {
  EXPECT_EQ(answer_to("bypass_status").rfind("unavailable: the broker has no network device", 0),
            0U);
  BypassFacts& facts = host_.known.bypass;
  facts.is_on = true;
  facts.stats.is_link_up = true;
  facts.shards.resize(2);
  for (std::size_t shard = 0; shard < 2; ++shard)
    facts.shards[shard][static_cast<std::size_t>(net::bypass::Counter::frames_in)] = 5 + shard;
  EXPECT_EQ(answer_to("bypass_status"), R"({"columns":["name","total","shard-0","shard-1"]})");
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_NE(sink_.rows[0].find(R"(["link","up","",""])"), std::string::npos) << sink_.rows[0];
  EXPECT_NE(sink_.rows[0].find(R"(["frames_in",11,5,6])"), std::string::npos) << sink_.rows[0];
}

TEST_F(AdminHealthTest, UnresponsiveQueuesAreThoseOfShardsThatDoNotAnswer) {
  start("list_unresponsive_queues");
  EXPECT_EQ(sink_.done, "");
  acknowledge(0);
  EXPECT_EQ(sink_.done, "");
  acknowledge(1);
  EXPECT_EQ(sink_.done, R"({"columns":["name"]})");
}

TEST_F(AdminHealthTest, LogsAreRotated) {
  EXPECT_NE(answer_to("rotate_logs").find("open under its name"), std::string::npos);
  host_.log_error = "no such directory";
  EXPECT_EQ(answer_to("rotate_logs"), "unavailable: no such directory");
}

TEST_F(AdminHealthTest, SecretsOfTheCommandLineAreMasked) {
  const std::string line = answer_to("command_line_arguments");
  EXPECT_NE(line, "");
  setenv("LEPUS_TEST_PASSWORD", "s3cret", 1);
  setenv("LEPUS_TEST_PLACE", "here", 1);
  (void)answer_to("os_env");
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_NE(sink_.rows[0].find(R"(["LEPUS_TEST_PASSWORD","********"])"), std::string::npos);
  EXPECT_NE(sink_.rows[0].find(R"(["LEPUS_TEST_PLACE","here"])"), std::string::npos);
  unsetenv("LEPUS_TEST_PASSWORD");
  unsetenv("LEPUS_TEST_PLACE");
}

TEST_F(AdminHealthTest, TheNameOfTheClusterReachesEveryShard) {
  start("set_cluster_name", {"east"});
  turn();
  EXPECT_EQ(host_.passed_settings, 1);
  EXPECT_EQ(sink_.done, "");
  acknowledge(0);
  acknowledge(1);
  EXPECT_EQ(sink_.done, "{}");
  EXPECT_NE(answer_to("cluster_status").find(R"("cluster_name":"east")"), std::string::npos);
  EXPECT_EQ(answer_to("set_cluster_name", {""}), "invalid: the name of a cluster is not empty");
}

}  // namespace
}  // namespace lepus::server
