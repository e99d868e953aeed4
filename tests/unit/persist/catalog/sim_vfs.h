// SQLite's files on a simulated disk: whatever SQLite opens while an object of this class is there
// lies on an io::SimDisk, which loses what was not synced when the power is cut.
//
//   SQLite -> sqlite3_vfs "sim" -> io::SimDisk
//
// The process can die in the middle of a call: from then on each call fails and changes nothing, so
// that SQLite can be taken down before the disk is told. The index of the write-ahead log, which
// SQLite keeps in shared memory, is memory here and goes with the connection. Nobody else has the
// files open, so locks are always got.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/sim/sim_disk.h"

namespace lepus::persist::test {

class SimVfs {
 public:
  /// The default of the whole process as long as it lives. `disk` outlives it.
  explicit SimVfs(io::SimDisk& disk);
  ~SimVfs();
  SimVfs(const SimVfs&) = delete;
  SimVfs& operator=(const SimVfs&) = delete;

  /// The process dies in the call after so many.
  void die_after(std::uint64_t calls) { calls_left_ = calls; }
  bool is_dead() const { return calls_left_ == 0; }
  /// A new process: descriptors of the old one are gone.
  void live_on() { calls_left_ = UINT64_MAX; }
  /// A planted mistake: what SQLite has synced is not.
  void forget_syncs() { forgets_syncs_ = true; }
  std::uint64_t sync_count() const { return sync_count_; }

 private:
  struct File;
  struct Methods;
  friend struct Methods;

  /// Counts a call. Returns false if the process is dead.
  bool step();

  io::SimDisk& disk_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  sqlite3_vfs* const usual_;  ///< What was the default before.
  std::uint64_t calls_left_ = UINT64_MAX;
  std::uint64_t sync_count_ = 0;
  bool forgets_syncs_ = false;
};

}  // namespace lepus::persist::test
