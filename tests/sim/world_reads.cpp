// A disk that does not read for some seconds, or a process that may open no more files: messages
// that are on the disk alone are parked, and nothing may be lost by that. When it reads again the
// operator has them tried again, or a restart does.
#include "tests/sim/accounts.h"
#include "tests/sim/world.h"

namespace lepus::sim {

namespace {

constexpr core::Nanos fail_time_max = core::nanos_per_s;

}  // namespace

void World::disturb_reads() {
  io::SimDiskFaults faults = sim_.disk().faults();
  if (reads_fail_until_ == 0) {
    if (read_random_.below(300) != 0) return;
    judge_.note("the disk does not read any more");
    oracle_.allow_passing_over();
    reads_fail_until_ = sim_.now() + static_cast<core::Nanos>(read_random_.below(fail_time_max));
    if (plan_.files_short && read_random_.chance(70))
      faults.open_error = 1000;
    else
      faults.read_error = 1000;
    return sim_.disk().set_faults(faults);
  }
  if (sim_.now() < reads_fail_until_) return;
  faults.read_error = faults.open_error = 0;
  sim_.disk().set_faults(faults);
  mend_reads();
}

/// The disk reads again.
void World::mend_reads() {
  reads_fail_until_ = 0;
  if (reads_fail_) retry_parked();
}

/// Also later: a read that began before may end as an error after.
void World::retry_parked() {
  std::size_t retried = 0;
  for (const auto& shard : cluster_->shards()) {
    for_each_queue(shard->broker().topology(), [&](const core::QueueInfo& queue) {
      if (queue.local == nullptr) return;
      const std::size_t count = queue.local->storage().resolve_unreadable({}, SIZE_MAX);
      retried += count;
      if (count > 0) judge_.note("{} messages of queue {} are tried again", count, queue.name);
    });
  }
  if (retried > 0) cluster_->wake_all();
}

}  // namespace lepus::sim
