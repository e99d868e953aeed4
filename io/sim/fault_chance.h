// How likely faults are in a simulated world. Each kind of fault is absent in some worlds and
// frequent in others: what is rare in the mean hides behind what is frequent, and a fault must also
// be able to show on its own.
#pragma once

#include "core/base/assert.h"
#include "core/base/random.h"

namespace lepus::io {

/// Draws chances of faults, each independent of the others.
class FaultChance {
 public:
  /// `none_percent` of 100 draws give 0. The generator outlives this object.
  FaultChance(core::Random& random, unsigned none_percent)
      : random_(random), none_percent_(none_percent) {
    CHECK(none_percent <= 100);
  }
  /// Returns 0, or a chance in [0, max], each value as likely as the others. Takes one number of
  /// the generator for none, else two: what a seed means depends on that.
  unsigned draw(unsigned max) {
    if (random_.chance(none_percent_)) return 0;
    return static_cast<unsigned>(random_.below(max + std::uint64_t{1}));
  }

 private:
  core::Random& random_;
  unsigned none_percent_;
};

}  // namespace lepus::io
