// Ends and starts of the broker in worlds with a disk, and what happens to the disk meanwhile.
#include "core/limits.h"
#include "persist/recovery/record_loader.h"
#include "persist/recovery/recovery_cases.h"
#include "tests/sim/world.h"

namespace lepus::sim {

namespace {

constexpr int start_attempts_max = 20;
constexpr std::uint64_t late_max = 100 * core::nanos_per_ms;
constexpr std::size_t late_steps = 600;        ///< Of a start.
constexpr std::uint64_t start_calls_max = 40;  ///< Of the disk: most starts make fewer.
constexpr std::size_t crash_steps_max = 300;
/// Behind what tells the format and its version: with another one the broker refuses to start.
constexpr std::uint64_t rot_begin = 16;
constexpr std::size_t write_wait_steps_max = 2000;

}  // namespace

Cluster::Parts World::cluster_parts() {
  // What is drawn by chance is another after each start.
  const std::uint64_t seed = seed_ ^ (judge_.now() << 32);
  Cluster::Parts parts{&sim_, &saboteur_, &disk_random_, plan_.shards, seed};
  if (!plan_.has_disk) return parts;
  parts.definitions = &definitions_;
  parts.segment_size = plan_.segment_size;
  parts.sync = plan_.sync;
  // A bit of the newest segment's header may have changed: the broker knows that it is missing.
  parts.accepts_loss = disk_is_rotten_;
  return parts;
}

// ---- starts ----

/// It is tried until it works, as a supervisor would; only a sick disk may refuse.
void World::start() {
  for (int attempt = 0; attempt < start_attempts_max; ++attempt) {
    // Also between attempts: taking over the journals of shards that are gone may be cut short.
    if (plan_.shard_changes > 0 && disk_random_.chance(plan_.shard_changes))
      plan_.shards = 1 + disk_random_.below(3);
    if (judge_.failed() || start_once()) return;
    const bool is_power_cut = disk_random_.chance(plan_.power_cuts);
    end_process(is_power_cut);
    if (is_power_cut) forgive_unsynced();
    end_disk_faults();
  }
  judge_.fail(13, "the broker does not start");
}

bool World::start_once() {
  if (!disk_is_sick_) end_disk_faults();
  cluster_ = std::make_unique<Cluster>(cluster_parts());
  if (saboteur_.mistake() == Mistake::ignore_sync) cluster_->disk().ignore_dsync();
  if (saboteur_.mistake() == Mistake::skip_tail) cluster_->disk().forget_writes();
  if (saboteur_.mistake() == Mistake::ignore_checksum) cluster_->disk().hide_damage();
  cluster_->disk().set_saboteur(saboteur_);
  if (crashes_left_ > 0 && disk_random_.chance(plan_.starts_crashed)) {
    --crashes_left_;
    cluster_->disk().die_after(disk_random_.below(start_calls_max));
  }
  const bool is_sick = disk_is_sick_;
  std::string error;
  try {
    error = cluster_->start();
  } catch (const ProcessDied&) {
    judge_.note("the broker dies while it starts");
    return false;
  }
  judge_.note("the broker starts with {} shards: {}", plan_.shards, error);
  if (!error.empty() && !is_sick) judge_.fail(13, "the broker does not start: {}", error);
  if (!error.empty()) return false;
  check_recovery();
  late_steps_left_ = late_random_.chance(plan_.late_starts) ? late_steps : 0;
  if (late_steps_left_ > 0 && late_random_.chance(50)) {
    for (std::size_t shard = 0; shard < plan_.shards; ++shard) delay_shard(shard, 60);
    late_steps_left_ = 0;
  }
  return true;
}

/// Each shard applies the definitions in its own time: some begin late, or stand still meanwhile.
void World::delay_shards() {
  if (late_steps_left_ == 0) return;
  --late_steps_left_;
  delay_shard(late_random_.below(plan_.shards), 4);
}

void World::delay_shard(std::size_t shard, unsigned percent) {
  if (late_random_.chance(percent))
    cluster_->stall(shard, sim_.now() + static_cast<core::Nanos>(late_random_.below(late_max)));
}

/// Nothing here damages what was durable: recovery must not have to speak of losses.
void World::check_recovery() {
  for (const auto& store : cluster_->stores()) {
    for (const persist::Finding& finding : store->report().findings) {
      judge_.note("  {}", finding.text());
      if (finding.severity() >= persist::Severity::loss && !disk_is_rotten_)
        judge_.fail(1, "recovery reports {}", finding.text());
    }
    if (!disk_is_rotten_) check_places(store->report());
  }
}

/// Bodies were not read where segments have indexes; what is said to lie somewhere must lie there.
void World::check_places(const persist::RecoveryReport& report) {
  if (report.tail.segment == 0) return;
  const std::size_t name = report.tail.path.rfind('/');
  persist::RecordLoader loader{sim_.disk(), report.tail.path.substr(0, name), report.files};
  report.queues.for_each_queue([&](std::uint64_t queue) {
    report.queues.for_each(queue, [&](const persist::LiveEntry& entry) {
      const std::string error = loader.load(entry.message.place).error;
      if (!error.empty()) judge_.fail(1, "recovery believes in a message: {}", error);
    });
  });
}

// ---- ends ----

void World::end_process(bool is_power_cut) {
  judge_.note("the process is gone{}", is_power_cut ? ", and the power" : "");
  const ProcessDisk::Place interrupted = cluster_->disk().interrupted();
  Cluster::die(std::move(cluster_));
  if (saboteur_.mistake() == Mistake::early_index)
    saboteur_.early_indexes().remember(sim_.disk(), Cluster::journal_directory);
  if (is_power_cut) {
    sim_.disk().power_cut(disk_random_);
    // Without room the newest segment is written again in its place.
    if (!interrupted.path.empty() && !plan_.disk_fills)
      (void)sim_.disk().flip_bit(interrupted.path, interrupted.offset, io::sim_sector_size);
  } else {
    sim_.disk().kill();
  }
  unlock_store();
  definitions_.failure.clear();
  definitions_.restart(definitions_.is_in_doubt() && disk_random_.chance(50));
}

/// What had come to them before, they may still read.
void World::forget_clients() {
  for (Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    if (!cluster_->has_failed() && disk_random_.chance(50)) seat.client->read();
    if (!seat.client->is_over()) seat.client->cut(Client::Cut::reset);
  }
}

void World::crash() {
  judge_.advance();
  judge_.note("crash{}", cluster_->has_failed() ? ": it cannot write" : "");
  if (cluster_->has_failed() && crashes_left_ > 0) --crashes_left_;
  const bool has_backup = !cluster_->has_failed() && backup_random_.chance(plan_.backups) &&
                          (saboteur_.mistake() == Mistake::thaw_early
                               ? backup_.take_one_by_one(*cluster_, [this] { step(); })
                               : backup_.take(*cluster_));
  forget_clients();
  const bool is_power_cut = disk_random_.chance(plan_.power_cuts);
  end_process(is_power_cut);
  if (has_backup) backup_.restore();
  model_.settle_deaths();
  oracle_.on_restart(false);
  if (is_power_cut) forgive_unsynced();
  if (plan_.bits_rot && disk_random_.chance(50)) rot();
  model_.on_restart();
  quiet_steps_ = 0;
  start();
  plan_crash();
}

bool World::crash_is_due() {
  if (crashes_left_ == 0 || scene_.actions_done < crash_action_ || steps_ < crash_step_)
    return false;
  const bool waited = steps_ > crash_step_ + write_wait_steps_max;
  if (crash_in_write_ && !waited && sim_.disk().writes_under_way() == 0) return false;
  --crashes_left_;
  return true;
}

/// Some come soon after the last, while the broker still starts.
void World::plan_crash() {
  crash_action_ = SIZE_MAX;
  if (crashes_left_ == 0) return;
  crash_action_ = scene_.actions_done;
  if (!disk_random_.chance(25))
    crash_action_ += disk_random_.below(plan_.actions / crashes_left_ + 1);
  crash_step_ = steps_ + disk_random_.below(crash_steps_max);
  crash_in_write_ = disk_random_.chance(plan_.crashes_in_write);
}

/// Between close and drain: nobody is connected.
void World::interlude() {
  if (!plan_.has_disk || plan_.before_drain == Plan::Interlude::none) return;
  crashes_left_ = 0;
  if (plan_.before_drain == Plan::Interlude::crash) return crash();
  stop_broker();
  if (judge_.failed()) return;
  judge_.note("the broker was stopped");
  const bool is_power_cut = disk_random_.chance(plan_.power_cuts);
  if (is_power_cut) sim_.disk().power_cut(disk_random_);
  definitions_.restart(definitions_.is_in_doubt() && disk_random_.chance(50));
  model_.settle_deaths();
  oracle_.on_restart(true);
  if (is_power_cut) forgive_unsynced();
  model_.on_restart();
  start();
}

// ---- the disk ----

/// One bit of a journal changes. What is lost must be left out, and what comes must be intact.
void World::rot() {
  std::vector<std::string> shards;
  if (sim_.disk().list(Cluster::journal_directory, shards) < 0 || shards.empty()) return;
  const std::string directory = std::string(Cluster::journal_directory) + "/" +
                                shards[disk_random_.below(shards.size())] + "/";
  std::vector<std::string> files;
  if (sim_.disk().list(directory, files) < 0 || files.empty()) return;
  const std::string path = directory + files[disk_random_.below(files.size())];
  const std::int64_t place = sim_.disk().flip_bit(path, rot_begin, plan_.segment_size / 2);
  judge_.note("a bit of {} changes at {}", path, place);
  forgive_journals();
}

/// What was confirmed was with the operating system, and may be gone with it.
void World::forgive_unsynced() {
  if (plan_.sync != persist::SyncMode::always) forgive_journals();
}

/// They may lack something from now on.
void World::forgive_journals() {
  disk_is_rotten_ = true;
  oracle_.forgive_journal();
}

void World::disturb_disk() {
  if (plan_.disk_faults && disk_random_.below(400) == 0) {
    io::SimDiskFaults faults = io::SimDiskFaults::draw(disk_random_);
    faults.read_error = sim_.disk().faults().read_error;  // See disturb_reads().
    faults.open_error = sim_.disk().faults().open_error;
    if (crashes_left_ == 0) faults.write_error = 0;
    faults.delay_ns_max = plan_.disk_delay_ns_max;
    disk_is_sick_ = true;
    sim_.disk().set_faults(faults);
  }
  if (plan_.disk_fills && disk_random_.below(1000) == 0) {
    disk_is_sick_ = true;
    sim_.disk().set_capacity(disk_random_.chance(50)
                                 ? UINT64_MAX / 2
                                 : sim_.disk().used() + disk_random_.below(4 * plan_.segment_size));
  }
  if (plan_.store_fails && disk_random_.below(2000) == 0 && definitions_.failure.empty() &&
      sim_.now() >= store_free_until_) {
    judge_.note("commits of definitions fail");
    fail_store(core::DefinitionStore::Fault::in_doubt,
               static_cast<core::Nanos>(disk_random_.below(core::nanos_per_s)));
  }
}

void World::end_disk_faults() {
  disk_is_sick_ = false;
  unlock_store();
  io::SimDiskFaults none;
  none.delay_ns_max = plan_.disk_delay_ns_max;
  sim_.disk().set_faults(none);
  sim_.disk().set_capacity(UINT64_MAX / 2);
}

}  // namespace lepus::sim
