// What the HTTP API works on: the admin thread's view of the broker, the operations of an operator,
// and who is asked about logins. Admin thread.
#pragma once

#include <cstdint>
#include <functional>

#include "core/access/auth_cache.h"
#include "core/access/login_guard.h"
#include "core/base/log.h"
#include "io/loop.h"
#include "tools/server/admin/admin.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/http_api/api_auth_desk.h"
#include "tools/server/http_api/api_settings.h"
#include "tools/server/samples/sampler.h"

namespace lepus::server {

/// Of requests of the HTTP API; those of AMQP are the rest of LoginGuard::counts().
struct ApiLoginCounts {
  std::uint64_t attempts = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
};

struct ApiPlace {
  io::Loop& loop;
  Admin& admin;
  BrokerView& broker;
  AdminHost& host;
  core::LoginGuard& logins;
  core::Log& log;
  Sampler& sampler;
  ApiAuthDesk auth;
  ApiSettings settings = {};
  ApiLoginCounts login_counts = {};
  // What /auth/attempts does not show any more.
  ApiLoginCounts login_counts_before = {};
  ApiLoginCounts amqp_counts_before = {};
  /// DELETE /reset. Null: there are no statistics.
  std::function<void()> reset_statistics = nullptr;
};

}  // namespace lepus::server
