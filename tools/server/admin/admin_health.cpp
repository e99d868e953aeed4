// rabbitmq-diagnostics' questions that are answered at once: is it up, is anything wrong. A check
// that fails is an error, so that its exit code can be used.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/access/password_hash.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/node_facts.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

struct Place {
  const AdminRequest& request;
  const BrokerView& broker;
  AdminHost& host;
  const std::string& node;
};

struct Answer {
  std::string text;   ///< When it is well.
  std::string error;  ///< Not empty: it is not.
  AdminFault fault = AdminFault::unavailable;
};

Answer is_running(const Place& place) {
  const bool runs = place.broker.state().is_serving;
  return {fmt::format("RabbitMQ on node {} is {}fully booted and running", place.node,
                      runs ? "" : "not "),
          {}};
}

Answer check_running(const Place& place) {
  if (place.broker.state().is_serving) return is_running(place);
  return {{}, fmt::format("node {} is not running or has not fully booted yet", place.node)};
}

/// Nobody is answered before it has: what is left is whether clients can connect.
Answer is_booting(const Place& place) {
  const bool starts = !place.broker.state().is_serving && !place.broker.state().is_suspending;
  return {fmt::format("RabbitMQ on node {} is {}booting", place.node, starts ? "" : "not "), {}};
}

std::string list_alarms(const Place& place) {
  std::vector<std::string> listed;
  if (place.broker.state().alarm.memory) listed.push_back("Memory alarm on node " + place.node);
  if (place.broker.state().alarm.disk)
    listed.push_back("Free disk space alarm on node " + place.node);
  return fmt::format("{}", fmt::join(listed, "\n"));
}

std::string no_alarms(const Place& place) {
  return fmt::format("Node {} reported no alarms, local or clusterwide", place.node);
}

Answer alarms(const Place& place) {
  const std::string list = list_alarms(place);
  return {list.empty() ? no_alarms(place) : list, {}};
}

Answer check_alarms(const Place& place) { return {no_alarms(place), list_alarms(place)}; }

std::string show(const ListenAddress& address) {
  return fmt::format("Interface: {}, port: {}, protocol: {}, purpose: {}", shown_interface(address),
                     address.port, shown_protocol(address), shown_purpose(address));
}

/// Those of HTTP are open also while clients are kept out.
std::vector<ListenAddress> open_listeners(const Place& place, bool has_amqp) {
  const ServerConfig& config = place.host.config();
  return has_amqp ? config.all_listeners() : config.http_listeners();
}

Answer listeners(const Place& place) {
  std::vector<std::string> listed;
  for (const ListenAddress& address : open_listeners(place, !place.broker.state().is_suspending))
    listed.push_back(show(address));
  return {fmt::format("{}", fmt::join(listed, "\n")), {}};
}

