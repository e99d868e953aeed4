// Makes definitions durable on a thread of its own, so that a disk that is slow or a lock of
// another program stops nobody but those who wait for their definitions.
//
//   control thread                           the store's thread
//   record() ... begin_commit() --batch-->   store.record() ..., store.commit()
//   take_outcome()              <--outcome-- on_outcome()
//   roll_back(undo)             ----------->  store.roll_back(), after a commit that failed
//
// While one batch is written the next one is recorded: one commit for all that came meanwhile. What
// is worth keeping is known here (DurableFilter), so that the rest waits for no commit. Before
// start_thread() everything is done within the call: at the start of the broker, and in tests.
//
// One thread uses it, but for the store's own; at most one commit is under way.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "core/broker/ports.h"
#include "core/topology/durable_filter.h"

namespace lepus::server {

class StoreWriter {
 public:
  using Fault = core::DefinitionStore::Fault;
  struct Outcome {
    std::string error = {};  ///< Empty: all of the batch is durable.
    Fault fault = Fault::in_doubt;
    std::uint64_t reserved_id = 0;  ///< As DefinitionStore has it.
  };

  /// Null: nothing outlives the process.
  explicit StoreWriter(core::DefinitionStore* store);
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;
  /// What was begun is ended first.
  ~StoreWriter();

  /// What the store held when it was opened. Before anything is recorded.
  void load(const core::StoredDefinitions& stored);
  /// From now on the store is used by another thread only, which calls `on_outcome` each time it is
  /// done with something.
  void start_thread(std::function<void()> on_outcome);

  /// In the order in which the master applied them.
  void record(const core::TopologyChange& change);
  /// Something else for the same transaction, which `write` records in the store, on its thread.
  void record(std::function<void()> write);
  /// As DefinitionStore has it.
  void touch();
  /// Something was recorded since the last begin_commit().
  bool has_changes() const { return !batch_.empty(); }
  /// Not while another commit is under way.
  void begin_commit();
  bool is_committing() const { return is_committing_; }
  /// Of the commit that is under way; nothing: it still is.
  std::optional<Outcome> take_outcome();
  /// What was recorded and is not durable is forgotten: after a commit that failed, or when none is
  /// under way. `undo` as DefinitionStore::roll_back() has it.
  void roll_back(const std::vector<core::TopologyChange>& undo);
  /// What the store's thread freed goes back to the system.
  void trim_heap();
  /// Returns true if the store's thread has nothing to do.
  bool is_idle();

 private:
  using Write = std::variant<core::TopologyChange, std::function<void()>>;
  struct TrimHeap {};
  /// A batch to be committed, or changes to be taken back.
  using Job = std::variant<std::vector<Write>, std::vector<core::TopologyChange>, TrimHeap>;

  void post(Job job);
  void execute(Job& job);
  Outcome commit(std::vector<Write>& batch);
  void run();

  core::DefinitionStore* store_;
  core::DurableFilter filter_;
  std::vector<Write> batch_;
  std::uint64_t reserved_id_ = 0;
  bool is_committing_ = false;
  bool has_failed_ = false;  ///< The last commit did, and was not rolled back.
  std::function<void()> on_outcome_;
  std::mutex mutex_;  ///< Of what follows.
  std::condition_variable has_news_;
  std::deque<Job> jobs_;
  bool is_working_ = false;
  bool is_ending_ = false;
  std::optional<Outcome> outcome_;
  std::thread thread_;
};

}  // namespace lepus::server
