// The control thread: the only writer of the topology, and the one who watches memory, disk
// (resource_alarms.h) and signals.
//
//   TopologyAsk, change() -> decide() on the master -> applied here, recorded in the store
//     nothing of it is durable: to every shard at once (topology_replication.h)
//     else: held, with everything decided after it, until the turn's commit
//   flush(): one commit for all that came in this turn, then what was held is sent
//   TopologyApplied from all shards -> TopologyDone to who asked, in the order of the requests
//
// So no shard knows, and nobody is told of, a definition that a crash could still take back. A
// commit that fails because the store is locked or has no room is taken back on the master: its
// requests are decided again a little later, or get an error (StoreRetry). When the store is broken
// the process has to end; until it does, nothing is decided or answered any more.
//
// It never sits on the message path. When it stops the broker it asks every shard to close its
// connections, and lets the threads end only when all have: until then they still answer each
// other.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/access/access_request.h"
#include "core/base/log.h"
#include "core/broker/ports.h"
#include "core/topology/topology.h"
#include "core/topology/topology_rules.h"
#include "io/loop.h"
#include "tools/server/admin_service.h"
#include "tools/server/control_request.h"
#include "tools/server/mesh.h"
#include "tools/server/resource_alarms.h"
#include "tools/server/store_retry.h"
#include "tools/server/topology_replication.h"

namespace lepus::server {

class Control final : private io::TurnHooks, private ResourceAlarms::Listener {
 public:
  using Changes = std::vector<core::TopologyChange>;
  struct Parts {
    Mesh* mesh;
    io::Loop* loop;
    core::Log* log;
    std::uint64_t memory_watermark_bytes;
    std::function<std::uint64_t()> memory_bytes;  ///< Of all shards; called twenty times a second.
    core::DefinitionStore* store = nullptr;       ///< Null: nothing outlives the process.
    /// A commit failed for this reason: the process must end.
    std::function<void(const std::string&)> on_store_failure = nullptr;
    /// Of the disk that holds the data, or -errno; called four times a second. Null: no disk.
    std::function<std::int64_t()> disk_free_bytes = nullptr;
    std::uint64_t disk_free_min_bytes = 0;  ///< With less, publishers are blocked.
    std::string event_vhost = {};           ///< Has amq.rabbitmq.event; empty: there is none.
    /// Virtual hosts that have none get it; empty: they stay so.
    std::string default_queue_type = {};
    /// Of the process; called once a second. Null: nothing is ever given back.
    std::function<std::uint64_t()> resident_bytes = nullptr;
    /// As of ResourceAlarms::Parts.
    std::function<std::uint64_t()> cgroup_excess = nullptr;
  };
  explicit Control(Parts parts);
  ~Control() override;

  /// Tells the shards of what was stored, and makes the virtual hosts that are missing; shards
  /// accept connections once they know them. Queues whose home is gone get another. Empty, or why
  /// the store failed: then nothing was told.
  [[nodiscard]] std::string start(core::StoredDefinitions stored,
                                  const std::vector<std::string>& vhosts);
  /// Closes all connections and ends all threads; is_finished() when that is done.
  void stop();
  /// Every shard accepts connections.
  bool is_serving() const;
  /// No clients until resume(): listeners and connections are closed, and the thread that asks
  /// looks at is_suspended(). Does nothing when it is so already.
  void suspend();
  bool is_suspending() const { return suspends_; }
  bool is_suspended() const;
  /// After is_suspended(): listening sockets for each shard, which are taken over.
  void resume(std::vector<std::vector<int>> sockets);
  bool is_finished() const;
  bool is_running() const { return phase_ == Phase::running; }
  /// What an operator asks for (core/access/access_request.h): `done` comes when the change is
  /// durable and every shard has applied it, with nothing, or at once with what is wrong with the
  /// request. It runs on the control thread, which is also the only one that may call this; it may
  /// ask again. When the store breaks the process ends and no answer comes. `by` is told in events.
  using Changed = std::function<void(const std::optional<core::AccessRefusal>&)>;
  void change(const core::AccessRequest& request, std::string by, Changed done);
  /// What there is, for questions of the control thread; not yet durable when a change is under
  /// way.
  const core::Topology& topology() const { return master_; }
  /// What they tell has been sent to every shard when a call returns.
  ResourceAlarms& alarms() { return alarms_; }
  /// To every shard, each of which gets a command of its own: make().
  template <class F>
  void broadcast(F&& make) {
    for (core::ShardId shard = 0; shard < shard_count_; ++shard) mesh_.send(shard, make());
  }

