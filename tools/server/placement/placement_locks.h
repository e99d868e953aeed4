// Tells brokers on one machine of each other: each pinned CPU has a lock file, and two instances
// pinned to the same CPU would take turns of a scheduler tick, which costs latency without any sign
// of it. The locks are advice: what is taken is warned about, never refused.
#pragma once

#include <string>
#include <vector>

#include "tools/server/placement/placement.h"

namespace lepus::server {

class PlacementLocks {
 public:
  PlacementLocks() = default;
  ~PlacementLocks();
  PlacementLocks(const PlacementLocks&) = delete;
  PlacementLocks& operator=(const PlacementLocks&) = delete;

  /// Locks one file per shard's CPU in `directory` (made when missing) until destruction; the
  /// kernel drops the locks when the process dies. Returns a warning, or "" when all are ours or
  /// the directory cannot be used. Does nothing when shards are not pinned.
  std::string take(const Placement& placement, const std::string& directory);

  /// Where instances of all users of the machine meet; gone after a reboot.
  static constexpr const char* shared_directory = "/dev/shm/lepus-cpus";

 private:
  std::vector<int> fds_;
};

}  // namespace lepus::server
