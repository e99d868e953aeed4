// What --check-config finds outside the configuration.
#include "tools/server/config/config_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lepus::server {
namespace {

class ConfigCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lepus-check-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    config_.data_dir = directory_ + "/data";
    config_.log.dir = directory_ + "/log";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string only_error() const {
    const ConfigCheck check = check_environment(config_);
    EXPECT_EQ(check.errors.size(), 1U);
    return check.errors.empty() ? "" : check.errors[0];
  }

  ServerConfig config_;
  std::string directory_;
};

TEST_F(ConfigCheckTest, NothingIsMissingAndNothingIsMade) {
  config_.log.file = "lepus.log";
  const ConfigCheck check = check_environment(config_);
  EXPECT_TRUE(check.errors.empty());
  EXPECT_TRUE(check.warnings.empty());
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(ConfigCheckTest, DirectoriesThatCannotBe) {
  std::ofstream(directory_ + "/file") << "x";
  config_.data_dir = directory_ + "/file/data";
  EXPECT_EQ(only_error(),
            "data_dir = " + config_.data_dir + ": " + directory_ + "/file is not a directory");
}

TEST_F(ConfigCheckTest, PathOfASocketIsTooLong) {
  config_.management_socket = directory_ + "/" + std::string(200, 's');
  EXPECT_NE(only_error().find("a socket's may have 107"), std::string::npos);
}

TEST_F(ConfigCheckTest, DirectoryOfAUnixSocketIsMissing) {
  config_.listeners.push_back({"a", "", 0, ListenerKind::unix_socket, directory_ + "/no/s"});
  EXPECT_EQ(only_error(),
            "listeners.unix.a = " + directory_ + "/no/s: " + directory_ + "/no is not a directory");
}

TEST_F(ConfigCheckTest, DefinitionsAreRead) {
  config_.load_definitions = directory_ + "/d.json";
  EXPECT_NE(only_error().find("d.json: No such file"), std::string::npos);
  std::ofstream(config_.load_definitions) << R"({"queues": [{"name": 5}]})";
  EXPECT_NE(only_error().find("queues[0]"), std::string::npos);
  std::ofstream(config_.load_definitions) << "{}";
  EXPECT_TRUE(check_environment(config_).errors.empty());
}

TEST_F(ConfigCheckTest, CertificatesAreRead) {
  config_.tls.options.own = {"/nowhere/c.pem", "/nowhere/k.pem", ""};
  EXPECT_TRUE(check_environment(config_).errors.empty()) << "no listener needs them";
  config_.listeners.push_back({"a", "", 5671, ListenerKind::ssl});
  EXPECT_EQ(check_environment(config_).errors,
            std::vector<std::string>{"ssl_options.certfile = /nowhere/c.pem: cannot read it: No "
                                     "such file or directory"});
}

}  // namespace
}  // namespace lepus::server
