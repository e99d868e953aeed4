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
          return entry.second.authn == core::AuthBackend::http ||
                 entry.second.authz == core::AuthBackend::http;
        });
    if (asks) thread = std::make_unique<AuthThread>(config.http, log);
  }
  /// Null when nobody outside of the broker is asked.
  std::unique_ptr<AuthLink> make_link(io::Loop& loop) {
    return thread == nullptr ? nullptr : std::make_unique<AuthLink>(*thread, loop);
  }

  SharedQuotaCounter uses;
  SharedLoginGuard logins;
  std::unique_ptr<AuthThread> thread;
};

}  // namespace lepus::server
