// Headers of a traced message.
#include "core/broker/firehose.h"

#include <string>

#include "core/broker/event.h"
#include "core/message/message_rewrite.h"

namespace lepus::core {

namespace {

/// Of a shortstr. A name may be as long, without the prefix.
constexpr std::size_t key_size_max = 255;

struct TextProperty {
  Property property;
  std::string_view name;
  std::string_view PropertiesView::*value;
};
constexpr TextProperty text_properties[] = {
    {Property::content_type, "content_type", &PropertiesView::content_type},
    {Property::content_encoding, "content_encoding", &PropertiesView::content_encoding},
    {Property::correlation_id, "correlation_id", &PropertiesView::correlation_id},
    {Property::reply_to, "reply_to", &PropertiesView::reply_to},
    {Property::expiration, "expiration", &PropertiesView::expiration},
    {Property::message_id, "message_id", &PropertiesView::message_id},
    {Property::type, "type", &PropertiesView::type},
    {Property::user_id, "user_id", &PropertiesView::user_id},
    {Property::app_id, "app_id", &PropertiesView::app_id},
    {Property::cluster_id, "cluster_id", &PropertiesView::cluster_id},
};

/// Numbers as RabbitMQ has them, but for a timestamp that needs more than 32 bits.
void write_properties(const PropertiesView& view, FieldTableWriter& out) {
  out.begin_table("properties");
  if (view.has(Property::headers)) out.table("headers", view.headers);
  if (view.has(Property::delivery_mode)) out.int32("delivery_mode", view.delivery_mode);
  if (view.has(Property::priority)) out.int32("priority", view.priority);
  if (view.has(Property::timestamp)) {
    if (view.timestamp_s <= INT32_MAX) {
      out.int32("timestamp", static_cast<std::int32_t>(view.timestamp_s));
    } else {
      out.int64("timestamp", static_cast<std::int64_t>(view.timestamp_s));
    }
  }
  for (const TextProperty& property : text_properties)
    if (view.has(property.property)) out.text(property.name, view.*property.value);
  out.end();
}

void write_keys(const Message& message, const PropertiesView& view, FieldTableWriter& out) {
  out.begin_array("routing_keys");
  out.text({}, message.routing_key());
  for (const std::string_view key : cc_keys(view)) out.text({}, key);
  out.end();
}

}  // namespace

MessageRef make_trace(const Trace& trace, const TracePlace& place, const Message& message,
                      MemoryAccount& account) {
  CHECK(message.complete());
  CHECK(trace.routed == nullptr || trace.queue.empty());
  const PropertiesView view = properties_of(message);
  FieldTableWriter headers;
  headers.text("exchange_name", message.exchange());
  write_keys(message, view, headers);
  write_properties(view, headers);
  headers.text("node", place.node);
  if (trace.routed == nullptr) headers.int32("redelivered", trace.redelivered ? 1 : 0);
  headers.text("vhost", place.vhost);
  headers.text("connection", trace.connection);
  headers.int32("channel", trace.channel);
  headers.text("user", trace.user);
  if (trace.routed != nullptr) {
    headers.begin_array("routed_queues");
    for (const QueueInfo* queue : *trace.routed) headers.text({}, queue->name);
    headers.end();
  }
  PropertiesView properties;
  properties.set(Property::headers);
  properties.headers = headers.bytes();
  const std::vector<std::uint8_t> encoded = encode_properties(properties);
  const std::string key = trace.routed != nullptr ? "publish." + std::string{message.exchange()}
                                                  : "deliver." + std::string{trace.queue};
  Message::Parts parts;
  parts.exchange = trace_exchange_name;
  parts.routing_key = std::string_view{key}.substr(0, key_size_max);
  parts.properties = encoded;
  return with_body_of(message, parts, account);
}

}  // namespace lepus::core
