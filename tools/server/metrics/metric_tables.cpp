// See metric_tables.h.
#include "tools/server/metrics/metric_tables.h"

#include <algorithm>
#include <array>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

using core::ChannelStats;
using core::ConnectionStats;
using core::MessageCounts;
using core::MessageEvent;
using core::QueueStats;

double number(std::uint64_t value) { return static_cast<double>(value); }

/// A field as it is.
template <auto Member, class Row>
double field(const Row& row) {
  return number(row.*Member);
}
template <auto First, auto Second, class Row>
double sum(const Row& row) {
  return number(row.*First + row.*Second);
}
/// What of First is not Second; rows are not taken at one instant.
template <auto First, auto Second, auto Part, class Row>
double rest(const Row& row) {
  const std::uint64_t all = row.*First + row.*Second;
  return number(all - std::min<std::uint64_t>(all, row.*Part));
}
template <MessageEvent Event, class Row>
double event(const Row& row) {
  return number(row.counts[Event]);
}

double consumer_capacity(const QueueStats& row) {
  return number(row.consumer_capacity_permille) / 1000;
}
double seconds_of_ms(std::uint64_t ms) { return number(ms) / 1000; }

template <class Row>
using Metric = ObjectMetric<Row>;
using Queue = Metric<QueueStats>;
using Channel = Metric<ChannelStats>;
using Connection = Metric<ConnectionStats>;

constexpr auto ready = &QueueStats::messages_ready;
constexpr auto unacked = &QueueStats::messages_unacknowledged;
constexpr auto ready_bytes = &QueueStats::message_bytes_ready;
constexpr auto unacked_bytes = &QueueStats::message_bytes_unacknowledged;

constexpr std::array queue_coarse = {
    Queue{{"queue_messages_ready", metric_gauge, "Messages ready to be delivered to consumers"},
          field<ready>},
    Queue{{"queue_messages_unacked", metric_gauge,
           "Messages delivered to consumers but not yet acknowledged"},
          field<unacked>},
    Queue{{"queue_messages", metric_gauge, "Ready and unacknowledged messages"},
          sum<ready, unacked>},
};

constexpr std::array queue_consumer_count = {
    Queue{{"queue_consumers", metric_gauge, "Consumers on a queue"}, field<&QueueStats::consumers>},
};

constexpr std::array queue_details = {
    Queue{{"queue_consumers", metric_gauge, "Consumers on a queue"}, field<&QueueStats::consumers>},
    Queue{{"queue_consumer_capacity", metric_gauge,
           "Share of the time in which a consumer could take a message at once"},
          consumer_capacity},
    Queue{{"queue_consumer_utilisation", metric_gauge, "Same as consumer capacity"},
          consumer_capacity},
    Queue{{"queue_process_memory_bytes", metric_gauge, "Memory of the queue's messages in bytes"},
          field<&QueueStats::memory>},
    Queue{{"queue_messages_ram", metric_gauge, "Ready and unacknowledged messages in memory"},
          field<&QueueStats::messages_ram>},
    Queue{{"queue_messages_ram_bytes", metric_gauge,
           "Size of ready and unacknowledged messages in memory"},
          field<&QueueStats::message_bytes_ram>},
    Queue{{"queue_messages_persistent", metric_gauge, "Persistent messages"},
          field<&QueueStats::messages_persistent>},
    Queue{{"queue_messages_persistent_bytes", metric_gauge, "Size in bytes of persistent messages"},
          field<&QueueStats::message_bytes_persistent>},
    Queue{{"queue_messages_bytes", metric_gauge,
           "Size in bytes of ready and unacknowledged messages"},
          sum<ready_bytes, unacked_bytes>},
    Queue{{"queue_messages_ready_bytes", metric_gauge, "Size in bytes of ready messages"},
          field<ready_bytes>},
    Queue{
        {"queue_messages_unacked_bytes", metric_gauge, "Size in bytes of unacknowledged messages"},
        field<unacked_bytes>},
    Queue{{"queue_messages_paged_out", metric_gauge, "Messages that are on disk only"},
          rest<ready, unacked, &QueueStats::messages_ram>},
    Queue{
        {"queue_messages_paged_out_bytes", metric_gauge, "Size of messages that are on disk only"},
        rest<ready_bytes, unacked_bytes, &QueueStats::message_bytes_ram>},
    Queue{{"queue_head_message_timestamp", metric_gauge,
           "Timestamp property of the first message of a queue, 0 without"},
          field<&QueueStats::head_timestamp_s>},
    Queue{{"queue_disk_reads_total", metric_counter, "Messages that a queue read from disk"},
          field<&QueueStats::disk_reads>},
    Queue{{"queue_disk_writes_total", metric_counter, "Messages that a queue wrote to disk"},
          field<&QueueStats::disk_writes>},
};

