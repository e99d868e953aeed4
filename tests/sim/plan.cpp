// How runs are drawn: most knobs are off in some runs and high in others, because what is rare in
// the mean hides behind what is frequent.
#include <algorithm>

#include "tests/sim/scene.h"

namespace lepus::sim {

Plan Plan::draw(core::Random& random) {
  const auto sometimes = [&random](unsigned percent, unsigned max) {
    return random.chance(percent) ? static_cast<unsigned>(random.below(max + 1)) : 0U;
  };
  Plan plan;
  plan.shards = 1 + random.below(3);
  plan.clients = 1 + random.below(5);
  plan.channels_max = 1 + random.below(3);
  plan.actions = 100 + random.below(700);
  plan.messages_max = 50 + random.below(500);
  plan.queues_max = 2 + random.below(12);
  plan.exchanges_max = 8 + random.below(8);
  plan.illegal_per_mille = sometimes(50, 30);
  plan.abrupt_per_mille = sometimes(50, 30);
  plan.stall_per_mille = sometimes(40, 10);
  plan.topology = static_cast<unsigned>(5 + random.below(50));
  plan.settle = static_cast<unsigned>(10 + random.below(60));
  plan.wild = sometimes(40, 60);
  plan.no_ack = sometimes(60, 60);
  plan.confirm = sometimes(80, 100);
  plan.tx = sometimes(50, 60);
  plan.large_body = sometimes(70, 60);
  plan.rules = sometimes(50, 80);
  plan.expiring = sometimes(30, 30);
  plan.memory_alarm = random.chance(15);
  plan.abrupt_stop = random.chance(10);
  plan.network_faults = random.chance(80);
  if (random.chance(60)) plan.draw_disk(random);
  return plan;
}

/// Smaller than other worlds: each start reads and writes whole files.
void Plan::draw_disk(core::Random& random) {
  has_disk = true;
  actions = 100 + random.below(400);
  messages_max = 50 + random.below(250);
  persistent = 60 + static_cast<unsigned>(random.below(41));
  durable = 60 + static_cast<unsigned>(random.below(41));
  confirm = 40 + static_cast<unsigned>(random.below(61));
  large_body = 30 + static_cast<unsigned>(random.below(50));
  // A delivery without acknowledgement that was under way makes its queue's messages unsure.
  if (random.chance(60)) no_ack = 0;
  segment_size = std::uint64_t{16384} << random.below(3);
  crashes = static_cast<unsigned>(random.below(5));
  power_cuts = static_cast<unsigned>(random.below(3)) * 50;
  disk_delay_ns_max = random.chance(60) ? core::Nanos{1} << random.below(23) : 0;
  crashes_in_write = 50 + static_cast<unsigned>(random.below(2)) * 50;
  starts_crashed = random.chance(60) ? 50 : 0;
  shard_changes = random.chance(50) ? 40 : 0;
  disk_faults = random.chance(40);
  disk_fills = random.chance(15);
  store_fails = random.chance(10);
  bits_rot = random.chance(10);
  before_drain = static_cast<Interlude>(random.below(3));
}

void Plan::draw_more(core::Random& random) {
  if (random.chance(8)) shards = 4 + random.below(3);
  if (!has_disk) return;
  if (random.chance(50)) backups = 60;
  files_short = random.chance(15);
  if (random.chance(20))
    sync = random.chance(50) ? persist::SyncMode::interval : persist::SyncMode::os;
  if (random.chance(20)) draw_dead_letters(random);
}

/// Little else happens than that durable queues are full and the broker dies.
void Plan::draw_dead_letters(core::Random& random) {
  dead_letters = 60;
  late_starts = 80;
  shards = 2 + random.below(3);
  persistent = durable = 100;
  confirm = 80 + static_cast<unsigned>(random.below(21));
  rules = std::min(rules, 20U);
  no_ack = 0;
  disk_delay_ns_max = std::max<core::Nanos>(disk_delay_ns_max, core::Nanos{1} << 18);
  topology = 5 + static_cast<unsigned>(random.below(20));
  crashes = 3 + static_cast<unsigned>(random.below(6));
}

}  // namespace lepus::sim
