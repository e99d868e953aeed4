// Messages of an operator: publish one to an exchange, look at those of a queue; and the test of
// old monitors whether that works at all.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "persist/catalog/json_text.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/api_permit.h"
#include "tools/server/http_api/api_topology.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

void refuse_message(ApiCall& call, const AdminError& error) {
  if (error.fault == AdminFault::not_found)
    return call.refuse(404, "not_found", "NOT_FOUND - " + error.text);
  refuse_operation(call, error);
}

/// Routing keys in the headers CC and BCC, which a publish goes to as well.
void add_header_keys(const Json& properties, std::vector<std::string>& keys) {
  const auto headers = properties.find("headers");
  if (headers == properties.end() || !headers->is_object()) return;
  for (const char* name : {"CC", "BCC"}) {
    const auto list = headers->find(name);
    if (list == headers->end() || !list->is_array()) continue;
    for (const Json& key : *list)
      if (key.is_string()) keys.push_back(key.get<std::string>());
  }
}

/// A message says of whom it is only what is true. False: it was refused.
bool check_user_id(ApiCall& call, const Json& properties) {
  const auto user = properties.find("user_id");
  if (user == properties.end() || *user == call.user().name || call.user().has_tag("impersonator"))
    return true;
  call.bad_request(
      fmt::format("406 PRECONDITION_FAILED - user_id property set to {} but "
                  "authenticated user was '{}'",
                  dump(*user), call.user().name));
  return false;
}

void publish(ApiCall& call) {
  Json body;
  if (!call.read_body(body) ||
      !require_keys(call, body, {"routing_key", "properties", "payload", "payload_encoding"}))
    return;
  const auto key = read_text(call, body, "routing_key");
  if (!key) return;
  const auto payload = read_text(call, body, "payload");
  if (!payload) return;
  const auto encoding = read_text(call, body, "payload_encoding");
  if (!encoding) return;
  if (*encoding != "string" && *encoding != "base64")
    return refuse_value(call, "unsupported_encoding", body["payload_encoding"]);
  if (*encoding == "base64" && !decode_base64(*payload))
    return refuse_value(call, "not_base64", body["payload"]);
  Json& properties = body["properties"];
  if (properties.is_array() && properties.empty()) properties = Json::object();
  if (!properties.is_object()) return call.bad_request("properties: expected an object");
  if (!check_user_id(call, properties)) return;
  std::vector<std::string> keys = {*key};
  add_header_keys(properties, keys);
  AdminRequest verb = make_verb(call, "publish", {*payload});
  verb.options = {{"exchange", exchange_name(call)},
                  {"routing_key", *key},
                  {"properties", dump(properties)},
                  {"payload_encoding", *encoding}};
  ApiOutcome outcome;
  outcome.on_error = refuse_message;
  outcome.on_done = [](ApiCall& done, std::string_view result, const std::vector<std::string>&) {
    done.reply(std::string{result});
  };
  permit(call, permissions_to_publish(call, exchange_name(call), keys),
         [verb = std::move(verb), outcome = std::move(outcome)](ApiCall& permitted) mutable {
           start_operation(permitted, std::move(verb), std::move(outcome));
         });
}

// --- Looking

struct AckMode {
  std::string_view name;
  std::string_view verb;  ///< What `get` calls it.
};
constexpr std::array ack_modes{
    AckMode{"ack_requeue_true", "peek"},
    AckMode{"reject_requeue_true", "peek"},
    AckMode{"ack_requeue_false", "ack"},
    AckMode{"reject_requeue_false", "reject"},
};

/// Lists of cells become objects.
void reply_messages(ApiCall& call, std::string_view, const std::vector<std::string>& pieces) {
  const ColumnNames names = column_names("get");
  JsonWriter json;
  json.begin_array();
  for (const std::string& piece : pieces) {
    const Json rows = persist::parse_json(piece);
    for (const Json& row : rows) {
      json.begin_object();
      for (std::size_t i = 0; i < row.size() && i < names.preset.size(); ++i) {
        json.key(names.preset[i]);
        json.raw(dump(row[i]));
      }
      json.end_object();
    }
  }
  json.end_array();
  call.reply(json.take());
}

void get_messages(ApiCall& call) {
  Json body;
  if (!call.read_body(body) || !require_keys(call, body, {"ackmode", "count", "encoding"})) return;
  if (call.topology().find_queue(call.vhost()->id, call.capture("queue")) == nullptr)
    return call.refuse(404, "not_found",
                       fmt::format("NOT_FOUND - no queue '{}' in vhost '{}'", call.capture("queue"),
                                   call.capture("vhost")));
  if (!check_queue(call)) return;
  const auto count = read_integer(call, body, "count");
  if (!count) return;
  if (*count < 0) return refuse_value(call, "not_integer", body["count"]);
  std::string_view mode;
  for (const AckMode& one : ack_modes)
    if (body["ackmode"] == one.name) mode = one.verb;
  if (mode.empty()) return refuse_value(call, "unsupported_ackmode", body["ackmode"]);
  if (body["encoding"] != "auto" && body["encoding"] != "base64")
    return call.bad_request("Unsupported encoding. Please use auto or base64.");
  AdminRequest verb = make_verb(call, "get", {call.capture("queue")});
  verb.options = {{"count", fmt::format("{}", *count)},
                  {"ack_mode", std::string{mode}},
                  {"encoding", body["encoding"].get<std::string>()}};
  if (body.contains("truncate") && !body["truncate"].is_null()) {
    const auto truncate = read_integer(call, body, "truncate");
    if (!truncate) return;
    verb.options.emplace("truncate", fmt::format("{}", *truncate));
  }
  const bool is_nothing = *count == 0;
  permit(call, {{core::Permission::read, core::ResourceKind::queue, call.capture("queue")}},
         [verb = std::move(verb), is_nothing](ApiCall& permitted) mutable {
           if (is_nothing) return permitted.reply("[]");
           ApiOutcome outcome;
           outcome.on_error = refuse_message;
           outcome.on_done = reply_messages;
           start_operation(permitted, std::move(verb), std::move(outcome));
         });
}

/// RabbitMQ's no longer publishes and gets, but wants the user to have the virtual host.
void test_aliveness(ApiCall& call) {
  if (!call.user().may_log_in(call.topology().access(), call.vhost()->name))
    return call.not_authorised("Access refused.");
  call.reply(R"({"status":"ok"})");
}

constexpr std::array message_table{
    ApiRoute{"POST", "/exchanges/:vhost/:exchange/publish", publish, any, login},
    ApiRoute{"POST", "/queues/:vhost/:queue/get", get_messages, any, login},
    ApiRoute{"GET", "/aliveness-test/:vhost", test_aliveness, any, login},
};

}  // namespace

std::span<const ApiRoute> api_message_routes() { return message_table; }

}  // namespace lepus::server
