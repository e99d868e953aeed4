// What --check-config finds outside the configuration.
#include "tools/server/config/config_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/os.h"
#include "tools/server/service/machine_check.h"

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

// ---- what changes by the hour ----

class MachineCheckTest : public ConfigCheckTest {
 protected:
  void SetUp() override {
    ConfigCheckTest::SetUp();
    config_.listeners.clear();
    config_.management.door.tcp.port = 0;
    config_.prometheus.door.tcp.port = 0;
    config_.disk_free_limit.size = 0;
    config_.journal_segment_size = 1 << 20;
  }
  ConfigCheck check() const {
    ConfigCheck found;
    check_machine(config_, found);
    return found;
  }
};

TEST_F(MachineCheckTest, AnAddressThatIsInUse) {
  const io::ListenOutcome taken = io::listen_tcp({"127.0.0.1", 0, 1});
  ASSERT_GE(taken.fd, 0) << taken.error;
  config_.listeners = {{"default", "127.0.0.1", io::local_port(taken.fd)}};
  const ConfigCheck found = check();
  ASSERT_EQ(found.errors.size(), 1U);
  EXPECT_NE(found.errors[0].find("cannot listen on 127.0.0.1:"), std::string::npos);
  io::close_fd(taken.fd);
  EXPECT_TRUE(check().errors.empty());
}

TEST_F(MachineCheckTest, MoreMemoryThanThereIsAndLessDisk) {
  config_.memory_watermark = {false, 0, std::uint64_t{1} << 60};
  std::vector<std::string> warnings = check().warnings;
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings.back().find("vm_memory_high_watermark.absolute"), std::string::npos);
  config_.memory_watermark = {};
  config_.data_dir = directory_;
  config_.disk_free_limit.size = std::uint64_t{1} << 62;
  warnings = check().warnings;
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings.back().find("publishers would be blocked"), std::string::npos);
}

TEST_F(MachineCheckTest, ConnectionsBeyondTheLimitOfFiles) {
  config_.connections_max = UINT32_MAX;
  const std::vector<std::string> warnings = check().warnings;
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings[0].find("LimitNOFILE"), std::string::npos);
}

}  // namespace
}  // namespace lepus::server