Answer check_port_listener(const Place& place) {
  const auto port = parse_number(place.request.arguments[0]);
  if (!port || *port == 0 || *port > 65'535)
    return {{}, fmt::format("'{}' is no port", place.request.arguments[0]), AdminFault::usage};
  const auto listed = open_listeners(place, place.broker.state().is_serving);
  const bool is_there = std::any_of(listed.begin(), listed.end(),
                                    [&](const auto& address) { return address.port == *port; });
  if (is_there)
    return {fmt::format("A listener for port {} is running on node {}.", *port, place.node), {}};
  return {{}, fmt::format("No listener for port {} is active on node {}.", *port, place.node)};
}

/// RabbitMQ takes several names.
std::string_view protocol_called(std::string_view name) {
  if (name == "amqp091" || name == "amqp0-9-1" || name == "amqp0.9.1" || name == "AMQP 0-9-1")
    return "amqp";
  if (name == "amqps") return "amqp/ssl";
  if (name == "prometheus") return "http/prometheus";
  return name;
}

Answer check_protocol_listener(const Place& place) {
  const std::string& protocol = place.request.arguments[0];
  const std::string_view wanted = protocol_called(protocol);
  const auto listed = open_listeners(place, place.broker.state().is_serving);
  const bool is_there = std::any_of(listed.begin(), listed.end(), [&](const auto& address) {
    return shown_protocol(address) == wanted;
  });
  if (is_there)
    return {fmt::format("A listener for protocol {} is running on node {}.", protocol, place.node),
            {}};
  return {{},
          fmt::format("No listener for protocol {} is active on node {}.", protocol, place.node)};
}

Answer node_health_check(const Place& place) {
  if (Answer answer = check_running(place); !answer.error.empty()) return answer;
  return {"Health check passed", {}};
}

Answer log_location(const Place& place) {
  const std::vector<std::string> locations = log_locations(place.host.config());
  if (locations.empty()) return {{}, "the log is not written anywhere", AdminFault::not_found};
  return {fmt::format("{}", fmt::join(locations, "\n")), {}};
}

/// Whoever waits for more than one node waits for ever: there is no other.
Answer await_online_nodes(const Place& place) {
  const auto count = parse_number(place.request.arguments[0]);
  if (!count || *count == 0)
    return {{},
            fmt::format("'{}' is no number of nodes", place.request.arguments[0]),
            AdminFault::usage};
  if (*count > 1) return {{}, "there is one node: clusters are not built yet"};
  return check_running(place);
}

Answer check_virtual_hosts(const Place& place) {
  return {fmt::format("All virtual hosts on node {} are running", place.node), {}};
}

Answer server_version(const Place& place) { return {place.host.config().product_version, {}}; }

/// Also of a user who may not connect: only the password is looked at.
Answer authenticate_user(const Place& place) {
  const std::string& name = place.request.arguments[0];
  const core::UserInfo* user = place.broker.topology().access().find_user(name);
  core::PasswordHash hash;
  const bool has_hash =
      user != nullptr && hash.read(user->spec.hashing_algorithm, user->spec.password_hash).empty();
  if (has_hash && hash.matches(place.request.arguments[1])) return {"Success", {}};
  return {{}, fmt::format("failed to authenticate user \"{}\"", name), AdminFault::invalid};
}

struct HealthVerb {
  std::string_view name;
  std::size_t arguments;
  Answer (*answer)(const Place& place);
};
constexpr std::array health_verbs{
    HealthVerb{"alarms", 0, alarms},
    HealthVerb{"authenticate_user", 2, authenticate_user},
    HealthVerb{"await_online_nodes", 1, await_online_nodes},
    HealthVerb{"check_alarms", 0, check_alarms},
    HealthVerb{"check_local_alarms", 0, check_alarms},
    HealthVerb{"check_port_listener", 1, check_port_listener},
    HealthVerb{"check_protocol_listener", 1, check_protocol_listener},
    HealthVerb{"check_running", 0, check_running},
    HealthVerb{"check_virtual_hosts", 0, check_virtual_hosts},
    HealthVerb{"is_booting", 0, is_booting},
    HealthVerb{"is_running", 0, is_running},
    HealthVerb{"listeners", 0, listeners},
    HealthVerb{"log_location", 0, log_location},
    HealthVerb{"node_health_check", 0, node_health_check},
    HealthVerb{"server_version", 0, server_version},
};

const HealthVerb* find_health_verb(std::string_view name) {
  const auto found = std::find_if(health_verbs.begin(), health_verbs.end(),
                                  [&](const HealthVerb& verb) { return verb.name == name; });
  return found == health_verbs.end() ? nullptr : &*found;
}

class Health final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const HealthVerb* verb = find_health_verb(request().verb);
    CHECK(verb != nullptr);
    if (request().arguments.size() != verb->arguments)
      return fail(AdminFault::usage, fmt::format("expected {} arguments", verb->arguments));
    Answer answer = verb->answer({request(), broker(), host(), node()});
    if (!answer.error.empty()) return fail(answer.fault, std::move(answer.error));
    JsonWriter json;
    json.begin_object();
    json.field("value", answer.text);
    json.end_object();
    done(json.take());
  }
};

}  // namespace

OperationMaker find_health_operation(std::string_view verb) {
  return find_health_verb(verb) == nullptr ? nullptr : make_operation<Health>;
}

}  // namespace lepus::server
