// The failures of all shards: one table behind a lock, taken twice for each login.
#pragma once

#include <mutex>

#include "core/access/login_guard.h"

namespace lepus::server {

class SharedLoginGuard final : public core::LoginGuard {
 public:
  explicit SharedLoginGuard(const core::LoginLimits& limits) : guard_(limits) {}

  [[nodiscard]] bool may_try(const core::LoginAttempt& attempt) override {
    const std::lock_guard lock{mutex_};
    return guard_.may_try(attempt);
  }
  void on_success(const core::LoginAttempt& attempt) override {
    const std::lock_guard lock{mutex_};
    guard_.on_success(attempt);
  }
  core::Nanos on_failure(const core::LoginAttempt& attempt) override {
    const std::lock_guard lock{mutex_};
    return guard_.on_failure(attempt);
  }
  core::LoginCounts counts() const override {
    const std::lock_guard lock{mutex_};
    return guard_.counts();
  }

 private:
  mutable std::mutex mutex_;
  core::LocalLoginGuard guard_;
};

}  // namespace lepus::server
