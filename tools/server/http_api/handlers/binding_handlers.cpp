// Bindings: lists by virtual host, by their ends, and single ones by name (binding_key.h).
#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "core/topology/topology_rules.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_listing.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/api_permit.h"
#include "tools/server/http_api/api_topology.h"
#include "tools/server/http_api/binding_key.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/objects/binding_kind.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;
using Kind = core::TopologyRequest::Kind;

/// In the order in which they are listed: implicit ones first, then those of each exchange.
void add_vhost_rows(const core::Topology& topology, const core::VhostInfo& vhost,
                    BindingKind& rows) {
  for (const core::QueueInfo* queue : topology.queues(vhost.id))
    rows.add(implicit_of(*queue, vhost.name));
  for (const core::ExchangeInfo* exchange : topology.exchanges(vhost.id))
    exchange->bindings_out.for_each(
        [&](const core::Binding& binding) { rows.add(facts_of(binding, vhost.name)); });
}

void reply_bindings(ApiCall& call, BindingKind rows) {
  std::vector<BindingKind::Id> ids = rows.ids();
  reply_list(call, std::move(rows), std::move(ids), {});
}

void list_all(ApiCall& call) {
  BindingKind rows;
  for (const core::VhostInfo* vhost : call.topology().vhosts())
    if (call.user().may_look_into(call.topology().access(), vhost->name))
      add_vhost_rows(call.topology(), *vhost, rows);
  reply_bindings(call, std::move(rows));
}

void list_vhost(ApiCall& call) {
  BindingKind rows;
  add_vhost_rows(call.topology(), *call.vhost(), rows);
  reply_bindings(call, std::move(rows));
}

void list_of_queue(ApiCall& call) {
  const core::VhostInfo& vhost = *call.vhost();
  const core::QueueInfo* queue = call.topology().find_queue(vhost.id, call.capture("queue"));
  if (queue == nullptr) return call.not_found();
  BindingKind rows;
  rows.add(implicit_of(*queue, vhost.name));
  queue->bindings.for_each(
      [&](const core::Binding& binding) { rows.add(facts_of(binding, vhost.name)); });
  reply_bindings(call, std::move(rows));
}

template <bool IsSource>
void list_of_exchange(ApiCall& call) {
  const core::VhostInfo& vhost = *call.vhost();
  const core::ExchangeInfo* exchange = call.topology().find_exchange(vhost.id, exchange_name(call));
  if (exchange == nullptr) return call.not_found();
  BindingKind rows;
  if (IsSource && exchange->is_default())
    for (const core::QueueInfo* queue : call.topology().queues(vhost.id))
      rows.add(implicit_of(*queue, vhost.name));
  const core::BindingList& list = IsSource ? exchange->bindings_out : exchange->bindings_in;
  list.for_each([&](const core::Binding& binding) { rows.add(facts_of(binding, vhost.name)); });
  reply_bindings(call, std::move(rows));
}

// --- Between two ends

struct Ends {
  std::string source;
  std::string destination;
  bool to_queue = true;
};
/// Of the path; a destination is of the kind "q" or "e". False: the call was answered.
bool read_ends(ApiCall& call, Ends& ends) {
  const std::string& kind = call.capture("dtype");
  if (kind != "q" && kind != "e") {
    call.not_found();
    return false;
  }
  ends.to_queue = kind == "q";
  ends.source = exchange_name(call, "source");
  ends.destination =
      ends.to_queue ? call.capture("destination") : exchange_name(call, "destination");
  return true;
}

void for_each_between(const ApiCall& call, const Ends& ends,
                      const std::function<void(const BindingFacts&)>& see) {
  const core::VhostInfo& vhost = *call.vhost();
  const core::Topology& topology = call.topology();
  const core::ExchangeInfo* source = topology.find_exchange(vhost.id, ends.source);
  const auto see_from_source = [&](const core::Binding& binding) {
    if (binding.source == source) see(facts_of(binding, vhost.name));
  };
  if (source == nullptr) return;
  if (!ends.to_queue) {
    const core::ExchangeInfo* target = topology.find_exchange(vhost.id, ends.destination);
    if (target != nullptr) target->bindings_in.for_each(see_from_source);
    return;
  }
  const core::QueueInfo* queue = topology.find_queue(vhost.id, ends.destination);
  if (queue == nullptr) return;
  if (source->is_default()) see(implicit_of(*queue, vhost.name));
  queue->bindings.for_each(see_from_source);
}

void list_between(ApiCall& call) {
  Ends ends;
  if (!read_ends(call, ends)) return;
  BindingKind rows;
  for_each_between(call, ends, [&](const BindingFacts& facts) { rows.add(facts); });
  reply_bindings(call, std::move(rows));
}

