// The running broker: one thread per shard, the admin thread, and the control thread, which is the
// caller of run().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/kernel_disk.h"
#include "io/kernel_driver.h"
#include "io/loop.h"
#include "io/signals.h"
#include "io/thread_event.h"
#include "net/amqp/settings.h"
#include "persist/catalog/catalog.h"
#include "persist/recovery/shard_recovery.h"
#include "tools/server/auth/node_auth.h"
#include "tools/server/bypass/node_bypass.h"
#include "tools/server/config/config.h"
#include "tools/server/control.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/listeners/listen_claim.h"
#include "tools/server/listeners/listening.h"
#include "tools/server/log/log.h"
#include "tools/server/mesh.h"
#include "tools/server/node_admin.h"
#include "tools/server/node_limits.h"
#include "tools/server/placement/placement.h"
#include "tools/server/service/service_manager.h"
#include "tools/server/service/start_progress.h"
#include "tools/server/service/watchdog.h"
#include "tools/server/service/watched_disk.h"
#include "tools/server/shard.h"

namespace lepus::server {

class Node {
 public:
  /// All four outlive the node.
  Node(const ServerConfig& config, const Placement& placement, LogSystem& log_system,
       const ServiceManager& service);
  ~Node();

  /// Binds, starts the threads and returns when every shard accepts connections. Empty: done; else
  /// what failed.
  std::string start();
  /// Until SIGTERM or SIGINT, then the clean stop. The exit code.
  int run();

 private:
  friend class NodeAdmin;
  struct ShardThread {
    std::unique_ptr<io::Driver> driver;
    std::unique_ptr<io::Loop> loop;
    std::unique_ptr<persist::ShardRecovery> store;
    std::unique_ptr<AuthLink> auth;  ///< Null: nobody outside of the broker is asked.
    std::unique_ptr<Shard> shard;
    core::Log* log = nullptr;
    Pulse* pulse = nullptr;  ///< Null: nobody waits for signs of life.
    std::thread thread;
  };

  /// Read by threads of their own once the broker serves.
  struct Readings {
    SlowReading<std::int64_t> disk_free;
    SlowReading<ProcessMemory> process_memory;
  };
  /// What the catalog and the operator say of the journals.
  struct KnownJournals {
    std::map<std::uint32_t, std::uint64_t> ends;  ///< What the catalog knows of them.
    bool accepts_loss = false;                    ///< The operator said so for this start.
    /// Where this start copies messages of unknown queues, if there are any.
    std::string kept_aside;
  };

  struct Disks {
    io::KernelDisk kernel;
    WatchedDisk watched{kernel};
  };
  /// What comes to the control thread from outside of the broker's loops, and what it says there.
  struct Events {
    std::unique_ptr<io::ThreadEvent> stored;  ///< The catalog's thread did something.
    std::unique_ptr<io::SignalSource> signals;
    std::unique_ptr<Watchdog> watchdog;
  };

  /// How clients come in.
  struct Doors {
    ListenNotices notices;
    NodeBypass bypass;
  };

  std::string open_sockets(const ListenTurn& turn, core::Log& log, ShardListeners& listeners);
  std::string listen();
  std::string open_catalog();
  std::string open_journals();
  std::string check_journals();
  std::string import_journals();
  persist::ShardRecovery::Expected expected_of(std::size_t shard) const;
  std::string save_journal_ends();
  std::string make_shards(const TlsSetup& tls);
  std::string start_control();
  void start_events();
  persist::Journal::Parts journal_parts(io::Loop& loop, core::Log& log);
  [[noreturn]] void end_process();
  void run_shard(ShardThread& own, const ShardPlace& place);
  void on_signal(int signal);
  void begin_stop(std::string_view why);
  NodeLimits limits() const;
  void set_paging(std::uint64_t size);
  std::uint64_t memory_bytes() const;
  MemoryParts memory_parts() const;
  std::uint64_t connection_count() const;

  const Placement& placement_;
  LogSystem& log_system_;
  core::Log& log_;
  const ServiceManager& service_;
  const ServerConfig config_;  ///< Of the start: NodeAdmin has what it is now.
  Disks disks_;
  persist::Catalog catalog_;
  Doors doors_;
  StartDefinitions definitions_;  ///< `stored` only until the control thread has it.
  KnownJournals journals_;
  NodeAuth auth_;
  Mesh mesh_;
  std::unique_ptr<io::Driver> driver_;
  std::unique_ptr<io::Loop> loop_;
  Readings readings_;
  Events events_;
  std::unique_ptr<NodeAdmin> admin_;
  std::unique_ptr<Control> control_;
  std::vector<ShardThread> shards_;
};

}  // namespace lepus::server
