// The port through which every part of the broker logs: a level, a category, the name of an event
// and named values.
//
//   log.write(LogLevel::info, LogCategory::connection, "connection closed",
//             {{"peer", peer}, {"reason", why}, {"messages", count}});
//
// A line is one event with a fixed name; what varies goes into fields, so that lines can be
// counted, searched and rate-limited by (category, event). The check of the level is one relaxed
// load and one comparison, and happens before any field is looked at; still, nothing on the message
// path logs.
//
// Threads: each thread has a Log of its own (tools/server/log/log.h hands them out) and only that
// thread calls write(). The thresholds alone may be changed by another thread at any time (reload
// of the configuration).
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/base/assert.h"

namespace lepus::core {

/// In order of weight. `none` is a threshold only ("write nothing"), never the level of a line.
enum class LogLevel : std::uint8_t { debug, info, warning, error, critical, none };

/// What a line is about; each has its threshold (log.<category>.level).
enum class LogCategory : std::uint8_t { general, connection, channel, queue };
constexpr std::size_t log_category_count = 4;

/// One named value of a line. Holds views: valid only during the call of write().
class LogField {
 public:
  enum class Kind : std::uint8_t { text, signed_number, unsigned_number, boolean };

  LogField(std::string_view name, std::string_view text)
      : name_(name), text_(text), kind_(Kind::text) {}
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  template <std::integral T>
  LogField(std::string_view name, T number)
      : name_(name), number_(static_cast<std::uint64_t>(number)), kind_(kind_of<T>()) {}

  std::string_view name() const { return name_; }
  Kind kind() const { return kind_; }
  std::string_view text() const {
    CHECK(kind_ == Kind::text);
    return text_;
  }
  std::int64_t as_signed() const {
    CHECK(kind_ == Kind::signed_number);
    return static_cast<std::int64_t>(number_);
  }
  std::uint64_t as_unsigned() const {
    CHECK(kind_ == Kind::unsigned_number);
    return number_;
  }
  bool as_boolean() const {
    CHECK(kind_ == Kind::boolean);
    return number_ != 0;
  }

 private:
  template <std::integral T>
  static constexpr Kind kind_of() {
    if constexpr (std::same_as<T, bool>) return Kind::boolean;
    return std::signed_integral<T> ? Kind::signed_number : Kind::unsigned_number;
  }

  std::string_view name_;
  std::string_view text_;
  std::uint64_t number_ = 0;
  Kind kind_;
};

class Log {
 public:
  virtual ~Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level, LogCategory category) const {
    return level >= thresholds_[index_of(category)].load(std::memory_order_relaxed);
  }
  /// `event` must be a string literal (or live as long as the Log): lines are rate-limited by its
  /// address.
  void write(LogLevel level, LogCategory category, std::string_view event,
             std::initializer_list<LogField> fields = {}) {
    CHECK(level != LogLevel::none);
    if (enabled(level, category)) write_enabled(level, category, event, fields);
  }
  /// From any thread.
  void set_threshold(LogCategory category, LogLevel level) {
    thresholds_[index_of(category)].store(level, std::memory_order_relaxed);
  }

 protected:
  Log() {
    for (auto& threshold : thresholds_) threshold.store(LogLevel::info);
  }
  /// The line passed the threshold. Must neither block nor fail; what cannot be written is counted
  /// and dropped.
  virtual void write_enabled(LogLevel level, LogCategory category, std::string_view event,
                             std::span<const LogField> fields) = 0;

 private:
  static std::size_t index_of(LogCategory category) {
    const auto index = static_cast<std::size_t>(category);
    CHECK(index < log_category_count);
    return index;
  }

  std::array<std::atomic<LogLevel>, log_category_count> thresholds_;
};

/// Writes nothing: for tests, simulations and benchmarks.
class NullLog final : public Log {
 public:
  NullLog() {
    for (std::size_t i = 0; i < log_category_count; ++i)
      set_threshold(static_cast<LogCategory>(i), LogLevel::none);
  }

 private:
  void write_enabled(LogLevel, LogCategory, std::string_view, std::span<const LogField>) override {}
};

}  // namespace lepus::core
