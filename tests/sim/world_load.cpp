// Load after the drain: the broker is empty, and nothing goes wrong any more.
#include "core/limits.h"
#include "tests/sim/crowd.h"
#include "tests/sim/flood.h"
#include "tests/sim/world.h"

namespace lepus::sim {

namespace {
constexpr std::uint64_t load_seed = 0x10AD10AD;
constexpr std::size_t load_inbound_max = 1024;
}  // namespace

void World::load() {
  core::Random random(seed_ ^ load_seed);
  const bool has_crowd = random.chance(plan_.crowds);
  const bool has_flood = random.chance(plan_.floods);
  if (!has_crowd && !has_flood) return;
  io::SimFaults faults;
  faults.inbound_max = load_inbound_max;
  sim_.set_faults(faults);
  end_disk_faults();
  sim_.disk().set_faults({});  // A slow one makes consumers slow: their deliveries are announced.
  cluster_->set_memory_pressure_threshold(UINT64_MAX);
  if (has_crowd) {
    LoadStage stage{scene_, *cluster_, random};
    if (!Crowd{stage}.run()) return;
  }
  if (has_flood) {
    run_until(core::limits::brake_memory + core::limits::brake_window, [] { return false; });
    LoadStage stage{scene_, *cluster_, random};
    if (!Flood{stage}.run()) return;
  }
  quiet_steps_ = 0;
  expect("what load left does not go", [this] { return quiet_steps_ > quiet_steps_min; });
  if (!judge_.failed()) check_given_back();
}

}  // namespace lepus::sim
