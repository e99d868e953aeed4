// What a shard tells about its objects when the admin thread asks: plain rows of facts, for
// listings, the HTTP API and metrics. They are put together when somebody asks; until then they
// cost the counters that queues, channels and connections keep anyway.
//
//   admin -> shard      StatsRequest     the queues it names, or a kind of object
//   shard -> admin      StatsPage ...    so many rows a turn; the last one says so
//
// What the topology knows (names, arguments, bindings) is not in here: there is a replica of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/turn_profile.h"

namespace lepus::core {

struct QueueStats {
  QueueId id;
  std::uint64_t messages_ready = 0;
  std::uint64_t messages_unacknowledged = 0;
  std::uint64_t message_bytes_ready = 0;  ///< Bodies.
  std::uint32_t consumers = 0;
  std::uint64_t messages_ram = 0;  ///< Ready or unacknowledged; the others are on disk only.
  std::uint64_t memory = 0;        ///< Of messages_ram, bytes.
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

/// A thread with a loop.
struct ThreadStats {
  ShardId thread = 0;  ///< A shard; behind those the control thread, then the admin thread.
  TurnProfile::Totals turns;
};

/// What is asked of one shard.
struct StatsRequest {
  enum class Kind : std::uint8_t {
    queues,       ///< Those of `queues`; what is gone is left out.
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
  std::vector<ConnectionStats> connections;
  std::vector<ChannelStats> channels;
  std::vector<ConsumerStats> consumers;
  std::vector<ThreadStats> threads;
  std::uint64_t closed_count = 0;  ///< Of close_connections.

  std::size_t row_count() const {
    return queues.size() + connections.size() + channels.size() + consumers.size() + threads.size();
  }
};

}  // namespace lepus::core
