// See kinds.h: the columns that are sorted by without their JSON.
#include "tools/server/http_api/objects/kinds.h"

namespace lepus::server {

namespace {

/// "message_stats.publish" or "message_stats.publish_details.rate"; nothing: it is another column.
std::optional<SortKey> event_key(const ObjectRates& rates, std::string_view column) {
  constexpr std::string_view prefix = "message_stats.";
  constexpr std::string_view suffix = "_details.rate";
  if (!column.starts_with(prefix)) return {};
  column.remove_prefix(prefix.size());
  const bool is_rate = column.ends_with(suffix);
  if (is_rate) column.remove_suffix(suffix.size());
  using core::MessageEvent;
  constexpr std::array deliveries{MessageEvent::deliver, MessageEvent::deliver_no_ack,
                                  MessageEvent::get, MessageEvent::get_no_ack};
  double sum = 0;
  const auto add = [&](MessageEvent event) {
    sum += is_rate ? rates.rate(series_of(event))
                   : static_cast<double>(rates.values()[series_of(event)]);
  };
  if (column == "deliver_get") {
    for (const MessageEvent event : deliveries) add(event);
    return SortKey::of_number(sum);
  }
  for (std::size_t i = 0; i < core::message_event_count; ++i) {
    if (core::message_event_names[i] != column) continue;
    add(static_cast<MessageEvent>(i));
    return SortKey::of_number(sum);
  }
  return {};
}

SortKey of_count(std::uint64_t count) { return SortKey::of_number(static_cast<double>(count)); }

std::optional<SortKey> queue_count(const core::QueueStats& stats, std::string_view column) {
  if (column == "messages") return of_count(stats.messages_ready + stats.messages_unacknowledged);
  if (column == "messages_ready") return of_count(stats.messages_ready);
  if (column == "messages_unacknowledged") return of_count(stats.messages_unacknowledged);
  if (column == "messages_unreadable")
    return of_count(stats.messages_unreadable + stats.dead_letters_unreadable);
  if (column == "consumers") return of_count(stats.consumers);
  if (column == "memory") return of_count(stats.memory);
  if (column == "message_bytes")
    return of_count(stats.message_bytes_ready + stats.message_bytes_unacknowledged);
  return {};
}

}  // namespace

std::optional<SortKey> QueueKind::key(const Row& queue, std::string_view column) const {
  static const QueueSample untouched{};
  const QueueSample* found = context_.samples.find_queue(queue.id);
  const QueueSample& sample = found == nullptr ? untouched : *found;
  if (std::optional<SortKey> key = queue_count(sample.stats, column)) return key;
  if (std::optional<SortKey> key = event_key(sample.rates, column)) return key;
  if (column == "type") return SortKey::of_text(core::queue_type_name(queue.parsed->queue_type));
  if (column == "durable") return SortKey::of_boolean(queue.durable);
  return {};
}

std::optional<SortKey> ConnectionKind::key(const Row& sample, std::string_view column) const {
  if (column == "user") return SortKey::of_text(sample.stats.user);
  if (column == "state") return SortKey::of_text(sample.stats.state);
  if (column == "channels") return of_count(sample.stats.channels);
  if (column == "recv_oct_details.rate") return SortKey::of_number(sample.octets.rate(0));
  if (column == "send_oct_details.rate") return SortKey::of_number(sample.octets.rate(1));
  if (column == "connected_at") return of_count(sample.stats.connected_at_ms);
  return {};
}

std::optional<SortKey> ChannelKind::key(const Row& row, std::string_view column) const {
  const ChannelSample& found = sample(row);
  if (column == "user") return SortKey::of_text(found.stats.user);
  if (column == "consumer_count") return of_count(found.stats.consumer_count);
  if (column == "messages_unacknowledged") return of_count(found.stats.messages_unacknowledged);
  if (column == "messages_unconfirmed") return of_count(found.stats.messages_unconfirmed);
  if (column == "prefetch_count") return of_count(found.stats.prefetch_count);
  return event_key(found.rates, column);
}

}  // namespace lepus::server
