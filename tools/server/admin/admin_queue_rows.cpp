// The columns of queues. See admin_rows.h.
#include <array>

#include "net/amqp/pid.h"
#include "tools/server/admin/admin_rows.h"
#include "tools/server/admin/message_json.h"

namespace lepus::server {

namespace {

void write_queue_table(const std::string& inside, JsonWriter& json) {
  write_field_table(core::FieldTable{core::as_bytes(inside)}, json);
}

std::string_view policy_name(const core::Policy* policy) {
  return policy == nullptr ? std::string_view{} : std::string_view{policy->spec.name};
}

std::string queue_pid(const QueueRow& row) {
  return fmt::format("<{}.{}.{}.0>", row.node, row.info.home, row.info.id.value);
}

/// Empty, as RabbitMQ has it: there is none.
void write_channel_pid(const QueueRow& row, core::ConnectionId connection, std::uint16_t channel,
                       JsonWriter& json) {
  json.text(connection ? amqp::connection_pid(row.node, connection, channel) : std::string{});
}

/// Classic queues have no members.
bool has_members(const QueueRow& row) {
  return row.info.parsed->queue_type != core::QueueType::classic;
}

/// There is one node.
void write_members(const QueueRow& row, JsonWriter& json) {
  if (!has_members(row)) return json.text("");
  json.begin_array();
  json.text(row.node);
  json.end_array();
}

void write_message_stats(const core::MessageCounts& counts, JsonWriter& json) {
  json.begin_object();
  for (const core::MessageEvent event :
       {core::MessageEvent::publish, core::MessageEvent::deliver,
        core::MessageEvent::deliver_no_ack, core::MessageEvent::get, core::MessageEvent::get_no_ack,
        core::MessageEvent::get_empty, core::MessageEvent::ack, core::MessageEvent::redeliver})
    json.field(core::message_event_names[static_cast<std::size_t>(event)], counts[event]);
  json.field("deliver_get", counts.deliver_get());
  json.end_object();
}

/// From 0 to 1.
void write_capacity(const QueueRow& row, JsonWriter& json) {
  json.number(row.stats.consumer_capacity_permille / 1'000.0);
}

using Q = QueueRow;
using J = JsonWriter;
constexpr std::array queue_columns{
    Column<Q>{"name", true, [](const Q& q, J& json) { json.text(q.info.name); }},
    Column<Q>{"durable", false, [](const Q& q, J& json) { json.boolean(q.info.durable); }},
    Column<Q>{"auto_delete", false, [](const Q& q, J& json) { json.boolean(q.info.auto_delete); }},
    Column<Q>{"arguments", false,
              [](const Q& q, J& json) { write_queue_table(q.info.arguments, json); }},
    Column<Q>{"policy", false, [](const Q& q, J& json) { json.text(policy_name(q.info.policy)); }},
    Column<Q>{"operator_policy", false,
              [](const Q& q, J& json) { json.text(policy_name(q.info.operator_policy)); }},
    Column<Q>{"effective_policy_definition", false,
              [](const Q& q, J& json) {
                write_queue_table(core::merged_definition(q.info.policy, q.info.operator_policy),
                                  json);
              }},
    Column<Q>{"pid", false, [](const Q& q, J& json) { json.text(queue_pid(q)); }},
    Column<Q>{"owner_pid", false,
              [](const Q& q, J& json) {
                json.text(q.info.owner ? amqp::connection_pid(q.node, q.info.owner) : "");
              }},
    Column<Q>{"exclusive", false, [](const Q& q, J& json) { json.boolean(q.info.exclusive); }},
    Column<Q>{"exclusive_consumer_pid", false,
              [](const Q& q, J& json) {
                write_channel_pid(q, q.stats.exclusive_consumer_connection,
                                  q.stats.exclusive_consumer_channel, json);
              }},
    Column<Q>{"exclusive_consumer_tag", false,
              [](const Q& q, J& json) { json.text(q.stats.exclusive_consumer_tag); }},
    Column<Q>{"messages_ready", false,
              [](const Q& q, J& json) { json.number(q.stats.messages_ready); }},
    Column<Q>{"messages_unacknowledged", false,
              [](const Q& q, J& json) { json.number(q.stats.messages_unacknowledged); }},
    Column<Q>{"messages", true,
              [](const Q& q, J& json) {
                json.number(q.stats.messages_ready + q.stats.messages_unacknowledged);
              }},
    Column<Q>{"messages_ram", false,
              [](const Q& q, J& json) { json.number(q.stats.messages_ram); }},
    Column<Q>{"messages_persistent", false,
              [](const Q& q, J& json) { json.number(q.stats.messages_persistent); }},
    Column<Q>{"message_bytes", false,
              [](const Q& q, J& json) {
                json.number(q.stats.message_bytes_ready + q.stats.message_bytes_unacknowledged);
              }},
    Column<Q>{"message_bytes_ready", false,
              [](const Q& q, J& json) { json.number(q.stats.message_bytes_ready); }},
    Column<Q>{"message_bytes_unacknowledged", false,
              [](const Q& q, J& json) { json.number(q.stats.message_bytes_unacknowledged); }},
    Column<Q>{"message_bytes_ram", false,
              [](const Q& q, J& json) { json.number(q.stats.message_bytes_ram); }},
    Column<Q>{"message_bytes_persistent", false,
              [](const Q& q, J& json) { json.number(q.stats.message_bytes_persistent); }},
    Column<Q>{"head_message_timestamp", false,
              [](const Q& q, J& json) {
                if (q.stats.head_timestamp_s == 0) return json.text("");
                json.number(q.stats.head_timestamp_s);
              }},
    Column<Q>{"disk_reads", false, [](const Q& q, J& json) { json.number(q.stats.disk_reads); }},
    Column<Q>{"disk_writes", false, [](const Q& q, J& json) { json.number(q.stats.disk_writes); }},
    Column<Q>{"consumers", false, [](const Q& q, J& json) { json.number(q.stats.consumers); }},
    Column<Q>{"consumer_utilisation", false, write_capacity},
    Column<Q>{"consumer_capacity", false, write_capacity},
    Column<Q>{"memory", false, [](const Q& q, J& json) { json.number(q.stats.memory); }},
    Column<Q>{"slave_pids", false, [](const Q&, J& json) { json.text(""); }},
    Column<Q>{"synchronised_slave_pids", false, [](const Q&, J& json) { json.text(""); }},
    Column<Q>{"state", false, [](const Q&, J& json) { json.text("running"); }},
    Column<Q>{
        "type", false,
        [](const Q& q, J& json) { json.text(core::queue_type_name(q.info.parsed->queue_type)); }},
    Column<Q>{"leader", false,
              [](const Q& q, J& json) { json.text(has_members(q) ? q.node : std::string{}); }},
    Column<Q>{"members", false, write_members},
    Column<Q>{"online", false, write_members},
    Column<Q>{"single_active_consumer_pid", false,
              [](const Q& q, J& json) {
                write_channel_pid(q, q.stats.single_active_connection,
                                  q.stats.single_active_channel, json);
              }},
    Column<Q>{"single_active_consumer_tag", false,
              [](const Q& q, J& json) { json.text(q.stats.single_active_tag); }},
    Column<Q>{"messages_delayed", false,
              [](const Q& q, J& json) { json.number(q.stats.messages_delayed); }},
    Column<Q>{"messages_unreadable", false,
              [](const Q& q, J& json) {
                json.number(q.stats.messages_unreadable + q.stats.dead_letters_unreadable);
              }},
    Column<Q>{"oldest_ready_age_ms", false,
              [](const Q& q, J& json) { json.number(q.stats.oldest_ready_age_ms); }},
    Column<Q>{"oldest_unacknowledged_age_ms", false,
              [](const Q& q, J& json) { json.number(q.stats.oldest_unacked_age_ms); }},
    Column<Q>{
        "idle_since_ms", false,
        [](const Q& q, J& json) { json.number(q.stats.is_idle ? q.stats.idle_since_ms : 0); }},
    Column<Q>{"message_stats", false,
              [](const Q& q, J& json) { write_message_stats(q.stats.counts, json); }},
    Column<Q>{"shard", false, [](const Q& q, J& json) { json.number(q.info.home); }},
};

}  // namespace

template <>
std::span<const Column<QueueRow>> columns_of() {
  return queue_columns;
}

}  // namespace lepus::server
