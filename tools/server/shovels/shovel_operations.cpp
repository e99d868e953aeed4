// The operator's verbs about shovels: their status, and the jobs that move messages of a queue,
// which are shovels that end by themselves.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "persist/catalog/json_text.h"
#include "tools/server/admin/admin_access_change.h"
#include "tools/server/config/config_value.h"
#include "tools/server/shovels/shovel_definition.h"
#include "tools/server/shovels/shovel_manager.h"

namespace lepus::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array status_columns{"name",
                                    "vhost",
                                    "type",
                                    "state",
                                    "source_protocol",
                                    "source",
                                    "destination_protocol",
                                    "destination",
                                    "termination_reason",
                                    "blocked_status",
                                    "forwarded",
                                    "remaining",
                                    "pending",
                                    "skipped",
                                    "last_changed"};

/// What names a place in one line: the URI, and a queue or an exchange.
std::string place(const std::string& uri, const std::optional<std::string>& queue,
                  const std::optional<std::string>& exchange) {
  if (queue) return uri + " queue " + *queue;
  if (exchange) return uri + " exchange " + *exchange;
  return uri;
}

void write_row(const ShovelStatus& status, JsonWriter& json) {
  const ShovelProgress& progress = status.progress;
  const bool is_failed = status.state == ShovelStatus::State::terminated;
  json.begin_array();
  json.text(status.name);
  json.text(status.vhost);
  json.text("dynamic");
  json.text(shovel_state_name(status.state));
  json.text("amqp091");
  json.text(place(status.source_uri, status.source_queue, status.source_exchange));
  json.text("amqp091");
  json.text(place(status.target_uri, status.target_queue, status.target_exchange));
  json.text(is_failed ? status.why : "");
  json.text(progress.is_blocked ? "blocked" : "running");
  json.number(progress.forwarded);
  if (progress.remaining) json.number(*progress.remaining);
  if (!progress.remaining) json.text("unlimited");
  json.number(progress.pending);
  json.number(progress.skipped);
  json.text(shovel_time(status.changed_at));
  json.end_array();
}

/// shovel_status [name=..]: all of the broker; with a name one of the virtual host, also when it
/// has ended by itself.
class ShovelList final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    ShovelManager* shovels = broker().shovels();
    if (shovels == nullptr) return fail(AdminFault::unavailable, "there are no shovels here");
    JsonWriter json;
    json.begin_array();
    if (const auto name = request().options.find("name"); name != request().options.end()) {
      const auto found = shovels->find(request().vhost, name->second);
      if (!found)
        return fail(AdminFault::not_found,
                    fmt::format("there is no shovel '{}' in virtual host '{}'", name->second,
                                request().vhost));
      write_row(*found, json);
    } else {
      for (const ShovelStatus& status : shovels->list()) write_row(status, json);
    }
    json.end_array();
    sink().on_rows(json.take());
    JsonWriter columns;
    columns.begin_object();
    columns.key("columns");
    columns.begin_array();
    for (const char* column : status_columns) columns.text(column);
    columns.end_array();
    columns.end_object();
    done(columns.take());
  }
};

/// restart_shovel NAME
class RestartShovel final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a shovel's name");
    ShovelManager* shovels = broker().shovels();
    if (shovels == nullptr || !shovels->restart(request().vhost, request().arguments[0]))
      return fail(AdminFault::not_found,
                  fmt::format("Shovel '{}' in virtual host '{}' was not found",
                              request().arguments[0], request().vhost));
    done("{}");
  }
};

/// delete_shovel NAME: what it has not moved stays where it is.
class DeleteShovel final : public AccessChange {
 public:
  using AccessChange::AccessChange;

 private:
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a shovel's name");
    core::ParameterKey key{std::string{shovel_component}, request().vhost, request().arguments[0]};
    if (!broker().topology().parameters().contains(key))
      return fail(
          AdminFault::not_found,
          fmt::format("Shovel '{}' in virtual host '{}' was not found", key.name, key.vhost));
    ask(core::ClearParameter{std::move(key)});
  }
};

std::string uri_of(const std::string& vhost) {
  std::string text = "amqp:///";
  for (const char c : vhost) text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return text;
}

constexpr std::array move_options{
    std::string_view{"from"},      std::string_view{"to"},     std::string_view{"to_exchange"},
    std::string_view{"to_origin"}, std::string_view{"to_key"}, std::string_view{"to_vhost"},
    std::string_view{"count"},     std::string_view{"rate"},   std::string_view{"died_in"},
    std::string_view{"reason"},    std::string_view{"key"},    std::string_view{"message_id"},
    std::string_view{"name"},
};

/// move_messages from=QUEUE (to=QUEUE | to_exchange=EXCHANGE [to_key=KEY] | to_origin[=first|last])
///   [to_vhost=..] [count=..] [rate=..] [name=..] [died_in=..] [reason=..] [key=..] [message_id=..]
class MoveMessages final : public AccessChange {
 public:
  using AccessChange::AccessChange;

