// RabbitMQ's list of plugins: what is a list, and what is said of names.
#include "tools/server/config/rabbitmq/enabled_plugins.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::server {
namespace {

using Names = std::vector<std::string>;

TEST(EnabledPlugins, Lists) {
  EXPECT_EQ(parse_enabled_plugins("[rabbitmq_management,rabbitmq_prometheus].\n").names,
            (Names{"rabbitmq_management", "rabbitmq_prometheus"}));
  EXPECT_EQ(parse_enabled_plugins("%% mine\n[ a , 'b_2' ] .% x\n").names, (Names{"a", "b_2"}));
  EXPECT_EQ(parse_enabled_plugins("[].").names, Names{});
  EXPECT_EQ(parse_enabled_plugins("[].").error, "");
  EXPECT_EQ(parse_enabled_plugins("").error, "");
}

TEST(EnabledPlugins, WhatIsNoList) {
  for (const char* text : {"rabbitmq_management", "[a,b]", "a].", "[.", "]."})
    EXPECT_NE(parse_enabled_plugins(text).error.find("no list of plugins"), std::string::npos)
        << text;
  EXPECT_EQ(parse_enabled_plugins("[a,,b].").error, "'' is no name of a plugin");
  EXPECT_EQ(parse_enabled_plugins("[a b].").error, "'a b' is no name of a plugin");
}

TEST(EnabledPlugins, WhatIsBuiltInIsNotMentioned) {
  EXPECT_EQ(plugin_warning({"rabbitmq_management", "rabbitmq_prometheus"}), "");
  EXPECT_EQ(plugin_warning({"rabbitmq_mqtt", "rabbitmq_management"}).find("rabbitmq_mqtt is not"),
            0U);
  EXPECT_EQ(plugin_warning({"rabbitmq_mqtt", "rabbitmq_stomp"})
                .find("rabbitmq_mqtt, rabbitmq_stomp are not"),
            0U);
}

TEST(EnabledPlugins, TheFileIsBesideTheConfiguration) {
  io::TemporaryDirectory directory;
  std::ofstream(directory / "rabbitmq.conf") << "heartbeat = 7\n";
  ConfigSources sources;
  sources.file = directory / "rabbitmq.conf";
  EXPECT_EQ(find_enabled_plugins(sources), "");
  EXPECT_TRUE(load_config(sources).warnings.empty());
  std::ofstream(directory / "enabled_plugins") << "[rabbitmq_stomp].";
  EXPECT_EQ(find_enabled_plugins(sources), directory / "enabled_plugins");
  ASSERT_EQ(load_config(sources).warnings.size(), 1U);
  EXPECT_TRUE(load_config(sources).ok());
  sources.environment = {{"RABBITMQ_ENABLED_PLUGINS_FILE", directory / "elsewhere"}};
  EXPECT_EQ(load_config(sources).errors.size(), 1U);
  std::ofstream(directory / "elsewhere") << "nonsense";
  EXPECT_NE(load_config(sources).errors[0].find("no list"), std::string::npos);
}

}  // namespace
}  // namespace lepus::server
