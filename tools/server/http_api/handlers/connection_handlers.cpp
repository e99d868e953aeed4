// Connections are closed: by their name, or all of a user. Everybody may close his own.
#include <array>
#include <string>
#include <utility>

#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

std::string reason_of(const ApiCall& call) {
  const std::string_view given = call.request().header("x-reason");
  return given.empty() ? "Closed via management plugin" : std::string{given};
}

void close_connection(ApiCall& call) {
  AdminRequest verb =
      make_verb(call, "close_named_connection", {call.capture("connection"), reason_of(call)});
  if (!call.user().is_administrator()) verb.options.emplace("user", call.user().name);
  ApiOutcome outcome;
  outcome.on_error = [](ApiCall& failed, const AdminError& error) {
    if (error.fault == AdminFault::denied)
      return failed.not_authorised("User not authorised to access object");
    refuse_operation(failed, error);
  };
  start_operation(call, std::move(verb), std::move(outcome));
}

void close_user_connections(ApiCall& call) {
  const std::string& user = call.capture("username");
  if (!call.user().is_administrator() && user != call.user().name)
    return call.not_authorised("User not authorised to access object");
  start_operation(call, make_verb(call, "close_all_user_connections", {user, reason_of(call)}), {});
}

constexpr std::array connection_table{
    ApiRoute{"DELETE", "/connections/:connection", close_connection},
    ApiRoute{"DELETE", "/connections/username/:username", close_user_connections},
};

}  // namespace

std::span<const ApiRoute> api_connection_routes() { return connection_table; }

}  // namespace lepus::server
