// /shovels, and moving the messages of a queue. Parameters of shovels are set below /parameters.
#include <array>
#include <utility>

#include "tools/server/config/config.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/shovels/shovel_manager.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

std::string node_of(const ApiCall& call) { return node_name(call.place().host.config()); }

ApiRow shovel_row(const ApiCall& call, const ShovelStatus& status) {
  JsonWriter json;
  write_shovel(status, node_of(call), json);
  return {status.vhost, status.name, json.take()};
}

void list_shovels(ApiCall& call) {
  std::vector<ApiRow> rows;
  if (const ShovelManager* shovels = call.place().broker.shovels())
    for (const ShovelStatus& status : shovels->list()) {
      const bool is_meant = call.has_capture("vhost")
                                ? status.vhost == call.capture("vhost")
                                : call.user().may_see(call.topology().access(), status.vhost);
      if (is_meant) rows.push_back(shovel_row(call, status));
    }
  reply_rows(call, std::move(rows));
}

std::optional<ShovelStatus> find_shovel(const ApiCall& call) {
  const ShovelManager* shovels = call.place().broker.shovels();
  if (shovels == nullptr) return std::nullopt;
  return shovels->find(call.capture("vhost"), call.capture("name"));
}

void show_shovel(ApiCall& call) {
  const auto status = find_shovel(call);
  if (!status) return call.not_found();
  call.reply(shovel_row(call, *status).json);
}

void delete_shovel(ApiCall& call) {
  start_operation(call, make_verb(call, "delete_shovel", {call.capture("name")}), {});
}

void restart_shovel(ApiCall& call) {
  start_operation(call, make_verb(call, "restart_shovel", {call.capture("name")}), {});
}

/// Lepus' own: {"to"|"to_exchange"|"to_origin": ..} and the other options of the verb
/// move_messages. The answer names the shovel that does it.
void move_messages(ApiCall& call) {
  Json body;
  if (!call.read_body(body)) return;
  AdminRequest request = make_verb(call, "move_messages");
  for (const auto& [name, value] : body.items()) {
    if (name == "vhost") continue;
    if (!value.is_string() && !value.is_number_unsigned())
      return call.bad_request("'" + name + "' is neither a text nor a number");
    request.options[name] = value.is_string() ? value.get<std::string>() : dump(value);
  }
  request.options["from"] = call.capture("queue");
  const auto to_vhost = request.options.find("to_vhost");
  if (to_vhost != request.options.end() &&
      !call.user().may_look_into(call.topology().access(), to_vhost->second))
    return call.not_authorised("no access to the virtual host of the target");
  ApiOutcome outcome;
  outcome.on_done = [](ApiCall& done, std::string_view result, const std::vector<std::string>&) {
    done.answer(201, std::string{result});
  };
  start_operation(call, std::move(request), std::move(outcome));
}

constexpr std::array shovel_table{
    ApiRoute{"GET", "/shovels", list_shovels, monitoring},
    ApiRoute{"GET", "/shovels/:vhost", list_shovels, monitoring, visible},
    ApiRoute{"GET", "/shovels/vhost/:vhost/:name", show_shovel, monitoring, visible},
    ApiRoute{"DELETE", "/shovels/vhost/:vhost/:name", delete_shovel, maker, login},
    ApiRoute{"DELETE", "/shovels/vhost/:vhost/:name/restart", restart_shovel, maker, login},
    ApiRoute{"POST", "/queues/:vhost/:queue/move", move_messages, maker, login},
};

}  // namespace

std::span<const ApiRoute> api_shovel_routes() { return shovel_table; }

}  // namespace lepus::server
