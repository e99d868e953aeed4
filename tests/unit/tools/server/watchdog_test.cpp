// The watchdog is fed while all threads beat, and not while one is silent.
#include "tools/server/service/watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/io/temporary_directory.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::server {
namespace {

using core::nanos_per_s;

struct Lines final : core::Log {
  void write_enabled(core::LogLevel level, core::LogCategory, std::string_view text,
                     std::span<const core::LogField>) override {
    EXPECT_EQ(level, core::LogLevel::error);
    texts.emplace_back(text);
  }
  std::vector<std::string> texts;
};

class WatchdogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = directory_ / "notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(manager_.open({path, "8000000", ""}), "");
  }
  void TearDown() override { close(fd_); }

  /// A second passes for the control thread, and for the shard if it runs.
  void pass(int seconds, bool shard_runs) {
    for (int i = 0; i < seconds; ++i) {
      driver_.time += nanos_per_s;
      shard_driver_.time = driver_.time;
      if (shard_runs) turn_twice(shard_loop_);
      turn_twice(loop_);
    }
  }
  /// The first reads the time, the second acts on it.
  static void turn_twice(io::Loop& loop) {
    loop.run_turn();
    loop.run_turn();
  }
  int feedings() {
    int count = 0;
    char text[64];
    while (recv(fd_, text, sizeof text, MSG_DONTWAIT) > 0) ++count;
    return count;
  }

  io::TemporaryDirectory directory_;
  int fd_ = -1;
  ServiceManager manager_;
  Lines log_;
  test::FakeDriver driver_{1};
  test::FakeDriver shard_driver_{2};
  io::Loop loop_{driver_, {}};
  io::Loop shard_loop_{shard_driver_, {}};
};

TEST_F(WatchdogTest, IsFedWhileAllThreadsBeat) {
  Watchdog watchdog(loop_, manager_, log_);
  Pulse* pulse = watchdog.add("shard-0");
  ASSERT_NE(pulse, nullptr);
  const Heart heart(shard_loop_, pulse, manager_.watchdog());
  watchdog.start();
  pass(20, true);
  EXPECT_EQ(feedings(), 11);
  EXPECT_TRUE(log_.texts.empty());
}

TEST_F(WatchdogTest, AThreadThatHangsStopsTheFeedingUntilItGoesOn) {
  Watchdog watchdog(loop_, manager_, log_);
  const Heart heart(shard_loop_, watchdog.add("shard-0"), manager_.watchdog());
  watchdog.start();
  pass(8, true);
  EXPECT_GT(feedings(), 3);
  pass(5, false);
  (void)feedings();  // Silent for less than half the interval, at first.
  pass(20, false);
  EXPECT_EQ(feedings(), 0);
  EXPECT_EQ(log_.texts.size(), 1U);
  pass(4, true);
  EXPECT_GT(feedings(), 0);
}

TEST_F(WatchdogTest, AThreadThatEndedIsNotWaitedFor) {
  Watchdog watchdog(loop_, manager_, log_);
  Pulse* pulse = watchdog.add("shard-0");
  { const Heart heart(shard_loop_, pulse, manager_.watchdog()); }
  watchdog.start();
  for (int i = 0; i < 4; ++i) {
    pass(10, false);  // A socket holds some ten messages.
    EXPECT_GE(feedings(), 5);
  }
}

TEST_F(WatchdogTest, NobodyWaits) {
  const ServiceManager nobody;
  Watchdog watchdog(loop_, nobody, log_);
  EXPECT_EQ(watchdog.add("shard-0"), nullptr);
  const Heart heart(shard_loop_, nullptr, nobody.watchdog());
  watchdog.start();
  EXPECT_EQ(loop_.timers().armed_count() + shard_loop_.timers().armed_count(), 0U);
}

}  // namespace
}  // namespace lepus::server
