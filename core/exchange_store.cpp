// What goes into a store and what comes out.
#include "core/exchange_store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/field_table.h"
#include "core/field_table_writer.h"
#include "core/limits.h"
#include "core/message_rewrite.h"

namespace lepus::core {

namespace {

constexpr std::string_view delay_header = "x-delay";

std::string with_delay_negated(const PropertiesView& view) {
  FieldTableWriter out;
  for (const FieldEntry& entry : view.header_table()) {
    if (entry.name == delay_header && entry.value.is_integer()) {
      out.int64(entry.name, -std::max<std::int64_t>(entry.value.as_int64(), -INT64_MAX));
    } else {
      out.value(entry.name, entry.value);
    }
  }
  return out.take();
}

StoreUse use_of(ExchangeType type, const ExchangeArguments& arguments) {
  if (type == ExchangeType::recent_history) return StoreUse::history;
  if (type == ExchangeType::delayed_message) return StoreUse::delay;
  return arguments.deduplication.is_on ? StoreUse::passage : StoreUse::none;
}

}  // namespace

std::optional<QueueSpec> store_of(const ExchangeSpec& exchange,
                                  const ExchangeArguments& arguments) {
  QueueSpec store;
  store.store_use = use_of(exchange.type, arguments);
  if (store.store_use == StoreUse::none) return std::nullopt;
  store.vhost = exchange.vhost;
  store.durable = exchange.durable;
  store.store_of = exchange.id;
  store.parsed.deduplication = arguments.deduplication;
  if (store.store_use == StoreUse::history) store.parsed.max_length = arguments.history_length;
  return store;
}

std::uint64_t delay_ms(Bytes headers) {
  if (headers.empty()) return 0;
  const std::optional<FieldValue> value = FieldTable{headers}.find(delay_header);
  if (!value || !value->is_integer() || value->as_int64() <= 0) return 0;
  return std::min(static_cast<std::uint64_t>(value->as_int64()), limits::duration_ms_max);
}

bool is_kept_out_of_history(Bytes headers) {
  if (headers.empty()) return false;
  const std::optional<FieldValue> value = FieldTable{headers}.find("x-recent-history-no-store");
  return value && value->is_bool() && value->as_bool();
}

MessageRef make_released(const Message& message, MemoryAccount& account) {
  PropertiesView view = properties_of(message);
  Message::Parts parts;
  parts.exchange = message.exchange();
  parts.routing_key = message.routing_key();
  if (view.has(Property::expiration)) parts.ttl_ms = valid_expiration_ms(view.expiration);
  std::string headers;
  std::vector<std::uint8_t> properties;
  if (view.headers.empty() || !view.header_table().find(delay_header)) {
    parts.properties = message.properties();
  } else {
    headers = with_delay_negated(view);
    view.headers = as_bytes(headers);
    properties = encode_properties(view);
    parts.properties = properties;
  }
  return rewrite(message, parts, account);
}

}  // namespace lepus::core
