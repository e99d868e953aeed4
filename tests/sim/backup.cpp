// See backup.h. What the backup operation of the admin thread does (tools/server/backup), without
// that thread.
#include "tests/sim/backup.h"

#include "persist/backup/journal_copy.h"
#include "persist/journal/segment_files.h"

namespace lepus::sim {

namespace {

constexpr const char* restored_directory = "/data";
constexpr const char* backup_directory = "/backup";
constexpr std::size_t rest_turns_max = 3000;
constexpr std::size_t mistaken_steps = 2000;

class Copying final : public persist::CopyMonitor {
  bool on_copied(std::uint64_t) override { return true; }
};

/// The disk of a backup is another one, or works for now.
class HealthyDisk {
 public:
  explicit HealthyDisk(io::SimDisk& disk) : disk_(disk), faults_(disk.faults()) {
    disk.set_faults({});
  }
  ~HealthyDisk() { disk_.set_faults(faults_); }
  HealthyDisk(const HealthyDisk&) = delete;
  HealthyDisk& operator=(const HealthyDisk&) = delete;

 private:
  io::SimDisk& disk_;
  io::SimDiskFaults faults_;
};

}  // namespace

/// True: the journal of this shard is at rest. Clients do nothing meanwhile, but what they wrote
/// still arrives.
bool Backup::run(Cluster& cluster, std::size_t turns, std::size_t shard) {
  persist::BackupHold& hold = cluster.stores()[shard]->journal().backup();
  for (; turns > 0 && !hold.is_at_rest(); --turns) {
    const io::SimDriver* driver = world_.next_runnable(world_.now() + core::nanos_per_ms);
    if (driver != nullptr) cluster.run_turn(*driver);
    if (cluster.has_failed()) return false;
  }
  return hold.is_at_rest();
}

bool Backup::freeze(Cluster& cluster) {
  for (const auto& store : cluster.stores())
    if (!store->journal().backup().begin()) return false;
  for (std::size_t shard = 0; shard < cluster.stores().size(); ++shard)
    if (!run(cluster, rest_turns_max, shard)) return false;
  for (const auto& store : cluster.stores())
    if (!store->journal().backup().is_at_rest()) return false;
  return true;
}

bool Backup::take(Cluster& cluster) {
  snapshots_.clear();
  if (!freeze(cluster)) return false;
  for (const auto& store : cluster.stores())
    if (!copy(store->journal().backup().snapshot(), backup_directory)) return false;
  judge_.note("a backup is made");
  return true;
}

bool Backup::take_one_by_one(Cluster& cluster, const std::function<void()>& step) {
  const HealthyDisk healthy{world_.disk()};
  snapshots_.clear();
  for (std::size_t shard = 0; shard < cluster.stores().size(); ++shard) {
    persist::BackupHold& hold = cluster.stores()[shard]->journal().backup();
    if (!hold.begin() || !run(cluster, rest_turns_max, shard)) return false;
    if (!copy(hold.snapshot(), backup_directory)) return false;
    hold.end({});
    saboteur_.strike();
    for (std::size_t steps = 0; steps < mistaken_steps; ++steps) step();
  }
  judge_.note("a mistaken backup is made");
  return true;
}

bool Backup::copy(const persist::JournalSnapshot& snapshot, const std::string& target) {
  const HealthyDisk healthy{world_.disk()};
  Copying monitor;
  persist::UnreadableBytes unreadable;
  persist::JournalCopyTally tally;
  const std::string directory = persist::shard_directory(target, snapshot.shard);
  remove_files(directory);
  persist::JournalCopy copy({&world_.disk(), &monitor, &unreadable});
  const std::string error = copy.copy(snapshot, target, tally);
  if (!error.empty()) judge_.note("no copy: {}", error);
  if (unreadable.bytes > 0) judge_.fail(1, "a backup lacks {} bytes", unreadable.bytes);
  if (target == backup_directory) {
    snapshots_.push_back(snapshot);
    snapshots_.back().directory = directory;
  }
  return error.empty();
}

void Backup::restore() {
  for (const persist::JournalSnapshot& snapshot : std::vector{snapshots_})
    if (!copy(snapshot, restored_directory)) judge_.fail(1, "a backup cannot be restored");
}

void Backup::remove_files(const std::string& directory) {
  std::vector<std::string> names;
  (void)world_.disk().list(directory, names);
  for (const std::string& name : names) (void)world_.disk().remove(directory + "/" + name);
}

}  // namespace lepus::sim
