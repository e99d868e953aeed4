// What RabbitMQ has not: pieces of streams, traced messages and lines of the log, as the verbs of
// tools/server/admin/live answer them. Whoever follows asks again with what the answer before says.
//
//   GET /queues/:vhost/:queue/browse   {"messages":[...],"first_offset":0,"next_offset":10,...}
//   GET /vhosts/:vhost/trace           {"messages":[...],"next":"17.4","missed":0,"more":false}
//   GET /nodes/:node/log               {"lines":[...],"next":17,"missed":0,"more":false}
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/server/config/config.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/api_permit.h"
#include "tools/server/http_api/api_topology.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

/// Options of the verb that the query has.
AdminRequest make_look(const ApiCall& call, std::string_view verb,
                       std::initializer_list<std::string_view> options) {
  AdminRequest request = make_verb(call, verb);
  for (const std::string_view name : options)
    if (const std::string* value = call.query().find(name)) request.options.emplace(name, *value);
  return request;
}

/// Each piece is a list with one row, which has one cell: "[[{...}]]".
ApiOutcome reply_as(std::string_view list) {
  ApiOutcome outcome;
  outcome.on_done = [list = std::string{list}](ApiCall& call, std::string_view result,
                                               const std::vector<std::string>& pieces) {
    std::string json = fmt::format("{{\"{}\":[", list);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      CHECK(pieces[i].starts_with("[[") && pieces[i].ends_with("]]"));
      if (i > 0) json += ',';
      json.append(pieces[i], 2, pieces[i].size() - 4);
    }
    CHECK(result.starts_with("{\""));
    json.append("],").append(result.substr(1));
    call.reply(json);
  };
  return outcome;
}

void browse_stream(ApiCall& call) {
  const std::string& queue = call.capture("queue");
  if (call.topology().find_queue(call.vhost()->id, queue) == nullptr) return call.not_found();
  if (!check_queue(call)) return;
  AdminRequest request = make_look(call, "browse", {"offset", "count", "encoding", "truncate"});
  request.arguments = {queue};
  permit(call, {{core::Permission::read, core::ResourceKind::queue, queue}},
         [request = std::move(request)](ApiCall& permitted) mutable {
           start_operation(permitted, std::move(request), reply_as("messages"));
         });
}

void show_trace(ApiCall& call) {
  start_operation(
      call,
      make_look(call, "trace_messages",
                {"after", "count", "exchange", "routing_key", "queue", "user", "encoding"}),
      reply_as("messages"));
}

void show_log(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  start_operation(call, make_look(call, "log_lines", {"after", "count", "level", "text"}),
                  reply_as("lines"));
}

constexpr std::array live_table{
    ApiRoute{"GET", "/queues/:vhost/:queue/browse", browse_stream, any, login},
    ApiRoute{"GET", "/vhosts/:vhost/trace", show_trace, admin, login},
    ApiRoute{"GET", "/nodes/:node/log", show_log, monitoring},
};

}  // namespace

std::span<const ApiRoute> api_live_routes() { return live_table; }

}  // namespace lepus::server
