// The ring against a plain list that is searched from its end.
#include "core/queue/classic/taker_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/random.h"

namespace lepus::core {
namespace {

std::unique_ptr<Consumer> consumer(std::int32_t priority) {
  ConsumerSpec spec{};
  spec.priority = priority;
  return std::make_unique<Consumer>(spec, nullptr);
}

std::vector<Consumer*> all_of(TakerRing& ring) {
  std::vector<Consumer*> all;
  for (Consumer* at = ring.empty() ? nullptr : &ring.front(); at != nullptr; at = ring.next(*at))
    all.push_back(at);
  return all;
}

void add_slowly(std::vector<Consumer*>& model, Consumer* added) {
  auto at = model.end();
  while (at != model.begin() && (*std::prev(at))->spec.priority < added->spec.priority) --at;
  model.insert(at, added);
}

class TakerRingTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(TakerRingTest, AgreesWithAList) {
  Random random{GetParam()};
  const std::uint64_t priorities = 1 + random.below(6);
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (int i = 0; i < 20; ++i)
    consumers.push_back(consumer(static_cast<std::int32_t>(random.below(priorities)) - 2));
  TakerRing ring;
  std::vector<Consumer*> model;
  for (int step = 0; step < 3'000; ++step) {
    Consumer* one = consumers[random.below(consumers.size())].get();
    const auto found = std::find(model.begin(), model.end(), one);
    if (found == model.end()) {
      ring.add(*one);
      add_slowly(model, one);
    } else if (random.chance(50)) {
      ring.move_back(*one);
      model.erase(found);
      add_slowly(model, one);
    } else {
      ring.remove(*one);
      model.erase(found);
    }
    ASSERT_EQ(all_of(ring), model);
    ASSERT_EQ(ring.empty(), model.empty());
  }
  for (Consumer* one : model) ring.remove(*one);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TakerRingTest, ::testing::Range<std::uint64_t>(0, 20));

}  // namespace
}  // namespace lepus::core