constexpr std::array queue_delivery = {
    Queue{{"queue_get_ack_total", metric_counter,
           "Messages fetched from a queue with basic.get in manual acknowledgement mode"},
          event<MessageEvent::get>},
    Queue{{"queue_get_total", metric_counter,
           "Messages fetched from a queue with basic.get in automatic acknowledgement mode"},
          event<MessageEvent::get_no_ack>},
    Queue{{"queue_messages_delivered_ack_total", metric_counter,
           "Messages delivered from a queue to consumers in manual acknowledgement mode"},
          event<MessageEvent::deliver>},
    Queue{{"queue_messages_delivered_total", metric_counter,
           "Messages delivered from a queue to consumers in automatic acknowledgement mode"},
          event<MessageEvent::deliver_no_ack>},
    Queue{{"queue_messages_redelivered_total", metric_counter,
           "Messages delivered again from a queue to consumers"},
          event<MessageEvent::redeliver>},
    Queue{{"queue_messages_acked_total", metric_counter,
           "Messages acknowledged by consumers on a queue"},
          event<MessageEvent::ack>},
    Queue{{"queue_get_empty_total", metric_counter, "Times basic.get found no message on a queue"},
          event<MessageEvent::get_empty>},
};

/// What it got, through whatever exchange and channel.
constexpr std::array queue_published = {
    Queue{{"queue_messages_published_total", metric_counter, "Messages published to queues"},
          event<MessageEvent::publish>},
};

constexpr std::array own_queue = {
    Queue{{"queue_oldest_ready_age_seconds", metric_gauge,
           "How long the oldest ready message has been in the queue, 0 without one"},
          [](const QueueStats& row) { return seconds_of_ms(row.oldest_ready_age_ms); }},
    Queue{{"queue_oldest_unacked_age_seconds", metric_gauge,
           "How long ago the oldest unacknowledged message was delivered, 0 without one"},
          [](const QueueStats& row) { return seconds_of_ms(row.oldest_unacked_age_ms); }},
    Queue{{"queue_messages_delayed", metric_gauge, "Messages that wait for another try"},
          field<&QueueStats::messages_delayed>},
    Queue{{"queue_messages_unreadable", metric_gauge,
           "Messages whose records cannot be read, until somebody retries or drops them"},
          [](const QueueStats& row) {
            return number(row.messages_unreadable + row.dead_letters_unreadable);
          }},
    Queue{
        {"queue_messages_expired_total", metric_counter, "Messages removed by their time to live"},
        [](const QueueStats& row) { return number(row.removed.expired); }},
    Queue{{"queue_messages_dropped_total", metric_counter,
           "Messages removed because the queue was full"},
          [](const QueueStats& row) { return number(row.removed.maxlen); }},
};

constexpr std::array channel_details = {
    Channel{{"channel_consumers", metric_gauge, "Consumers on a channel"},
            field<&ChannelStats::consumer_count>},
    Channel{
        {"channel_messages_unacked", metric_gauge, "Delivered but not yet acknowledged messages"},
        field<&ChannelStats::messages_unacknowledged>},
    Channel{
        {"channel_messages_unconfirmed", metric_gauge, "Published but not yet confirmed messages"},
        field<&ChannelStats::messages_unconfirmed>},
    Channel{{"channel_messages_uncommitted", metric_gauge,
             "Messages received in a transaction but not yet committed"},
            field<&ChannelStats::messages_uncommitted>},
    Channel{{"channel_acks_uncommitted", metric_gauge,
             "Message acknowledgements in a transaction not yet committed"},
            field<&ChannelStats::acks_uncommitted>},
    Channel{
        {"consumer_prefetch", metric_gauge, "Limit of unacknowledged messages for each consumer"},
        field<&ChannelStats::prefetch_count>},
    Channel{{"channel_prefetch", metric_gauge,
             "Total limit of unacknowledged messages for all consumers on a channel"},
            field<&ChannelStats::global_prefetch_count>},
};

constexpr std::array channel_publishes = {
    Channel{{"channel_messages_published_total", metric_counter, "Messages published on a channel"},
            event<MessageEvent::publish>},
    Channel{{"channel_messages_confirmed_total", metric_counter,
             "Messages published and confirmed on a channel"},
            event<MessageEvent::confirm>},
    Channel{{"channel_messages_unroutable_returned_total", metric_counter,
             "Messages published as mandatory and returned to the publisher as unroutable"},
            event<MessageEvent::return_unroutable>},
    Channel{{"channel_messages_unroutable_dropped_total", metric_counter,
             "Messages published as non-mandatory and dropped as unroutable"},
            event<MessageEvent::drop_unroutable>},
};

