// See queue_json.h: the fields, in RabbitMQ's words.
#include "tools/server/http_api/objects/queue_json.h"

#include <fmt/format.h>

#include "core/topology/policy.h"
#include "net/amqp/pid.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/http_api/objects/client_json.h"

namespace lepus::server {

void write_arguments(std::string_view name, const std::string& inside, JsonWriter& json) {
  json.key(name);
  write_plain_table(core::FieldTable{core::as_bytes(inside)}, json);
}

void write_null(std::string_view name, JsonWriter& json) {
  json.key(name);
  json.raw("null");
}

void write_policy(std::string_view name, const core::Policy* policy, JsonWriter& json) {
  if (policy == nullptr) return write_null(name, json);
  json.field(name, policy->spec.name);
}

namespace {

using core::QueueInfo;
using core::QueueStats;

void write_definition(const QueueInfo& queue, const ObjectContext& context, JsonWriter& json) {
  const core::VhostInfo* vhost = context.topology.find_vhost(queue.vhost);
  json.field("name", queue.name);
  json.field("vhost", vhost == nullptr ? std::string_view{} : std::string_view{vhost->name});
  json.field("type", core::queue_type_name(queue.parsed->queue_type));
  json.field("durable", queue.durable);
  json.field("auto_delete", queue.auto_delete);
  json.field("exclusive", queue.exclusive);
  write_arguments("arguments", queue.arguments, json);
  write_policy("policy", queue.policy, json);
  write_policy("operator_policy", queue.operator_policy, json);
  write_arguments("effective_policy_definition",
                  core::merged_definition(queue.policy, queue.operator_policy), json);
  json.field("node", context.node);
  json.field("state", "running");
}

/// What RabbitMQ says of queues with members on several nodes: this one is all there is.
void write_members(const ObjectContext& context, JsonWriter& json) {
  json.field("leader", context.node);
  for (const std::string_view name : {"members", "online"}) {
    json.key(name);
    json.begin_array();
    json.text(context.node);
    json.end_array();
  }
}

void write_bytes(const QueueStats& stats, JsonWriter& json) {
  json.field("message_bytes", stats.message_bytes_ready + stats.message_bytes_unacknowledged);
  json.field("message_bytes_ready", stats.message_bytes_ready);
  json.field("message_bytes_unacknowledged", stats.message_bytes_unacknowledged);
  json.field("message_bytes_ram", stats.message_bytes_ram);
  json.field("message_bytes_persistent", stats.message_bytes_persistent);
  json.field("message_bytes_paged_out",
             stats.message_bytes_ready + stats.message_bytes_unacknowledged -
                 std::min(stats.message_bytes_ram,
                          stats.message_bytes_ready + stats.message_bytes_unacknowledged));
}

void write_residency(const QueueStats& stats, JsonWriter& json) {
  const std::uint64_t messages = stats.messages_ready + stats.messages_unacknowledged;
  json.field("memory", stats.memory);
  json.field("messages_ram", stats.messages_ram);
  json.field("messages_persistent", stats.messages_persistent);
  json.field("messages_paged_out", messages - std::min(messages, stats.messages_ram));
  json.field("messages_delayed", stats.messages_delayed);
  json.field("messages_unreadable", stats.messages_unreadable + stats.dead_letters_unreadable);
  write_bytes(stats, json);
}

void write_consumers(const QueueInfo& queue, const QueueStats& stats, JsonWriter& json) {
  const double capacity = stats.consumer_capacity_permille / 1000.0;
  json.field("consumers", stats.consumers);
  json.key("consumer_capacity");
  json.number(capacity);
  json.key("consumer_utilisation");
  json.number(capacity);
  if (queue.parsed->single_active_consumer && !stats.single_active_tag.empty())
    json.field("single_active_consumer_tag", stats.single_active_tag);
  else
    write_null("single_active_consumer_tag", json);
}

void write_times(const QueueStats& stats, std::uint64_t untouched_since_ms, JsonWriter& json) {
  if (stats.is_idle && stats.idle_since_ms != 0)
    write_time("idle_since", stats.idle_since_ms, json);
  else if (untouched_since_ms != 0)
    write_time("idle_since", untouched_since_ms, json);
  if (stats.head_timestamp_s == 0)
    write_null("head_message_timestamp", json);
  else
    json.field("head_message_timestamp", stats.head_timestamp_s);
  json.field("oldest_ready_age_ms", stats.oldest_ready_age_ms);
  json.field("oldest_unacknowledged_age_ms", stats.oldest_unacked_age_ms);
}

void write_statistics(const QueueInfo& queue, const QueueSample& sample,
                      const ObjectContext& context, JsonWriter& json) {
  write_consumers(queue, sample.stats, json);
  write_residency(sample.stats, json);
  write_times(sample.stats, context.samples.untouched_since_ms(queue.id), json);
  if (sample.stats.counts == core::MessageCounts{}) return;
  json.key("message_stats");
  json.begin_object();
  write_events({sample.rates, sample.history.get(), queue_events()}, context.ranges.message_rates,
               json);
  json.field("disk_reads", sample.stats.disk_reads);
  json.field("disk_writes", sample.stats.disk_writes);
  json.end_object();
}

const QueueSample& sample_of(const QueueInfo& queue, const ObjectContext& context) {
  static const QueueSample untouched{};
  const QueueSample* sample = context.samples.find_queue(queue.id);
  return sample == nullptr ? untouched : *sample;
}

void write_fields(const QueueInfo& queue, const ObjectContext& context, JsonWriter& json) {
  const QueueSample& sample = sample_of(queue, context);
  write_definition(queue, context, json);
  if (queue.parsed->queue_type != core::QueueType::classic) write_members(context, json);
  if (context.has_queue_totals)
    write_lengths(sample.rates, sample.history.get(), context.ranges, json);
  if (!context.has_stats) return;
  write_statistics(queue, sample, context, json);
  if (!queue.owner) return;
  json.key("owner_pid_details");
  json.begin_object();
  const ConnectionSample* owner = context.samples.find_connection(queue.owner);
  if (owner != nullptr) write_peer(owner->stats, json);
  json.end_object();
}

/// The consumers of one queue, and what reaches each of their channels: RabbitMQ's page of a queue.
void write_consumer_details(const QueueInfo& queue, const ObjectContext& context,
                            JsonWriter& json) {
  json.key("consumer_details");
  json.begin_array();
  for (const auto& shard : context.samples.consumers())
    for (const core::ConsumerStats& consumer : shard)
      if (consumer.queue == queue.id) write_consumer(consumer, queue, context, json);
  json.end_array();
}

}  // namespace

void write_queue(const QueueInfo& queue, const ObjectContext& context, JsonWriter& json) {
  json.begin_object();
  write_fields(queue, context, json);
  json.end_object();
}

void write_queue_page(const QueueInfo& queue, const ObjectContext& context, JsonWriter& json) {
  json.begin_object();
  write_fields(queue, context, json);
  if (context.has_stats) {
    write_consumer_details(queue, context, json);
    // Which exchange or channel a message came by is not counted for each pair.
    for (const std::string_view name : {"incoming", "deliveries"}) {
      json.key(name);
      json.begin_array();
      json.end_array();
    }
  }
  json.end_object();
}

}  // namespace lepus::server
