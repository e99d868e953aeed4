// Who fails too often is not looked at for a while, and nobody is locked out by others.
#include "core/access/login_guard.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::core {
namespace {

constexpr Nanos minute = 60 * nanos_per_s;

void fail(LocalLoginGuard& guard, const LoginAttempt& attempt, int count) {
  for (int i = 0; i < count; ++i) (void)guard.on_failure(attempt);
}

TEST(LoginGuard, AnAddressHasSoManyFailuresAMinute) {
  LocalLoginGuard guard{{.per_source = 3, .per_user = 0}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(guard.may_try({"10.0.0.1", "u", 0})) << i;
    (void)guard.on_failure({"10.0.0.1", "u", 0});
  }
  EXPECT_FALSE(guard.may_try({"10.0.0.1", "other", 0}));
  EXPECT_TRUE(guard.may_try({"10.0.0.2", "u", 0}));
  EXPECT_FALSE(guard.may_try({"10.0.0.1", "u", minute / 3 - nanos_per_s}));
  EXPECT_TRUE(guard.may_try({"10.0.0.1", "u", minute / 3 + nanos_per_s}));
}

TEST(LoginGuard, FailingOnWhileBlockedDoesNotBlockLonger) {
  LocalLoginGuard guard{{.per_source = 3, .per_user = 0}};
  fail(guard, {"a", "u", 0}, 100);
  EXPECT_TRUE(guard.may_try({"a", "u", minute / 3 + nanos_per_s}));
}

TEST(LoginGuard, WhoDidNotFailIsNotLockedOutByThoseWhoGuessAtHim) {
  LocalLoginGuard guard{{.per_source = 100, .per_user = 3}};
  fail(guard, {"bad1", "admin", 0}, 2);
  fail(guard, {"bad2", "admin", 0}, 2);
  EXPECT_FALSE(guard.may_try({"bad1", "admin", 0}));
  EXPECT_TRUE(guard.may_try({"bad1", "other", 0}));
  EXPECT_TRUE(guard.may_try({"good", "admin", 0}));
}

TEST(LoginGuard, TheFirstFailuresAreToldAtOnceAndOthersEverLater) {
  LocalLoginGuard guard{{.per_source = 1000, .per_user = 0}};
  const LoginAttempt attempt{"a", "u", 0};
  for (int i = 0; i < static_cast<int>(limits::login_failures_told_at_once); ++i)
    EXPECT_EQ(guard.on_failure(attempt), 0) << i;
  EXPECT_EQ(guard.on_failure(attempt), limits::login_failure_delay_step);
  EXPECT_EQ(guard.on_failure(attempt), 2 * limits::login_failure_delay_step);
  fail(guard, attempt, 500);
  EXPECT_EQ(guard.on_failure(attempt), limits::handshake_linger);
}

TEST(LoginGuard, CountsWhatHappened) {
  LocalLoginGuard guard{{.per_source = 1, .per_user = 0}};
  guard.on_success({"a", "u", 0});
  (void)guard.on_failure({"a", "u", 0});
  EXPECT_FALSE(guard.may_try({"a", "u", 0}));
  (void)guard.on_failure({"a", "u", 0});
  const LoginCounts counts = guard.counts();
  EXPECT_EQ(counts.attempts, 3U);
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(counts.failed, 2U);
  EXPECT_EQ(counts.blocked, 1U);
}

TEST(LoginGuard, WithoutALimitNothingIsRemembered) {
  LoginFailures failures{0};
  failures.add("a", 0);
  EXPECT_EQ(failures.size(), 0U);
  EXPECT_FALSE(failures.is_used_up("a", 0));
}

TEST(LoginGuard, OnlySoManyAddressesAreRemembered) {
  LoginFailures failures{10};
  for (std::size_t i = 0; i < limits::login_failures_kept_max + 5; ++i)
    failures.add(std::to_string(i), 0);
  EXPECT_EQ(failures.size(), limits::login_failures_kept_max);
  EXPECT_EQ(failures.count("0", 0), 0);
  EXPECT_EQ(failures.count(std::to_string(limits::login_failures_kept_max), 0), 1);
}

}  // namespace
}  // namespace lepus::core
