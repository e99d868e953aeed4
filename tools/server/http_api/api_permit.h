// Whether the user of a call may do something with queues and exchanges: the questions of AMQP
// (core/session/session_access.h), for the HTTP API. Where a service outside of the broker gives
// the rights its answers are waited for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/server/http_api/api_call.h"

namespace lepus::server {

struct ApiPermission {
  core::Permission permission = core::Permission::read;
  core::ResourceKind kind = core::ResourceKind::queue;
  std::string name;
  bool is_topic = false;  ///< It is about this routing key at the exchange of that name.
  std::string key = {};
};

/// The questions of a declaration or binding in the call's virtual host.
std::vector<ApiPermission> permissions_of(const ApiCall& call,
                                          const core::TopologyRequest& request);
/// Of a publish with these routing keys.
std::vector<ApiPermission> permissions_to_publish(const ApiCall& call, const std::string& exchange,
                                                  const std::vector<std::string>& keys);

/// Calls `then` when all of it is allowed, in the virtual host of the path; else answers 401
/// "Access refused.".
void permit(ApiCall& call, std::vector<ApiPermission> wanted, std::function<void(ApiCall&)> then);

}  // namespace lepus::server
