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
  return plan;
}

}  // namespace lepus::sim
