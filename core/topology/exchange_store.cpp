// What goes into a store and what comes out.
#include "core/topology/exchange_store.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"
#include "core/message/store_path.h"

namespace lepus::core {

namespace {

constexpr std::string_view delay_header = "x-delay";

/// The fraction is cut off. No number: nothing.
std::optional<std::int64_t> whole_number(double number) {
  constexpr double end = 0x1p63;
  if (std::isnan(number)) return std::nullopt;
  if (number >= end) return INT64_MAX;
  if (number <= -end) return INT64_MIN;
  return static_cast<std::int64_t>(number);
}

/// A sign and digits, nothing else.
std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error != std::errc{}) return text.starts_with('-') ? INT64_MIN : INT64_MAX;
  return number;
}

std::optional<std::int64_t> whole_number(const FieldValue& value) {
  if (value.is_integer()) return value.as_int64();
  if (value.is_string()) return whole_number(value.text());
  if (value.is_floating()) return whole_number(value.as_double());
  if (!value.is_decimal()) return std::nullopt;
  const FieldValue::Decimal decimal = value.as_decimal();
  return whole_number(decimal.unscaled / std::pow(10.0, decimal.scale));
}

/// It is above 0.
std::string with_delay_negated(const PropertiesView& view) {
  FieldTableWriter out;
  for (const FieldEntry& entry : view.header_table()) {
    if (entry.name == delay_header) {
      out.int64(entry.name, -whole_number(entry.value).value_or(0));
    } else {
      out.value(entry.name, entry.value);
    }
  }
  return out.take();
}

StoreUse use_of(ExchangeType type, const ExchangeArguments& arguments) {
  if (type == ExchangeType::recent_history) return StoreUse::history;
  if (type == ExchangeType::delayed_message) return StoreUse::delay;
  return arguments.deduplication.is_on ? StoreUse::deduplicate : StoreUse::none;
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
  store.parsed.edit().deduplication = arguments.deduplication;
  if (store.store_use == StoreUse::history)
    store.parsed.edit().max_length = arguments.history_length;
  return store;
}

std::uint64_t delay_ms(Bytes headers) {
  if (headers.empty()) return 0;
  const std::optional<FieldValue> value = FieldTable{headers}.find(delay_header);
  const std::int64_t delay = value ? whole_number(*value).value_or(0) : 0;
  if (delay <= 0) return 0;
  return std::min(static_cast<std::uint64_t>(delay), limits::duration_ms_max);
}

bool is_left_out_of_history(Bytes headers) {
  if (headers.empty()) return false;
  const std::optional<FieldValue> value = FieldTable{headers}.find("x-recent-history-no-store");
  return value && value->is_bool() && value->as_bool();
}

MessageRef make_released(const Message& message, StoreUse use, MemoryAccount& account) {
  PropertiesView view = properties_of(message);
  Message::Parts parts;
  parts.exchange = message.exchange();
  parts.routing_key = message.routing_key();
  if (view.has(Property::expiration)) parts.ttl_ms = valid_expiration_ms(view.expiration);
  std::string headers;
  std::vector<std::uint8_t> properties;
  if (use != StoreUse::delay || delay_ms(view.headers) == 0) {
    parts.properties = plain_properties(message);
  } else {
    headers = with_delay_negated(view);
    view.headers = as_bytes(headers);
    properties = encode_properties(view);
    parts.properties = properties;
  }
  return rewrite(message, parts, account);
}

}  // namespace lepus::core
