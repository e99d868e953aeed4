// One question after the other, in RabbitMQ's order.
#include "core/stream/stream_rules.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/message/field_table.h"

namespace lepus::core {

Result<std::unique_ptr<StreamSpec>> read_stream_consumer(const StreamConsumerRequest& request) {
  if (request.no_ack)
    return AmqpError{
        ReplyCode::not_implemented,
        fmt::format("automatic acknowledgement not supported by stream {}", request.title)};
  if (!request.has_prefetch)
    return precondition_failed(
        fmt::format("consumer prefetch count is not set for stream {}", request.title));
  auto spec = parse_stream_spec(request.arguments, request.tag, request.title);
  if (!spec.ok()) return std::move(spec.error());
  return std::make_unique<StreamSpec>(std::move(spec.value()));
}

Result<std::unique_ptr<StreamSpec>> refuse_stream_arguments(Bytes arguments,
                                                            std::string_view type_name,
                                                            std::string_view title) {
  for (const char* key : {"x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered"})
    if (FieldTable{arguments}.find(key))
      return precondition_failed(fmt::format(
          "invalid arg '{}' for {} of queue type rabbit_{}_queue", key, title, type_name));
  return std::unique_ptr<StreamSpec>{};
}

AmqpError refuse_get_of_stream(std::string_view title) {
  return {ReplyCode::not_implemented,
          fmt::format("basic.get not supported by stream queues {}", title)};
}

}  // namespace lepus::core
