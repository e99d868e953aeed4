// See client_json.h: the fields, in RabbitMQ's words.
#include "tools/server/http_api/objects/client_json.h"

#include <fmt/format.h>

#include "net/amqp/pid.h"

namespace lepus::server {

namespace {

void write_text_or_null(std::string_view name, const std::string& text, JsonWriter& json) {
  if (text.empty()) return write_null(name, json);
  json.field(name, text);
}

void write_security(const core::ConnectionStats& stats, JsonWriter& json) {
  json.field("ssl", stats.is_tls);
  write_text_or_null("ssl_protocol", stats.tls_protocol, json);
  write_text_or_null("ssl_key_exchange", stats.tls_key_exchange, json);
  write_text_or_null("ssl_cipher", stats.tls_cipher, json);
  write_text_or_null("ssl_hash", stats.tls_hash, json);
  write_text_or_null("peer_cert_subject", stats.peer_cert_subject, json);
  write_text_or_null("peer_cert_issuer", stats.peer_cert_issuer, json);
  write_text_or_null("peer_cert_validity", stats.peer_cert_validity, json);
}

void write_traffic(const ConnectionSample& sample, JsonWriter& json) {
  const core::ConnectionStats& stats = sample.stats;
  json.field("recv_oct", stats.recv_oct);
  write_details("recv_oct", {sample.octets.rate(0)}, {}, json);
  json.field("recv_cnt", stats.recv_cnt);
  json.field("send_oct", stats.send_oct);
  write_details("send_oct", {sample.octets.rate(1)}, {}, json);
  json.field("send_cnt", stats.send_cnt);
  json.field("send_pend", stats.send_pend);
}

void write_channel_fields(const ChannelSample& sample, const ObjectContext& context,
                          JsonWriter& json) {
  const core::ChannelStats& stats = sample.stats;
  json.field("name", channel_name(stats));
  json.field("pid", amqp::connection_pid(context.node, stats.connection, stats.number));
  json.field("number", stats.number);
  json.field("user", stats.user);
  json.field("user_who_performed_action", stats.user);
  json.field("vhost", stats.vhost);
  json.field("node", context.node);
  json.field("state", channel_state(stats));
  json.field("confirm", stats.confirm);
  json.field("transactional", stats.transactional);
  json.field("consumer_count", stats.consumer_count);
  json.field("messages_unacknowledged", stats.messages_unacknowledged);
  json.field("messages_unconfirmed", stats.messages_unconfirmed);
  json.field("messages_uncommitted", stats.messages_uncommitted);
  json.field("acks_uncommitted", stats.acks_uncommitted);
  json.field("prefetch_count", stats.prefetch_count);
  json.field("global_prefetch_count", stats.global_prefetch_count);
  json.field("client_flow_blocked", false);
  if (stats.idle_since_ms != 0) write_time("idle_since", stats.idle_since_ms, json);
  json.key("connection_details");
  json.begin_object();
  if (const ConnectionSample* connection = context.samples.find_connection(stats.connection))
    write_peer(connection->stats, json);
  else
    json.field("name", stats.connection_name);
  json.end_object();
  if (!context.has_stats || stats.counts == core::MessageCounts{}) return;
  json.key("message_stats");
  json.begin_object();
  write_events({sample.rates, nullptr, channel_events()}, context.ranges.message_rates, json);
  json.end_object();
}

/// All of them, or an empty list when the channel has not told of itself yet, as RabbitMQ does.
void write_channel_details(const core::ConsumerStats& consumer, const ObjectContext& context,
                           JsonWriter& json) {
  const ChannelSample* channel =
      context.samples.find_channel({consumer.connection, consumer.channel});
  const ConnectionSample* connection = context.samples.find_connection(consumer.connection);
  if (channel == nullptr || connection == nullptr) return json.raw("[]");
  json.begin_object();
  json.field("name", channel_name(channel->stats));
  json.field("number", consumer.channel);
  json.field("user", channel->stats.user);
  json.field("node", context.node);
  json.field("connection_name", connection->stats.name);
  json.field("peer_host", connection->stats.peer_host);
  json.field("peer_port", connection->stats.peer_port);
  json.end_object();
}

}  // namespace

std::string channel_name(const core::ChannelStats& stats) {
  return fmt::format("{} ({})", stats.connection_name, stats.number);
}

std::string_view channel_state(const core::ChannelStats& stats) {
  return stats.is_flow_blocked ? "flow" : stats.idle_since_ms != 0 ? "idle" : "running";
}

void write_peer(const core::ConnectionStats& stats, JsonWriter& json) {
  json.field("name", stats.name);
  json.field("peer_host", stats.peer_host);
  json.field("peer_port", stats.peer_port);
}

void write_connection(const ConnectionSample& sample, const ObjectContext& context,
                      JsonWriter& json) {
  const core::ConnectionStats& stats = sample.stats;
  json.begin_object();
  json.field("name", stats.name);
  json.field("pid", amqp::connection_pid(context.node, stats.id));
  json.field("user", stats.user);
  json.field("user_who_performed_action", stats.user);
  json.field("vhost", stats.vhost);
  json.field("node", context.node);
  json.field("type", "network");
  json.field("protocol", "AMQP 0-9-1");
  json.field("state", stats.state);
  json.field("channels", stats.channels);
  json.field("channel_max", stats.channel_max);
  json.field("frame_max", stats.frame_max);
  json.field("timeout", stats.timeout_s);
  json.field("host", stats.host);
  json.field("port", stats.port);
  json.field("peer_host", stats.peer_host);
  json.field("peer_port", stats.peer_port);
  json.field("auth_mechanism", stats.auth_mechanism);
  json.field("connected_at", stats.connected_at_ms);
  write_security(stats, json);
  write_arguments("client_properties", stats.client_properties, json);
  if (context.has_stats) write_traffic(sample, json);
  json.end_object();
}

void write_channel(const ChannelSample& sample, const ObjectContext& context, JsonWriter& json) {
  json.begin_object();
  write_channel_fields(sample, context, json);
  json.end_object();
}

void write_channel_page(const ChannelSample& sample, const ObjectContext& context,
                        JsonWriter& json) {
  json.begin_object();
  write_channel_fields(sample, context, json);
  json.key("consumer_details");
  json.begin_array();
  for (const auto& shard : context.samples.consumers())
    for (const core::ConsumerStats& consumer : shard) {
      const bool is_own =
          consumer.connection == sample.stats.connection && consumer.channel == sample.stats.number;
      const core::QueueInfo* queue = is_own ? context.topology.find_queue(consumer.queue) : nullptr;
      if (queue != nullptr) write_consumer(consumer, *queue, context, json);
    }
  json.end_array();
  for (const std::string_view name : {"publishes", "deliveries"}) {
    json.key(name);
    json.begin_array();
    json.end_array();
  }
  json.end_object();
}

void write_consumer(const core::ConsumerStats& consumer, const core::QueueInfo& queue,
                    const ObjectContext& context, JsonWriter& json) {
  const core::VhostInfo* vhost = context.topology.find_vhost(queue.vhost);
  json.begin_object();
  json.field("consumer_tag", consumer.tag);
  json.field("ack_required", consumer.ack_required);
  json.field("exclusive", consumer.exclusive);
  json.field("active", consumer.active);
  json.field("activity_status", !consumer.single_active ? "up"
                                : consumer.active       ? "single_active"
                                                        : "waiting");
  json.field("prefetch_count", consumer.prefetch_count);
  const auto own_timeout = queue.effective->consumer_timeout_ms;
  json.field("consumer_timeout", own_timeout.value_or(context.consumer_timeout_ms));
  write_arguments("arguments", consumer.arguments, json);
  json.key("queue");
  json.begin_object();
  json.field("name", queue.name);
  json.field("vhost", vhost == nullptr ? std::string_view{} : std::string_view{vhost->name});
  json.end_object();
  json.key("channel_details");
  write_channel_details(consumer, context, json);
  json.end_object();
}

}  // namespace lepus::server
