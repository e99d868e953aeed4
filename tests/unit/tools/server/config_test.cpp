// The configuration as the operator meets it: a text in, values or complete error lines out.
#include "tools/server/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace lepus::server {
namespace {

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lepus-config-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    sources_.host_name = "rabbit-hole";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  /// Loads `text` as a file; the directory in messages is cut off.
  ConfigResult load(const std::string& text) {
    sources_.file = directory_ + "/lepus.conf";
    std::FILE* file = std::fopen(sources_.file->c_str(), "w");
    EXPECT_NE(file, nullptr);
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    std::fclose(file);
    ConfigResult result = load_config(sources_);
    for (auto* lines : {&result.errors, &result.warnings})
      for (std::string& line : *lines)
        for (std::size_t at; (at = line.find(directory_ + "/")) != std::string::npos;)
          line.erase(at, directory_.size() + 1);
    return result;
  }
  std::string only_error(const std::string& text) {
    const ConfigResult result = load(text);
    EXPECT_EQ(result.errors.size(), 1U) << text;
    return result.errors.empty() ? "" : result.errors[0];
  }

  ConfigSources sources_;
  std::string directory_;
};

TEST_F(ConfigTest, DefaultsWithoutAnySource) {
  const ConfigResult result = load_config({.host_name = "rabbit-hole"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.file, "");
  const ServerConfig& config = result.config;
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].port, 5672);
  EXPECT_EQ(config.listeners[0].host, "");
  EXPECT_EQ(config.users[0].name, "guest");
  EXPECT_TRUE(config.is_loopback_only("guest"));
  EXPECT_EQ(config.vhosts, std::vector<std::string>{"/"});
  EXPECT_EQ(config.cluster_name, "lepus@rabbit-hole");
}

TEST_F(ConfigTest, TakesValuesOfEveryKind) {
  const ConfigResult result = load(R"(
# a comment
   ## another
listeners.tcp.default = 127.0.0.1:21400   # behind a value
listeners.tcp.second=[::1]:21401
handshake_timeout = infinity
heartbeat = 0
frame_max = 64KiB
max_message_size = 16MB
max_connections = 5000
tcp_listen_options.backlog = 4096
tcp_listen_options.nodelay = off
shards = 3
cpuset = 2-5,8
pin = auto
idle = adaptive
idle.spin_us = 20
idle.disk_spin_us = 0
vm_memory_high_watermark.absolute = 2GiB
disk_free_limit.absolute = 2GB
disk_free_limit.relative = 1.5
default_user = admin
default_pass = 'a # b'
default_user_tags.management = true
default_users.jill.password = secret
default_users.jill.tags = monitoring, policymaker
vhosts = one, two,one
vhosts.1 = three, four
log.file = lepus.log
log.connection.level = warning
)");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_TRUE(result.warnings.empty());
  const ServerConfig& config = result.config;
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[0], (ListenAddress{"default", "127.0.0.1", 21400}));
  EXPECT_EQ(config.listeners[1], (ListenAddress{"second", "::1", 21401}));
  EXPECT_EQ(config.handshake_timeout_ms, 0U);
  EXPECT_EQ(config.heartbeat_s, 0U);
  EXPECT_EQ(config.frame_max, 65536U);
  EXPECT_EQ(config.message_size_max, 16'000'000U);
  EXPECT_EQ(config.connections_max, 5000U);
  EXPECT_EQ(config.tcp.backlog, 4096U);
  EXPECT_FALSE(config.tcp.nodelay);
  EXPECT_EQ(config.shards, 3U);
  EXPECT_EQ(config.cpuset, (std::vector<unsigned>{2, 3, 4, 5, 8}));
  EXPECT_EQ(config.idle, IdleMode::adaptive);
  EXPECT_EQ(config.idle_spin_us, 20U);
  EXPECT_EQ(config.idle_disk_spin_us, 0U);
  EXPECT_EQ(config.memory_watermark.size, 2ULL << 30);
  EXPECT_FALSE(config.memory_watermark.is_relative);
  EXPECT_TRUE(config.disk_free_limit.is_relative);
  EXPECT_EQ(config.disk_free_limit.factor, 1.5);
  EXPECT_EQ(config.users[0].name, "admin");
  EXPECT_EQ(config.users[0].password, "a # b");
  EXPECT_EQ(config.users[0].tags, (std::vector<std::string>{"administrator", "management"}));
  ASSERT_NE(config.find_user("jill"), nullptr);
  EXPECT_EQ(config.find_user("jill")->password, "secret");
  EXPECT_EQ(config.find_user("jill")->tags,
            (std::vector<std::string>{"monitoring", "policymaker"}));
  EXPECT_EQ(config.find_user("guest"), nullptr);
  EXPECT_EQ(config.vhosts, (std::vector<std::string>{"/", "one", "two", "three, four"}));
  EXPECT_EQ(config.log.file, "lepus.log");
  EXPECT_EQ(config.log.category_levels[1], core::LogLevel::warning);
}

TEST_F(ConfigTest, NamedListenerReplacesTheDefault) {
  EXPECT_EQ(load("listeners.tcp.1 = 21400").config.listeners,
            (std::vector<ListenAddress>{{"1", "", 21400}}));
  EXPECT_TRUE(load("listeners.tcp = none").config.listeners.empty());
  EXPECT_TRUE(load("listeners.tcp.default = none").config.listeners.empty());
}

