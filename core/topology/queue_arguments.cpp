// One line per known key: how it is checked, in the order in which clients of this protocol know
// the complaints. What comes out of a rule is the reason of a 406, in the notation those complaints
// have always had.
#include "core/topology/queue_arguments.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/exchange/value_text.h"
#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

namespace {

constexpr std::string_view dead_letter_exchange_key = "x-dead-letter-exchange";
constexpr std::string_view queue_type_key = "x-queue-type";
constexpr std::size_t routing_key_size_max = 255;  // A short string of the protocol.

/// One key's check. `reason` is empty when the value is good and has been stored.
struct Input {
  const FieldValue& value;
  const FieldTable& table;
  const QueueDescription& queue;
};
using FaultText = std::string;

FaultText unacceptable_type(const FieldValue& value) {
  return fmt::format("{{unacceptable_type,{}}}", value.type_name());
}

FaultText read_count(const FieldValue& value, std::optional<std::uint64_t>& out) {
  if (!value.is_integer()) return fmt::format("\"expected integer, got {}\"", value.type_name());
  if (value.as_int64() < 0) return fmt::format("{{value_negative,{}}}", value.as_int64());
  out = static_cast<std::uint64_t>(value.as_int64());
  return {};
}

FaultText read_duration(const FieldValue& value, std::optional<std::uint64_t>& out) {
  FaultText reason = read_count(value, out);
  if (out) out = std::min(*out, limits::duration_ms_max);
  return reason;
}

FaultText read_positive_duration(const FieldValue& value, std::optional<std::uint64_t>& out) {
  FaultText reason = read_duration(value, out);
  return reason.empty() && *out == 0 ? "{value_zero,0}" : reason;
}

/// Of a queue that is declared now. Policies, and queues that are there, may say more.
FaultText check_expiry(const Input& in, FaultText reason) {
  if (!reason.empty() || !in.queue.is_new) return reason;
  const std::int64_t value = in.value.as_int64();
  if (static_cast<std::uint64_t>(value) <= limits::expiry_ms_max) return {};
  return fmt::format("{{value_too_large,{}}}", value);
}

FaultText on_expires(const Input& in, QueueArguments& out) {
  return check_expiry(in, read_positive_duration(in.value, out.expires_ms));
}
FaultText on_message_ttl(const Input& in, QueueArguments& out) {
  return check_expiry(in, read_duration(in.value, out.message_ttl_ms));
}
FaultText on_max_length(const Input& in, QueueArguments& out) {
  return read_count(in.value, out.max_length);
}
FaultText on_max_length_bytes(const Input& in, QueueArguments& out) {
  return read_count(in.value, out.max_length_bytes);
}
FaultText on_other_count(const Input& in, QueueArguments&) {
  std::optional<std::uint64_t> ignored;
  return read_count(in.value, ignored);
}

FaultText on_dead_letter_exchange(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  out.dead_letter_exchange = in.value.text();
  return {};
}
FaultText on_dead_letter_routing_key(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  if (!in.table.find(dead_letter_exchange_key)) return "routing_key_but_no_dlx_defined";
  const std::size_t size = in.value.text().size();
  if (size > routing_key_size_max)
    return fmt::format("\"a routing key has at most {} bytes, this one has {}\"",
                       routing_key_size_max, size);
  out.dead_letter_routing_key = in.value.text();
  return {};
}
FaultText on_dead_letter_strategy(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  const std::string_view word = in.value.text();
  out.dead_letter_at_least_once = word == "at-least-once";
  return out.dead_letter_at_least_once || word == "at-most-once" ? "" : "invalid_dlx_strategy";
}

FaultText on_max_in_memory_length(const Input& in, QueueArguments& out) {
  return read_count(in.value, out.max_in_memory_length);
}
FaultText on_max_in_memory_bytes(const Input& in, QueueArguments& out) {
  return read_count(in.value, out.max_in_memory_bytes);
}

FaultText on_max_priority(const Input& in, QueueArguments& out) {
  std::optional<std::uint64_t> count;
  FaultText reason = read_count(in.value, count);
  if (!reason.empty()) return reason;
  if (*count > UINT8_MAX) return fmt::format("{{max_value_exceeded,{}}}", *count);
  out.max_priority = static_cast<std::uint8_t>(*count);
  return {};
}

FaultText on_overflow(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  const std::string_view word = in.value.text();
  if (word == "drop-head") {
    out.overflow = Overflow::drop_head;
  } else if (word == "reject-publish") {
    out.overflow = Overflow::reject_publish;
  } else if (word == "reject-publish-dlx") {
    out.overflow = Overflow::reject_publish_dead_letter;
  } else {
    return "invalid_overflow";
  }
  return {};
}

FaultText on_queue_mode(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  const std::string_view word = in.value.text();
  if (word != "default" && word != "lazy")
    return fmt::format("\"unsupported queue mode '{}'\"", word);
  out.queue_mode = word == "lazy" ? QueueMode::lazy : QueueMode::normal;
  return {};
}

FaultText on_queue_version(const Input& in, QueueArguments& out) {
  std::optional<std::uint64_t> version;
  FaultText reason = read_count(in.value, version);
  if (!reason.empty()) return reason;
  if (*version != 1 && *version != 2)
    return fmt::format("\"unsupported queue version '{}'\"", *version);
  out.queue_version = static_cast<std::uint8_t>(*version);
  return {};
}

FaultText on_single_active_consumer(const Input& in, QueueArguments& out) {
  if (!in.value.is_bool()) return unacceptable_type(in.value);
  out.single_active_consumer = in.value.as_bool();
  return {};
}

FaultText on_queue_type(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  const std::string_view word = in.value.text();
  if (word == "classic") {
    out.queue_type = QueueType::classic;
  } else if (word == "quorum") {
    out.queue_type = QueueType::quorum;
  } else if (word == "stream") {
    out.queue_type = QueueType::stream;
  } else {
    return fmt::format("\"unsupported queue type '{}'\"", word);
  }
  return {};
}

/// Below 0: no limit, as RabbitMQ 4 has it.
FaultText on_delivery_limit(const Input& in, QueueArguments& out) {
  if (!in.value.is_integer())
    return fmt::format("\"expected integer, got {}\"", in.value.type_name());
  if (in.value.as_int64() >= 0)
    out.delivery_limit =
        static_cast<std::uint32_t>(std::min<std::int64_t>(in.value.as_int64(), UINT32_MAX));
  return {};
}
FaultText on_consumer_timeout(const Input& in, QueueArguments& out) {
  return read_positive_duration(in.value, out.consumer_timeout_ms);
}

FaultText on_delayed_retry_type(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  const std::string_view word = in.value.text();
  if (word == "disabled") {
    out.delayed_retry = DelayedRetry::disabled;
  } else if (word == "all") {
    out.delayed_retry = DelayedRetry::all;
  } else if (word == "failed") {
    out.delayed_retry = DelayedRetry::failed;
  } else if (word == "returned") {
    out.delayed_retry = DelayedRetry::returned;
  } else {
    return "invalid_delayed_retry_type";
  }
  return {};
}
/// A delay without a type is for what consumers refuse. Without a longest delay, the shortest is
/// the only one.
FaultText on_delayed_retry_min(const Input& in, QueueArguments& out) {
  std::optional<std::uint64_t> delay;
  FaultText reason = read_duration(in.value, delay);
  if (!reason.empty()) return reason;
  if (*delay == 0) return "{value_zero,0}";
  out.delayed_retry_min_ms = out.delayed_retry_max_ms = *delay;
  if (!in.table.find("x-delayed-retry-type")) out.delayed_retry = DelayedRetry::failed;
  return {};
}
FaultText on_delayed_retry_max(const Input& in, QueueArguments& out) {
  std::optional<std::uint64_t> delay;
  FaultText reason = read_duration(in.value, delay);
  if (!reason.empty()) return reason;
  out.delayed_retry_max_ms = std::max(*delay, out.delayed_retry_min_ms);
  return {};
}

FaultText on_max_age(const Input& in, QueueArguments& out) {
  if (!in.value.is_string()) return unacceptable_type(in.value);
  out.max_age_ms = parse_age_ms(in.value.text());
  if (!out.max_age_ms) return "invalid_max_age";
  out.max_age_ms = std::min(*out.max_age_ms, limits::duration_ms_max);
  return "";
}

/// Here a limit of a stream drops messages one by one, and a filter looks at each message: neither
/// needs sizes.
FaultText on_segment_size(const Input& in, QueueArguments&) {
  constexpr std::uint64_t size_max = 3'000'000'000;
  std::optional<std::uint64_t> size;
  FaultText reason = read_count(in.value, size);
  if (reason.empty() && *size > size_max) return fmt::format("{{max_value_exceeded,{}}}", *size);
  return reason;
}
FaultText on_filter_size(const Input& in, QueueArguments&) {
  std::optional<std::uint64_t> size;
  FaultText reason = read_count(in.value, size);
  if (reason.empty() && (*size < 16 || *size > 255))
    return fmt::format("{{filter_size_out_of_range,{}}}", *size);
  return reason;
}

FaultText on_deduplication(const Input& in, QueueArguments& out) {
  return read_deduplication("x-message-deduplication", in.value, out.deduplication);
}
FaultText on_cache_size(const Input& in, QueueArguments& out) {
  return read_deduplication("x-cache-size", in.value, out.deduplication);
}
FaultText on_cache_ttl(const Input& in, QueueArguments& out) {
  return read_deduplication("x-cache-ttl", in.value, out.deduplication);
}
FaultText on_deduplication_header(const Input& in, QueueArguments& out) {
  return read_deduplication("x-deduplication-header", in.value, out.deduplication);
}

FaultText on_shard(const Input& in, QueueArguments& out) {
  std::optional<std::uint64_t> shard;
  FaultText reason = read_count(in.value, shard);
  if (!reason.empty()) return reason;
  if (*shard >= in.queue.shard_count)
    return fmt::format("\"no shard {}, this server has shards 0 to {}\"", *shard,
                       in.queue.shard_count - 1);
  out.shard = static_cast<ShardId>(*shard);
  return {};
}

struct Rule {
  std::string_view key;
  FaultText (*check)(const Input&, QueueArguments&);
  /// A declaration of an existing queue must agree on it.
  enum class Compared : std::uint8_t { always, unless_classic, never } compared;
};
constexpr auto compared = Rule::Compared::always;
constexpr auto not_compared = Rule::Compared::never;
constexpr std::array rules{
    Rule{"x-expires", on_expires, compared},
    Rule{"x-message-ttl", on_message_ttl, compared},
    Rule{dead_letter_exchange_key, on_dead_letter_exchange, compared},
    Rule{"x-dead-letter-routing-key", on_dead_letter_routing_key, compared},
    Rule{"x-dead-letter-strategy", on_dead_letter_strategy, compared},
    Rule{"x-max-length", on_max_length, compared},
    Rule{"x-max-length-bytes", on_max_length_bytes, compared},
    Rule{"x-max-in-memory-length", on_max_in_memory_length, compared},
    Rule{"x-max-in-memory-bytes", on_max_in_memory_bytes, compared},
    Rule{"x-max-priority", on_max_priority, compared},
    Rule{"x-overflow", on_overflow, compared},
    Rule{"x-queue-mode", on_queue_mode, compared},
    Rule{"x-queue-version", on_queue_version, compared},
    Rule{"x-single-active-consumer", on_single_active_consumer, compared},
    Rule{queue_type_key, on_queue_type, compared},
    Rule{"x-delivery-limit", on_delivery_limit, compared},
    Rule{"x-consumer-timeout", on_consumer_timeout, Rule::Compared::unless_classic},
    Rule{"x-delayed-retry-type", on_delayed_retry_type, compared},
    Rule{"x-delayed-retry-min", on_delayed_retry_min, compared},
    Rule{"x-delayed-retry-max", on_delayed_retry_max, compared},
    Rule{"x-quorum-initial-group-size", on_other_count, not_compared},
    Rule{"x-max-age", on_max_age, compared},
    Rule{"x-stream-max-segment-size-bytes", on_segment_size, compared},
    Rule{"x-stream-filter-size-bytes", on_filter_size, compared},
    Rule{"x-initial-cluster-size", on_other_count, compared},
    Rule{"x-message-deduplication", on_deduplication, compared},
    Rule{"x-cache-size", on_cache_size, compared},
    Rule{"x-cache-ttl", on_cache_ttl, compared},
    Rule{"x-deduplication-header", on_deduplication_header, compared},
    Rule{"x-lepus-shard", on_shard, not_compared},
};

std::string title(const QueueDescription& queue) {
  return fmt::format("queue '{}' in vhost '{}'", queue.name, queue.vhost);
}
AmqpError invalid_argument(std::string_view key, const QueueDescription& queue,
                           std::string_view reason) {
  return precondition_failed(fmt::format("invalid arg '{}' for {}: {}", key, title(queue), reason));
}

/// Which types of queue have an argument; RabbitMQ's sets, and wider where that harms nobody. Keys
/// that are not here belong to all types.
struct TypedKey {
  std::string_view key;
  bool classic;
  bool quorum;
  bool stream;
};
constexpr std::array typed_keys{
    TypedKey{"x-expires", true, true, false},
    TypedKey{"x-message-ttl", true, true, false},
    TypedKey{"x-dead-letter-exchange", true, true, false},
    TypedKey{"x-dead-letter-routing-key", true, true, false},
    TypedKey{"x-dead-letter-strategy", true, true, false},
    TypedKey{"x-max-length", true, true, false},
    TypedKey{"x-max-in-memory-length", true, true, false},
    TypedKey{"x-max-in-memory-bytes", true, true, false},
    TypedKey{"x-max-priority", true, true, false},
    TypedKey{"x-overflow", true, true, false},
    TypedKey{"x-queue-mode", true, false, false},
    TypedKey{"x-queue-version", true, false, false},
    TypedKey{"x-single-active-consumer", true, true, false},
    TypedKey{"x-delivery-limit", true, true, false},
    TypedKey{"x-consumer-timeout", true, true, false},
    TypedKey{"x-delayed-retry-type", true, true, false},
    TypedKey{"x-delayed-retry-min", true, true, false},
    TypedKey{"x-delayed-retry-max", true, true, false},
    TypedKey{"x-message-deduplication", true, true, false},
    TypedKey{"x-quorum-initial-group-size", false, true, false},
    TypedKey{"x-max-age", false, false, true},
    TypedKey{"x-stream-max-segment-size-bytes", false, false, true},
    TypedKey{"x-stream-filter-size-bytes", false, false, true},
    TypedKey{"x-initial-cluster-size", false, false, true},
};

bool is_of_type(const TypedKey& key, QueueType type) {
  switch (type) {
    case QueueType::classic:
      return key.classic;
    case QueueType::quorum:
      return key.quorum;
    case QueueType::stream:
      return key.stream;
  }
  return false;
}

/// Quorum queues and streams are durable, and nobody's own.
std::optional<AmqpError> check_type(const FieldTable& table, QueueType type,
                                    const QueueDescription& queue) {
  for (const TypedKey& key : typed_keys) {
    if (is_of_type(key, type) || !table.find(key.key)) continue;
    return precondition_failed(fmt::format("invalid arg '{}' for {} of queue type rabbit_{}_queue",
                                           key.key, title(queue), queue_type_name(type)));
  }
  if (type == QueueType::classic) return std::nullopt;
  std::string_view property;
  if (queue.auto_delete) {
    property = "auto-delete";
  } else if (queue.exclusive) {
    property = "exclusive-owner";
  } else if (!queue.durable) {
    property = "non-durable";
  } else {
    return std::nullopt;
  }
  return precondition_failed(fmt::format("invalid property '{}' for {}", property, title(queue)));
}

std::optional<AmqpError> check_server_named(const FieldTable& table, bool server_named) {
  const std::optional<FieldValue> type = table.find(queue_type_key);
  if (!server_named || !type || !type->is_string()) return std::nullopt;
  if (type->text() != "quorum" && type->text() != "stream") return std::nullopt;
  return precondition_failed(
      fmt::format("Cannot declare a server-named queue for type rabbit_{}_queue", type->text()));
}

/// No value and "classic" are one and the same queue type.
std::optional<FieldValue> find_compared(const FieldTable& table, std::string_view key) {
  std::optional<FieldValue> value = table.find(key);
  if (key == queue_type_key && value && value->is_string() && value->text() == "classic")
    value.reset();
  return value;
}

}  // namespace

