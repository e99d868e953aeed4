// The control thread: the only writer of the topology, and the one who watches memory and signals.
//
//   TopologyAsk -> decide() on the master -> changes applied here, sent to every shard
//   TopologyApplied from all shards -> TopologyDone to who asked, in the order of the requests
//
// It never sits on the message path. When it stops the broker it asks every shard to close its
// connections, and lets the threads end only when all have: until then they still answer each
// other.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "core/log.h"
#include "core/topology.h"
#include "core/topology_rules.h"
#include "io/loop.h"
#include "tools/server/mesh.h"

namespace lepus::server {

class Control final : private io::TurnHooks {
 public:
  struct Parts {
    Mesh* mesh;
    io::Loop* loop;
    core::Log* log;
    std::uint64_t memory_watermark_bytes;
    std::function<std::uint64_t()> memory_bytes;  ///< Of all shards; called twenty times a second.
  };
  explicit Control(Parts parts);
  ~Control() override;

  /// Makes the virtual hosts; shards accept connections once they know them.
  void start(const std::vector<std::string>& vhosts);
  /// Closes all connections and ends all threads; is_finished() when that is done.
  void stop();
  /// Every shard accepts connections.
  bool is_serving() const { return serving_count_ == shard_count_; }
  bool is_finished() const;
  void set_memory_watermark(std::uint64_t bytes) { parts_.memory_watermark_bytes = bytes; }
  /// To every shard.
  void broadcast(const core::Command& command);

 private:
  enum class Phase : std::uint8_t { running, stopping, ending };
  /// An answer that waits until every shard has applied `version`.
  struct Waiting {
    std::uint64_t version;
    core::TopologyDone done;
  };

  bool drain_mailboxes() override;
  void flush() override { mesh_.wake(); }
  bool may_sleep() override { return !mesh_.has_staged() && phase_ != Phase::ending; }

  void on_command(core::ShardId from, const core::Command& command);
  void on_ask(const core::TopologyAsk& ask);
  void publish(std::vector<core::TopologyChange> changes);
  void answer_ready();
  void on_memory_timer(io::Timer& timer);

  Parts parts_;
  MeshEnd mesh_;
  core::ShardId shard_count_;
  core::Topology master_;
  core::IdSource ids_;
  std::uint64_t version_ = 0;           ///< Batches of changes sent to the shards.
  std::vector<std::uint64_t> applied_;  ///< By shard.
  std::deque<Waiting> waiting_;         ///< Oldest first.
  io::Timer memory_timer_;
  bool memory_alarm_ = false;
  Phase phase_ = Phase::running;
  std::size_t serving_count_ = 0;
  std::size_t drained_count_ = 0;
};

}  // namespace lepus::server