TEST_F(ConfigTest, LoopbackUsers) {
  EXPECT_FALSE(load("loopback_users.guest = false").config.is_loopback_only("guest"));
  EXPECT_FALSE(load("loopback_users = none").config.is_loopback_only("guest"));
  const ServerConfig config = load("loopback_users.admin = true").config;
  EXPECT_TRUE(config.is_loopback_only("admin"));
  EXPECT_TRUE(config.is_loopback_only("guest"));
}

TEST_F(ConfigTest, SettingsOutweighEnvironmentOutweighsFile) {
  sources_.environment = {{"RABBITMQ_DEFAULT_USER", "from-env"},
                          {"RABBITMQ_DEFAULT_PASS", "env#1"}};
  sources_.settings = {"heartbeat=7", "default_user = from-set"};
  const ConfigResult result =
      load("heartbeat = 5\ndefault_user = from-file\ndefault_pass = file\ndefault_vhost = /v\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.config.heartbeat_s, 7U);
  EXPECT_EQ(result.config.users[0].name, "from-set");
  EXPECT_EQ(result.config.users[0].password, "env#1");
  EXPECT_EQ(result.config.vhosts[0], "/v");
}

TEST_F(ConfigTest, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(only_error("\nlistners.tcp.default = 1"),
            "lepus.conf:2: unknown key 'listners.tcp.default', did you mean "
            "'listeners.tcp.default'?");
  EXPECT_EQ(only_error("log.cosnole.level = info"),
            "lepus.conf:1: unknown key 'log.cosnole.level', did you mean 'log.console.level'?");
  EXPECT_EQ(only_error("fancy_new_thing = 1"),
            "lepus.conf:1: unknown key 'fancy_new_thing', see lepus --list-config");
  EXPECT_EQ(
      only_error("heartbeat = 70000"),
      "lepus.conf:1: bad value '70000' for key 'heartbeat': expected seconds from 0 to 65535, "
      "0 = off");
  EXPECT_EQ(only_error("listeners.tcp.default = 300.1.1.1:1"),
            "lepus.conf:1: bad value '300.1.1.1:1' for key 'listeners.tcp.default': expected "
            "[address:]port or none");
  EXPECT_EQ(load("default_permissions.write = ^x").config.users[0].write, "^x");
  EXPECT_EQ(only_error("default_permissions.write = *x"),
            "lepus.conf:1: bad value '*x' for key 'default_permissions.write': expected a regular "
            "expression; no argument for repetition operator: *");
  EXPECT_EQ(only_error("ssl_options.verify = verify_none"),
            "lepus.conf:1: key 'ssl_options.verify' is known to RabbitMQ but not supported by this "
            "version; remove it");
  EXPECT_EQ(only_error("just words"), "lepus.conf:1: expected 'key = value', found 'just words'");
  EXPECT_EQ(only_error("default_pass = 'open"),
            "lepus.conf:1: default_pass: a value that starts with a quote must end with one");
  EXPECT_EQ(only_error("= 5"), "lepus.conf:1: there is no key before '='");
}

TEST_F(ConfigTest, ErrorsOfSetArguments) {
  sources_.settings = {"heartbeet=1", "nothing", "frame_max=1"};
  const ConfigResult result = load("");
  EXPECT_EQ(result.errors,
            (std::vector<std::string>{
                "--set: expected key=value, found 'nothing'",
                "--set: unknown key 'heartbeet', did you mean 'heartbeat'?",
                "--set: bad value '1' for key 'frame_max': expected bytes from 4096 to 1048576, "
                "e.g. 131072 or 128KiB"}));
}

TEST_F(ConfigTest, AllErrorsAreShownAtOnce) {
  EXPECT_EQ(load("heartbeat = x\nshards = 0\nfoo\n").errors.size(), 3U);
}

TEST_F(ConfigTest, RepeatedKeyWarnsAndTheLastCounts) {
  const ConfigResult result = load("heartbeat = 5\n\nheartbeat = 6\n");
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.config.heartbeat_s, 6U);
  EXPECT_EQ(result.warnings,
            std::vector<std::string>{
                "lepus.conf:3: key 'heartbeat' is set at lepus.conf:1 already; this value counts"});
}

TEST_F(ConfigTest, MissingFile) {
  const ConfigResult named = load_config({.file = "/nowhere/lepus.conf"});
  ASSERT_EQ(named.errors.size(), 1U);
  EXPECT_EQ(named.errors[0],
            "/nowhere/lepus.conf: cannot read the configuration file: No such file or directory");
  EXPECT_TRUE(load_config({.fallback_file = "/nowhere/lepus.conf"}).ok());
}

TEST_F(ConfigTest, WhatShowsOnlyAtTheEnd) {
  EXPECT_EQ(only_error("default_users.ann.tags = management"),
            "user 'ann' has no password; set default_users.ann.password");
  EXPECT_EQ(only_error("default_users.ann.password = x\ndefault_user = ann"),
            "user 'ann' is both default_user and one of default_users; name it once");
  EXPECT_EQ(only_error("listeners.tcp.a = 21400\nlisteners.tcp.b = 21400"),
            "listeners.tcp.b: another listener has the same address and port");
}

}  // namespace
}  // namespace lepus::server
