// One shard: a loop, its listeners and connections, its queues, its end of the mesh. Everything in
// here belongs to one thread; the simulation runs several in one.
//
//   drain_mailboxes(): commands from other threads -> broker -> channels whose input may go on
//   completions:       bytes -> connections -> broker
//   flush():           a piece of what the operator asked, and of shovels -> message log batch
//                      -> confirms
//                      -> filters, transport -> wake sleeping receivers
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/log_gate.h"
#include "core/broker/broker.h"
#include "io/heap.h"
#include "io/loop.h"
#include "net/amqp/server.h"
#include "net/stream/transport.h"
#include "tools/server/backup/shard_backup.h"
#include "tools/server/listeners/accept_filters.h"
#include "tools/server/memory_fall.h"
#include "tools/server/memory_parts.h"
#include "tools/server/mesh.h"
#include "tools/server/shard_messages.h"
#include "tools/server/shard_stats.h"
#include "tools/server/shovel/shard_shovels.h"

namespace lepus::server {

class Shard final : private io::TurnHooks, public net::Acceptor {
 public:
  /// As of amqp::Server::Parts.
  struct LoginParts {
    core::AuthPort* auth = nullptr;  ///< Closed by the shard.
    core::LoginGuard* guard = nullptr;
  };
  struct TransportParts {
    int descriptor_max = 0;  ///< Of client connections, see net::Listener; 0: none.
    std::unique_ptr<net::Transport> stack = {};  ///< Beside sockets; null: none.
  };
  struct StorageParts {
    core::MessageLog* message_log = nullptr;  ///< Null: messages live in memory only.
    core::Restorer* restorer = nullptr;       ///< Null: nothing was kept.
    persist::BackupHold* backup = nullptr;    ///< Null: there is nothing to be copied.
  };
  struct Parts {
    core::ShardId id;
    Mesh* mesh;
    io::Loop* loop;
    std::unique_ptr<const amqp::Settings> settings;  ///< For connections to come.
    core::Log* log;
    std::uint64_t seed;
    /// Connections of all shards, for the limit; null: only this shard's count.
    std::function<std::uint64_t()> connection_count;
    StorageParts storage = {};
    core::QuotaCounter* uses = nullptr;       ///< Null: limits hold for this shard alone.
    std::string node = "lepus@localhost";     ///< As RabbitMQ would call it.
    std::string event_vhost = {};             ///< As of Control::Parts.
    TransportParts transports = {};
    core::SecretSource::Key secret_key = {};  ///< As of amqp::Server::Parts.
    AcceptSettings accepting = {};
    LoginParts login = {};
  };
  explicit Shard(Parts parts);
  ~Shard() override;

  /// Before the first turn. It accepts once the virtual hosts are known.
  void add_listener(net::Listening listening) {
    listeners_.waiting.push_back(std::move(listening));
  }
  /// The control thread allowed it to end, and nothing of it is in flight.
  bool is_finished() const;
  core::Broker& broker() { return broker_; }

  /// For the control thread and the admin thread: bytes held by messages, output and the rest. Each
  /// number is of the last turn, but they may be of different ones.
  MemoryParts memory_parts() const;
  /// Messages above this size altogether leave memory. Any thread. See
  /// Broker::set_memory_pressure_threshold().
  void set_memory_pressure_threshold(std::uint64_t bytes) {
    memory_.pressure_threshold.store(bytes, std::memory_order_relaxed);
  }
  std::uint64_t connection_count() const { return connections_.load(std::memory_order_relaxed); }

 private:
  /// What the operator asked.
  struct OperatorRequests {
    ShardStats stats;
    ShardMessages messages;
    ShardShovels shovels;
    ShardBackup backup;
  };
  struct Listeners {
    std::vector<net::Listening> waiting;  ///< For the moment when they may accept.
    std::size_t open_count = 0;
  };
  struct Memory {
    std::array<std::atomic<std::uint64_t>, memory_part_count> parts{};  ///< Written here.
    std::atomic<std::uint64_t> pressure_threshold{UINT64_MAX};  ///< Written by the control thread.
    MemoryFall fall;
    io::PromptRelease release;
  };
  /// suspending, suspended: no clients for now, by the operator.
  enum class Phase : std::uint8_t {
    starting,
    serving,
    suspending,
    suspended,
    stopping,
    drained,
    finished
  };

  /// What the shard does with the commands of the control thread and the admin thread (shard.cpp).
  struct Handler;

  bool drain_mailboxes() override;
  void flush() override;
  bool may_sleep() override;
  void on_accept(std::unique_ptr<net::Stream> stream,
                 const net::ListenerIdentity& listener) override;
  void on_accept_error(int error_code) override;
  void on_listener_closed() override;

  template <class Command>
  void on_command(Command& command);
  void start_listeners();
  void close_doors();
  void begin_stop();
  void end_phase();
  void on_stop_deadline(io::Timer& timer);
  void on_deadline(io::Timer& timer);
  void pump();
  void note_memory();
  bool has_unwritten() const;
  static void destroy_stream_later(void* self, std::unique_ptr<net::Stream> stream);

  Parts parts_;
  ShardEnd mesh_;
  core::RamMessageLog ram_message_log_;
  core::MessageLog& message_log_;
  const std::unique_ptr<net::Transport> transport_;
  AcceptFilters filters_;
  core::Broker broker_;
  amqp::Server server_;
  OperatorRequests requests_;
  Listeners listeners_;
  std::array<core::LogGate, 3> accept_errors_;  ///< By what is short.
  Phase phase_ = Phase::starting;
  bool gives_up_ = false;  ///< On what the journal has no room for.
  io::Timer stop_timer_;
  io::Timer deadline_timer_;  ///< For Broker::advance() and memory_.
  Memory memory_;
  std::atomic<std::uint64_t> connections_{0};
};

}  // namespace lepus::server
