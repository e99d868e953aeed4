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
            "not_found: there is no feature flag 'khepri_db': every feature is always enabled");
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

}  // namespace
}  // namespace lepus::server
