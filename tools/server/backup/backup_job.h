// The copying of a backup, by a thread of its own: it waits for disks, and nobody waits for it.
//
//   BackupJob(plan) -> thread: catalog -> journals -> list of the files -> is_finished()
//     stop(): what was made is removed
//
// One thread owns it and asks; everything but what says so is of that thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "io/kernel_disk.h"
#include "persist/backup/backup_list.h"
#include "persist/backup/journal_copy.h"

namespace lepus::server {

struct BackupPlan {
  std::string catalog;  ///< Path of the broker's.
  std::string target;   ///< Directory; is missing, or empty.
  bool only_bytes = false;
  std::uint64_t rate = 0;    ///< Bytes a second that are copied at most; 0: as fast as it goes.
  persist::BackupList list;  ///< With the journals' snapshots, whose files are held.
};

struct BackupResult {
  std::string error;  ///< Not empty: there is no backup, and nothing of it is left.
  persist::UnreadableBytes unreadable;
  /// By journal, as in the plan.
  std::vector<persist::JournalCopyTally> tallies;
};

class BackupJob final : private persist::CopyMonitor {
 public:
  /// Begins.
  explicit BackupJob(BackupPlan plan);
  ~BackupJob() override { finish(); }

  /// Stops and waits for the end of the piece under way: is_finished() then. It may have come to
  /// its end.
  void finish();
  /// Once is_finished(): the copy is not to be trusted, and what was made is removed. Blocking.
  void discard() { remove_all(); }
  void stop() { is_stopping_.store(true, std::memory_order_relaxed); }
  bool is_finished() const { return is_finished_.load(std::memory_order_acquire); }
  std::uint64_t copied_bytes() const { return copied_.load(std::memory_order_relaxed); }
  std::uint64_t total_bytes() const { return total_; }
  const BackupPlan& plan() const { return plan_; }
  /// Once is_finished().
  const BackupResult& result() const { return result_; }

 private:
  bool on_copied(std::uint64_t bytes) override;
  void run();
  std::string copy_all();
  std::string copy_catalog();
  void remove_all();

  BackupPlan plan_;
  BackupResult result_;
  std::uint64_t total_ = 0;
  io::KernelDisk disk_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_finished_{false};
  std::atomic<std::uint64_t> copied_{0};
  std::int64_t started_ns_ = 0;  ///< Of the thread.
  std::thread thread_;
};

}  // namespace lepus::server
