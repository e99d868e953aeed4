// Who calls the HTTP API, and what he may see there. RabbitMQ's tags:
//
//   administrator   everything
//   monitoring      sees that all virtual hosts are there, all connections and channels
//   policymaker     changes policies and parameters of the virtual hosts that he may use
//   management      sees what is in the virtual hosts that he may use, and his own connections
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/access.h"
#include "core/access/auth_port.h"
#include "core/access/scopes.h"
#include "tools/server/http_api/api_route.h"

namespace lepus::server {

struct ApiUser {
  std::string name;
  std::vector<std::string> tags;
  /// Who says what he may do: the permissions of the broker, a token, or a service.
  core::AuthBackend authority = core::AuthBackend::internal;
  std::shared_ptr<const core::Scopes> scopes = nullptr;  ///< Of a token.
  /// Of a service: the virtual hosts that it was asked about and allowed, for this request.
  std::set<std::string, std::less<>> vhosts = {};

  bool has_tag(std::string_view tag) const {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  }
  bool is_administrator() const { return has_tag("administrator"); }
  bool is_policymaker() const { return is_administrator() || has_tag("policymaker"); }
  bool is_monitor() const { return is_administrator() || has_tag("monitoring"); }
  bool is_manager() const { return is_monitor() || is_policymaker() || has_tag("management"); }

  /// He may use it as a client.
  bool may_log_in(const core::Access& access, std::string_view vhost) const {
    switch (authority) {
      case core::AuthBackend::internal:
        return access.find_grant({name, vhost}) != nullptr;
      case core::AuthBackend::oauth2:
        return scopes != nullptr && scopes->allow_vhost(vhost);
      case core::AuthBackend::http:
        return vhosts.contains(vhost);
    }
    CHECK(false);
    return false;
  }
  /// Is told that it is there, and what is counted in it.
  bool may_see(const core::Access& access, std::string_view vhost) const {
    return is_monitor() || may_log_in(access, vhost);
  }
  /// What there is in it is shown to him: queues, exchanges, bindings, policies.
  bool may_look_into(const core::Access& access, std::string_view vhost) const {
    return is_administrator() || may_log_in(access, vhost);
  }
  /// Of connections and channels.
  bool may_see_user(std::string_view owner) const { return is_monitor() || owner == name; }
};

/// Empty: he may; else RabbitMQ's reason.
inline std::string_view why_not(const ApiUser& user, ApiRight right) {
  switch (right) {
    case ApiRight::anybody:
      return {};
    case ApiRight::management:
      return user.is_manager() ? "" : "Not management user";
    case ApiRight::policymaker:
      if (!user.is_manager()) return "Not management user";
      return user.is_policymaker() ? "" : "User not authorised to access object";
    case ApiRight::monitoring:
      if (!user.is_manager()) return "Not management user";
      return user.is_monitor() ? "" : "Not monitor user";
    case ApiRight::administrator:
      if (!user.is_manager()) return "Not management user";
      return user.is_administrator() ? "" : "Not administrator user";
  }
  CHECK(false);
  return {};
}

}  // namespace lepus::server
