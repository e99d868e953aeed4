// The tables of columns. See admin_rows.h.
#include "tools/server/admin/admin_rows.h"
#include "net/amqp/pid.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/utf8.h"
#include "core/message/properties.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

void write_arguments(const std::string& inside, JsonWriter& json) {
  write_field_table(core::FieldTable{core::as_bytes(inside)}, json);
}

constexpr std::uint64_t counter_mask = (1ULL << 48) - 1;

std::string_view name_of(const core::Policy* policy) {
  return policy == nullptr ? std::string_view{} : std::string_view{policy->spec.name};
}

using J = JsonWriter;
using E = ExchangeRow;
constexpr std::array exchange_columns{
    Column<E>{"name", true, [](const E& e, J& json) { json.text(e.info.name); }},
    Column<E>{"type", true,
              [](const E& e, J& json) { json.text(core::exchange_type_name(e.info.type)); }},
    Column<E>{"durable", false, [](const E& e, J& json) { json.boolean(e.info.durable); }},
    Column<E>{"auto_delete", false, [](const E& e, J& json) { json.boolean(e.info.auto_delete); }},
    Column<E>{"internal", false, [](const E& e, J& json) { json.boolean(e.info.internal); }},
    Column<E>{"arguments", false,
              [](const E& e, J& json) { write_arguments(e.info.arguments, json); }},
    Column<E>{"policy", false, [](const E& e, J& json) { json.text(name_of(e.info.policy)); }},
    Column<E>{"messages_delayed", false, [](const E& e, J& json) { json.number(e.held); }},
};

using B = BindingRow;
constexpr std::array binding_columns{
    Column<B>{"source_name", true, [](const B& b, J& json) { json.text(b.source); }},
    Column<B>{"source_kind", true, [](const B&, J& json) { json.text("exchange"); }},
    Column<B>{"destination_name", true, [](const B& b, J& json) { json.text(b.destination); }},
    Column<B>{"destination_kind", true,
              [](const B& b, J& json) { json.text(b.to_queue ? "queue" : "exchange"); }},
    Column<B>{"routing_key", true, [](const B& b, J& json) { json.text(b.key); }},
    Column<B>{"arguments", true, [](const B& b, J& json) { write_arguments(b.arguments, json); }},
};

using U = ConsumerRow;
constexpr std::array consumer_columns{
    Column<U>{"queue_name", true, [](const U& u, J& json) { json.text(u.queue.name); }},
    Column<U>{"channel_pid", true,
              [](const U& u, J& json) {
                json.text(amqp::connection_pid(u.node, u.stats.connection, u.stats.channel));
              }},
    Column<U>{"consumer_tag", true, [](const U& u, J& json) { json.text(u.stats.tag); }},
    Column<U>{"ack_required", true,
              [](const U& u, J& json) { json.boolean(u.stats.ack_required); }},
    Column<U>{"prefetch_count", true,
              [](const U& u, J& json) { json.number(u.stats.prefetch_count); }},
    Column<U>{"active", true, [](const U& u, J& json) { json.boolean(u.stats.active); }},
    Column<U>{
        "activity_status", false,
        [](const U& u, J& json) {
          json.text(!u.stats.single_active ? "up" : u.stats.active ? "single_active" : "waiting");
        }},
    Column<U>{"arguments", true,
              [](const U& u, J& json) { write_arguments(u.stats.arguments, json); }},
};

using H = ChannelRow;
constexpr std::array channel_columns{
    Column<H>{"pid", true,
              [](const H& h, J& json) {
                json.text(amqp::connection_pid(h.node, h.stats.connection, h.stats.number));
              }},
    Column<H>{
        "connection", false,
        [](const H& h, J& json) { json.text(amqp::connection_pid(h.node, h.stats.connection)); }},
    Column<H>{"name", false,
              [](const H& h, J& json) {
                json.text(fmt::format("{} ({})", h.stats.connection_name, h.stats.number));
              }},
    Column<H>{"number", false, [](const H& h, J& json) { json.number(h.stats.number); }},
    Column<H>{"user", true, [](const H& h, J& json) { json.text(h.stats.user); }},
    Column<H>{"vhost", false, [](const H& h, J& json) { json.text(h.stats.vhost); }},
    Column<H>{"transactional", false,
              [](const H& h, J& json) { json.boolean(h.stats.transactional); }},
    Column<H>{"confirm", false, [](const H& h, J& json) { json.boolean(h.stats.confirm); }},
    Column<H>{"consumer_count", true,
              [](const H& h, J& json) { json.number(h.stats.consumer_count); }},
    Column<H>{"messages_unacknowledged", true,
              [](const H& h, J& json) { json.number(h.stats.messages_unacknowledged); }},
    Column<H>{"messages_uncommitted", false,
              [](const H& h, J& json) { json.number(h.stats.messages_uncommitted); }},
    Column<H>{"acks_uncommitted", false,
              [](const H& h, J& json) { json.number(h.stats.acks_uncommitted); }},
    Column<H>{"messages_unconfirmed", false,
              [](const H& h, J& json) { json.number(h.stats.messages_unconfirmed); }},
    Column<H>{"prefetch_count", false,
              [](const H& h, J& json) { json.number(h.stats.prefetch_count); }},
    Column<H>{"global_prefetch_count", false,
              [](const H& h, J& json) { json.number(h.stats.global_prefetch_count); }},
};

