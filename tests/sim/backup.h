// A backup of the broker just before its process dies, and the journals put back from it: whatever
// was durable at the end must be in the backup, so the oracle judges the next start as after any
// crash.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "persist/backup/journal_snapshot.h"
#include "tests/sim/cluster.h"

namespace lepus::sim {

class Backup {
 public:
  Backup(io::SimWorld& world, Judge& judge, Saboteur& saboteur)
      : world_(world), judge_(judge), saboteur_(saboteur) {}

  /// Runs the broker until its journals stand still, and copies them. Returns false when they do
  /// not come to rest, or the copy fails: then there is no backup.
  bool take(Cluster& cluster);
  /// The same with a mistake: each shard goes on before the next one is frozen, and clients, too.
  bool take_one_by_one(Cluster& cluster, const std::function<void()>& step);
  /// The process is dead. The journals are those of the backup.
  void restore();

 private:
  bool freeze(Cluster& cluster);
  bool run(Cluster& cluster, std::size_t turns, std::size_t shard);
  bool copy(const persist::JournalSnapshot& snapshot, const std::string& target);
  void remove_files(const std::string& directory);

  io::SimWorld& world_;
  Judge& judge_;
  Saboteur& saboteur_;
  std::vector<persist::JournalSnapshot> snapshots_;  ///< With directories of the backup.
};

}  // namespace lepus::sim
