// What a shard tells about its objects when the admin thread asks: plain rows of facts, for
// listings, the HTTP API and metrics. They are put together when somebody asks; until then they
// cost the counters that queues, channels and connections keep anyway.
//
//   admin -> shard      StatsRequest     the queues it names, or a kind of object
//   shard -> admin      StatsPage ...    so many rows a turn; the last one says so
//
// What the topology knows (names, arguments, bindings) is not in here: there is a replica of it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/message_counts.h"
#include "core/base/turn_profile.h"
#include "core/message/message.h"

namespace lepus::core {

/// Why a message left a queue without a consumer's acknowledgement.
struct RemovalCounts {
  std::uint64_t expired = 0;         ///< Time to live.
  std::uint64_t maxlen = 0;          ///< The queue was full.
  std::uint64_t rejected = 0;        ///< By a consumer, without requeue.
  std::uint64_t delivery_limit = 0;  ///< Of a quorum queue.
  bool operator==(const RemovalCounts&) const = default;
};

struct QueueStats {
  QueueId id;
  std::uint64_t messages_ready = 0;
  std::uint64_t messages_unacknowledged = 0;
  std::uint64_t message_bytes_ready = 0;  ///< Bodies.
  std::uint32_t consumers = 0;
  std::uint64_t messages_ram = 0;  ///< Ready or unacknowledged; the others are on disk only.
  std::uint64_t memory = 0;        ///< Of messages_ram, bytes.

  std::uint64_t message_bytes_unacknowledged = 0;
  std::uint64_t message_bytes_ram = 0;    ///< Bodies of messages_ram.
  std::uint64_t messages_persistent = 0;  ///< Ready or unacknowledged.
  std::uint64_t message_bytes_persistent = 0;
  MessageCounts counts;
  RemovalCounts removed;        ///< Into a dead letter exchange or away.
  RemovalCounts dead_lettered;  ///< Those of them that a dead letter exchange got.
  std::uint64_t disk_reads = 0, disk_writes = 0;  ///< Messages.
  /// Share of the time, in thousandths, that a consumer could take a message at once; 1000 with
  /// consumers that keep up, 0 without any, and of a stream, whose readers do not compete.
  std::uint16_t consumer_capacity_permille = 0;
  bool is_idle = true;              ///< Nothing has happened for a second or more.
  std::uint64_t idle_since_ms = 0;  ///< Since 1970, to within the time between two samples.
  /// The head's property `timestamp`; 0: it has none, or is on disk only.
  std::uint64_t head_timestamp_s = 0;
  // At least that old, to within the time between two samples (core/queue/time_marks.h).
  std::uint64_t oldest_ready_age_ms = 0;    ///< Since it came to the queue; 0: nothing is ready.
  std::uint64_t oldest_unacked_age_ms = 0;  ///< Since it was delivered; 0: nothing is unacked.
  std::uint64_t messages_delayed = 0;  ///< That wait for another try; among the unacknowledged.
  /// Of a queue with a single active consumer: which one it is; empty: there is none.
  std::string single_active_tag;
  ConnectionId single_active_connection;
  std::uint16_t single_active_channel = 0;
  /// Of a consumer that is exclusive; none: there is none.
  std::string exclusive_consumer_tag;
  ConnectionId exclusive_consumer_connection;
  std::uint16_t exclusive_consumer_channel = 0;

  std::uint64_t messages_restored = 0;  ///< That it held when its shard started.
  std::uint64_t messages_purged = 0;
  std::uint64_t messages_lost = 0;  ///< Given up because their records cannot be read.
  /// Held, but their records cannot be read now; neither ready nor unacknowledged.
  std::uint64_t messages_unreadable = 0;
  /// Dead letters, and others on their way out, whose records cannot be read now.
  std::uint64_t dead_letters_unreadable = 0;
};

/// A message whose record cannot be read (core/queue/unreadable_messages.h).
struct UnreadableStats {
  QueueId queue;
  Sequence position = 0;
  RecordLocation place;      ///< In the journal of the queue's shard.
  bool is_given_up = false;  ///< A dead letter, or on its way out in another way.
};

/// Exchanges that something was published to on this shard.
struct ExchangeStats {
  ExchangeId id;
  MessageCounts counts;
};

/// What a shard counted for one virtual host; what closed channels had is in it.
struct VhostStats {
  VhostId id;
  MessageCounts counts;
};

struct ConnectionStats {
  ConnectionId id;
  std::string user, vhost;
  std::string peer_host, host;
  std::uint16_t peer_port = 0, port = 0;
  std::string state;
  std::string auth_mechanism;
  std::string client_properties;  ///< Inside of a field table.
  std::uint32_t channels = 0;
  std::uint32_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t timeout_s = 0;        ///< Of the heartbeat; 0: none.
  std::uint64_t connected_at_ms = 0;  ///< Since 1970.
  std::uint64_t recv_oct = 0, recv_cnt = 0;
  std::uint64_t send_oct = 0, send_cnt = 0;
  std::uint64_t send_pend = 0;  ///< Bytes that wait to be sent.

  /// "127.0.0.1:51234 -> 127.0.0.1:5672"
  std::string name;
  std::string listener;  ///< It came by: "listeners.tcp.default".

