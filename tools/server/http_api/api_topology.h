// What the handlers of queues, exchanges and bindings have in common.
#pragma once

#include "core/topology/topology_request.h"
#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_operation.h"

namespace lepus::server {

/// In the virtual host of the path, which is there, by the user of the call.
core::TopologyRequest make_request(const ApiCall& call, core::TopologyRequest::Kind kind);
/// "arguments" of a body, for the rules and for the verb. False: they were refused.
[[nodiscard]] bool take_arguments(ApiCall& call, const ApiCall::Json& body,
                                  core::TopologyRequest& request, AdminRequest& verb);
/// The queue of the path is there, and no connection has it for itself. False: it was refused.
[[nodiscard]] bool check_queue(ApiCall& call);
/// Errors of the rules of AMQP, as RabbitMQ answers with them.
void refuse_topology(ApiCall& call, const AdminError& error);

}  // namespace lepus::server
