// The x-arguments of a queue: what the client's table says, checked and turned into plain fields.
//
//   table bytes -> check every known key, in one fixed order -> QueueArguments
//                  first bad one: 406 naming the key
//
// Keys nobody knows are no error: they stay in the stored table and have no effect, as clients
// expect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/exchange/deduplicator.h"

namespace lepus::core {

struct FieldValue;  // core/message/field_table.h

enum class QueueType : std::uint8_t { classic, quorum, stream };
/// "classic", "quorum", "stream".
std::string_view queue_type_name(QueueType type);
enum class QueueMode : std::uint8_t { normal, lazy };
/// What a full queue does with one message more.
enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dead_letter };

/// Which messages that come back wait before the next try: those that basic.reject and basic.nack
/// gave back (failed), those whose consumer went (returned), or both.
enum class DelayedRetry : std::uint8_t { disabled, all, failed, returned };

struct QueueArguments {
  std::optional<std::uint64_t>
      message_ttl_ms;  ///< 0 = expires unless delivered at once. Durations are cut to 36 years.
  std::optional<std::uint64_t> expires_ms;        ///< Unused for so long: deleted. At least 1.
  std::optional<std::uint64_t> max_age_ms;        ///< Of a stream: older messages are dropped.
  std::optional<std::uint64_t> max_length;        ///< Ready messages.
  std::optional<std::uint64_t> max_length_bytes;  ///< Bodies of ready messages.
  /// What of it may stay in memory beside the disk: messages, and the bytes they occupy.
  std::optional<std::uint64_t> max_in_memory_length;
  std::optional<std::uint64_t> max_in_memory_bytes;
  std::optional<std::string> dead_letter_exchange;
  std::optional<std::string> dead_letter_routing_key;  ///< Only together with the exchange.
  std::optional<std::uint32_t> delivery_limit;  ///< Returns of one message; one more ends it.
  std::uint64_t delayed_retry_min_ms = 0;       ///< Times the number of returns.
  std::uint64_t delayed_retry_max_ms = 0;
  std::optional<std::uint64_t> consumer_timeout_ms;
  DelayedRetry delayed_retry = DelayedRetry::disabled;
  std::optional<ShardId> shard;  ///< x-lepus-shard: the home asked for.
  std::optional<std::uint8_t> max_priority;
  std::uint8_t queue_version = 1;
  QueueType queue_type = QueueType::classic;
  QueueMode queue_mode = QueueMode::normal;
  Overflow overflow = Overflow::drop_head;
  bool single_active_consumer = false;
  Deduplication deduplication;
  bool dead_letter_at_least_once = false;  ///< Its strategy, by name.

  bool operator==(const QueueArguments&) const = default;
};

/// What the checks need to know of the queue besides its arguments. Views live as long as the call.
struct QueueDescription {
  std::string_view name;
  std::string_view vhost;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool server_named = false;
  bool is_new = false;      ///< It is being declared: durations have a limit.
  ShardId shard_count = 1;  ///< x-lepus-shard must be below.
};

/// `table` is the inside of a valid field table (without its four length bytes).
/// Errors: 406 (channel).
Result<QueueArguments> parse_queue_arguments(Bytes table, const QueueDescription& queue);

/// For policies: whether queues of this type have the argument.
bool has_queue_argument(std::string_view key, QueueType type);
/// For policies: empty when the value is good, else the reason. nullopt: policies cannot set it.
std::optional<std::string> check_policy_argument(std::string_view key, const FieldValue& value);

/// 406 when `received` differs from `current` in an argument that counts for equivalence (by value,
/// so integer widths do not matter; x-queue-type classic equals none). No error: nullopt.
std::optional<AmqpError> compare_queue_arguments(Bytes current, Bytes received,
                                                 const QueueDescription& queue);

}  // namespace lepus::core
