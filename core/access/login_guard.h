// What makes guessing passwords slow: failed logins are counted for the address they come from and
// for the user they name, and who fails too often is not even looked at for a while. And how many
// logins there were. A port, because the count is of the whole broker.
//
//   may_try() -> the credentials are looked at -> on_success() | on_failure()
//             -> false: refused without a look; on_failure() counts it all the same
//
// Each address and each user has so many failures a minute (a token bucket). Who guesses at a user
// must not lock him out: while a user's are used up, only addresses that failed themselves lately
// are kept from trying him.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::core {

struct LoginAttempt {
  std::string_view source;  ///< The client's address.
  std::string_view user;
  Nanos now;
};

struct LoginCounts {
  std::uint64_t attempts = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t blocked = 0;  ///< Of the failed ones: refused without a look.
};

class LoginGuard {
 public:
  virtual ~LoginGuard() = default;
  [[nodiscard]] virtual bool may_try(const LoginAttempt& attempt) = 0;
  virtual void on_success(const LoginAttempt& attempt) = 0;
  /// Returns how long the refusal is to be kept from the client: nothing for the first few.
  virtual Nanos on_failure(const LoginAttempt& attempt) = 0;
  virtual LoginCounts counts() const = 0;
};

/// Failures a minute; 0: as many as you like.
struct LoginLimits {
  std::uint32_t per_source = limits::login_failures_max_default;
  std::uint32_t per_user = limits::login_failures_max_default;
  bool operator==(const LoginLimits&) const = default;
};

/// Failures of addresses, or of users: as many as fit; the one that did not fail for longest is
/// forgotten first.
class LoginFailures {
 public:
  explicit LoginFailures(std::uint32_t per_minute) : per_minute_(per_minute) {}

  /// Failures that count at this time: each counts for a minute divided by how many there may be.
  double count(std::string_view name, Nanos now) const;
  bool is_used_up(std::string_view name, Nanos now) const;
  void add(std::string_view name, Nanos now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string name;
    double failures = 0;
    Nanos since = 0;  ///< `failures` is of this time.
  };
  double count(const Entry& entry, Nanos now) const;

  std::uint32_t per_minute_;
  std::list<Entry> entries_;  ///< Failed last comes last.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name_;
};

/// Of one thread.
class LocalLoginGuard final : public LoginGuard {
 public:
  explicit LocalLoginGuard(const LoginLimits& limits = {})
      : sources_(limits.per_source), users_(limits.per_user) {}

  [[nodiscard]] bool may_try(const LoginAttempt& attempt) override;
  void on_success(const LoginAttempt& attempt) override;
  Nanos on_failure(const LoginAttempt& attempt) override;
  LoginCounts counts() const override { return counts_; }

 private:
  LoginFailures sources_;
  LoginFailures users_;
  LoginCounts counts_;
};

}  // namespace lepus::core
