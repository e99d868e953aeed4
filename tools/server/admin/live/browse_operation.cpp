// See browse_operation.h. The home of the stream reads it (core/session/job/browse_job.h).
#include "tools/server/admin/live/browse_operation.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/limits/live.h"
#include "tools/server/admin/live/live_operations.h"
#include "tools/server/admin/live/stream_start_text.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

using core::MessageRequest;
using core::MessageResult;

void BrowseOperation::start() {
  if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a stream's name");
  const core::VhostInfo* vhost = find_vhost();
  if (vhost == nullptr) return;
  auto wanted = std::make_unique<MessageRequest>();
  wanted->kind = MessageRequest::Kind::browse;
  wanted->user = request().user.empty() ? core::operator_name : std::string_view{request().user};
  wanted->vhost = vhost->id;
  wanted->vhost_name = vhost->name;
  if (!read_options(*wanted)) return;
  const core::QueueInfo* queue = find_queue(request().arguments[0]);
  if (queue == nullptr) return;
  if (queue->parsed->queue_type != core::QueueType::stream)
    return fail(AdminFault::refused,
                fmt::format("'{}' is no stream: its messages have no offsets and can be looked at "
                            "from its head on only, with `get` (ack_mode=peek)",
                            queue->name));
  wanted->queue = queue->name;
  ask_messages(queue->home, std::move(wanted));
}

bool BrowseOperation::read_options(MessageRequest& wanted) {
  const std::string_view offset =
      request().has("offset") ? option_of(request(), "offset") : "first";
  const auto start = parse_stream_start(offset);
  if (!start) {
    fail(AdminFault::invalid, fmt::format("offset '{}': expected {}", offset, stream_start_words));
    return false;
  }
  std::string error;
  const auto count = read_count(request(), 10, core::limits::job_gets_max, error);
  const auto is_base64 = count ? read_base64(request(), error) : std::nullopt;
  if (!is_base64) {
    fail(AdminFault::invalid, std::move(error));
    return false;
  }
  wanted.start = *start;
  wanted.count_max = *count;
  is_base64_ = *is_base64;
  if (!request().has("truncate")) return true;
  const auto size_max = parse_number(option_of(request(), "truncate"));
  if (!size_max) fail(AdminFault::invalid, "truncate: expected a number of bytes");
  if (size_max) wanted.body_size_max = *size_max;
  return size_max.has_value();
}

void BrowseOperation::on_message_result(std::unique_ptr<MessageResult> result) {
  if (result->error) {
    using core::ReplyCode;
    const ReplyCode code = result->error->code;
    const bool is_busy = code == ReplyCode::resource_error || code == ReplyCode::connection_forced;
    return fail(code == ReplyCode::not_found ? AdminFault::not_found
                : is_busy                    ? AdminFault::unavailable
                                             : AdminFault::refused,
                result->error->detail);
  }
  for (const core::ShownMessage& message : result->messages) {
    JsonWriter json;
    json.begin_object();
    json.field("offset", message.offset);
    json.field("timestamp", message.arrived_ms);
    json.field("exchange", message.exchange);
    json.field("routing_key", message.routing_key);
    json.field("payload_bytes", message.body_size);
    write_content({message.properties, message.body, is_base64_}, json);
    json.end_object();
    sink().on_rows("[[" + json.take() + "]]");
  }
  JsonWriter json;
  json.begin_object();
  json.field("count", result->messages.size());
  json.field("first_offset", result->first_offset);
  json.field("next_offset", result->next_offset);
  json.field("end_offset", result->end_offset);
  json.key("limited");
  json.boolean(result->is_limited);
  json.end_object();
  done(json.take());
}

}  // namespace lepus::server
