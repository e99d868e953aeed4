// The only generator of chance: seeded, small, the same on every machine. Not for secrets.
// splitmix64 (public domain construction by S. Vigna): every seed, also 0, gives a good stream.
#pragma once

#include <cstdint>

#include "core/base/assert.h"

namespace lepus::core {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// A number in [0, bound); bound must not be 0.
  std::uint64_t below(std::uint64_t bound) {
    CHECK(bound > 0);
    return next() % bound;
  }
  /// True in `percent` of 100 calls.
  bool chance(unsigned percent) { return below(100) < percent; }
  /// A generator of its own for a part of the program, so that parts do not disturb each other.
  Random split() { return Random{next()}; }

 private:
  std::uint64_t state_;
};

}  // namespace lepus::core
