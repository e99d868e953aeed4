// See trace_operation.h. One shard is asked after the other, so what is held meanwhile is bounded
// by what one answer may have.
#include "tools/server/admin/live/trace_operation.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/limits/live.h"
#include "tools/server/admin/live/live_operations.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

void TraceOperation::start() {
  if (!request().arguments.empty()) return fail(AdminFault::usage, "expected no arguments");
  const core::VhostInfo* vhost = find_vhost();
  if (vhost == nullptr) return;
  if (!vhost->is_traced)
    return fail(AdminFault::refused,
                fmt::format("virtual host '{}' is not traced: `trace_on` begins it", vhost->name));
  std::string error;
  const auto count = read_count(request(), 100, core::limits::trace_answer_max, error);
  const auto is_base64 = count ? read_base64(request(), error) : std::nullopt;
  if (!is_base64) return fail(AdminFault::invalid, std::move(error));
  if (!read_cursor()) return;
  is_base64_ = *is_base64;
  question_.vhost = vhost->id;
  question_.count_max = *count;
  question_.filter = {std::string{option_of(request(), "exchange")},
                      std::string{option_of(request(), "routing_key")},
                      std::string{option_of(request(), "queue")},
                      std::string{option_of(request(), "user")}};
  ask_next();
}

void TraceOperation::ask_next() {
  auto wanted = std::make_unique<core::MessageRequest>();
  wanted->kind = core::MessageRequest::Kind::trace;
  wanted->vhost = question_.vhost;
  question_.after = cursor_[asked_];
  wanted->trace = std::make_unique<core::TraceQuestion>(question_);
  ask_messages(asked_, std::move(wanted));
}

/// "17.0.4": a number for each shard. One of a broker with fewer shards, before it started again,
/// is read as far as it goes: numbers that were not given out yet count as the newest.
bool TraceOperation::read_cursor() {
  const std::string_view text = option_of(request(), "after");
  cursor_.assign(broker().shard_count(), 0);
  std::size_t shard = 0;
  for (std::size_t begin = 0; begin < text.size() && shard < cursor_.size(); ++shard) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const auto number = parse_number(text.substr(begin, end - begin));
    if (!number) {
      fail(AdminFault::invalid,
           fmt::format("after '{}': expected `next` of the answer before", text));
      return false;
    }
    cursor_[shard] = *number;
    begin = end + 1;
  }
  return true;
}

void TraceOperation::on_message_result(std::unique_ptr<core::MessageResult> result) {
  if (result->error) return fail(AdminFault::unavailable, result->error->detail);
  CHECK(result->trace != nullptr);
  core::TraceAnswer& answer = *result->trace;
  const bool has_begun = cursor_[asked_] > 0;
  if (has_begun) missed_ += answer.missed;
  cursor_[asked_] = answer.next;
  has_more_ = has_more_ || answer.entries.size() >= question_.count_max;
  std::move(answer.entries.begin(), answer.entries.end(), std::back_inserter(entries_));
  if (++asked_ < broker().shard_count()) return ask_next();
  finish();
}

void TraceOperation::finish() {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  for (const core::TraceEntry& entry : entries_) write_entry(entry);
  JsonWriter json;
  json.begin_object();
  json.field("count", entries_.size());
  json.field("next", fmt::format("{}", fmt::join(cursor_, ".")));
  json.field("missed", missed_);
  json.field("more", has_more_);
  json.end_object();
  done(json.take());
}

void TraceOperation::write_entry(const core::TraceEntry& entry) const {
  JsonWriter json;
  json.begin_object();
  json.field("time", entry.time / core::nanos_per_ms);
  json.field("type", entry.is_delivery ? "delivered" : "published");
  json.field("exchange", entry.exchange);
  json.field("routing_key", entry.routing_key);
  json.key("queues");
  json.begin_array();
  for (const std::string& queue : entry.queues) json.text(queue);
  json.end_array();
  json.field("queue_count", entry.queue_count);
  json.field("user", entry.user);
  json.field("connection", entry.connection);
  json.field("channel", entry.channel);
  json.field("redelivered", entry.redelivered);
  json.field("payload_bytes", entry.body_size);
  write_content({entry.properties, entry.body, is_base64_}, json);
  json.end_object();
  sink().on_rows("[[" + json.take() + "]]");
}

}  // namespace lepus::server