 private:
  void start() override {
    if (!request().arguments.empty() || !request().has("from"))
      return fail(AdminFault::usage, "expected --from and a queue, and where to");
    for (const auto& [name, value] : request().options)
      if (std::find(move_options.begin(), move_options.end(), name) == move_options.end())
        return fail(AdminFault::usage,
                    fmt::format("unknown '{}'; there are {}", name, fmt::join(move_options, ", ")));
    const core::QueueInfo* queue = find_queue(option("from"));
    if (queue == nullptr) return;
    if (queue->parsed->queue_type == core::QueueType::stream)
      return fail(AdminFault::refused,
                  fmt::format("'{}' is a stream: its messages cannot be taken out", queue->name));
    Json value;
    value["src-uri"] = uri_of(request().vhost);
    value["src-queue"] = queue->name;
    value["src-predeclared"] = true;
    value["ack-mode"] = "on-confirm";
    value["src-delete-after"] = "queue-length";
    if (!add_target(value) || !add_number("count", "src-delete-after", value) ||
        !add_number("rate", "lepus-rate-limit", value))
      return;
    add_filter(value);
    set(value);
  }
  void set(const Json& value) {
    name_ = request().has("name") ? option("name") : "Move from " + option("from");
    core::SetParameter put{{std::string{shovel_component}, request().vhost, name_},
                           value.dump(-1, ' ', false, Json::error_handler_t::replace)};
    put.is_new = true;
    ShovelDefinition definition;
    if (std::string fault = read_shovel(put.value, definition); !fault.empty())
      return fail(AdminFault::invalid, std::move(fault));
    ask(std::move(put));
  }
  bool add_target(Json& value) {
    const int targets =
        request().has("to") + request().has("to_exchange") + request().has("to_origin");
    if (targets != 1) {
      fail(AdminFault::usage, "expected one of --to, --to-exchange and --to-origin");
      return false;
    }
    const std::string vhost = request().has("to_vhost") ? option("to_vhost") : request().vhost;
    value["dest-uri"] = uri_of(vhost);
    if (request().has("to_origin")) return add_origin(value);
    const core::VhostInfo* found = broker().topology().find_vhost(vhost);
    const bool is_queue = request().has("to");
    const std::string name = option(is_queue ? "to" : "to_exchange");
    if (is_queue && vhost == request().vhost && name == option("from")) {
      fail(AdminFault::invalid, "to: that is the queue they are in");
      return false;
    }
    const bool is_there =
        found != nullptr &&
        (is_queue ? broker().topology().find_queue(found->id, name) != nullptr
                  : broker().topology().find_exchange(found->id, name) != nullptr);
    if (!is_there)
      fail(AdminFault::not_found, fmt::format("there is no {} '{}' in virtual host '{}'",
                                              is_queue ? "queue" : "exchange", name, vhost));
    value[is_queue ? "dest-queue" : "dest-exchange"] = name;
    if (is_queue) value["dest-predeclared"] = true;
    if (request().has("to_key")) value["dest-exchange-key"] = option("to_key");
    return is_there;
  }
  bool add_origin(Json& value) {
    const std::string which = option("to_origin");
    const bool is_known = which.empty() || which == "first" || which == "last";
    if (!is_known) fail(AdminFault::invalid, "to_origin: expected first or last");
    value["dest-lepus-origin"] = which == "first" ? "first-death" : "last-death";
    return is_known;
  }
  bool add_number(std::string_view name, const char* key, Json& value) {
    if (!request().has(name)) return true;
    const auto number = parse_number(option(name));
    if (!number || *number == 0) {
      fail(AdminFault::invalid, fmt::format("{}: expected a number above 0", name));
      return false;
    }
    value[key] = *number;
    return true;
  }
  void add_filter(Json& value) {
    for (const auto& [name, key] :
         {std::pair{"died_in", "died-in"}, std::pair{"reason", "reason"},
          std::pair{"key", "routing-key"}, std::pair{"message_id", "message-id"}})
      if (request().has(name)) value["src-lepus-filter"][key] = option(name);
  }
  std::string option(std::string_view name) const {
    const auto found = request().options.find(name);
    return found == request().options.end() ? "" : found->second;
  }
  void on_changed() override {
    JsonWriter json;
    json.begin_object();
    json.field("value", name_);
    json.end_object();
    done(json.take());
  }

  std::string name_;
};

}  // namespace

OperationMaker find_shovel_operation(std::string_view verb) {
  if (verb == "shovel_status") return make_operation<ShovelList>;
  if (verb == "restart_shovel") return make_operation<RestartShovel>;
  if (verb == "delete_shovel") return make_operation<DeleteShovel>;
  if (verb == "move_messages") return make_operation<MoveMessages>;
  return nullptr;
}

}  // namespace lepus::server
