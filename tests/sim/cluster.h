// The broker of a simulated run: what tools/server/node.cpp puts together, without threads. With a
// disk it recovers what a former cluster on the same disk left.
//
//   Cluster -> start() -> run_turn() ... -> the broker stops: is_finished(), or die(): it crashed
//
// start() blocks, as the real one does, and may end with ProcessDied; time passes in it. A write
// that fails while it runs only sets has_failed(): whoever runs the turns lets it die at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/sim/sim_driver.h"
#include "persist/recovery/shard_recovery.h"
#include "tests/sim/operator.h"
#include "tests/sim/process_disk.h"
#include "tests/sim/saboteur.h"
#include "tests/sim/saboteur_disk.h"
#include "tests/unit/persist/recovery/memory_store.h"
#include "tools/server/control.h"
#include "tools/server/shard.h"

namespace lepus::sim {

class Cluster {
 public:
  struct Parts {
    io::SimWorld* world;
    Saboteur* saboteur;
    core::Random* random;  ///< For how a process dies; nothing else.
    std::size_t shard_count;
    std::uint64_t seed;
    /// Null: a broker without a disk.
    persist::test::MemoryStore* definitions = nullptr;
    std::uint64_t segment_size = 0;
    persist::SyncMode sync = persist::SyncMode::always;
    /// The operator accepts that a journal lacks something.
    bool accepts_loss = false;
  };
  explicit Cluster(const Parts& parts);

  /// "" or why the broker does not start.
  std::string start();
  /// Runs one turn of the loop that belongs to this driver.
  void run_turn(const io::SimDriver& driver);
  /// A dead process is not taken apart: its objects would find that nothing of them is finished.
  /// They stay where they are, and nobody runs them again.
  static void die(std::unique_ptr<Cluster> cluster);

  /// Shards, then the control thread.
  std::size_t thread_count() const { return threads_.size(); }
  std::uint64_t turn_count(std::size_t thread) const { return threads_[thread]->loop.turn_count(); }
  /// The thread has something to do now, and gets the time for it.
  bool is_runnable(std::size_t thread) const {
    return threads_[thread]->driver->next_event() <= parts_.world->now();
  }
  /// Its turns come later.
  void stall(std::size_t thread, core::Nanos until) { threads_[thread]->driver->stall(until); }
  std::size_t connection_count() const;
  std::uint64_t memory_bytes() const;
  bool rings_empty();
  bool is_finished() const;
  bool has_failed() const { return has_failed_; }
  server::Control& control() { return *control_; }
  /// Memory of each shard; see server::Shard.
  void set_memory_pressure_threshold(std::uint64_t bytes) {
    for (const auto& shard : shards_) shard->set_memory_pressure_threshold(bytes);
  }
  /// What the world did to the shards' brokers itself, beside the mesh, is noticed.
  void wake_all() {
    for (const auto& thread : threads_) thread->driver->stall(parts_.world->now());
  }
  const Operator& an_operator() const { return operator_; }
  std::vector<std::unique_ptr<server::Shard>>& shards() { return shards_; }
  const std::vector<std::unique_ptr<persist::ShardRecovery>>& stores() const { return stores_; }
  ProcessDisk& disk() { return disk_; }
  std::size_t ops_in_flight() const;

  static constexpr std::uint16_t port = 5672;
  static constexpr const char* journal_directory = "/data/journal";

 private:
  struct Thread {
    Thread(io::SimWorld& world, Saboteur& saboteur)
        : driver(std::make_unique<io::SimDriver>(world)),
          seen(*driver, saboteur),
          loop(seen, {io::IdleMode::sleep, 0}) {}
    std::unique_ptr<io::SimDriver> driver;
    SabotagedDriver seen;
    io::Loop loop;
  };
  struct Start;

  persist::Journal::Parts journal_parts(io::Loop& loop);
  std::string import_journals(core::StoredDefinitions& stored);
  std::string open_journals(const core::StoredDefinitions& stored);
  void make_shards();
  void on_failure();

  Parts parts_;
  ProcessDisk disk_;
  amqp::Settings settings_;
  core::NullLog log_;
  std::vector<std::unique_ptr<Thread>> threads_;  ///< Shards, then the control thread.
  server::Mesh mesh_;
  std::vector<std::unique_ptr<persist::ShardRecovery>> stores_;  ///< By shard; none without a disk.
  std::vector<std::unique_ptr<EarlyMessageLog>> early_message_logs_;
  std::vector<std::unique_ptr<server::Shard>> shards_;
  std::unique_ptr<server::Control> control_;
  Operator operator_;
  Start* start_ = nullptr;  ///< While journals are imported.
  bool has_failed_ = false;
};

}  // namespace lepus::sim
