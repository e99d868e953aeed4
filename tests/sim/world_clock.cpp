// What happens around the broker besides its disk: the clock on the wall is set, and another
// program locks the definitions for a moment. Both with a generator of their own, so that a seed
// gives the same run but for them.
#include "core/limits.h"
#include "tests/sim/world.h"

namespace lepus::sim {

namespace {

constexpr core::Nanos clock_step = 3600 * core::nanos_per_s;
constexpr core::Nanos clock_steps_max = 5 * clock_step;
/// The broker asks for the time each second of its own; something under way may take a bit longer.
constexpr core::Nanos clock_noticed_after = 2 * core::nanos_per_s;

}  // namespace

void World::disturb_clock() {
  if (clock_random_.below(400) != 0) return;
  const core::Nanos by = clock_random_.chance(50) ? clock_step : -clock_step;
  if (clock_steps_ + by > clock_steps_max || clock_steps_ + by < -clock_steps_max) return;
  clock_steps_ += by;
  judge_.note("the clock on the wall is set {} hour", by > 0 ? "forward an" : "back an");
  sim_.step_wall_clock(by);
  if (by > 0) oracle_.on_clock_forward(sim_.now() + clock_noticed_after);
}

/// Shorter than the broker is patient, and free for longer than the broker waits between two tries:
/// clients only wait.
void World::lock_store() {
  if (store_locked_until_ != 0 && sim_.now() >= store_locked_until_) unlock_store();
  if (store_locked_until_ != 0 || sim_.now() < store_free_until_) return;
  if (!definitions_.failure.empty()) return;
  if (clock_random_.below(1000) != 0) return;
  judge_.note("another program locks the definitions");
  fail_store(core::DefinitionStore::Fault::busy,
             static_cast<core::Nanos>(clock_random_.below(core::nanos_per_s)));
}

void World::fail_store(core::DefinitionStore::Fault fault, core::Nanos duration) {
  definitions_.failure = "no";
  definitions_.failure_kind = fault;
  store_locked_until_ = sim_.now() + duration;
}

void World::unlock_store() {
  if (store_locked_until_ == 0) return;
  store_locked_until_ = 0;
  store_free_until_ = sim_.now() + 2 * core::limits::store_retry_interval;
  definitions_.failure.clear();
}

}  // namespace lepus::sim
