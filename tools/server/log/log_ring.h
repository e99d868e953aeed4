// A bounded queue of log lines between the thread that logs and the writer: bytes in a ring, one
// producer, one consumer, no locks, nothing allocated after construction.
//
//   ... | time size level format | text | time size level format | text ...
//       ^ head (consumer)                                            ^ tail (producer)
//
// Positions only grow; a position modulo the size is the index of its byte.
// Invariant: head <= tail <= head + capacity. A line is published by the store of tail as a whole.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/limits.h"
#include "tools/server/config/config.h"

namespace lepus::server {

struct LogLine {
  core::Nanos time = 0;  ///< Since 1970.
  core::LogLevel level = core::LogLevel::info;
  LogFormat format = LogFormat::plaintext;
  std::string text;  ///< What is behind the time, without the line end.
};

class LogRing {
 public:
  static constexpr std::size_t capacity = core::limits::log_ring_size;

  LogRing() : bytes_(std::make_unique<char[]>(capacity)) {}

  /// Producer. False when there is no room; then nothing was written.
  bool try_push(core::Nanos time, core::LogLevel level, std::string_view text,
                LogFormat format = LogFormat::plaintext) {
    const Header header{.time = time,
                        .size = static_cast<std::uint32_t>(text.size()),
                        .level = level,
                        .format = format};
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t used = tail - head_.load(std::memory_order_acquire);
    CHECK(used <= capacity);
    if (sizeof header + text.size() > capacity - used) return false;
    copy_in(tail, {reinterpret_cast<const char*>(&header), sizeof header});
    copy_in(tail + sizeof header, text);
    tail_.store(tail + sizeof header + text.size(), std::memory_order_release);
    return true;
  }

  /// Consumer. False when there is none.
  bool try_pop(LogLine& line) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    if (head == tail) return false;
    Header header;
    CHECK(tail - head >= sizeof header);
    copy_out(head, reinterpret_cast<char*>(&header), sizeof header);
    CHECK(tail - head >= sizeof header + header.size);
    line.time = header.time;
    line.level = header.level;
    line.format = header.format;
    line.text.resize(header.size);
    copy_out(head + sizeof header, line.text.data(), header.size);
    head_.store(head + sizeof header + header.size, std::memory_order_release);
    return true;
  }

  /// Either side.
  bool empty() const { return head_.load() == tail_.load(); }

 private:
  struct Header {
    core::Nanos time;
    std::uint32_t size;
    core::LogLevel level;
    LogFormat format;
  };

  void copy_in(std::uint64_t position, std::string_view text) {
    const std::size_t index = position % capacity;
    const std::size_t first = std::min(text.size(), capacity - index);
    std::memcpy(bytes_.get() + index, text.data(), first);
    std::memcpy(bytes_.get(), text.data() + first, text.size() - first);
  }
  void copy_out(std::uint64_t position, char* to, std::size_t size) const {
    const std::size_t index = position % capacity;
    const std::size_t first = std::min(size, capacity - index);
    std::memcpy(to, bytes_.get() + index, first);
    std::memcpy(to + first, bytes_.get(), size - first);
  }

  std::unique_ptr<char[]> bytes_;
  alignas(64) std::atomic<std::uint64_t> head_{0};  ///< Written by the consumer.
  alignas(64) std::atomic<std::uint64_t> tail_{0};  ///< Written by the producer.
};

}  // namespace lepus::server
