// Whether this build is the simulation's, whose limits are tiny so that edges are met constantly.
#pragma once

namespace lepus::core::limits {

#ifdef LEPUS_TINY_LIMITS
constexpr bool tiny = true;
#else
constexpr bool tiny = false;
#endif

}  // namespace lepus::core::limits