std::string thread_name(const ThreadRow& row) {
  if (row.stats.thread < row.shard_count) return fmt::format("shard-{}", row.stats.thread);
  return row.stats.thread == row.shard_count ? "control" : "admin";
}

using T = ThreadRow;
constexpr std::array thread_columns{
    Column<T>{"name", true, [](const T& t, J& json) { json.text(thread_name(t)); }},
    Column<T>{"turns", true, [](const T& t, J& json) { json.number(t.stats.turns.turns); }},
    Column<T>{"sleeps", false, [](const T& t, J& json) { json.number(t.stats.turns.sleeps); }},
    Column<T>{"busy_ms", true,
              [](const T& t, J& json) { json.number(t.stats.turns.busy / core::nanos_per_ms); }},
    Column<T>{"turn_us_p50", true,
              [](const T& t, J& json) { json.number(t.stats.turns.quantile_us(500)); }},
    Column<T>{"turn_us_p99", true,
              [](const T& t, J& json) { json.number(t.stats.turns.quantile_us(990)); }},
    Column<T>{"turn_us_p999", true,
              [](const T& t, J& json) { json.number(t.stats.turns.quantile_us(999)); }},
    Column<T>{"longest_us", true,
              [](const T& t, J& json) {
                json.number(t.stats.turns.longest.length / core::nanos_per_us);
              }},
    Column<T>{"longest_job", true,
              [](const T& t, J& json) { json.text(core::name_of(t.stats.turns.longest.job)); }},
    Column<T>{"longest_job_us", false,
              [](const T& t, J& json) {
                json.number(t.stats.turns.longest.job_length / core::nanos_per_us);
              }},
    Column<T>{"stalls", true, [](const T& t, J& json) { json.number(t.stats.turns.stalls); }},
    Column<T>{"turns_by_us", false,
              [](const T& t, J& json) {
                json.begin_array();
                for (const std::uint64_t count : t.stats.turns.buckets) json.number(count);
                json.end_array();
              }},
};

void write_tags(const std::vector<std::string>& tags, J& json) {
  json.begin_array();
  for (const std::string& tag : tags) json.text(tag);
  json.end_array();
}

constexpr std::array vhost_columns{
    Column<VhostRow>{"name", true, [](const VhostRow& v, J& json) { json.text(v.name); }},
    Column<VhostRow>{"description", false,
                     [](const VhostRow& v, J& json) { json.text(v.settings.description); }},
    Column<VhostRow>{"tags", false,
                     [](const VhostRow& v, J& json) { write_tags(v.settings.tags, json); }},
    Column<VhostRow>{"default_queue_type", false,
                     [](const VhostRow& v, J& json) {
                       json.text(v.settings.default_queue_type.empty()
                                     ? "undefined"
                                     : v.settings.default_queue_type);
                     }},
    Column<VhostRow>{"tracing", false,
                     [](const VhostRow& v, J& json) { json.boolean(v.is_traced); }},
};
constexpr std::array user_columns{
    Column<UserRow>{"user", true, [](const UserRow& u, J& json) { json.text(u.name); }},
    Column<UserRow>{"tags", true, [](const UserRow& u, J& json) { write_tags(u.tags, json); }},
};

constexpr std::array policy_columns{
    Column<PolicyRow>{"vhost", true, [](const PolicyRow& p, J& json) { json.text(p.spec.vhost); }},
    Column<PolicyRow>{"name", true, [](const PolicyRow& p, J& json) { json.text(p.spec.name); }},
    Column<PolicyRow>{"pattern", true,
                      [](const PolicyRow& p, J& json) { json.text(p.spec.pattern); }},
    Column<PolicyRow>{
        "apply-to", true,
        [](const PolicyRow& p, J& json) { json.text(core::policy_target_name(p.spec.target)); }},
    Column<PolicyRow>{"definition", true,
                      [](const PolicyRow& p, J& json) { json.text(p.spec.json); }},
    Column<PolicyRow>{"priority", true,
                      [](const PolicyRow& p, J& json) { json.number(p.spec.priority); }},
};
constexpr std::array vhost_limits_columns{
    Column<VhostLimitsRow>{"vhost", true,
                           [](const VhostLimitsRow& l, J& json) { json.text(l.name); }},
    Column<VhostLimitsRow>{"limits", true,
                           [](const VhostLimitsRow& l, J& json) { json.text(l.limits); }},
};
constexpr std::array user_limits_columns{
    Column<UserLimitsRow>{"user", true, [](const UserLimitsRow& l, J& json) { json.text(l.name); }},
    Column<UserLimitsRow>{"limits", true,
                          [](const UserLimitsRow& l, J& json) { json.text(l.limits); }},
};