constexpr std::array channel_deliveries = {
    Channel{{"channel_get_ack_total", metric_counter,
             "Messages fetched with basic.get in manual acknowledgement mode"},
            event<MessageEvent::get>},
    Channel{{"channel_get_total", metric_counter,
             "Messages fetched with basic.get in automatic acknowledgement mode"},
            event<MessageEvent::get_no_ack>},
    Channel{{"channel_messages_delivered_ack_total", metric_counter,
             "Messages delivered to consumers in manual acknowledgement mode"},
            event<MessageEvent::deliver>},
    Channel{{"channel_messages_delivered_total", metric_counter,
             "Messages delivered to consumers in automatic acknowledgement mode"},
            event<MessageEvent::deliver_no_ack>},
    Channel{
        {"channel_messages_redelivered_total", metric_counter, "Messages redelivered to consumers"},
        event<MessageEvent::redeliver>},
    Channel{{"channel_messages_acked_total", metric_counter, "Messages acknowledged by consumers"},
            event<MessageEvent::ack>},
    Channel{{"channel_get_empty_total", metric_counter, "Times basic.get found no message"},
            event<MessageEvent::get_empty>},
};

constexpr std::array connection_coarse = {
    Connection{
        {"connection_incoming_bytes_total", metric_counter, "Bytes received on a connection"},
        field<&ConnectionStats::recv_oct>},
    Connection{{"connection_outgoing_bytes_total", metric_counter, "Bytes sent on a connection"},
               field<&ConnectionStats::send_oct>},
};

constexpr std::array connection_details = {
    Connection{
        {"connection_incoming_packets_total", metric_counter, "Packets received on a connection"},
        field<&ConnectionStats::recv_cnt>},
    Connection{
        {"connection_outgoing_packets_total", metric_counter, "Packets sent on a connection"},
        field<&ConnectionStats::send_cnt>},
    Connection{
        {"connection_pending_packets", metric_gauge, "Bytes that wait to be sent on a connection"},
        field<&ConnectionStats::send_pend>},
    Connection{{"connection_channels", metric_gauge, "Channels on a connection"},
               field<&ConnectionStats::channels>},
};

template <MessageEvent Event>
double count(const MessageCounts& counts) {
  return number(counts[Event]);
}
constexpr std::array exchange_details = {
    Metric<MessageCounts>{{"exchange_messages_published_total", metric_counter,
                           "Messages published into an exchange"},
                          count<MessageEvent::publish_in>},
    Metric<MessageCounts>{{"exchange_messages_confirmed_total", metric_counter,
                           "Messages published into an exchange and confirmed"},
                          count<MessageEvent::confirm>},
    Metric<MessageCounts>{
        {"exchange_messages_unroutable_returned_total", metric_counter,
         "Messages published as mandatory into an exchange and returned as unroutable"},
        count<MessageEvent::return_unroutable>},
    Metric<MessageCounts>{
        {"exchange_messages_unroutable_dropped_total", metric_counter,
         "Messages published as non-mandatory into an exchange and dropped as unroutable"},
        count<MessageEvent::drop_unroutable>},
};

constexpr std::array<QueueFamily, 5> queues = {
    {{"queue_coarse_metrics", queue_coarse},
     {"queue_consumer_count", queue_consumer_count},
     {"queue_metrics", queue_details},
     {"queue_delivery_metrics", queue_delivery},
     {"channel_queue_exchange_metrics", queue_published}}};
constexpr QueueFamily own_queues = {"lepus_queue_metrics", own_queue};
constexpr std::array<ChannelFamily, 3> channels = {{{"channel_metrics", channel_details},
                                                    {"channel_exchange_metrics", channel_publishes},
                                                    {"channel_queue_metrics", channel_deliveries}}};
constexpr std::array<ConnectionFamily, 2> connections = {
    {{"connection_coarse_metrics", connection_coarse}, {"connection_metrics", connection_details}}};
constexpr std::array<ExchangeFamily, 1> exchanges = {{{"exchange_metrics", exchange_details}}};

}  // namespace

std::span<const QueueFamily> queue_families() { return queues; }
std::span<const ChannelFamily> channel_families() { return channels; }
std::span<const ConnectionFamily> connection_families() { return connections; }
std::span<const ExchangeFamily> exchange_families() { return exchanges; }
const QueueFamily& own_queue_family() { return own_queues; }

std::string_view metric_queue_type(core::QueueType type) {
  switch (type) {
    case core::QueueType::classic:
      return "rabbit_classic_queue";
    case core::QueueType::quorum:
      return "rabbit_quorum_queue";
    case core::QueueType::stream:
      return "rabbit_stream_queue";
  }
  CHECK(false);
  return {};
}

}  // namespace lepus::server
