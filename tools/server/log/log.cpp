// The writer side of the log: collects lines from the producers' rings, writes them to the console
// and the file in the order of their times, and reports what was suppressed or lost.
#include "tools/server/log/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "core/limits.h"
#include "io/heap.h"
#include "tools/server/log/log_outputs.h"
#include "tools/server/log/log_producer.h"

namespace lepus::server {

namespace {

core::Nanos system_clock_ns() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * core::nanos_per_s + time.tv_nsec;
}

std::string file_path(const LogConfig& config) {
  if (config.file.empty() || config.file.front() == '/') return config.file;
  return config.dir + "/" + config.file;
}

struct OpenedFile {
  int fd = -1;
  std::optional<std::string> error;
};

OpenedFile open_log_file(const LogConfig& config) {
  const std::string path = file_path(config);
  if (path.empty()) return {};
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), code);
  const int fd = code ? -1 : open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd >= 0) return {.fd = fd, .error = {}};
  return {.fd = -1,
          .error = fmt::format("cannot open the log file {}: {}; check log.dir and log.file", path,
                               code ? code.message() : std::strerror(errno))};
}

core::LogLevel lowest_level(const LogConfig& config) {
  const auto console = config.console ? config.console_level : core::LogLevel::none;
  const auto file = config.file.empty() ? core::LogLevel::none : config.file_level;
  const auto journal = config.journald ? config.journald_level : core::LogLevel::none;
  return std::min({console, file, journal});
}

}  // namespace

/// What is collected for the outputs.
struct LogSystem::Sinks : LogOutputs {
  std::vector<LogLine> lines;
  std::size_t untrimmed = 0;  ///< Bytes of lines since trim().

  /// After many lines: what they took goes back.
  void trim() {
    untrimmed = 0;
    shrink();
    lines.shrink_to_fit();
    io::trim_heap();
  }
};

LogSystem::LogSystem(const LogConfig& config, WallClock clock)
    : config_(config),
      clock_(clock != nullptr ? clock : system_clock_ns),
      wakeup_(std::make_unique<LogWakeup>()),
      sinks_(std::make_unique<Sinks>()) {
  wakeup_->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(wakeup_->fd >= 0);
  sinks_->configure(config_);
}

LogSystem::~LogSystem() {
  stop_.store(true);
  if (writer_.joinable()) {
    wakeup_->wake();
    writer_.join();
  }
  flush();
  close(wakeup_->fd);
}

std::optional<std::string> LogSystem::open() { return reopen(); }

core::Log& LogSystem::producer(std::string_view thread_name) {
  CHECK(!writer_.joinable());
  producers_.push_back(std::make_unique<LogProducer>(thread_name, clock_, *wakeup_));
  dropped_reported_.push_back(0);
  set_thresholds();
  return *producers_.back();
}

