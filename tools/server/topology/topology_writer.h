// The only writer of the topology: requests are decided on the master, committed, then sent to the
// shards. On the control thread (control.h).
//
//   request() -> decide() on the master -> applied here, recorded in the store
//     nothing of it is durable: to every shard at once (topology_replication.h)
//     else: held, with everything decided after it, until it is committed
//   flush(): one commit for all that came meanwhile, on the store's thread (store_writer.h); what
//     is decided while it is under way is held for the next one
//   on_applied() of all shards -> Listener::on_answer(), in the order of the requests
//
// So no shard knows, and nobody is told of, a definition that a crash could still take back. A
// commit that fails is taken back on the master, with all that was decided since: the requests are
// decided again a little later, or get an error (StoreRetry). While it is not known what a failed
// commit left on the disk the store is asked again until it works, also when nobody waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "core/topology/topology.h"
#include "core/topology/topology_rules.h"
#include "io/loop.h"
#include "tools/server/mesh.h"
#include "tools/server/topology/control_request.h"
#include "tools/server/topology/store_retry.h"
#include "tools/server/topology/store_writer.h"
#include "tools/server/topology/topology_plan.h"
#include "tools/server/topology/topology_replication.h"

namespace lepus::server {

class TopologyWriter {
 public:
  using Changes = std::vector<core::TopologyChange>;
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_answer(core::TopologyDone&& done) = 0;
  };
  struct Parts {
    ControlEnd& mesh;
    core::ShardId shard_count;
    io::Loop& loop;
    core::Log& log;
    core::DefinitionStore* store;  ///< Null: nothing outlives the process.
    Listener& listener;
    std::string event_vhost;  ///< As Control::Parts has it, and the next.
    std::string default_queue_type;
  };
  explicit TopologyWriter(Parts parts);
  ~TopologyWriter();

  /// As Control::start(). Blocks.
  [[nodiscard]] std::string start(core::StoredDefinitions stored,
                                  const std::vector<std::string>& vhosts);
  /// Requests are decided in the order in which they come.
  void request(ControlRequest request);
  /// As Control::apply_plan().
  void apply_plan(Changes changes, std::uint64_t last_id, const core::ChannelRef& who);
  /// A shard has applied a version that was sent to it.
  void on_applied(core::ShardId shard, std::uint64_t version);
  /// At the end of a turn.
  void flush();
  /// The broker stops: a stop does not wait for what cannot fail, for nothing of it is there after
  /// it but what is stored.
  void begin_stop();
  /// How the decided changes reach the other threads.
  TopologyReplication& replication() { return replication_; }

  const core::Topology& topology() const { return master_; }
  PlanBase plan_base() const { return {decided_version(), ids_.last()}; }
  StoreWriter& store() { return store_; }

 private:
  /// What was decided and is not committed.
  struct Decided {
    std::deque<core::TopologyChanges> pieces;  ///< Oldest first.
    std::vector<core::TopologyChange> undo;    ///< Of them, on the master.
    std::deque<ControlRequest> requests;       ///< Whose answers depend on the commit.
    /// `joins`: it may become part of the newest piece.
    void add(core::TopologyChanges piece, bool joins);
  };
  /// An answer that waits until every shard has applied `version`.
  struct Waiting {
    std::uint64_t version;
    core::TopologyDone done;
    ControlRequest::Changed changed = nullptr;  ///< When set it gets the answer.
  };

  void carry_out(ControlRequest request);
  std::unique_ptr<core::AmqpError> carry_out(const core::TopologyRequest& request, bool joins);
  void adopt(core::TopologyChanges changes, bool joins = false);
  /// What is decided now has to wait for a commit.
  bool is_held() const { return store_.is_committing() || store_.has_changes(); }
  void finish_commit(const StoreWriter::Outcome& outcome);
  void send(Decided& decided);
  void take_back();
  std::deque<ControlRequest> roll_back();
  void on_retry(io::Timer& timer);
  void refuse_parked();
  void refuse(ControlRequest& request);
  void answer_ready();
  /// The version at which a shard has applied all that is decided.
  std::uint64_t decided_version() const {
    return replication_.version() + committing_.pieces.size() + uncommitted_.pieces.size();
  }

  Parts parts_;
  core::Topology master_;
  core::IdSource ids_;
  StoreWriter store_;
  TopologyReplication replication_;
  Decided committing_;                 ///< By the commit that is under way.
  Decided uncommitted_;                ///< Since then.
  std::deque<ControlRequest> parked_;  ///< To be decided when the store is asked again.
  StoreRetry retry_;
  io::Timer retry_timer_;
  std::deque<Waiting> waiting_;  ///< Oldest first.
  bool is_stopping_ = false;
};

}  // namespace lepus::server