  // --- For the operator's requests, from AdminService::work()

  /// Null: nobody. Outlives this, or sets null before.
  void set_admin(AdminService* admin) { admin_ = admin; }
  core::ShardId shard_count() const { return shard_count_; }
  /// As a channel that commands name: answers come to the AdminService.
  core::ChannelRef admin_ref(std::uint32_t number) const { return {shard_count_, number, 1}; }
  void send(core::ShardId shard, ControlToShard&& command) {
    mesh_.send(shard, std::move(command));
  }
  /// Of the loop: read once a turn.
  core::Nanos now() const { return parts_.loop->now(); }
  std::uint64_t last_id() const { return ids_.last(); }
  /// At least one change, decided in this very call on what topology() is, with ids up to
  /// `last_id`. TopologyDone comes to `who`, an admin_ref(), when every shard has them, or with an
  /// error when they cannot be stored.
  void apply_plan(Changes changes, std::uint64_t last_id, const core::ChannelRef& who);

 private:
  /// failed: the store did; whatever comes is dropped.
  enum class Phase : std::uint8_t { running, stopping, failed, ending };
  /// An answer that waits until every shard has applied `version`.
  struct Waiting {
    std::uint64_t version;
    core::TopologyDone done;
    Changed changed = nullptr;  ///< When set it gets the answer.
  };
  /// What it does with the shards' commands (control.cpp).
  struct ShardHandler;

  bool drain_mailboxes() override;
  void flush() override;
  bool may_sleep() override {
    return !mesh_.has_staged() && phase_ != Phase::ending &&
           (admin_ == nullptr || !admin_->has_work());
  }

  void on_connections_closed(core::ShardId from);
  void take_request(ControlRequest request);
  void carry_out(ControlRequest request);
  void take(const core::TopologyChange& change);
  Changes default_types(const Changes& changes) const;
  void add_event_exchange(Changes& changes);
  void adopt(core::TopologyChanges changes);
  bool has_uncommitted() const { return parts_.store != nullptr && parts_.store->has_changes(); }
  void commit();
  void take_back();
  std::deque<ControlRequest> roll_back();
  void on_retry(io::Timer& timer);
  void refuse_parked();
  void refuse(ControlRequest& request);
  void fail(const std::string& reason);
  /// The version at which a shard has applied all that is decided.
  std::uint64_t decided_version() const {
    return replication_.version() + uncommitted_.pieces.size();
  }
  void answer(core::TopologyDone&& done);
  void answer_ready();
  void on_alarm(const core::Alarm& alarm) override;
  void on_trim() override;

  Parts parts_;
  ControlEnd mesh_;
  core::ShardId shard_count_;
  core::Topology master_;
  core::IdSource ids_;
  TopologyReplication replication_;
  /// Since the last commit; empty when nothing of it is to be kept.
  struct Uncommitted {
    std::deque<core::TopologyChanges> pieces;  ///< The newest decisions, in pieces, oldest first.
    std::vector<core::TopologyChange> undo;    ///< Of them, on the master.
    std::deque<ControlRequest> requests;       ///< Whose answers depend on the commit.
  };
  Uncommitted uncommitted_;
  std::deque<ControlRequest> parked_;  ///< To be decided when the store is asked again.
  StoreRetry retry_;
  std::deque<Waiting> waiting_;  ///< Oldest first.
  io::Timer retry_timer_;
  AdminService* admin_ = nullptr;
  ResourceAlarms alarms_;
  Phase phase_ = Phase::running;
  std::vector<bool> serves_;  ///< By shard.
  bool suspends_ = false;
  std::size_t drained_count_ = 0;
};

}  // namespace lepus::server
