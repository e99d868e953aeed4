// Queues and exchanges: made, removed, emptied. As the user who asks, by the rules of AMQP.
#include <array>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/topology/topology_rules.h"
#include "tools/server/config/config.h"
#include "tools/server/definitions/definitions_table.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/api_permit.h"
#include "tools/server/http_api/api_topology.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;
using Kind = core::TopologyRequest::Kind;

/// A queue has its home where it is declared: there is one node.
bool check_node(ApiCall& call, const Json& body) {
  const auto node = read_text(call, body, "node");
  if (!node) return false;
  if (node->empty() || *node == node_name(call.place().host.config())) return true;
  call.bad_request(fmt::format("Node {} could not be contacted", *node));
  return false;
}

/// As an option of the verb, where it is set. False: it was refused.
bool take_flag(ApiCall& call, const Json& body, std::string_view key, AdminRequest& verb) {
  const auto value = read_flag(call, body, key);
  if (!value) return false;
  if (*value) verb.options.emplace(key, "true");
  return true;
}

struct Declaration {
  core::TopologyRequest request;  ///< What permissions are asked for.
  AdminRequest verb;
  bool is_new;
};
void declare(ApiCall& call, const Json& body, Declaration made) {
  if (!take_flag(call, body, "durable", made.verb) ||
      !take_flag(call, body, "auto_delete", made.verb) ||
      !take_flag(call, body, "internal", made.verb) ||
      !take_arguments(call, body, made.request, made.verb))
    return;
  permit(call, permissions_of(call, made.request),
         [verb = std::move(made.verb), is_new = made.is_new](ApiCall& permitted) mutable {
           start_operation(permitted, std::move(verb),
                           {.status = is_new ? 201U : 204U, .on_error = refuse_topology});
         });
}

void put_queue(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !check_node(call, body)) return;
  const auto is_exclusive = read_flag(call, body, "exclusive");
  if (!is_exclusive) return;
  if (*is_exclusive)
    return call.bad_request(
        "exclusive: such a queue belongs to a connection, and cannot be declared by the HTTP API");
  core::TopologyRequest request = make_request(call, Kind::declare_queue);
  request.name = core::strip_cr_lf(call.capture("queue"));
  AdminRequest verb = make_verb(call, "declare_queue", {request.name});
  const bool is_new = call.topology().find_queue(request.vhost, request.name) == nullptr;
  declare(call, body, {std::move(request), std::move(verb), is_new});
}

void put_exchange(ApiCall& call) {
  Json body;
  if (!call.read_body(body)) return;
  const auto type = read_text(call, body, "type", "direct");
  if (!type) return;
  core::TopologyRequest request = make_request(call, Kind::declare_exchange);
  request.name = core::strip_cr_lf(exchange_name(call));
  request.type = *type;
  AdminRequest verb = make_verb(call, "declare_exchange", {request.name, *type});
  const bool is_new = call.topology().find_exchange(request.vhost, request.name) == nullptr;
  declare(call, body, {std::move(request), std::move(verb), is_new});
}

void delete_exchange(ApiCall& call) {
  core::TopologyRequest request = make_request(call, Kind::delete_exchange);
  request.name = exchange_name(call);
  if (call.topology().find_exchange(request.vhost, request.name) == nullptr)
    return call.not_found();
  AdminRequest verb = make_verb(call, "delete_exchange", {request.name});
  if (call.query().is_true("if-unused")) verb.options.emplace("if_unused", "true");
  permit(call, permissions_of(call, request), [verb = std::move(verb)](ApiCall& permitted) mutable {
    start_operation(permitted, std::move(verb), {.on_error = refuse_topology});
  });
}

// --- What a queue is asked

void refuse_delete(ApiCall& call, const AdminError& error) {
  if (error.fault != AdminFault::refused) return refuse_topology(call, error);
  call.bad_request(fmt::format("{} {}",
                               core::queue_title(call.capture("queue"), call.capture("vhost")),
                               error.text.ends_with("in use") ? "in use" : "not empty"));
}

void delete_queue(ApiCall& call) {
  if (!check_queue(call)) return;
  AdminRequest verb = make_verb(call, "delete_queue", {call.capture("queue")});
  if (call.query().is_true("if-unused")) verb.options.emplace("if_unused", "true");
  if (call.query().is_true("if-empty")) verb.options.emplace("if_empty", "true");
  permit(call, {{core::Permission::configure, core::ResourceKind::queue, call.capture("queue")}},
         [verb = std::move(verb)](ApiCall& permitted) mutable {
           start_operation(permitted, std::move(verb), {.on_error = refuse_delete});
         });
}

void purge_queue(ApiCall& call) {
  if (!check_queue(call)) return;
  permit(call, {{core::Permission::read, core::ResourceKind::queue, call.capture("queue")}},
         [](ApiCall& permitted) {
           start_operation(permitted,
                           make_verb(permitted, "purge_queue", {permitted.capture("queue")}),
                           {.on_error = refuse_topology});
         });
}

/// Of mirrored queues, which there are none of: what was asked for is so.
void act_on_queue(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"action"})) return;
  if (call.topology().find_queue(call.vhost()->id, call.capture("queue")) == nullptr)
    return call.not_found();
  if (body["action"] == "sync" || body["action"] == "cancel_sync") return call.answer(204);
  refuse_value(call, "unknown", body["action"]);
}

constexpr std::array topology_table{
    ApiRoute{"PUT", "/queues/:vhost/:queue", put_queue, any, login},
    ApiRoute{"DELETE", "/queues/:vhost/:queue", delete_queue, any, login},
    ApiRoute{"DELETE", "/queues/:vhost/:queue/contents", purge_queue, any, login},
    ApiRoute{"POST", "/queues/:vhost/:queue/actions", act_on_queue, admin, login},
    ApiRoute{"PUT", "/exchanges/:vhost/:exchange", put_exchange, any, login},
    ApiRoute{"DELETE", "/exchanges/:vhost/:exchange", delete_exchange, any, login},
};

}  // namespace

core::TopologyRequest make_request(const ApiCall& call, core::TopologyRequest::Kind kind) {
  core::TopologyRequest request;
  request.kind = kind;
  request.vhost = call.vhost()->id;
  request.user = call.user().name;
  return request;
}

bool take_arguments(ApiCall& call, const Json& body, core::TopologyRequest& request,
                    AdminRequest& verb) {
  const auto found = body.find("arguments");
  if (found == body.end() || found->is_null() || (found->is_array() && found->empty())) return true;
  const std::string text = dump(*found);
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  std::string error = parser.parse(text).get(json) == simdjson::SUCCESS
                          ? read_table(json, "arguments", request.arguments)
                          : "arguments: this is no JSON";
  if (!error.empty()) {
    call.bad_request(error);
    return false;
  }
  verb.options.emplace("arguments", text);
  return true;
}

bool check_queue(ApiCall& call) {
  const auto queue = core::check_queue_access(call.topology(), call.vhost()->id,
                                              call.capture("queue"), core::ConnectionId{});
  if (queue.ok()) return true;
  if (queue.error().code == core::ReplyCode::not_found) {
    call.not_found();
  } else {
    call.bad_request(queue.error().detail);
  }
  return false;
}

void refuse_topology(ApiCall& call, const AdminError& error) {
  if (error.fault == AdminFault::not_found) return call.refuse(404, "not_found", error.text);
  if (error.fault == AdminFault::denied) return call.not_authorised("Access refused.");
  refuse_operation(call, error);
}

std::span<const ApiRoute> api_topology_routes() { return topology_table; }

}  // namespace lepus::server
