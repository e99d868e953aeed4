// What of a network device comes into the log, and how often.
#include "tools/server/bypass/bypass_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/limits.h"
#include "core/limits/bypass.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::server {
namespace {

using net::bypass::Counter;

struct FakeDevices final : net::bypass::Devices {
  const char* start(const char* const*, std::uint32_t) override { return ""; }
  const char* open(const net::bypass::DeviceConfig&) override { return ""; }
  const char* open_pair(const net::bypass::DeviceConfig&) override { return ""; }
  const net::bypass::DeviceFacts& facts() override { return known; }
  net::bypass::FramePort* queue(std::uint32_t) override { return nullptr; }
  const char* enter_thread() override { return ""; }
  void leave_thread() override {}
  void read_stats(net::bypass::DeviceStats& stats) override {
    ++looks;
    stats = now;
  }
  void stop() override {}

  net::bypass::DeviceFacts known;
  net::bypass::DeviceStats now;
  int looks = 0;
};

struct BypassLines final : core::Log {
  void write_enabled(core::LogLevel level, core::LogCategory, std::string_view event,
                     std::span<const core::LogField> fields) override {
    std::string line = std::string(level == core::LogLevel::info ? "info " : "bad ");
    line += event;
    for (const core::LogField& field : fields) {
      if (field.kind() == core::LogField::Kind::unsigned_number)
        line += " " + std::to_string(field.as_unsigned());
      if (field.name() == "why") line += " " + std::string(field.text());
    }
    lines.push_back(line);
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
  std::vector<std::string> lines;
};

class BypassWatchTest : public ::testing::Test {
 protected:
  void advance(core::Nanos duration) {
    driver_.time += duration;
    for (int i = 0; i < 2; ++i) loop_.run_turn();
  }
  void look() { advance(core::limits::bypass_look_interval); }

  test::FakeDriver driver_{0};
  io::Loop loop_{driver_, {}};
  BypassLines log_;
  FakeDevices devices_;
  net::bypass::CounterBoard board_;
  BypassWatch watch_{{&loop_, &log_, &devices_, {&board_}}};
};

using Lines = std::vector<std::string>;

TEST_F(BypassWatchTest, TellsWhenTheLinkChanges) {
  devices_.now.is_link_up = true;
  devices_.now.speed_mbps = 10'000;
  watch_.start();
  look();
  EXPECT_EQ(log_.take(), Lines{});
  devices_.now.is_link_up = false;
  look();
  look();
  EXPECT_EQ(log_.take(), Lines{"bad link is down 10000"});
  EXPECT_EQ(link_name(watch_.facts().stats), "down");
  devices_.now.is_link_up = true;
  look();
  EXPECT_EQ(log_.take(), Lines{"info link is up 10000"});
}

TEST_F(BypassWatchTest, ALinkThatIsDownAtTheStartIsTold) {
  watch_.start();
  EXPECT_EQ(log_.take(), Lines{"bad link is down 0"});
}

TEST_F(BypassWatchTest, ADeviceThatIsGoneIsToldOnce) {
  devices_.now.is_link_up = true;
  watch_.start();
  devices_.now.is_link_up = false;
  devices_.now.is_gone = true;
  look();
  look();
  EXPECT_EQ(log_.take(), Lines{"bad network device is gone"});
  EXPECT_EQ(link_name(watch_.facts().stats), "gone");
}

TEST_F(BypassWatchTest, LostFramesAreToldByKindAndNotTooOften) {
  devices_.now.is_link_up = true;
  watch_.start();
  devices_.now.missed = 5;
  board_.set(Counter::dropped_no_frame, 2);
  look();
  EXPECT_EQ(log_.take(), (Lines{"bad frames are lost 2 no free frame to send",
                                "bad frames are lost 5 the receive ring was full"}));
  devices_.now.missed = 6;
  look();
  devices_.now.missed = 9;
  look();
  EXPECT_EQ(log_.take(), Lines{});
  advance(core::limits::log_pause);
  EXPECT_EQ(log_.take(), Lines{"bad frames are lost 4 the receive ring was full"});
  look();
  EXPECT_EQ(log_.take(), Lines{});
}

TEST_F(BypassWatchTest, AsksNothingAfterItsEnd) {
  watch_.start();
  watch_.stop();
  const int before = devices_.looks;
  look();
  EXPECT_EQ(devices_.looks, before);
}

TEST_F(BypassWatchTest, FactsHaveWhatShardsCount) {
  board_.set(Counter::retransmits, 3);
  watch_.start();
  const BypassFacts facts = watch_.facts();
  EXPECT_TRUE(facts.is_on);
  ASSERT_EQ(facts.shards.size(), 1U);
  EXPECT_EQ(facts.shards[0][static_cast<std::size_t>(Counter::retransmits)], 3U);
}

}  // namespace
}  // namespace lepus::server
