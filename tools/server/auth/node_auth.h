// What the shards of a node share about logins and limits.
#pragma once

#include <algorithm>
#include <memory>

#include "tools/server/auth/auth_link.h"
#include "tools/server/auth/auth_thread.h"
#include "tools/server/auth/login_guard.h"
#include "tools/server/config/config.h"
#include "tools/server/quota_counter.h"

namespace lepus::server {

struct NodeAuth {
  NodeAuth(const AuthConfig& config, core::Log& log) : logins(config.failures) {
    const bool asks =
        std::any_of(config.backends.begin(), config.backends.end(), [](const auto& entry) {
          return entry.second.authn != core::AuthBackend::internal ||
                 entry.second.authz.value_or(core::AuthBackend::internal) !=
                     core::AuthBackend::internal;
        });
    if (asks) thread = std::make_unique<AuthThread>(config, log);
  }
  /// Empty, or what is wrong with the operator's keys of tokens.
  [[nodiscard]] std::string load() { return thread == nullptr ? "" : thread->load(); }
  /// Null when nobody outside of the broker is asked.
  std::unique_ptr<AuthLink> make_link(io::Loop& loop) {
    return thread == nullptr ? nullptr : std::make_unique<AuthLink>(*thread, loop);
  }

  SharedQuotaCounter uses;
  SharedLoginGuard logins;
  std::unique_ptr<AuthThread> thread;
};

}  // namespace lepus::server