  bool is_tls = false;
  std::string tls_protocol, tls_key_exchange, tls_cipher, tls_hash;
  std::string peer_cert_subject, peer_cert_issuer, peer_cert_validity;
};

struct ChannelStats {
  ConnectionId connection;
  std::string connection_name;
  std::string user, vhost;
  std::uint16_t number = 0;
  bool confirm = false;
  bool transactional = false;
  std::uint32_t consumer_count = 0;
  std::uint32_t prefetch_count = 0;         ///< For consumers to come.
  std::uint32_t global_prefetch_count = 0;  ///< Shared by the channel's consumers; 0: no limit.
  std::uint64_t messages_unacknowledged = 0;
  std::uint64_t messages_unconfirmed = 0;
  std::uint64_t messages_uncommitted = 0;
  std::uint64_t acks_uncommitted = 0;
  /// What is in memory of a message that is being received, and of those to be committed.
  std::uint64_t content_bytes = 0;
  MessageCounts counts;
  bool is_flow_blocked = false;  ///< Its publishes wait: a queue is behind, or an alarm.
  /// Since 1970, as of the first sample that saw nothing new; 0: something happens.
  std::uint64_t idle_since_ms = 0;
};

struct ConsumerStats {
  QueueId queue;
  ConnectionId connection;
  std::uint16_t channel = 0;
  std::string tag;
  std::string arguments;  ///< Inside of a field table.
  std::uint32_t prefetch_count = 0;
  bool ack_required = true;
  bool exclusive = false;
  bool active = true;
  bool single_active = false;  ///< Of a queue that has but one active consumer.
};

/// Counts by size: bucket i has what is at most bounds[i], the last one what is above all.
template <std::size_t bound_count>
struct HistogramCounts {
  std::array<std::uint64_t, bound_count + 1> buckets{};
  std::uint64_t sum = 0;

  /// Where bounds[i] is 1 << (shift + i).
  void count(std::uint64_t value, unsigned shift = 0) {
    const std::uint64_t scaled = value == 0 ? 0 : (value - 1) >> shift;
    ++buckets[std::min<std::size_t>(std::bit_width(scaled), bound_count)];
    sum += value;
  }
};

/// What a message log counted since its start.
struct JournalCounts {
  std::uint64_t journal_records = 0, journal_bytes = 0;  ///< Written, whoever wanted it.
  std::uint64_t journal_rewritten_bytes = 0;             ///< By compaction, also in journal_bytes.
  std::uint64_t journal_syncs = 0;
  std::uint64_t journal_reads = 0, journal_read_bytes = 0;  ///< Messages fetched from disk.
  HistogramCounts<16> sync_latency_us;  ///< Bounds 1 << (4 + i): 16 us ... 524 ms.
  HistogramCounts<16> sync_batch;       ///< Records of one; bounds 1 << i.
};

/// What a shard counted since its start, beyond single objects. Of other threads: zero.
struct ShardCounts : JournalCounts {
  /// Of all channels, also of closed ones and in virtual hosts that are gone.
  MessageCounts messages;
  std::uint64_t connections_opened = 0, connections_closed = 0;
  std::uint64_t channels_opened = 0, channels_closed = 0;
  std::uint64_t queues_declared = 0;  ///< Also of queues that were there.
  std::uint64_t queues_created = 0, queues_deleted = 0;
  /// Dead letters by strategy and reason: what went out of queues of this shard.
  RemovalCounts dead_lettered;
  RemovalCounts dead_letters_dropped;  ///< Removed, and no dead letter exchange is set.
  /// Deliveries of messages that had come back, by how often, where their queue counts it; bounds
  /// 1 << i.
  HistogramCounts<8> delivery_count;
  /// Commands of other threads found in a turn that found any; bounds 1 << i.
  HistogramCounts<16> mailbox_depth;
  /// Bodies of published messages; bounds of message_size_bounds.
  HistogramCounts<8> message_size;
  std::uint64_t memory_messages = 0, memory_output = 0;  ///< Bytes, now.
  /// Of definitions, of connections with channels and consumers (estimated both), of what channels
  /// remember of deliveries, of ids of messages, and of what the journal has to write.
  std::uint64_t memory_topology = 0, memory_sessions = 0, memory_unacked = 0, memory_ids = 0,
                memory_journal = 0;
  std::uint64_t publishers_waiting = 0;  ///< Connections that flow control stops, now.
};
/// RabbitMQ's buckets of message sizes, bytes.
constexpr std::array<std::uint64_t, 8> message_size_bounds{
    100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 50'000'000, 100'000'000};

/// A thread with a loop.
struct ThreadStats {
  ShardId thread = 0;  ///< A shard; behind those the control thread, then the admin thread.
  TurnProfile::Totals turns;
  ShardCounts counts;
};

/// What is asked of one shard.
struct StatsRequest {
  enum class Kind : std::uint8_t {
    queues,       ///< Those of `queues`; what is gone is left out.
    all_queues,   ///< That have their home here.
    exchanges,    ///< That have counts here.
    vhosts,       ///< That have counts here.
    unreadable,   ///< Messages, limits::unreadable_listed_max of each queue.
    connections,  ///< The open ones.
    channels,
    consumers,
    threads,            ///< The shard itself: one row.
    close_connections,  ///< Those of `connections`, with 320 and `reason`.
  };
  std::uint64_t number = 0;  ///< Comes back with the answer.
  Kind kind = Kind::queues;
  std::vector<QueueId> queues;
  std::vector<ConnectionId> connections;
  std::string reason;
};

/// A piece of the answer: rows of the kind that was asked for.
struct StatsPage {
  std::uint64_t number = 0;
  bool last = false;
  std::vector<QueueStats> queues;
  std::vector<ExchangeStats> exchanges;
  std::vector<VhostStats> vhosts;
  std::vector<UnreadableStats> unreadable;
  std::vector<ConnectionStats> connections;
  std::vector<ChannelStats> channels;
  std::vector<ConsumerStats> consumers;
  std::vector<ThreadStats> threads;
  std::uint64_t closed_count = 0;  ///< Of close_connections.

  std::size_t row_count() const {
    return queues.size() + exchanges.size() + vhosts.size() + unreadable.size() +
           connections.size() + channels.size() + consumers.size() + threads.size();
  }
};

}  // namespace lepus::core
