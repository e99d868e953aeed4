// The AMQP side of one shard: its connections, and what they share. Owns every connection from
// accept until its stream is gone.
//
//   accept() -> connection, which is in a list while it waits for a step of the turn:
//
//     resume list       its input may go on       after the mailboxes were drained
//     ack list          a channel has confirms    after the broker's flush
//     destroyed later   it is closed              at the end of the turn
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/quota_counter.h"
#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "core/base/random.h"
#include "core/base/secret_source.h"
#include "core/broker/broker.h"
#include "io/loop.h"
#include "net/amqp/channel/ack_writer.h"
#include "net/amqp/closed_channels.h"
#include "net/amqp/connection.h"
#include "net/amqp/connection/resume_list.h"
#include "net/amqp/lingering.h"
#include "net/amqp/services.h"
#include "net/amqp/settings.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

class Server final : private core::AuthListener {
 public:
  struct Parts {
    core::Broker* broker;
    io::Loop* loop;
    const Settings* settings;  ///< May be exchanged by a reload: set_settings().
    core::Log* log;
    std::uint64_t seed;  ///< For generated names.
    /// A closed stream is handed back here: it may be destroyed after the current callback.
    void (*destroy_later)(void* owner, std::unique_ptr<net::Stream> stream);
    void* destroy_later_owner;
    core::QuotaCounter* uses = nullptr;  ///< Of all shards; null: limits hold for this one alone.
    /// From the system's generator, but in tests.
    core::SecretSource::Key secret_key = {};
    core::AuthPort* auth = nullptr;      ///< As of Services::Parts.
    core::LoginGuard* logins = nullptr;  ///< As of Services::Parts.
  };
  explicit Server(const Parts& parts);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Services& services() { return services_; }

  /// For connections to come.
  void set_settings(const Settings& settings) { services_.set_settings(settings); }

  /// `elsewhere`: connections of other shards, for the limit.
  void accept(AcceptedStream accepted, std::uint64_t elsewhere = 0);
  /// Every connection is told 320 with `reason` and closed.
  void close_all(std::string_view reason);
  /// The hard end, when a clean one took too long.
  void abort_all();
  std::size_t connection_count() const { return connections_.live_count(); }
  /// Without those that are over and only leave their socket to the client: what limits count.
  std::size_t active_count() const { return connections_.live_count() - lingering_.count(); }

  /// Appends rows for the connections in slots from `slot` on, until there are enough for one turn.
  /// Returns where to go on; 0: that was all.
  std::uint32_t describe(core::StatsRequest::Kind kind, std::uint32_t slot, core::StatsPage& out);
  /// Tells each of these that is open 320 with `reason`; returns how many.
  std::uint64_t close(std::vector<core::ConnectionId> ids, std::string_view reason);

  /// After commands were applied: inputs that waited for an answer or for room go on; alarms are
  /// noticed, and deleted users and virtual hosts.
  void resume_inputs();
  /// After Broker::flush(): tells publishers what is confirmed.
  void write_acks() { ack_list_.write(); }
  /// After the send chains: closed connections go.
  void end_turn();
  /// A connection's input waits for nothing but the next turn.
  bool has_work() const;

  // --- For connections and channels

  LingerList<Closing>& lingering() { return lingering_; }
  ResumeList& resume_list() { return resume_list_; }
  AckList& ack_list() { return ack_list_; }
  ClosedChannels& closed_channels() { return closed_channels_; }
  void destroy_later(ConnectionHandle connection, std::unique_ptr<net::Stream> stream);

 private:
  void on_auth_answer(core::AuthAnswer&& answer) override;
  Connection* find(ConnectionHandle handle) {
    return connections_.find(handle.slot, handle.generation);
  }
  core::Broker& broker() { return services_.broker(); }
  /// Whether the target of a publish is blocked.
  auto is_blocked() const {
    return [this](const core::PublishTarget& target) {
      return parts_.broker->flow().is_blocked(target);
    };
  }

  Parts parts_;
  Services services_;
  ResumeList resume_list_;
  AckList ack_list_;
  ClosedChannels closed_channels_;
  LingerList<Closing> lingering_;  ///< Outlives the connections.
  core::Slab<Connection> connections_;
  std::vector<std::uint32_t> destroyed_later_;
  std::uint64_t next_connection_ = 1;
  /// What connections were told of.
  struct Seen {
    std::uint64_t removals = 0;
    std::uint64_t traces = 0;
    bool alarm = false;
  };
  Seen seen_;
};

}  // namespace lepus::amqp
