// A value that is read by a call that may block for long, or for ever: what is free on a disk that
// a dead server exports, what /proc says. It is read on a thread of its own, when asked for.
//
//   the asking thread                     the reading thread
//   ask(now)                 ---------->  read()
//   take(), in a later turn  <----------  the value
//   is_late(now): no value came for limits::reading_wait_max, and none is known
//
// Before start_thread() the value is read within ask(): at the start of the broker, and in tests.
// A reading that hangs is left alone when this is destroyed: its thread ends when the call returns.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "core/base/assert.h"
#include "core/base/time.h"
#include "core/limits.h"
#include "io/os.h"

namespace lepus::server {

template <class Value>
class SlowReading {
 public:
  /// `read` may be called, and may return, after this is destroyed: it owns what it uses.
  explicit SlowReading(std::function<Value()> read) : shared_(std::make_shared<Shared>()) {
    shared_->read = std::move(read);
  }
  SlowReading(const SlowReading&) = delete;
  SlowReading& operator=(const SlowReading&) = delete;
  ~SlowReading() {
    if (!thread_.joinable()) return;
    bool hangs = false;
    {
      const std::lock_guard lock{shared_->mutex};
      shared_->is_ending = true;
      hangs = shared_->is_reading;
    }
    shared_->has_news.notify_one();
    hangs ? thread_.detach() : thread_.join();
  }

  /// From now on the value is read by a thread of this name. While nothing is asked for.
  void start_thread(std::string name) {
    CHECK(!thread_.joinable());
    CHECK(!is_asked_);
    thread_ = std::thread([shared = shared_, name = std::move(name)] {
      io::name_thread(name);
      run(*shared);
    });
  }

  /// Not while is_asked().
  void ask(core::Nanos now) {
    CHECK(!std::exchange(is_asked_, true));
    asked_at_ = now;
    if (!thread_.joinable()) {
      shared_->value = shared_->read();
      return;
    }
    {
      const std::lock_guard lock{shared_->mutex};
      shared_->is_wanted = true;
    }
    shared_->has_news.notify_one();
  }
  /// The value that was asked for, once; nothing: it is not there yet, or was not asked for.
  std::optional<Value> take() {
    if (!is_asked_) return std::nullopt;
    const std::lock_guard lock{shared_->mutex};
    std::optional<Value> value = std::exchange(shared_->value, std::nullopt);
    is_asked_ = !value.has_value();
    return value;
  }
  bool is_asked() const { return is_asked_; }
  core::Nanos asked_at() const { return asked_at_; }
  /// Returns true if a value was asked for so long ago that what was read before is worth nothing.
  bool is_late(core::Nanos now) const {
    return is_asked_ && now - asked_at_ > core::limits::reading_wait_max;
  }

 private:
  /// Also the reading thread's, which may live longer than this object.
  struct Shared {
    std::function<Value()> read;
    std::mutex mutex;  ///< Of what follows; nobody holds it while the value is read.
    std::condition_variable has_news;
    bool is_wanted = false;
    bool is_reading = false;
    bool is_ending = false;
    std::optional<Value> value;
  };

  static void run(Shared& shared) {
    std::unique_lock lock{shared.mutex};
    for (;;) {
      shared.has_news.wait(lock, [&] { return shared.is_ending || shared.is_wanted; });
      if (shared.is_ending) return;
      shared.is_wanted = false;
      shared.is_reading = true;
      lock.unlock();
      Value value = shared.read();
      lock.lock();
      shared.is_reading = false;
      shared.value = std::move(value);
    }
  }

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
  bool is_asked_ = false;
  core::Nanos asked_at_ = 0;
};

}  // namespace lepus::server
