// The control thread: the topology's only writer (topology_writer.h) works on it, and it watches
// memory, disk (resource_alarms.h) and signals. Nothing on it waits for the disk.
//
// An operator's requests run on the admin thread (admin_thread.h), which sends what changes
// something as commands (admin_commands.h) and is told how the broker is: nothing here reads files
// or writes JSON.
//
// It never sits on the message path. When it stops the broker it asks every shard to close its
// connections, and lets the threads end only when all have: until then they still answer each
// other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/access/access_request.h"
#include "core/base/log.h"
#include "core/broker/ports.h"
#include "core/topology/topology.h"
#include "io/loop.h"
#include "tools/server/mesh.h"
#include "tools/server/resource_alarms.h"
#include "tools/server/topology/topology_writer.h"

namespace lepus::server {

class Control final : private io::TurnHooks,
                      private ResourceAlarms::Listener,
                      private TopologyWriter::Listener {
 public:
  struct Parts {
    Mesh* mesh;
    io::Loop* loop;
    core::Log* log;
    std::uint64_t memory_watermark_bytes;
    std::function<std::uint64_t()> memory_bytes;  ///< Of all shards; called twenty times a second.
    core::DefinitionStore* store = nullptr;       ///< Null: nothing outlives the process.
    /// As of ResourceAlarms::Parts; outlives this. Null: no disk.
    SlowReading<std::int64_t>* disk_free = nullptr;
    std::uint64_t disk_free_min_bytes = 0;  ///< With less, publishers are blocked.
    std::string event_vhost = {};           ///< Has amq.rabbitmq.event; empty: there is none.
    /// Virtual hosts that have none get it; empty: they stay so.
    std::string default_queue_type = {};
    /// As of ResourceAlarms::Parts; outlives this. Null: nothing is ever given back.
    SlowReading<ProcessMemory>* process_memory = nullptr;
    /// An operator wants the broker to stop. Null: stop().
    std::function<void()> on_stop_asked = nullptr;
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
  /// Listening sockets for each shard, which are taken over; when it is not suspended, closed.
  void resume(ShardListeners listeners);
  bool is_finished();
  bool is_running() const { return phase_ == Phase::running; }
  /// What an operator asks for (core/access/access_request.h): `done` comes when the change is
  /// durable and every shard has applied it, with nothing, or at once with what is wrong with the
  /// request. It runs on the control thread, which is also the only one that may call this; it may
  /// ask again. `by` is told in events.
  using Changed = ControlRequest::Changed;
  void change(const core::AccessRequest& request, std::string by, Changed done);
  /// Carries out a plan, in this very call: all of it or nothing. Unless the outcome says that it
  /// is done, what is wrong or what to plan for, a TopologyDone comes to `who` later: when every
  /// shard has the changes, or with an error when they cannot be stored. While is_running().
  PlanOutcome carry_out(PlanRequest request, const core::ChannelRef& who);
  /// What there is, for questions of the control thread; not yet durable when a change is under
  /// way.
  const core::Topology& topology() const { return writer_.topology(); }
  StoreWriter& store() { return writer_.store(); }
  /// The store's thread did something: the end of this turn looks at it.
  void on_stored() {}
  /// What they tell has been sent to every shard when a call returns.
  ResourceAlarms& alarms() { return alarms_; }
  /// To every shard, each of which gets a command of its own: make().
  template <class F>
  void broadcast(F&& make) {
    for (core::ShardId shard = 0; shard < shard_count_; ++shard) mesh_.send(shard, make());
  }

  /// For the admin thread.
  template <class Kind>
  void tell_admin(Kind&& command) {
    mesh_.tell_admin(std::forward<Kind>(command));
  }
  /// Returns true once the admin thread sends nothing more, after EndAdmin.
  bool has_admin_ended() const { return has_admin_ended_; }

 private:
  enum class Phase : std::uint8_t { running, stopping, ending };
  /// What it does with the commands of shards and of the admin thread (control.cpp).
  struct ShardHandler;
  struct AdminHandler;

  bool drain_mailboxes() override;
  void flush() override;
  bool may_sleep() override { return !mesh_.has_staged() && phase_ != Phase::ending; }

  void on_connections_closed(core::ShardId from);
  void on_access(AskAccess&& ask);
  void on_plan(AskPlan&& ask);
  void tell_state();
  void on_answer(core::TopologyDone&& done) override;
  void on_alarm(const core::Alarm& alarm) override;
  void on_trim() override;

  Parts parts_;
  ControlEnd mesh_;
  core::ShardId shard_count_;
  TopologyWriter writer_;
  ResourceAlarms alarms_;
  Phase phase_ = Phase::running;
  std::vector<bool> serves_;  ///< By shard.
  bool suspends_ = false;
  std::size_t drained_count_ = 0;
  ControlState told_state_;  ///< What the admin thread was told last.
  bool has_admin_ended_ = false;
};

}  // namespace lepus::server
