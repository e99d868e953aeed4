// See message_edit.h.
#include "tools/server/shovel/message_edit.h"

#include <optional>

#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"
#include "core/message/properties.h"

namespace lepus::server {

namespace {

using core::FieldTable;
using core::FieldTableWriter;
using core::FieldValue;
using core::PropertiesView;
using core::Property;

constexpr std::string_view shovelled_header = "x-shovelled";
constexpr std::string_view timestamp_header = "x-shovelled-timestamp";

std::string_view text_of(const FieldTable& table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->is_string() ? value->text() : std::string_view{};
}

FieldTable headers_of(const core::Message& message) {
  const PropertiesView view = core::properties_of(message);
  return view.has(Property::headers) ? view.header_table() : FieldTable{};
}

/// Of x-death, the newest is the first.
DeathSeen listed_death(const FieldTable& headers, bool is_newest) {
  DeathSeen seen;
  const auto deaths = headers.find("x-death");
  if (!deaths || !deaths->is_array()) return seen;
  for (const FieldValue& value : deaths->array()) {
    if (!value.is_table()) continue;
    seen = {text_of(value.table(), "queue"), text_of(value.table(), "reason")};
    if (is_newest) break;
  }
  return seen;
}

void write_shovelled(FieldTableWriter& out, const ShovelOrder& order) {
  const auto put = [&out](std::string_view name, const std::optional<std::string>& value) {
    if (value) out.text(name, *value);
  };
  out.begin_table({});
  out.text("shovelled-by", order.changes.cluster_name);
  out.text("shovel-type", "dynamic");
  out.text("shovel-name", order.name);
  out.text("shovel-vhost", order.vhost);
  out.text("src-uri", order.source.uri);
  out.text("dest-uri", order.target.uri);
  put("src-queue", order.source.queue);
  put("src-exchange", order.source.exchange);
  put("src-exchange-key", order.source.key);
  put("dest-queue", order.target.queue);
  put("dest-exchange", order.target.exchange);
  put("dest-exchange-key", order.target.key);
  out.end();
}

/// The newest in front, as RabbitMQ does it; older ones only as far as they are such a list.
void write_forward_header(FieldTableWriter& out, const FieldTable& headers,
                          const ShovelOrder& order) {
  out.begin_array(shovelled_header);
  write_shovelled(out, order);
  const auto older = headers.find(shovelled_header);
  if (older && older->is_array())
    for (const FieldValue& value : older->array())
      if (value.is_table()) out.table({}, value.table().bytes());
  out.end();
}

/// Headers that are set replace those of the same name.
std::string edited_headers(const FieldTable& headers, const FieldTable& set,
                           const ShovelOrder& order, std::uint64_t now_s) {
  const ShovelChanges& changes = order.changes;
  FieldTableWriter out;
  for (const core::FieldEntry& entry : headers) {
    if (changes.adds_forward_headers && entry.name == shovelled_header) continue;
    if (changes.adds_timestamp && entry.name == timestamp_header) continue;
    if (!set.find(entry.name)) out.value(entry.name, entry.value);
  }
  for (const core::FieldEntry& entry : set) out.value(entry.name, entry.value);
  if (changes.adds_forward_headers) write_forward_header(out, headers, order);
  if (changes.adds_timestamp) out.int64(timestamp_header, static_cast<std::int64_t>(now_s));
  return out.take();
}

void replace_properties(PropertiesView& view, const PropertiesView& set) {
  const auto take = [&](Property property, auto& to, const auto& from) {
    if (!set.has(property)) return;
    to = from;
    view.set(property);
  };
  take(Property::content_type, view.content_type, set.content_type);
  take(Property::content_encoding, view.content_encoding, set.content_encoding);
  take(Property::delivery_mode, view.delivery_mode, set.delivery_mode);
  take(Property::priority, view.priority, set.priority);
  take(Property::correlation_id, view.correlation_id, set.correlation_id);
  take(Property::reply_to, view.reply_to, set.reply_to);
  take(Property::expiration, view.expiration, set.expiration);
  take(Property::message_id, view.message_id, set.message_id);
  take(Property::timestamp, view.timestamp_s, set.timestamp_s);
  take(Property::type, view.type, set.type);
  take(Property::user_id, view.user_id, set.user_id);
  take(Property::app_id, view.app_id, set.app_id);
  take(Property::cluster_id, view.cluster_id, set.cluster_id);
}

}  // namespace

DeathSeen first_death(const core::Message& message) {
  const FieldTable headers = headers_of(message);
  const DeathSeen named{text_of(headers, "x-first-death-queue"),
                        text_of(headers, "x-first-death-reason")};
  return named.queue.empty() ? listed_death(headers, false) : named;
}

DeathSeen last_death(const core::Message& message) {
  const FieldTable headers = headers_of(message);
  const DeathSeen named{text_of(headers, "x-last-death-queue"),
                        text_of(headers, "x-last-death-reason")};
  return named.queue.empty() ? listed_death(headers, true) : named;
}

std::string_view origin_of(const core::Message& message, ShovelOrigin origin) {
  switch (origin) {
    case ShovelOrigin::first_death:
      return first_death(message).queue;
    case ShovelOrigin::last_death:
      return last_death(message).queue;
    case ShovelOrigin::none:
      break;
  }
  return {};
}

bool is_meant(const core::Message& message, const ShovelFilter& filter) {
  if (!filter.routing_key.empty() && message.routing_key() != filter.routing_key) return false;
  if (!filter.message_id.empty() && core::properties_of(message).message_id != filter.message_id)
    return false;
  if (filter.died_in.empty() && filter.reason.empty()) return true;
  const auto fits = [&filter](const DeathSeen& death) {
    return (filter.died_in.empty() || death.queue == filter.died_in) &&
           (filter.reason.empty() || death.reason == filter.reason);
  };
  return fits(last_death(message)) || fits(first_death(message));
}

bool changes_messages(const ShovelOrder& order) {
  const ShovelChanges& changes = order.changes;
  return changes.adds_forward_headers || changes.adds_timestamp ||
         changes.publish_properties != std::string(2, '\0');
}

std::vector<std::uint8_t> edit_properties(const core::Message& message, const ShovelOrder& order,
                                          std::uint64_t now_s) {
  PropertiesView view = core::properties_of(message);
  PropertiesView set;
  const bool is_valid =
      core::decode_properties(core::as_bytes(order.changes.publish_properties), set);
  CHECK(is_valid);
  const std::string headers = edited_headers(view.header_table(), set.header_table(), order, now_s);
  replace_properties(view, set);
  view.headers = core::as_bytes(headers);
  view.set(Property::headers);
  return core::encode_properties(view);
}

}  // namespace lepus::server