void LogSystem::start() {
  CHECK(!writer_.joinable());
  // Signals are for the main thread: the writer inherits a mask with all of them blocked.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  writer_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::optional<std::string> LogSystem::reopen() { return apply(config_); }

std::optional<std::string> LogSystem::apply(const LogConfig& config) {
  OpenedFile file = open_log_file(config);
  if (file.error) return file.error;
  JournalSocket journal;
  if (config.journald) {
    if (std::string error = journal.open(config.journald_socket); !error.empty()) {
      if (file.fd >= 0) close(file.fd);
      return error;
    }
  }
  {
    const std::lock_guard lock(sinks_mutex_);
    drain();  // Lines so far belong to the old file.
    sinks_->replace(file.fd, std::move(journal));
    sinks_->configure(config);
  }
  config_ = config;
  set_thresholds();
  return {};
}

void LogSystem::flush() {
  const std::lock_guard lock(sinks_mutex_);
  drain();
  report_losses(clock_());
}

std::uint64_t LogSystem::dropped_count() const {
  std::uint64_t count = 0;
  for (const auto& producer : producers_) count += producer->dropped_count();
  return count;
}

void LogSystem::set_thresholds() {
  const core::LogLevel lowest = lowest_level(config_);
  unsigned formats = 0;
  if (!config_.file.empty()) formats |= LogProducer::bit_of(config_.file_style.format);
  if (config_.console) formats |= LogProducer::bit_of(config_.console_style.format);
  if (config_.journald) formats |= LogProducer::bit_of(LogFormat::plaintext);
  const bool is_json_only = formats == LogProducer::bit_of(LogFormat::json);
  memory_.set_format(is_json_only ? LogFormat::json : LogFormat::plaintext);
  for (const auto& producer : producers_) producer->set_formats(formats);
  for (const auto& producer : producers_)
    for (std::size_t i = 0; i < core::log_category_count; ++i)
      producer->set_threshold(static_cast<core::LogCategory>(i),
                              std::max(lowest, config_.category_levels[i]));
}

void LogSystem::run() {
  pthread_setname_np(pthread_self(), "lepus-log");
  core::Nanos reported_at = clock_();
  while (!stop_.load()) {
    {
      const std::lock_guard lock(sinks_mutex_);
      drain();
      const core::Nanos now = clock_();
      if (now < reported_at || now - reported_at >= core::limits::log_window) {
        report_losses(now);
        reported_at = now;
      }
    }
    sleep();
  }
}

bool LogSystem::has_lines() const {
  return std::any_of(producers_.begin(), producers_.end(),
                     [](const auto& producer) { return !producer->ring().empty(); });
}

void LogSystem::sleep() {
  wakeup_->sleeps.exchange(true, std::memory_order_acq_rel);
  if (has_lines() || stop_.load()) {
    wakeup_->sleeps.exchange(false, std::memory_order_acq_rel);
    return;
  }
  pollfd waiting{.fd = wakeup_->fd, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, core::limits::log_settle_ms) == 0) {
    // Nothing was written for a whole window: report what was suppressed in it, then wait for good.
    const std::lock_guard lock(sinks_mutex_);
    report_losses(clock_());
    if (sinks_->untrimmed >= core::limits::log_cached_max) sinks_->trim();
  }
  if (!has_lines() && !stop_.load()) poll(&waiting, 1, -1);
  eventfd_t ignored = 0;
  eventfd_read(wakeup_->fd, &ignored);
  wakeup_->sleeps.exchange(false, std::memory_order_acq_rel);
}

/// With sinks_mutex_ held. Lines of several threads are brought into the order of their times, as
/// far as they were there at once.
void LogSystem::drain() {
  auto& lines = sinks_->lines;
  for (const auto& producer : producers_) {
    LogLine line;
    // Bounded: a thread that logs without end must not keep the others' lines waiting.
    for (std::size_t taken = 0; taken < 1024 && producer->ring().try_pop(line); ++taken)
      lines.push_back(std::move(line));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const LogLine& a, const LogLine& b) { return a.time < b.time; });
  for (const LogLine& line : lines) {
    sinks_->add(line);
    memory_.add(line);
    sinks_->untrimmed += line.text.size();
  }
  lines.clear();
  sinks_->write_out();
}

/// With sinks_mutex_ held.
void LogSystem::report_losses(core::Nanos now) {
  for (std::size_t i = 0; i < producers_.size(); ++i) {
    LogProducer& producer = *producers_[i];
    const auto report = [&](LogLimiter::Event event, std::string_view name,
                            std::initializer_list<core::LogField> fields) {
      for (const LogFormat format : {LogFormat::plaintext, LogFormat::json}) {
        LogBuffer text;
        format_log_line(text,
                        {.level = event.level,
                         .category = event.category,
                         .thread = producer.thread_name(),
                         .event = name,
                         .fields = fields},
                        format);
        const LogLine line{now, event.level, format, {text.data(), text.size()}};
        sinks_->add(line);
        memory_.add(line);
      }
    };
    producer.limiter().take_suppressed([&](const LogLimiter::Event& event, std::uint64_t count) {
      report(event, "similar lines suppressed", {{"event", event.name}, {"count", count}});
    });
    const std::uint64_t dropped = producer.dropped_count();
    if (dropped == dropped_reported_[i]) continue;
    report({.level = core::LogLevel::warning}, "lines lost, the log was written too slowly",
           {{"count", dropped - dropped_reported_[i]}});
    dropped_reported_[i] = dropped;
  }
  sinks_->write_out();
}

}  // namespace lepus::server
