// The x-death header, rewritten.
#include "core/dead_letter.h"

#include <optional>
#include <utility>

#include "core/field_table.h"
#include "core/field_table_writer.h"
#include "core/message_rewrite.h"

namespace lepus::core {

namespace {

std::optional<FieldArray> old_deaths(const PropertiesView& view) {
  if (view.headers.empty()) return std::nullopt;
  const auto value = view.header_table().find("x-death");
  if (!value || !value->is_array()) return std::nullopt;
  return value->array();
}

bool names(const FieldTable& death, std::string_view field, std::string_view text) {
  const auto value = death.find(field);
  return value && value->is_string() && value->text() == text;
}

bool is_same_death(const FieldValue& value, const Death& death) {
  return value.is_table() && names(value.table(), "queue", death.queue->name) &&
         names(value.table(), "reason", death_reason_name(death.reason));
}

std::int64_t old_count(const PropertiesView& view, const Death& death) {
  const auto deaths = old_deaths(view);
  if (!deaths) return 0;
  for (const FieldValue& value : *deaths) {
    if (!is_same_death(value, death)) continue;
    const auto count = value.table().find("count");
    return count && count->is_integer() ? count->as_int64() : 0;
  }
  return 0;
}

void write_death(FieldTableWriter& out, const Message& message, const PropertiesView& view,
                 const Death& death) {
  out.begin_table({});
  out.int64("count", old_count(view, death) + 1);
  out.text("reason", death_reason_name(death.reason));
  out.text("queue", death.queue->name);
  out.timestamp_s("time", death.time_s);
  out.text("exchange", message.exchange());
  if (view.has(Property::expiration)) out.text("original-expiration", view.expiration);
  out.begin_array("routing-keys");
  out.text({}, message.routing_key());
  for (const std::string_view key : carbon_keys(view)) out.text({}, key);
  out.end();
  out.end();
}

/// The headers with the new death in front of the old ones.
std::string rewrite_headers(const Message& message, const PropertiesView& view,
                            const Death& death) {
  FieldTableWriter out;
  bool has_first = false;
  // RabbitMQ drops CC when the queue has a dead letter routing key of its own.
  const bool keeps_cc = !death.queue->effective.dead_letter_routing_key.has_value();
  for (const FieldEntry& entry : view.header_table()) {
    if (entry.name == "x-death" || entry.name.starts_with("x-last-death-")) continue;
    if (entry.name == "CC" && !keeps_cc) continue;
    if (entry.name == "x-first-death-queue") has_first = true;
    out.value(entry.name, entry.value);
  }
  out.begin_array("x-death");
  write_death(out, message, view, death);
  if (const auto deaths = old_deaths(view)) {
    for (const FieldValue& old : *deaths)
      if (!is_same_death(old, death)) out.value({}, old);
  }
  out.end();
  const std::string_view reason = death_reason_name(death.reason);
  for (const std::string prefix : {"x-first-death-", "x-last-death-"}) {
    if (has_first && prefix == "x-first-death-") continue;
    out.text(prefix + "exchange", message.exchange());
    out.text(prefix + "queue", death.queue->name);
    out.text(prefix + "reason", reason);
  }
  return out.take();
}

}  // namespace

std::string_view death_reason_name(DeathReason reason) {
  switch (reason) {
    case DeathReason::rejected:
      return "rejected";
    case DeathReason::expired:
      return "expired";
    case DeathReason::maxlen:
      return "maxlen";
    case DeathReason::delivery_limit:
      return "delivery_limit";
  }
  CHECK(false);
  return {};
}

MessageRef make_dead_letter(const Message& message, const Death& death, MemoryAccount& account) {
  const QueueArguments& arguments = death.queue->effective;
  CHECK(arguments.dead_letter_exchange.has_value());
  PropertiesView view = properties_of(message);
  const std::string headers = rewrite_headers(message, view, death);
  view.headers = as_bytes(headers);
  view.set(Property::headers);
  view.clear(Property::expiration);
  const std::vector<std::uint8_t> properties = encode_properties(view);
  Message::Parts parts;
  parts.exchange = *arguments.dead_letter_exchange;
  parts.routing_key = arguments.dead_letter_routing_key ? *arguments.dead_letter_routing_key
                                                        : message.routing_key();
  parts.properties = properties;
  return rewrite(message, parts, account);
}

bool is_cycle(const Message& dead_letter, std::string_view queue) {
  const PropertiesView view = properties_of(dead_letter);
  const auto deaths = old_deaths(view);
  if (!deaths) return false;
  for (const FieldValue& value : *deaths) {
    if (!value.is_table()) return false;
    if (names(value.table(), "reason", "rejected")) return false;
    if (names(value.table(), "queue", queue)) return true;
  }
  return false;
}

}  // namespace lepus::core
