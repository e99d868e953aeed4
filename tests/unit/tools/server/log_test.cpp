// The log: line format, limiter, ring, and the whole with several threads writing to a file.
#include "tools/server/log/log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/server/config/config_file.h"
#include "tools/server/log/log_format.h"
#include "tools/server/log/log_limit.h"
#include "tools/server/log/log_ring.h"

namespace lepus::server {
namespace {

using core::LogCategory;
using core::LogField;
using core::LogLevel;

std::string line_of(std::string_view event, std::vector<LogField> fields, LogStyle style = {}) {
  LogBuffer out;
  format_log_line(out,
                  {.level = LogLevel::warning,
                   .category = LogCategory::queue,
                   .thread = "shard-0",
                   .event = event,
                   .fields = fields},
                  style.format);
  std::string line;
  append_log_time(line, 1'772'366'400'123'456'789, style);
  return line.append(out.data(), out.size());
}

TEST(LogFormat, Line) {
  EXPECT_EQ(line_of("stopped", {}), "2026-03-01T12:00:00.123456Z warning queue shard-0 stopped");
  EXPECT_EQ(line_of("connection opened", {{"peer", "127.0.0.1:1"},
                                          {"vhost", ""},
                                          {"count", -3},
                                          {"big", UINT64_MAX},
                                          {"tls", false}}),
            "2026-03-01T12:00:00.123456Z warning queue shard-0 \"connection opened\" "
            "peer=127.0.0.1:1 vhost=\"\" count=-3 big=18446744073709551615 tls=false");
}

TEST(LogFormat, ValuesCannotBreakTheLine) {
  const std::string line = line_of("e", {{"a", "x\ny \"z\" \\ \x01\x7f="}});
  EXPECT_NE(line.find(R"(a="x\x0ay \"z\" \\ \x01\x7f=")"), std::string::npos) << line;
  const std::string huge(100'000, 'a');
  EXPECT_LT(line_of("e", {{"a", huge}}).size(), 1200U);
  EXPECT_LE(line_of("e", {{"a", huge}, {"b", huge}, {"c", huge}, {"d", huge}, {"e", huge}}).size(),
            core::limits::log_line_max + std::string_view{"2026-03-01T12:00:00.123456Z "}.size());
}

TEST(LogFormat, JsonIsValidWhateverAClientSends) {
  const LogStyle json{LogFormat::json, LogTimeFormat::rfc3339_t};
  EXPECT_EQ(
      line_of("opened", {{"peer", "a\"b\n\xff"}, {"count", -3}, {"tls", true}}, json),
      R"({"time":"2026-03-01T12:00:00.123456Z","level":"warning","domain":"rabbitmq.queue",)"
      R"("thread":"shard-0","msg":"opened","peer":"a\"b\u000a\ufffd","count":-3,"tls":true})");
  const std::string huge(100'000, '\n');
  const std::string cut = line_of("e", {{"a", huge}, {"b", 1}}, json);
  const auto read = nlohmann::json::parse(cut, nullptr, false);
  ASSERT_FALSE(read.is_discarded()) << cut;
  EXPECT_TRUE(read["truncated"]);
  EXPECT_LT(cut.size(), core::limits::log_line_max + 100);
}

TEST(LogFormat, TimesAsConfigured) {
  const auto time = [](LogTimeFormat format, LogFormat kind = LogFormat::plaintext) {
    std::string out;
    append_log_time(out, 1'772'366'400'123'456'789, {kind, format});
    return out;
  };
  EXPECT_EQ(time(LogTimeFormat::rfc3339_space), "2026-03-01 12:00:00.123456+00:00 ");
  EXPECT_EQ(time(LogTimeFormat::epoch_usecs), "1772366400123456 ");
  EXPECT_EQ(time(LogTimeFormat::epoch_secs), "1772366400.123456 ");
  EXPECT_EQ(time(LogTimeFormat::lager_default), "2026-03-01 12:00:00.123 ");
  EXPECT_EQ(time(LogTimeFormat::epoch_usecs, LogFormat::json), "{\"time\":1772366400123456,");
}

struct Suppressed {
  std::string name;
  std::uint64_t count;
  bool operator==(const Suppressed&) const = default;
};

std::vector<Suppressed> suppressed_of(LogLimiter& limiter) {
  std::vector<Suppressed> all;
  limiter.take_suppressed([&](const LogLimiter::Event& event, std::uint64_t count) {
    all.push_back({std::string(event.name), count});
  });
  return all;
}

TEST(LogLimiter, BurstThenCount) {
  LogLimiter limiter;
  const LogLimiter::Event opened{LogLevel::info, LogCategory::connection, "opened"};
  const LogLimiter::Event closed{LogLevel::info, LogCategory::connection, "closed"};
  core::Nanos now = 5 * core::nanos_per_s;
  for (std::uint32_t i = 0; i < core::limits::log_burst; ++i)
    EXPECT_TRUE(limiter.admit(opened, now));
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(limiter.admit(opened, now + i));
  EXPECT_TRUE(limiter.admit(closed, now)) << "events do not count together";
  EXPECT_EQ(suppressed_of(limiter), (std::vector<Suppressed>{{"opened", 7}}));
  EXPECT_TRUE(suppressed_of(limiter).empty()) << "taken once";

  EXPECT_FALSE(limiter.admit(opened, now + core::limits::log_window - 1));
  EXPECT_TRUE(limiter.admit(opened, now + core::limits::log_window));
  EXPECT_TRUE(limiter.admit(opened, 1)) << "a clock set back opens a new window";
  EXPECT_EQ(suppressed_of(limiter), (std::vector<Suppressed>{{"opened", 1}}));
}

TEST(LogLimiter, EventsBeyondTheSlotsAreNotLimited) {
  LogLimiter limiter;
  const std::string names(core::limits::log_events_max + 1, 'x');
  for (std::size_t i = 0; i < names.size(); ++i)
    for (int n = 0; n < 100; ++n) {
      const bool admitted = limiter.admit(
          {LogLevel::info, LogCategory::general, std::string_view(names).substr(i, 1)}, 0);
      EXPECT_EQ(admitted,
                i == core::limits::log_events_max || n < static_cast<int>(core::limits::log_burst));
    }
}

TEST(LogRing, KeepsOrderAcrossTheEndAndRefusesWhenFull) {
  LogRing ring;
  LogLine line;
  EXPECT_FALSE(ring.try_pop(line));
  std::uint64_t pushed = 0;
  std::uint64_t popped = 0;
  for (int round = 0; round < 50; ++round) {
    while (ring.try_push(static_cast<core::Nanos>(pushed), LogLevel::error,
                         std::string(pushed % 3000, static_cast<char>('a' + pushed % 26))))
      ++pushed;
    for (int n = 0; n < 20; ++n, ++popped) {
      ASSERT_TRUE(ring.try_pop(line));
      EXPECT_EQ(line.time, static_cast<core::Nanos>(popped));
      EXPECT_EQ(line.level, LogLevel::error);
      EXPECT_EQ(line.text, std::string(popped % 3000, static_cast<char>('a' + popped % 26)));
    }
  }
  while (ring.try_pop(line)) ++popped;
  EXPECT_EQ(popped, pushed);
  EXPECT_GT(pushed, 1000U);
  EXPECT_TRUE(ring.empty());
}

class LogSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lepus-log-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    config_.dir = directory_ + "/made/here";
    config_.file = "lepus.log";
    config_.console = false;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return config_.dir + "/" + config_.file; }
  std::string content() const { return content_of(path()); }
  static std::string content_of(const std::string& file) {
    std::string text;
    EXPECT_TRUE(read_file(file, text)) << text;
    return text;
  }
  static std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  }
  static core::Nanos fixed_clock() { return core::nanos_per_s; }
  /// A second per line: nothing is suppressed. Writer and logging threads share it.
  static core::Nanos fast_clock() {
    static std::atomic<core::Nanos> now{core::nanos_per_s};
    return now.fetch_add(core::nanos_per_s);
  }

