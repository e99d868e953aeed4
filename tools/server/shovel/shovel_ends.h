// The two ends of a shovel, whatever is behind them: queues of this broker (local_source.h,
// local_target.h) or another broker (peer_source.h, peer_target.h).
//
//   ShovelSource  start() -> on_source_ready() -> on_message() ... <- settle()
//   ShovelTarget  start() -> on_target_ready() -> publish() ... -> on_confirmed() ...
//   both          any failure -> on_end_failed(), once
//                 close() -> is_closed() some turns later; then it may be destroyed
//
// Events come on the shard's thread, also from within calls of an end; none of them destroys one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/message/message.h"

namespace lepus::server {

class ShovelEvents {
 public:
  /// `message_count`: of the queue when it was looked at.
  virtual void on_source_ready(std::uint64_t message_count) = 0;
  virtual void on_message(std::uint64_t tag, core::MessageRef message) = 0;
  /// The answer to ShovelSource::ask_count(): messages that wait for a consumer.
  virtual void on_message_count(std::uint64_t message_count) = 0;
  virtual void on_target_ready() = 0;
  /// Publishes are numbered from 1. `is_multiple`: all up to this one.
  virtual void on_confirmed(std::uint64_t number, bool is_multiple, bool is_refused) = 0;
  /// It is of no more use: what is under way is not settled any more.
  virtual void on_end_failed(std::string why) = 0;

 protected:
  ~ShovelEvents() = default;
};

class ShovelSource {
 public:
  ShovelSource() = default;
  ShovelSource(const ShovelSource&) = delete;
  ShovelSource& operator=(const ShovelSource&) = delete;
  virtual ~ShovelSource() = default;

  virtual void start() = 0;
  /// `is_multiple`: all up to this tag.
  virtual void acknowledge(std::uint64_t tag, bool is_multiple) = 0;
  /// A few more messages may still come.
  virtual void set_paused(bool is_paused) = 0;
  /// While it is ready, and not while an answer is awaited.
  virtual void ask_count() = 0;
  virtual void close() = 0;
  /// It closes, and a piece of that is left for this turn.
  virtual bool has_work() const { return false; }
  virtual void work() {}
  virtual bool is_closed() const = 0;
};

/// What is to be published. Views, for the call.
struct ShovelPublish {
  std::string_view exchange;
  std::string_view key;
  core::Bytes properties;  ///< Valid and encoded.
  const core::MessageRef& body;
  bool mandatory = false;  ///< That it reaches no queue is a failure.
};

class ShovelTarget {
 public:
  ShovelTarget() = default;
  ShovelTarget(const ShovelTarget&) = delete;
  ShovelTarget& operator=(const ShovelTarget&) = delete;
  virtual ~ShovelTarget() = default;

  virtual void start() = 0;
  /// publish() may be called now.
  virtual bool has_room() const = 0;
  /// It takes nothing until something changes elsewhere: an alarm, a brake.
  virtual bool is_blocked() const = 0;
  virtual void publish(const ShovelPublish& publish) = 0;
  /// Returns true if the queue is there, as far as is known.
  virtual bool has_queue(std::string_view name) const = 0;
  /// After the broker's flush: what it confirmed.
  virtual void collect() {}
  virtual void close() = 0;
  virtual bool is_closed() const = 0;
};

}  // namespace lepus::server
