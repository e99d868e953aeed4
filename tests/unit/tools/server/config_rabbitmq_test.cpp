// The table of RabbitMQ's keys holds together, and files as people have them start, or stop for a
// reason that is said.
#include "tools/server/config/rabbitmq/config_rabbitmq.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "tools/server/config/config.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {
namespace {

/// A key that the pattern stands for.
std::string sample_of(std::string_view pattern) {
  std::string sample = rabbitmq_key_like(pattern, {});
  std::replace(sample.begin(), sample.end(), '$', 'x');
  std::replace(sample.begin(), sample.end(), '*', 'y');
  return sample;
}

TEST(RabbitmqKeys, EveryRowIsReachedAndGrouped) {
  std::set<const RabbitmqSubject*> left;
  const RabbitmqSubject* last = nullptr;
  for (const RabbitmqKey& key : rabbitmq_keys()) {
    EXPECT_EQ(find_rabbitmq_key(sample_of(key.pattern)), &key) << key.pattern;
    EXPECT_EQ(key.pattern.find('|'), std::string_view::npos);
    const bool is_new = key.subject == last || left.insert(key.subject).second;
    EXPECT_TRUE(is_new) << key.pattern;
    last = key.subject;
  }
  for (const RabbitmqSubject* subject : left) {
    EXPECT_FALSE(subject->title.empty());
    EXPECT_NE(subject->text.back(), '.') << subject->title;
  }
}

TEST(RabbitmqKeys, Matching) {
  EXPECT_NE(find_rabbitmq_key("ssl_options.key.RSAPrivateKey"), nullptr);
  EXPECT_NE(find_rabbitmq_key("ssl_options"), nullptr);
  EXPECT_NE(find_rabbitmq_key("cluster_tags.rack"), nullptr);
  EXPECT_NE(find_rabbitmq_key("log.file.rotation.size"), nullptr);
  for (const char* name : {"", ".", "management", "management.", "managementx.tcp", "ssl_optionsx",
                           "log.level", "log.file.rotation", "auth_backends.1.x", "collect",
                           "listeners.ssl.a.b", "tcp_listen_options.backlogg"})
    EXPECT_EQ(find_rabbitmq_key(name), nullptr) << name;
}

class RabbitmqFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lepus-rabbitmq-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  ConfigResult load(const std::string& text) {
    const std::string path = directory_ + "/r.conf";
    std::ofstream(path) << text;
    ConfigResult result = load_config({.file = path, .host_name = "h"});
    for (auto* lines : {&result.errors, &result.warnings})
      for (std::string& line : *lines)
        for (std::size_t at; (at = line.find(directory_ + "/")) != std::string::npos;)
          line.erase(at, directory_.size() + 1);
    return result;
  }

  std::string directory_;
};

TEST_F(RabbitmqFile, WarningsAndErrorsNameLinesOnceASubject) {
  const ConfigResult result = load(
      "mqtt.vhost = /\nheartbeat = 5\nstomp.listeners.tcp.1 = 61613\n"
      "ssl_options.dhfile = /d.pem\nssl_options.verify_fun = f\n");
  EXPECT_EQ(result.warnings,
            std::vector<std::string>{
                "r.conf:1: key 'mqtt.vhost' has no effect, nor have stomp.listeners.tcp.1 "
                "(line 3): only AMQP 0-9-1 is spoken: clients of MQTT, STOMP, AMQP 1.0, the "
                "stream protocol or WebSocket cannot connect"});
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_TRUE(result.errors[0].starts_with(
      "r.conf:4: key 'ssl_options.dhfile' stops the start, and so do ssl_options.verify_fun "
      "(line 5): this option of TLS is not supported"))
      << result.errors[0];
}

TEST_F(RabbitmqFile, ManyKeysOfASubjectAreOneLine) {
  std::string text;
  for (int i = 1; i <= 20; ++i)
    text += "cluster_formation.classic_config.nodes." + std::to_string(i) + " = rabbit@h\n";
  const ConfigResult result = load(text);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("nodes.6 (line 6) and 14 more: this broker is one node"),
            std::string::npos)
      << result.warnings[0];
}

TEST_F(RabbitmqFile, ValuesThatAskForNothing) {
  for (const char* line :
       {"ssl_options = none", "ssl_options.client_renegotiation = false",
        "ssl_options.secure_renegotiate = true", "auth_backends.1 = internal",
        "auth_backends.2 = rabbit_auth_backend_internal", "anonymous_login_user = none",
        "vhost_max = infinity", "log.syslog = false",
        "password_hashing_module = rabbit_password_hashing_sha256",
        "queue_types.stream.enabled = true",
        "credential_validator.validation_backend = "
        "rabbit_credential_validator_accept_everything"}) {
    const ConfigResult result = load(line);
    EXPECT_TRUE(result.ok()) << line;
    EXPECT_TRUE(result.warnings.empty()) << line;
  }
}