  LogConfig config_;
  std::string directory_;
};

TEST_F(LogSystemTest, LinesOfAllThreadsArrive) {
  constexpr int thread_count = 4;
  constexpr int line_count = 200;
  {
    LogSystem system(config_, fast_clock);
    ASSERT_EQ(system.open(), std::nullopt);
    std::vector<core::Log*> logs;
    for (int i = 0; i < thread_count; ++i)
      logs.push_back(&system.producer("shard-" + std::to_string(i)));
    system.start();
    std::vector<std::thread> threads;
    for (core::Log* log : logs)
      threads.emplace_back([log] {
        for (int n = 0; n < line_count; ++n)
          log->write(LogLevel::info, LogCategory::connection, "opened", {{"n", n}});
      });
    for (std::thread& thread : threads) thread.join();
    system.flush();
    EXPECT_EQ(count(content(), "opened n="), static_cast<std::size_t>(thread_count * line_count));
    EXPECT_EQ(system.dropped_count(), 0U);
  }
  EXPECT_EQ(count(content(), "shard-3 opened n=199\n"), 1U);
}

TEST_F(LogSystemTest, LevelsOfCategoryAndFile) {
  config_.file_level = LogLevel::debug;
  config_.category_levels[static_cast<std::size_t>(LogCategory::connection)] = LogLevel::error;
  LogSystem system(config_, fixed_clock);
  ASSERT_EQ(system.open(), std::nullopt);
  core::Log& log = system.producer("main");
  EXPECT_TRUE(log.enabled(LogLevel::debug, LogCategory::general));
  EXPECT_FALSE(log.enabled(LogLevel::warning, LogCategory::connection));
  log.write(LogLevel::debug, LogCategory::general, "yes");
  log.write(LogLevel::warning, LogCategory::connection, "no");
  system.flush();
  EXPECT_EQ(content(), "1970-01-01T00:00:01.000000Z debug general main yes\n");

  config_.file_level = LogLevel::none;
  EXPECT_EQ(system.apply(config_), std::nullopt);
  EXPECT_FALSE(log.enabled(LogLevel::critical, LogCategory::general));
}

TEST_F(LogSystemTest, StormIsSummedUp) {
  {
    LogSystem system(config_, fixed_clock);
    ASSERT_EQ(system.open(), std::nullopt);
    core::Log& log = system.producer("shard-0");
    system.start();
    for (int n = 0; n < 1000; ++n)
      log.write(LogLevel::info, LogCategory::connection, "connection opened", {{"n", n}});
  }
  const std::string text = content();
  EXPECT_EQ(count(text, "\"connection opened\" n="), core::limits::log_burst);
  EXPECT_NE(text.find("info connection shard-0 \"similar lines suppressed\" "
                      "event=\"connection opened\" count=980\n"),
            std::string::npos)
      << text;
}

TEST_F(LogSystemTest, FullRingIsCountedAndReported) {
  LogSystem system(config_, fast_clock);
  ASSERT_EQ(system.open(), std::nullopt);
  core::Log& log = system.producer("shard-0");
  const std::string wide(900, 'w');
  for (int n = 0; n < 200; ++n)
    log.write(LogLevel::info, LogCategory::general, "line", {{"wide", wide}});
  const std::uint64_t dropped = system.dropped_count();
  EXPECT_GT(dropped, 0U);
  system.flush();
  EXPECT_NE(content().find("\"lines lost, the log was written too slowly\" count=" +
                           std::to_string(dropped) + "\n"),
            std::string::npos);
  EXPECT_EQ(count(content(), "line wide="), 200 - dropped);
}

TEST_F(LogSystemTest, JsonInTheFileWhileTheJournalGetsPriorities) {
  const std::string socket_path = directory_ + "/journal";
  const int socket_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  ASSERT_EQ(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  config_.file_style = {LogFormat::json, LogTimeFormat::epoch_usecs};
  config_.journald = true;
  config_.journald_socket = socket_path;
  config_.journald_level = LogLevel::warning;
  LogSystem system(config_, fixed_clock);
  ASSERT_EQ(system.open(), std::nullopt);
  core::Log& log = system.producer("main");
  log.write(LogLevel::info, LogCategory::general, "not there");
  log.write(LogLevel::error, LogCategory::connection, "there", {{"n", 1}});
  system.flush();
  std::array<char, 1000> bytes{};
  const ssize_t size = recv(socket_fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(bytes.data(), static_cast<std::size_t>(size)),
            "PRIORITY=3\nSYSLOG_IDENTIFIER=lepus\nMESSAGE=error connection main there n=1\n");
  EXPECT_LT(recv(socket_fd, bytes.data(), bytes.size(), MSG_DONTWAIT), 0);
  EXPECT_EQ(content(),
            "{\"time\":1000000,\"level\":\"info\",\"domain\":\"rabbitmq\",\"thread\":\"main\","
            "\"msg\":\"not there\"}\n"
            "{\"time\":1000000,\"level\":\"error\",\"domain\":\"rabbitmq.connection\","
            "\"thread\":\"main\",\"msg\":\"there\",\"n\":1}\n");
  close(socket_fd);
}

TEST_F(LogSystemTest, AJournalThatIsNotThere) {
  config_.journald = true;
  config_.journald_socket = directory_ + "/nobody";
  LogSystem system(config_);
  const auto error = system.open();
  ASSERT_TRUE(error.has_value());
  EXPECT_NE(error->find("log.journald: cannot reach systemd's journal"), std::string::npos);
}

TEST_F(LogSystemTest, ReopenAfterRotation) {
  LogSystem system(config_, fixed_clock);
  ASSERT_EQ(system.open(), std::nullopt);
  core::Log& log = system.producer("main");
  log.write(LogLevel::info, LogCategory::general, "before");
  std::filesystem::rename(path(), path() + ".1");
  log.write(LogLevel::info, LogCategory::general, "between");
  EXPECT_EQ(system.reopen(), std::nullopt);
  log.write(LogLevel::info, LogCategory::general, "after");
  system.flush();
  EXPECT_EQ(count(content_of(path() + ".1"), "\n"), 2U);
  EXPECT_EQ(content(), "1970-01-01T00:00:01.000000Z info general main after\n");
}

TEST_F(LogSystemTest, FileThatCannotBeOpened) {
  config_.file = directory_;  // A directory.
  LogSystem system(config_);
  const auto error = system.open();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(*error, "cannot open the log file " + directory_ +
                        ": Is a directory; check log.dir and log.file");
}

}  // namespace
}  // namespace lepus::server
