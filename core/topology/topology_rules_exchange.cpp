// Declaring and deleting exchanges. A declaration of an existing exchange must agree on type,
// durable, auto_delete, internal and some arguments; others are kept but not compared.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/exchange/value_text.h"
#include "core/message/field_table.h"
#include "core/topology/auto_delete.h"
#include "core/topology/exchange_store.h"
#include "core/topology/topology_decide.h"

namespace lepus::core {

namespace {

constexpr std::string_view alternate_argument_key = "alternate-exchange";
/// The others are kept, and count as they were at first.
constexpr std::array compared_keys{alternate_argument_key,
                                   std::string_view{"x-delayed-type"},
                                   std::string_view{"x-message-deduplication"},
                                   std::string_view{"x-cache-size"},
                                   std::string_view{"x-cache-ttl"},
                                   std::string_view{"x-deduplication-header"},
                                   std::string_view{"x-recent-history-length"}};

std::optional<AmqpError> compare_arguments(const ExchangeInfo& current, std::string_view arguments,
                                           std::string_view title) {
  for (const std::string_view key : compared_keys) {
    const std::optional<FieldValue> ours = FieldTable{as_bytes(current.arguments)}.find(key);
    const std::optional<FieldValue> theirs = FieldTable{as_bytes(arguments)}.find(key);
    if (ours == theirs) continue;
    return AmqpError{ReplyCode::precondition_failed,
                     fmt::format("inequivalent arg '{}' for {}: {}", key, title,
                                 received_but_current(theirs, ours))};
  }
  return std::nullopt;
}

Decision compare_exchange(const RuleInput& in, ExchangeType type, const ExchangeInfo& current) {
  const std::string title = exchange_title(in.name, in.vhost.name);
  if (type != current.type) {
    return refuse(
        inequivalent("type", title, exchange_type_name(type), exchange_type_name(current.type)));
  }
  struct Property {
    std::string_view name;
    bool received;
    bool current;
  };
  for (const Property& property :
       {Property{"durable", in.request.durable, current.durable},
        Property{"auto_delete", in.request.auto_delete, current.auto_delete},
        Property{"internal", in.request.internal, current.internal}}) {
    if (property.received == property.current) continue;
    return refuse(inequivalent(property.name, title, bool_text(property.received),
                               bool_text(property.current)));
  }
  if (std::optional<AmqpError> error = compare_arguments(current, in.request.arguments, title))
    return refuse(*std::move(error));
  return satisfied();
}

Decision create_exchange(const RuleInput& in, ExchangeType type) {
  if (has_reserved_prefix(in.name)) {
    return refuse(ReplyCode::access_refused,
                  fmt::format("exchange name '{}' contains reserved prefix 'amq.*'", in.name));
  }
  if (std::optional<AmqpError> error = check_arguments_size(in.request))
    return refuse(*std::move(error));
  const std::optional<FieldValue> alternate =
      FieldTable{as_bytes(in.request.arguments)}.find(alternate_argument_key);
  if (alternate && !alternate->is_string()) {
    return refuse(ReplyCode::precondition_failed,
                  fmt::format("invalid type '{}' for arg '{}' in {}", alternate->type_name(),
                              alternate_argument_key, exchange_title(in.name, in.vhost.name)));
  }
  const Result<ExchangeArguments> parsed =
      parse_exchange_arguments(type, as_bytes(in.request.arguments));
  if (!parsed.ok()) return refuse(parsed.error());
  Decision decision = changing();
  if (in.ids == nullptr) return decision;
  ExchangeSpec exchange;
  exchange.id = ExchangeId{in.ids->next()};
  exchange.vhost = in.vhost.id;
  exchange.type = type;
  exchange.durable = in.request.durable;
  exchange.auto_delete = in.request.auto_delete;
  exchange.internal = in.request.internal;
  exchange.name = in.name;
  exchange.arguments = in.request.arguments;
  if (alternate) {
    exchange.has_alternate = true;
    exchange.alternate = alternate->text();
  }
  std::optional<QueueSpec> store = store_of(exchange, parsed.value());
  decision.changes.push_back(ExchangeAdded{std::move(exchange)});
  if (store) {
    CHECK(in.request.from < in.topology.shard_count());
    store->id = QueueId{in.ids->next()};
    store->home = in.request.from;
    decision.changes.push_back(QueueAdded{*std::move(store)});
  }
  return decision;
}

}  // namespace

std::string_view exchange_type_name(ExchangeType type) {
  switch (type) {
    case ExchangeType::direct:
      return "direct";
    case ExchangeType::fanout:
      return "fanout";
    case ExchangeType::topic:
      return "topic";
    case ExchangeType::headers:
      return "headers";
    case ExchangeType::consistent_hash:
      return "x-consistent-hash";
    case ExchangeType::modulus_hash:
      return "x-modulus-hash";
    case ExchangeType::random:
      return "x-random";
    case ExchangeType::local_random:
      return "x-local-random";
    case ExchangeType::delayed_message:
      return "x-delayed-message";
    case ExchangeType::recent_history:
      return "x-recent-history";
  }
  return {};
}

std::optional<ExchangeType> parse_exchange_type(std::string_view name) {
  for (const ExchangeType type : all_exchange_types)
    if (exchange_type_name(type) == name) return type;
  return std::nullopt;
}

Decision decide_declare_exchange(const RuleInput& in) {
  if (in.request.passive) {
    if (std::optional<AmqpError> error = refuse_default_exchange(in.name))
      return refuse(*std::move(error));
    return in.vhost.exchanges.contains(std::string_view{in.name})
               ? satisfied()
               : refuse(missing_exchange(in.name, in.vhost));
  }
  const std::optional<ExchangeType> type = parse_exchange_type(in.request.type);
  if (!type) {
    return refuse(ReplyCode::precondition_failed,
                  fmt::format("{} exchange type '{}'",
                              in.request.type.empty() ? "invalid" : "unknown", in.request.type));
  }
  if (std::optional<AmqpError> error = refuse_default_exchange(in.name))
    return refuse(*std::move(error));
  const auto found = in.vhost.exchanges.find(std::string_view{in.name});
  if (found != in.vhost.exchanges.end()) return compare_exchange(in, *type, *found->second);
  return create_exchange(in, *type);
}

Decision decide_delete_exchange(const RuleInput& in) {
  if (std::optional<AmqpError> error = refuse_default_exchange(in.name))
    return refuse(*std::move(error));
  if (has_reserved_prefix(in.name)) {
    return refuse(ReplyCode::access_refused, fmt::format("deletion of system {} not allowed",
                                                         exchange_title(in.name, in.vhost.name)));
  }
  const auto found = in.vhost.exchanges.find(std::string_view{in.name});
  if (found == in.vhost.exchanges.end()) return satisfied();
  const ExchangeInfo& exchange = *found->second;
  if (in.request.if_unused && !exchange.bindings_out.empty()) {
    return refuse(ReplyCode::precondition_failed,
                  fmt::format("{} in use", exchange_title(in.name, in.vhost.name)));
  }
  Decision decision = changing();
  if (in.ids == nullptr) return decision;
  AutoDeleteCascade cascade{decision.changes};
  cascade.remove_exchange(exchange);
  cascade.finish();
  return decision;
}

}  // namespace lepus::core