TEST_F(RabbitmqFile, NeglectThatWouldHurtIsRefused) {
  for (const char* line :
       {"ssl_options.dhfile = /d.pem", "ssl_options.client_renegotiation = true",
        "auth_backends.1 = ldap", "auth_backends.1.authz = rabbit_auth_backend_http",
        "vhost_max = 5", "cluster_queue_limit = 100", "channel_max_per_node = 100",
        "default_limits.vhosts.1.max_queues = 10", "default_policies.operator.a.max_length = 10",
        "definitions.https.url = https://h/d.json", "definitions.import_backend = https",
        "queue_types.classic.enabled = false",
        "password_hashing_module = rabbit_password_hashing_sha512",
        "credential_validator.validation_backend = rabbit_credential_validator_min_password_length",
        "message_interceptors.outgoing.x.overwrite = true"})
    EXPECT_EQ(load(line).errors.size(), 1U) << line;
}

TEST_F(RabbitmqFile, TheLastValueCounts) {
  EXPECT_TRUE(load("cluster_queue_limit = 100\ncluster_queue_limit = infinity").ok());
  EXPECT_FALSE(load("cluster_queue_limit = infinity\ncluster_queue_limit = 100").ok());
}

TEST_F(RabbitmqFile, ClusterOnKubernetesStarts) {
  const ConfigResult result = load(R"(
queue_master_locator                       = min-masters
disk_free_limit.absolute                   = 2GB
cluster_partition_handling                 = pause_minority
cluster_formation.peer_discovery_backend   = rabbit_peer_discovery_k8s
cluster_formation.k8s.host                 = kubernetes.default
cluster_formation.k8s.address_type         = hostname
cluster_formation.target_cluster_size_hint = 3
cluster_name                               = orders
total_memory_available_override_value      = 1717986919
management.tcp.port                        = 15672
prometheus.tcp.port                        = 15692
log.console                                = true
log.console.level                          = debug
log.console.formatter                      = json
vm_memory_high_watermark.relative          = 0.7
consumer_timeout                           = 1800000
)");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_EQ(result.warnings.size(), 2U);
  EXPECT_EQ(result.config.log.console_style.format, LogFormat::json);
  EXPECT_EQ(result.config.cluster_name, "orders");
  EXPECT_EQ(result.config.log.console_level, core::LogLevel::debug);
  EXPECT_EQ(result.config.total_memory_override, 1'717'986'919U);
}

TEST_F(RabbitmqFile, ContainerWithItsDropInStarts) {
  std::filesystem::create_directory(directory_ + "/conf.d");
  std::ofstream(directory_ + "/conf.d/10-defaults.conf")
      << "## DEFAULT SETTINGS ARE NOT MEANT TO BE TAKEN STRAIGHT INTO PRODUCTION\n"
         "loopback_users.guest = false\nlog.console = true\n";
  std::ofstream(directory_ + "/conf.d/20-management_agent.disable_metrics_collector.conf")
      << "management_agent.disable_metrics_collector = true\n";
  const ConfigResult result = load("default_user = user\ndefault_pass = CHANGEME\n");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_EQ(result.warnings.size(), 1U);
  EXPECT_FALSE(result.config.is_loopback_only("guest"));
}

TEST_F(RabbitmqFile, OldTunedOneStarts) {
  const ConfigResult result = load(R"(
listeners.tcp.default = 0.0.0.0:5672
num_acceptors.tcp = 10
handshake_timeout = 10000
reverse_dns_lookups = true
loopback_users = none
hipe_compile = false
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_backends.1 = internal
default_user_tags.administrator = true
default_permissions.configure = .*
heartbeat = 60
frame_max = 131072
channel_max = 128
tcp_listen_options.backlog = 128
tcp_listen_options.linger.on = true
tcp_listen_options.linger.timeout = 0
tcp_listen_options.exit_on_close = false
vm_memory_high_watermark_paging_ratio = 0.75
disk_free_limit.relative = 2.0
mirroring_sync_batch_size = 4096
collect_statistics_interval = 5000
queue_index_embed_msgs_below = 4096
mqtt.allow_anonymous = true
stomp.listeners.tcp.1 = 61613
management.load_definitions = /etc/rabbitmq/definitions.json
log.dir = /var/log/rabbitmq
log.file = rabbit.log
log.file.level = info
log.file.rotation.date = $D0
log.upgrade.level = error
amqp1_0.default_user = guest
)");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_EQ(result.config.load_definitions, "/etc/rabbitmq/definitions.json");
  EXPECT_EQ(result.config.log.file, "rabbit.log");
  EXPECT_EQ(result.config.channel_max, 128U);
  EXPECT_EQ(result.warnings.size(), 7U);
}

}  // namespace
}  // namespace lepus::server