constexpr std::array parameter_columns{
    Column<ParameterRow>{"component", true,
                         [](const ParameterRow& p, J& json) { json.text(p.component); }},
    Column<ParameterRow>{"name", true, [](const ParameterRow& p, J& json) { json.text(p.name); }},
    Column<ParameterRow>{"value", true, [](const ParameterRow& p, J& json) { json.text(p.value); }},
};
constexpr std::array global_parameter_columns{
    Column<GlobalParameterRow>{"name", true,
                               [](const GlobalParameterRow& p, J& json) { json.text(p.name); }},
    Column<GlobalParameterRow>{"value", true,
                               [](const GlobalParameterRow& p, J& json) { json.text(p.value); }},
};

template <class Row>
constexpr Column<Row> user_column{"user", true,
                                  [](const Row& p, J& json) { json.text(p.spec.user); }};
template <class Row>
constexpr Column<Row> vhost_column{"vhost", true,
                                   [](const Row& p, J& json) { json.text(p.spec.vhost); }};
template <class Row>
constexpr Column<Row> exchange_column{"exchange", true,
                                      [](const Row& p, J& json) { json.text(p.spec.exchange); }};
template <class Row>
constexpr Column<Row> configure_column{"configure", true,
                                       [](const Row& p, J& json) { json.text(p.spec.configure); }};
template <class Row>
constexpr Column<Row> write_column{"write", true,
                                   [](const Row& p, J& json) { json.text(p.spec.write); }};
template <class Row>
constexpr Column<Row> read_column{"read", true,
                                  [](const Row& p, J& json) { json.text(p.spec.read); }};
constexpr std::array vhost_permission_columns{
    user_column<VhostPermissionRow>, configure_column<VhostPermissionRow>,
    write_column<VhostPermissionRow>, read_column<VhostPermissionRow>};
constexpr std::array user_permission_columns{
    vhost_column<UserPermissionRow>, configure_column<UserPermissionRow>,
    write_column<UserPermissionRow>, read_column<UserPermissionRow>};
constexpr std::array vhost_topic_permission_columns{
    user_column<VhostTopicPermissionRow>, exchange_column<VhostTopicPermissionRow>,
    write_column<VhostTopicPermissionRow>, read_column<VhostTopicPermissionRow>};
constexpr std::array user_topic_permission_columns{
    vhost_column<UserTopicPermissionRow>, exchange_column<UserTopicPermissionRow>,
    write_column<UserTopicPermissionRow>, read_column<UserTopicPermissionRow>};

template <class Row>
ColumnNames names_of() {
  ColumnNames names;
  for (const Column<Row>& column : columns_of<Row>()) {
    names.all.push_back(column.name);
    if (column.is_preset) names.preset.push_back(column.name);
  }
  return names;
}

using M = MessageRow;
void write_message_properties(const M& row, J& json) {
  core::PropertiesView view;
  json.begin_object();
  if (core::decode_properties(core::as_bytes(row.message.properties), view)) {
    write_properties(view, json);
    if (view.has(core::Property::headers)) {
      json.key("headers");
      write_plain_table(view.header_table(), json);
    }
  }
  json.end_object();
}
/// The names of RabbitMQ's HTTP API.
constexpr std::array message_columns{
    Column<M>{"payload_bytes", true, [](const M& m, J& json) { json.number(m.message.body_size); }},
    Column<M>{"redelivered", true,
              [](const M& m, J& json) { json.boolean(m.message.redelivered); }},
    Column<M>{"exchange", true, [](const M& m, J& json) { json.text(m.message.exchange); }},
    Column<M>{"routing_key", true, [](const M& m, J& json) { json.text(m.message.routing_key); }},
    Column<M>{"message_count", true,
              [](const M& m, J& json) { json.number(m.message.message_count); }},
    Column<M>{"properties", true, write_message_properties},
    Column<M>{"payload", true,
              [](const M& m, J& json) {
                json.text(m.has_text() ? m.message.body
                                       : encode_base64(core::as_bytes(m.message.body)));
              }},
    Column<M>{"payload_encoding", true,
              [](const M& m, J& json) { json.text(m.has_text() ? "string" : "base64"); }},
};

}  // namespace

