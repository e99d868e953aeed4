// The table of keys holds together, and the documents made from it are up to date.
#include "tools/server/config/config_keys.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tools/server/config/config_file.h"
#include "tools/server/config/config_reload.h"
#include "tools/server/config/config_value.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"

namespace lepus::server {
namespace {

TEST(ConfigKeys, EveryDefaultIsAcceptedAndShownAlike) {
  for (const KeySpec& spec : config_keys()) {
    const ServerConfig defaults;
    const std::string value = spec.show(defaults);
    if (value.empty() || spec.name.find('$') != std::string_view::npos) continue;
    ServerConfig config;
    const auto why = spec.set(config, {.variable = {}, .value = value});
    EXPECT_FALSE(why.has_value()) << spec.name << " = " << value;
    EXPECT_EQ(spec.show(config), value) << spec.name;
  }
}

TEST(ConfigKeys, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const KeySpec& spec : config_keys()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(find_key(spec.name).spec, &spec);
    EXPECT_FALSE(spec.doc.empty());
    EXPECT_EQ(spec.doc.back(), '.') << spec.name;
    EXPECT_EQ(spec.doc.find('|'), std::string_view::npos) << "breaks the Markdown table";
  }
}

TEST(ConfigKeys, VariablePartOfAName) {
  const KeyMatch match = find_key("default_users.j.doe.password");
  ASSERT_NE(match.spec, nullptr);
  EXPECT_EQ(match.spec->name, "default_users.$name.password");
  EXPECT_EQ(match.variable, "j.doe");
  EXPECT_EQ(find_key("default_users.password").spec, nullptr);
  EXPECT_EQ(find_key("listeners.tcp.").spec, nullptr);
}

TEST(ConfigKeys, NearestKey) {
  EXPECT_EQ(nearest_key("default_usr"), "default_user");
  EXPECT_EQ(nearest_key("default_user.jill.password"), "default_users.jill.password");
  EXPECT_EQ(nearest_key("vm_memory_high_watermark.absolut"), "vm_memory_high_watermark.absolute");
  EXPECT_EQ(nearest_key("managment.tcp.port"), "management.tcp.port");
  EXPECT_EQ(nearest_key("log.level"), "log.console.level");
  EXPECT_EQ(nearest_key("zzzzzzzz"), "");
  EXPECT_EQ(nearest_key(std::string(100'000, 'a')), "");
}

/// The repository, seen from where the test runs; empty when it is not inside.
std::filesystem::path repository() {
  for (auto at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path())
    if (std::filesystem::exists(at / "docs/lepus.conf.example")) return at;
  return {};
}

TEST(ConfigKeys, DocumentsAreUpToDate) {
  const std::filesystem::path root = repository();
  if (root.empty()) GTEST_SKIP() << "not run inside the repository";
  std::string example;
  ASSERT_TRUE(read_file(root / "docs/lepus.conf.example", example));
  EXPECT_EQ(example, format_config_example())
      << "run: lepus --list-config > docs/lepus.conf.example";
  std::string configuration;
  ASSERT_TRUE(read_file(root / "docs/operations/configuration.md", configuration));
  EXPECT_NE(configuration.find(format_config_reference()), std::string::npos)
      << "put the output of lepus --list-config-markdown into docs/operations/configuration.md";
  std::string rabbitmq;
  ASSERT_TRUE(read_file(root / "docs/RABBITMQ_CONF.md", rabbitmq));
  EXPECT_EQ(rabbitmq, format_rabbitmq_reference())
      << "run: lepus --list-rabbitmq-keys > docs/RABBITMQ_CONF.md";
}

TEST(ConfigReload, SaysWhatTookEffectAndWhatDidNot) {
  const ServerConfig running;
  ServerConfig wanted;
  wanted.heartbeat_s = 10;
  wanted.memory_watermark.fraction = 0.4;
  wanted.shards = 8;
  wanted.listeners = {{"default", "127.0.0.1", 21401}};
  wanted.log.console_level = core::LogLevel::debug;
  wanted.users.push_back({"jill", "x", {}});
  const ReloadPlan plan = plan_reload(running, wanted);
  EXPECT_EQ(plan.changed,
            (std::vector<std::string>{"heartbeat", "vm_memory_high_watermark.relative",
                                      "log.console.level"}));
  EXPECT_EQ(plan.too_late, (std::vector<std::string>{"default_users.$name.password"}));
  EXPECT_EQ(plan.need_restart, (std::vector<std::string>{"listeners.tcp.$name", "shards"}));
  EXPECT_EQ(plan.config.heartbeat_s, 10U);
  EXPECT_EQ(plan.config.shards, running.shards);
  EXPECT_EQ(plan.config.listeners, running.listeners);
  EXPECT_NE(plan.config.find_user("jill"), nullptr);
}

/// For each key that needs a restart: a value other than the default must not survive a reload, for
/// each other key it must. This holds the table against keep_what_needs_restart().
TEST(ConfigReload, TableAndCopyAgreeForEveryKey) {
  const char* const values[] = {"1",           "17",
                                "true",        "false",
                                "stdout",      "poll",
                                "4KiB",        "21499",
                                "xy",          "0.25",
                                "8192",        "none",
                                "error",       "on",
                                "2.0.0",       "os",
                                "16MiB",       "1MiB",
                                "EXTERNAL",    "quorum",
                                "skip",        "all",
                                "/s",          "0600",
                                "email",       "verify_peer",
                                "common_name", "http",
                                "post",        "http://localhost/x",
                                "verify_none", "password_regexp",
                                "json",        "epoch_usecs",
                                "epoll",       "off"};
  for (const KeySpec& spec : config_keys()) {
    const ServerConfig running;
    bool has_changed = false;
    for (const char* value : values) {
      ServerConfig wanted;
      const bool is_numbered = spec.name.starts_with("auth_backends.");
      if (spec.set(wanted, {.variable = is_numbered ? "2" : "xy", .value = value})) continue;
      if (spec.show(wanted) == spec.show(running)) continue;
      has_changed = true;
      const ReloadPlan plan = plan_reload(running, wanted);
      const ServerConfig& expected = spec.reload == Reload::restart ? running : wanted;
      EXPECT_EQ(spec.show(plan.config), spec.show(expected)) << spec.name << " = " << value;
    }
    // The default of the versions of TLS is all of them.
    const bool can_change = spec.show(running) != ".*" && !spec.show(running).empty() &&
                            !spec.name.ends_with(".versions.$n");
    EXPECT_TRUE(has_changed || !can_change) << spec.name;
  }
}

}  // namespace
}  // namespace lepus::server