/// The name in the path is percent-encoded twice, as the Location of a POST, and decoded once here.
/// As with RabbitMQ a client may do with once.
bool is_named(const BindingFacts& facts, const std::string& name) {
  if (binding_properties_key(facts.key, facts.arguments) == name) return true;
  const std::size_t mark = std::min(name.find('~'), name.size());
  std::string key;
  if (!net::percent_decode(std::string_view{name}.substr(0, mark), key, true) || key != facts.key)
    return false;
  const core::FieldTable table{core::as_bytes(facts.arguments)};
  const std::string_view hash = std::string_view{name}.substr(std::min(mark + 1, name.size()));
  return table.empty() ? hash.empty() : hash == hash_arguments(table);
}

void show_binding(ApiCall& call) {
  Ends ends;
  if (!read_ends(call, ends)) return;
  JsonWriter json;
  for_each_between(call, ends, [&](const BindingFacts& facts) {
    if (json.size() == 0 && is_named(facts, call.capture("props"))) write_binding(facts, json);
  });
  if (json.size() == 0) return call.not_found();
  call.reply(json.take());
}

AdminRequest binding_verb(const ApiCall& call, std::string_view name, const Ends& ends,
                          const std::string& key) {
  AdminRequest verb = make_verb(call, name, {ends.source, ends.destination});
  if (!ends.to_queue) verb.options.emplace("to_exchange", "true");
  if (!key.empty()) verb.options.emplace("key", key);
  return verb;
}

core::TopologyRequest binding_request(const ApiCall& call, const Ends& ends, bool binds) {
  core::TopologyRequest request =
      make_request(call, ends.to_queue ? (binds ? Kind::bind_queue : Kind::unbind_queue)
                                       : (binds ? Kind::bind_exchange : Kind::unbind_exchange));
  request.source = ends.source;
  request.name = ends.destination;
  return request;
}

/// 201 with the place of the binding, as seen from its list.
void bind(ApiCall& call) {
  Ends ends;
  Json body;
  if (!read_ends(call, ends) || !call.read_body(body)) return;
  const auto key = read_text(call, body, "routing_key");
  if (!key) return;
  AdminRequest verb = binding_verb(call, "bind", ends, *key);
  core::TopologyRequest request = binding_request(call, ends, true);
  request.key = *key;
  if (!take_arguments(call, body, request, verb)) return;
  std::string place = net::percent_encode(ends.destination) + "/" +
                      net::percent_encode(binding_properties_key(*key, request.arguments));
  permit(call, permissions_of(call, request),
         [verb = std::move(verb), place = std::move(place)](ApiCall& permitted) mutable {
           ApiOutcome outcome;
           outcome.on_error = refuse_topology;
           outcome.on_done = [place = std::move(place)](ApiCall& done, std::string_view,
                                                        const std::vector<std::string>&) {
             done.answer(201, {}, {{"location", place}});
           };
           start_operation(permitted, std::move(verb), std::move(outcome));
         });
}

void unbind(ApiCall& call) {
  Ends ends;
  if (!read_ends(call, ends)) return;
  core::TopologyRequest request = binding_request(call, ends, false);
  AdminRequest verb;
  bool is_there = false;
  for_each_between(call, ends, [&](const BindingFacts& facts) {
    if (is_there || !is_named(facts, call.capture("props"))) return;
    is_there = true;
    verb = binding_verb(call, "unbind", ends, std::string{facts.key});
    request.key = facts.key;
    verb.table = facts.arguments;
  });
  if (!is_there) return call.not_found();
  permit(call, permissions_of(call, request), [verb = std::move(verb)](ApiCall& permitted) mutable {
    start_operation(permitted, std::move(verb), {.on_error = refuse_topology});
  });
}

constexpr std::string_view between = "/bindings/:vhost/e/:source/:dtype/:destination";
constexpr std::string_view single = "/bindings/:vhost/e/:source/:dtype/:destination/:props";
constexpr std::array binding_table{
    ApiRoute{"GET", "/bindings", list_all},
    ApiRoute{"GET", "/bindings/:vhost", list_vhost, any, login},
    ApiRoute{"GET", between, list_between, any, login},
    ApiRoute{"POST", between, bind, any, login},
    ApiRoute{"GET", single, show_binding, any, login},
    ApiRoute{"DELETE", single, unbind, any, login},
    ApiRoute{"GET", "/queues/:vhost/:queue/bindings", list_of_queue, any, login},
    ApiRoute{"GET", "/exchanges/:vhost/:exchange/bindings/source", list_of_exchange<true>, any,
             login},
    ApiRoute{"GET", "/exchanges/:vhost/:exchange/bindings/destination", list_of_exchange<false>,
             any, login},
};

}  // namespace

std::span<const ApiRoute> api_binding_routes() { return binding_table; }

}  // namespace lepus::server