std::string_view queue_type_name(QueueType type) {
  switch (type) {
    case QueueType::classic:
      return "classic";
    case QueueType::quorum:
      return "quorum";
    case QueueType::stream:
      return "stream";
  }
  CHECK(false);
  return {};
}

bool has_queue_argument(std::string_view key, QueueType type) {
  for (const TypedKey& typed_key : typed_keys)
    if (typed_key.key == key) return is_of_type(typed_key, type);
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.key == key; });
}

std::optional<std::string> check_policy_argument(std::string_view key, const FieldValue& value) {
  for (const std::string_view fixed :
       {"x-max-priority", "x-queue-type", "x-single-active-consumer", "x-lepus-shard"})
    if (key == fixed) return std::nullopt;
  for (const Rule& rule : rules) {
    if (rule.key != key) continue;
    // The dead letter exchange may come from an argument, or another policy.
    FieldTableWriter with_exchange;
    with_exchange.text(dead_letter_exchange_key, "");
    const FieldTable table{with_exchange.bytes()};
    QueueArguments ignored;
    return rule.check(Input{value, table, {}}, ignored);
  }
  return std::nullopt;
}

Result<QueueArguments> parse_queue_arguments(Bytes table_bytes, const QueueDescription& queue) {
  const FieldTable table{table_bytes};
  QueueArguments arguments;
  if (table.empty()) return arguments;
  if (std::optional<AmqpError> error = check_server_named(table, queue.server_named))
    return *std::move(error);
  const std::optional<FieldValue> dead_letter = table.find(dead_letter_exchange_key);
  if (dead_letter && !dead_letter->is_string()) {
    return precondition_failed(fmt::format("invalid type '{}' for arg '{}' in {}",
                                           dead_letter->type_name(), dead_letter_exchange_key,
                                           title(queue)));
  }
  for (const Rule& rule : rules) {
    const std::optional<FieldValue> value = table.find(rule.key);
    if (!value) continue;
    const FaultText reason = rule.check(Input{*value, table, queue}, arguments);
    if (!reason.empty()) return invalid_argument(rule.key, queue, reason);
  }
  if (std::optional<AmqpError> error = check_type(table, arguments.queue_type, queue))
    return *std::move(error);
  return arguments;
}

std::optional<AmqpError> compare_queue_arguments(Bytes current_bytes, Bytes received_bytes,
                                                 const QueueDescription& queue) {
  if (current_bytes.empty() && received_bytes.empty()) return std::nullopt;
  const FieldTable current_table{current_bytes};
  const FieldTable received_table{received_bytes};
  const std::optional<FieldValue> type = find_compared(current_table, queue_type_key);
  for (const Rule& rule : rules) {
    if (rule.compared == Rule::Compared::never) continue;
    if (rule.compared == Rule::Compared::unless_classic && !type) continue;
    const std::optional<FieldValue> current = find_compared(current_table, rule.key);
    const std::optional<FieldValue> received = find_compared(received_table, rule.key);
    if (current == received) continue;
    return precondition_failed(fmt::format("inequivalent arg '{}' for {}: {}", rule.key,
                                           title(queue), received_but_current(received, current)));
  }
  return std::nullopt;
}

}  // namespace lepus::core
