// One type at a time.
#include "core/topology/exchange_arguments.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/message/field_table.h"

namespace lepus::core {

namespace {

/// A delayed exchange cannot delay twice, and has no history.
std::optional<ExchangeType> read_delayed_type(const FieldTable& table) {
  const std::optional<FieldValue> value = table.find("x-delayed-type");
  if (!value || !value->is_string()) return std::nullopt;
  const std::optional<ExchangeType> type = parse_exchange_type(value->text());
  const bool is_plain =
      type && *type != ExchangeType::delayed_message && *type != ExchangeType::recent_history;
  return is_plain ? type : std::nullopt;
}

}  // namespace

Result<ExchangeArguments> parse_exchange_arguments(ExchangeType type, Bytes table_bytes) {
  const FieldTable table{table_bytes};
  ExchangeArguments out;
  out.routes_as = type;
  if (type == ExchangeType::recent_history) {
    out.routes_as = ExchangeType::fanout;
    if (const auto length = table.find("x-recent-history-length")) {
      if (!length->is_integer() || length->as_int64() <= 0)
        return precondition_failed(
            "Invalid argument, 'x-recent-history-length' must be a positive integer");
      out.history_length = static_cast<std::uint64_t>(length->as_int64());
    }
  }
  if (type == ExchangeType::delayed_message) {
    const std::optional<ExchangeType> routes_as = read_delayed_type(table);
    if (!routes_as)
      return precondition_failed(
          "Invalid argument, 'x-delayed-type' must be an existing exchange type");
    out.routes_as = *routes_as;
  }
  if (out.routes_as == ExchangeType::consistent_hash) {
    Result<HashSource> source = parse_hash_source(table_bytes);
    if (!source.ok()) return std::move(source.error());
    out.hash_source = std::move(source.value());
  }
  for (const std::string_view key :
       {"x-message-deduplication", "x-cache-size", "x-cache-ttl", "x-deduplication-header"}) {
    const std::optional<FieldValue> value = table.find(key);
    if (!value) continue;
    const std::string reason = read_deduplication(key, *value, out.deduplication);
    if (!reason.empty())
      return precondition_failed(fmt::format("invalid arg '{}': {}", key, reason));
  }
  if (type == ExchangeType::recent_history && out.deduplication.is_on)
    return AmqpError{ReplyCode::not_implemented,
                     "x-message-deduplication of an exchange of type x-recent-history is not "
                     "supported, see docs/COMPATIBILITY.md"};
  return out;
}

}  // namespace lepus::core
