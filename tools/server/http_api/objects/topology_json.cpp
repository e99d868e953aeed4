// See topology_json.h: the fields, in RabbitMQ's words.
#include "tools/server/http_api/objects/topology_json.h"

namespace lepus::server {

namespace {

void write_exchange_fields(const core::ExchangeInfo& exchange, const ObjectContext& context,
                           JsonWriter& json) {
  json.field("name", exchange.name);
  json.field("vhost", exchange.vhost_info.name);
  json.field("type", core::exchange_type_name(exchange.type));
  json.field("durable", exchange.durable);
  json.field("auto_delete", exchange.auto_delete);
  json.field("internal", exchange.internal);
  write_arguments("arguments", exchange.arguments, json);
  write_policy("policy", exchange.policy, json);
  if (exchange.is_default() || exchange.name.starts_with("amq."))
    json.field("user_who_performed_action", "rmq-internal");
  const ExchangeSample* sample = context.samples.find_exchange(exchange.id);
  if (!context.has_stats || sample == nullptr) return;
  json.key("message_stats");
  json.begin_object();
  write_events({sample->rates, sample->history.get(), exchange_events()},
               context.ranges.message_rates, json);
  json.end_object();
  if (exchange.store == nullptr) return;
  const QueueSample* store = context.samples.find_queue(exchange.store->id);
  json.field("messages_delayed", store == nullptr ? 0 : store->stats.messages_ready);
}

}  // namespace

void write_exchange(const core::ExchangeInfo& exchange, const ObjectContext& context,
                    JsonWriter& json) {
  json.begin_object();
  write_exchange_fields(exchange, context, json);
  json.end_object();
}

void write_exchange_page(const core::ExchangeInfo& exchange, const ObjectContext& context,
                         JsonWriter& json) {
  json.begin_object();
  write_exchange_fields(exchange, context, json);
  // What each channel sent here, and what went to each queue, is not counted for each pair.
  for (const std::string_view name : {"incoming", "outgoing"}) {
    json.key(name);
    json.begin_array();
    json.end_array();
  }
  json.end_object();
}

void write_vhost_statistics(const core::VhostInfo& vhost, const ObjectContext& context,
                            JsonWriter& json) {
  static const VhostSample untouched{};
  const VhostSample* found = context.samples.find_vhost(vhost.id);
  const VhostSample& sample = found == nullptr ? untouched : *found;
  const History* history = sample.history.get();
  write_lengths(sample.rates, history, context.ranges, json);
  json.field("recv_oct", sample.recv_oct);
  json.field("send_oct", sample.send_oct);
  json.key("message_stats");
  json.begin_object();
  write_events({sample.rates, history, vhost_events()}, context.ranges.message_rates, json);
  json.end_object();
}

}  // namespace lepus::server