template <>
std::span<const Column<ExchangeRow>> columns_of() {
  return exchange_columns;
}
template <>
std::span<const Column<BindingRow>> columns_of() {
  return binding_columns;
}
template <>
std::span<const Column<ConsumerRow>> columns_of() {
  return consumer_columns;
}
template <>
std::span<const Column<ChannelRow>> columns_of() {
  return channel_columns;
}
template <>
std::span<const Column<ThreadRow>> columns_of() {
  return thread_columns;
}
template <>
std::span<const Column<MessageRow>> columns_of() {
  return message_columns;
}
template <>
std::span<const Column<VhostRow>> columns_of() {
  return vhost_columns;
}
template <>
std::span<const Column<UserRow>> columns_of() {
  return user_columns;
}
template <>
std::span<const Column<VhostPermissionRow>> columns_of() {
  return vhost_permission_columns;
}
template <>
std::span<const Column<UserPermissionRow>> columns_of() {
  return user_permission_columns;
}
template <>
std::span<const Column<VhostTopicPermissionRow>> columns_of() {
  return vhost_topic_permission_columns;
}
template <>
std::span<const Column<UserTopicPermissionRow>> columns_of() {
  return user_topic_permission_columns;
}

template <>
std::span<const Column<PolicyRow>> columns_of() {
  return policy_columns;
}
template <>
std::span<const Column<VhostLimitsRow>> columns_of() {
  return vhost_limits_columns;
}
template <>
std::span<const Column<UserLimitsRow>> columns_of() {
  return user_limits_columns;
}

template <>
std::span<const Column<ParameterRow>> columns_of() {
  return parameter_columns;
}
template <>
std::span<const Column<GlobalParameterRow>> columns_of() {
  return global_parameter_columns;
}

bool MessageRow::has_text() const { return !is_base64 && core::is_utf8(message.body); }

ColumnNames column_names(std::string_view verb) {
  if (verb == "list_queues") return names_of<QueueRow>();
  if (verb == "list_exchanges") return names_of<ExchangeRow>();
  if (verb == "list_bindings") return names_of<BindingRow>();
  if (verb == "list_consumers") return names_of<ConsumerRow>();
  if (verb == "list_connections") return names_of<ConnectionRow>();
  if (verb == "list_channels") return names_of<ChannelRow>();
  if (verb == "runtime_thread_stats") return names_of<ThreadRow>();
  if (verb == "list_unreadable") return names_of<UnreadableRow>();
  if (verb == "get") return names_of<MessageRow>();
  if (verb == "list_vhosts") return names_of<VhostRow>();
  if (verb == "list_users") return names_of<UserRow>();
  if (verb == "list_permissions") return names_of<VhostPermissionRow>();
  if (verb == "list_user_permissions") return names_of<UserPermissionRow>();
  if (verb == "list_topic_permissions") return names_of<VhostTopicPermissionRow>();
  if (verb == "list_policies" || verb == "list_operator_policies") return names_of<PolicyRow>();
  if (verb == "list_vhost_limits") return names_of<VhostLimitsRow>();
  if (verb == "list_parameters") return names_of<ParameterRow>();
  if (verb == "list_global_parameters") return names_of<GlobalParameterRow>();
  if (verb == "list_user_limits") return names_of<UserLimitsRow>();
  if (verb == "list_user_topic_permissions") return names_of<UserTopicPermissionRow>();
  return {};
}

std::string nearest_name(std::string_view name, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t distance_min = std::max<std::size_t>(2, name.size() / 4) + 1;
  for (const std::string_view candidate : names) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= distance_min) continue;
    distance_min = distance;
    nearest = candidate;
  }
  return std::string{nearest};
}

core::ConnectionId parse_connection_pid(std::string_view pid) {
  if (pid.size() < 2 || pid.front() != '<' || pid.back() != '>') return {};
  std::string_view rest = pid.substr(1, pid.size() - 2);
  std::array<std::uint64_t, 3> numbers{};  // From the last to the first; the node has dots too.
  for (std::uint64_t& number : numbers) {
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos) return {};
    const auto value = parse_number(rest.substr(dot + 1));
    if (!value) return {};
    number = *value;
    rest = rest.substr(0, dot);
  }
  const auto [channel, counter, shard] = numbers;
  if (rest.empty() || channel != 0 || shard >= UINT16_MAX || counter == 0 || counter > counter_mask)
    return {};
  return core::ConnectionId{(shard + 1) << 48 | counter};
}

}  // namespace lepus::server
