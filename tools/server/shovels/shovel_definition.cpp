// A table of keys, each with how its value is read. See shovel_definition.h.
#include "tools/server/shovels/shovel_definition.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/limits.h"
#include "core/message/properties.h"
#include "persist/catalog/json_text.h"
#include "tools/server/admin/message_json.h"

namespace lepus::server {

namespace {

using Json = nlohmann::ordered_json;
using Definition = ShovelDefinition;

std::string expected(std::string_view key, std::string_view what) {
  return fmt::format("{} should be {}", key, what);
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct KeyValue {
  std::string_view key;
  const Json& value;
};

std::string read_name(const KeyValue& from, std::optional<std::string>& name) {
  if (!from.value.is_string()) return expected(from.key, "a string");
  name = from.value.get<std::string>();
  if (name->size() <= core::limits::name_size_max) return {};
  return expected(from.key, fmt::format("at most {} bytes", core::limits::name_size_max));
}

std::string read_flag(const KeyValue& from, bool& flag) {
  if (!from.value.is_boolean()) return expected(from.key, "true or false");
  flag = from.value.get<bool>();
  return {};
}

std::string read_count(const KeyValue& from, std::uint64_t max, std::uint64_t& count) {
  const bool fits = from.value.is_number_unsigned() && from.value.get<std::uint64_t>() <= max;
  if (!fits) return expected(from.key, fmt::format("a number from 0 to {}", max));
  count = from.value.get<std::uint64_t>();
  return {};
}

std::string read_uris(const KeyValue& from, std::vector<AmqpUri>& uris) {
  uris.clear();
  const Json list = from.value.is_array() ? from.value : Json::array({from.value});
  if (list.empty() || list.size() > core::limits::shovel_uris_max)
    return expected(from.key, fmt::format("1 to {} URIs", core::limits::shovel_uris_max));
  for (const Json& one : list) {
    if (!one.is_string()) return expected(from.key, "a string or a list of strings");
    AmqpUri uri;
    if (std::string error = read_amqp_uri(one.get<std::string>(), uri); !error.empty())
      return fmt::format("{}: {}", from.key, error);
    uris.push_back(std::move(uri));
  }
  return {};
}

/// As the headers of a message are read.
std::string read_table(const KeyValue& from, std::string& table) {
  if (!from.value.is_object()) return expected(from.key, "an object");
  std::string encoded;
  if (std::string error = read_properties({"{}", dumped(from.value)}, encoded); !error.empty())
    return fmt::format("{}: {}", from.key, error);
  core::PropertiesView view;
  if (!core::decode_properties(core::as_bytes(encoded), view)) return expected(from.key, "a table");
  table = core::as_text(view.headers);
  if (table.size() <= core::limits::arguments_size_max) return {};
  return expected(from.key, "shorter");
}

std::string read_delete_after(const KeyValue& from, Definition& out) {
  out.order.ends_after_queue_length = from.value == "queue-length";
  out.order.ends_after.reset();
  if (from.value == "never" || from.value == "queue-length") return {};
  if (!from.value.is_number_unsigned())
    return expected(from.key, "a number, never or queue-length");
  out.order.ends_after = from.value.get<std::uint64_t>();
  return {};
}

std::string read_ack_mode(const KeyValue& from, Definition& out) {
  if (from.value == "on-confirm") {
    out.order.ack_mode = ShovelAckMode::on_confirm;
  } else if (from.value == "on-publish") {
    out.order.ack_mode = ShovelAckMode::on_publish;
  } else if (from.value == "no-ack") {
    out.order.ack_mode = ShovelAckMode::no_ack;
  } else {
    return expected(from.key, "on-confirm, on-publish or no-ack");
  }
  return {};
}

std::string read_protocol(const KeyValue& from, Definition&) {
  if (from.value == "amqp091") return {};
  if (from.value == "amqp10") return fmt::format("{}: AMQP 1.0 is not there", from.key);
  return expected(from.key, "amqp091");
}

std::string read_filter(const KeyValue& from, Definition& out) {
  if (!from.value.is_object()) return expected(from.key, "an object");
  ShovelFilter& filter = out.order.filter;
  for (const auto& [name, value] : from.value.items()) {
    if (!value.is_string() || value.get<std::string>().empty())
      return fmt::format("{}: {}", from.key, expected(name, "a string that is not empty"));
    std::string* const field = name == "died-in"       ? &filter.died_in
                               : name == "reason"      ? &filter.reason
                               : name == "routing-key" ? &filter.routing_key
                               : name == "message-id"  ? &filter.message_id
                                                       : nullptr;
    if (field == nullptr)
      return fmt::format("{}: unknown '{}'; there are died-in, reason, routing-key, message-id",
                         from.key, name);
    *field = value.get<std::string>();
  }
  return {};
}

std::string read_origin(const KeyValue& from, Definition& out) {
  if (from.value == "first-death") {
    out.order.origin = ShovelOrigin::first_death;
  } else if (from.value == "last-death") {
    out.order.origin = ShovelOrigin::last_death;
  } else {
    return expected(from.key, "first-death or last-death");
  }
  return {};
}

std::string read_publish_properties(const KeyValue& from, Definition& out) {
  if (!from.value.is_object()) return expected(from.key, "an object");
  if (std::string error =
          read_properties({dumped(from.value)}, out.order.changes.publish_properties);
      !error.empty())
    return fmt::format("{}: {}", from.key, error);
  return {};
}

std::string read_prefetch(const KeyValue& from, Definition& out) {
  std::uint64_t count = 0;
  std::string error = read_count(from, UINT16_MAX, count);
  out.order.prefetch = static_cast<std::uint32_t>(count);
  return error;
}

std::string read_reconnect(const KeyValue& from, Definition& out) {
  constexpr std::uint64_t day_s = 86'400;
  std::uint64_t count = 0;
  std::string error = read_count(from, day_s, count);
  out.reconnect_s = static_cast<std::uint32_t>(count);
  return error;
}

template <auto Part, auto Field>
std::string read_name_of(const KeyValue& from, Definition& out) {
  return read_name(from, out.order.*Part.*Field);
}
template <auto Part, auto Field>
std::string read_flag_of(const KeyValue& from, Definition& out) {
  return read_flag(from, out.order.*Part.*Field);
}
template <auto Part, auto Field>
std::string read_table_of(const KeyValue& from, Definition& out) {
  return read_table(from, out.order.*Part.*Field);
}

constexpr auto source = &ShovelOrder::source;
constexpr auto target = &ShovelOrder::target;
constexpr auto changes = &ShovelOrder::changes;

struct Key {
  std::string_view name;
  std::string (*read)(const KeyValue& from, Definition& out);
};
/// The older names of a few, as RabbitMQ takes them, too.
constexpr std::array keys{
    Key{"src-protocol", read_protocol},
    Key{"dest-protocol", read_protocol},
    Key{"src-uri",
        [](const KeyValue& from, Definition& out) { return read_uris(from, out.source_uris); }},
    Key{"dest-uri",
        [](const KeyValue& from, Definition& out) { return read_uris(from, out.target_uris); }},
    Key{"src-queue", read_name_of<source, &ShovelEnd::queue>},
    Key{"src-exchange", read_name_of<source, &ShovelEnd::exchange>},
    Key{"src-exchange-key", read_name_of<source, &ShovelEnd::key>},
    Key{"src-queue-args", read_table_of<source, &ShovelEnd::queue_arguments>},
    Key{"src-predeclared", read_flag_of<source, &ShovelEnd::is_predeclared>},
    Key{"src-consumer-args",
        [](const KeyValue& from, Definition& out) {
          return read_table(from, out.order.consumer_arguments);
        }},
    Key{"src-prefetch-count", read_prefetch},
    Key{"prefetch-count", read_prefetch},
    Key{"src-delete-after", read_delete_after},
    Key{"delete-after", read_delete_after},
    Key{"src-lepus-filter", read_filter},
    Key{"dest-queue", read_name_of<target, &ShovelEnd::queue>},
    Key{"dest-exchange", read_name_of<target, &ShovelEnd::exchange>},
    Key{"dest-exchange-key", read_name_of<target, &ShovelEnd::key>},
    Key{"dest-queue-args", read_table_of<target, &ShovelEnd::queue_arguments>},
    Key{"dest-predeclared", read_flag_of<target, &ShovelEnd::is_predeclared>},
    Key{"dest-lepus-origin", read_origin},
    Key{"dest-add-forward-headers", read_flag_of<changes, &ShovelChanges::adds_forward_headers>},
    Key{"add-forward-headers", read_flag_of<changes, &ShovelChanges::adds_forward_headers>},
    Key{"dest-add-timestamp-header", read_flag_of<changes, &ShovelChanges::adds_timestamp>},
    Key{"dest-publish-properties", read_publish_properties},
    Key{"publish-properties", read_publish_properties},
    Key{"ack-mode", read_ack_mode},
    Key{"reconnect-delay", read_reconnect},
    Key{"lepus-rate-limit",
        [](const KeyValue& from, Definition& out) {
          return read_count(from, 1'000'000, out.order.rate_max);
        }},
};

std::string check_source(const Definition& read) {
  const ShovelOrder& order = read.order;
  if (!order.source.queue && !order.source.exchange)
    return "Must specify 'src-exchange' or 'src-queue'";
  if (order.source.queue && order.source.exchange)
    return "Cannot specify 'src-exchange' and 'src-queue'";
  if (order.source.queue && order.source.queue->empty()) return "src-queue should not be empty";
  if (order.source.is_predeclared && !order.source.queue)
    return "src-predeclared needs a src-queue";
  if (order.ack_mode == ShovelAckMode::no_ack && (order.ends_after || order.may_skip()))
    return "Cannot specify 'no-ack' and numerical 'src-delete-after', a filter or an origin";
  const bool ends = order.ends_after || order.ends_after_queue_length;
  const bool is_local = std::all_of(read.source_uris.begin(), read.source_uris.end(),
                                    [](const AmqpUri& uri) { return uri.is_local; });
  if (order.may_skip() && !(ends && is_local && order.source.queue))
    return "src-lepus-filter and dest-lepus-origin need a src-queue of this broker and a "
           "src-delete-after other than never";
  return {};
}

std::string check_target(const Definition& read) {
  const ShovelOrder& order = read.order;
  if (order.target.queue && order.target.exchange)
    return "Cannot specify 'dest-exchange' and 'dest-queue'";
  if (order.target.queue && order.target.queue->empty()) return "dest-queue should not be empty";
  if (order.origin == ShovelOrigin::none) return {};
  const bool is_local = std::all_of(read.target_uris.begin(), read.target_uris.end(),
                                    [](const AmqpUri& uri) { return uri.is_local; });
  if (!is_local || order.target.queue || order.target.exchange)
    return "dest-lepus-origin needs a dest-uri of this broker, without dest-queue and "
           "dest-exchange";
  return {};
}

}  // namespace

std::string read_shovel(std::string_view json, ShovelDefinition& out) {
  out = {};
  const Json object = persist::parse_json(json);
  if (!object.is_object()) return "the value of a shovel should be a JSON object";
  for (const auto& [name, value] : object.items()) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&, &name = name](const Key& one) { return one.name == name; });
    if (key == keys.end()) return fmt::format("Unrecognised term '{}' in a shovel", name);
    if (std::string error = key->read({name, value}, out); !error.empty()) return error;
  }
  for (const auto& [name, uris] :
       {std::pair{"src-uri", &out.source_uris}, std::pair{"dest-uri", &out.target_uris}})
    if (uris->empty()) return fmt::format("Key \"{}\" not found in a shovel", name);
  if (std::string error = check_source(out); !error.empty()) return error;
  return check_target(out);
}

}  // namespace lepus::server
