// Failures run off by themselves: a bucket is a number and the time it is of.
#include "core/access/login_guard.h"

#include <algorithm>

#include "core/base/assert.h"

namespace lepus::core {

double LoginFailures::count(const Entry& entry, Nanos now) const {
  const Nanos passed = std::max<Nanos>(now - entry.since, 0);
  const double minutes = static_cast<double>(passed) / (60.0 * nanos_per_s);
  return std::max(0.0, entry.failures - minutes * per_minute_);
}

double LoginFailures::count(std::string_view name, Nanos now) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? 0 : count(*found->second, now);
}

bool LoginFailures::is_used_up(std::string_view name, Nanos now) const {
  return per_minute_ > 0 && count(name, now) > per_minute_ - 1;
}

void LoginFailures::add(std::string_view name, Nanos now) {
  if (per_minute_ == 0) return;
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    Entry& entry = *found->second;
    entry.failures = std::min<double>(count(entry, now) + 1, per_minute_);
    entry.since = now;
    return entries_.splice(entries_.end(), entries_, found->second);
  }
  while (entries_.size() >= limits::login_failures_kept_max) {
    by_name_.erase(entries_.front().name);
    entries_.pop_front();
  }
  entries_.push_back({std::string{name}, 1, now});
  by_name_.emplace(entries_.back().name, std::prev(entries_.end()));
  CHECK(by_name_.size() == entries_.size());
}

bool LocalLoginGuard::may_try(const LoginAttempt& attempt) {
  if (sources_.is_used_up(attempt.source, attempt.now)) return ++counts_.blocked, false;
  if (!users_.is_used_up(attempt.user, attempt.now)) return true;
  if (sources_.count(attempt.source, attempt.now) == 0) return true;
  return ++counts_.blocked, false;
}

void LocalLoginGuard::on_success(const LoginAttempt&) {
  ++counts_.attempts;
  ++counts_.succeeded;
}

Nanos LocalLoginGuard::on_failure(const LoginAttempt& attempt) {
  ++counts_.attempts;
  ++counts_.failed;
  const double before = sources_.count(attempt.source, attempt.now);
  sources_.add(attempt.source, attempt.now);
  users_.add(attempt.user, attempt.now);
  const double slow = before + 1 - limits::login_failures_told_at_once;
  if (slow <= 0) return 0;
  return std::min(limits::handshake_linger,
                  static_cast<Nanos>(slow * static_cast<double>(limits::login_failure_delay_step)));
}

}  // namespace lepus::core
