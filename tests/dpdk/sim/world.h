// A simulated run: a server and clients, each over a stack of their own, with a link between them
// and time that passes in steps. What has to be true in it:
//
//   1  each side reads the bytes that the other has written: all of them, in order, none else
//   2  a connection fails only when one of its ends was cut off, as planned
//   3  all of this happens within hang_max after the last connection has begun
//   4  when it is over nothing is left: frames, connections, bytes in streams, memory
#pragma once

#include <string>

#include "tests/dpdk/sim/sim_link.h"

namespace lepus::net::bypass::sim {

struct Outcome {
  std::string wrong;  ///< Empty: nothing.
  std::uint64_t trace = 0;
  LinkCounts link;
  std::uint64_t bytes = 0;
  std::uint64_t connections = 0;
  std::uint64_t retransmits = 0;
  std::uint64_t bad_checksums = 0;
  std::uint64_t cut_off = 0;
  std::size_t heap_growth = 0;  ///< Bytes that it did not give back, with what a stack keeps.
};

Outcome run_world(std::uint64_t seed, Mistake mistake);
/// Without any connection.
Outcome run_empty_world();

}  // namespace lepus::net::bypass::sim
