// One argument after the other, in RabbitMQ's order.
#include "core/session/consumer_arguments.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/queue_kinds.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

namespace {

constexpr std::string_view timeout_key = "x-consumer-timeout";

AmqpError invalid_argument(std::string_view key, std::string_view title, std::string_view why) {
  return precondition_failed("invalid arg '" + std::string{key} + "' for " + std::string{title} +
                             std::string{why});
}

/// Any integer.
Result<std::int32_t> read_priority(Bytes arguments, std::string_view title) {
  const auto value = FieldTable{arguments}.find("x-priority");
  if (!value) return 0;
  if (!value->is_integer())
    return invalid_argument("x-priority", title,
                            ": \"expected integer, got " + std::string{value->type_name()} + "\"");
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value->as_int64(), INT32_MIN, INT32_MAX));
}

/// The consumer's own, its queue's, or the broker's.
Result<Nanos> read_timeout(Bytes arguments, const QueueInfo& queue, std::string_view title,
                           Nanos preset) {
  constexpr std::int64_t ms_max = never / nanos_per_ms / 2;
  const auto value = FieldTable{arguments}.find(timeout_key);
  std::optional<std::uint64_t> timeout_ms = queue.effective->consumer_timeout_ms;
  if (value && value->is_integer() && value->as_int64() > 0) {
    timeout_ms = static_cast<std::uint64_t>(value->as_int64());
  } else if (value) {
    return invalid_argument(timeout_key, title, ": expected milliseconds, 1 or more");
  }
  if (!timeout_ms) return preset;
  return static_cast<Nanos>(std::min<std::uint64_t>(*timeout_ms, ms_max)) * nanos_per_ms;
}

}  // namespace

Result<ConsumerArguments> read_consumer_arguments(const ConsumeRequest& request,
                                                  const QueueInfo& queue,
                                                  const ConsumerDefaults& defaults) {
  if (request.arguments.size() > limits::arguments_size_max)
    return precondition_failed("arguments of " + std::to_string(request.arguments.size()) +
                               " bytes are larger than the limit of " +
                               std::to_string(limits::arguments_size_max));
  const std::string title = queue_title(queue.name, defaults.vhost_name);
  ConsumerArguments out;
  auto priority = read_priority(request.arguments, title);
  if (!priority.ok()) return std::move(priority.error());
  auto stream = read_kind_arguments(
      queue, {request.arguments, request.tag, title, request.no_ack, defaults.has_prefetch});
  if (!stream.ok()) return std::move(stream.error());
  auto timeout = read_timeout(request.arguments, queue, title, defaults.timeout);
  if (!timeout.ok()) return std::move(timeout.error());
  out.priority = priority.value();
  out.stream = std::move(stream.value());
  out.timeout = request.no_ack ? never : timeout.value();
  return out;
}

}  // namespace lepus::core
