// The tests of streams over user-space stacks: a wire that keeps all, one that loses, doubles and
// swaps frames, and devices of DPDK in memory, by IPv4 and IPv6.
#include "tests/dpdk/bypass_world.h"
#include "tests/unit/net/stream_conformance.h"

namespace lepus::net {
namespace {

Case over_wire(const char* name, bool is_v6, const bypass::WireFaults& faults) {
  return {name, [is_v6, faults] { return std::make_unique<bypass::WireWorld>(is_v6, faults); }};
}

Case over_offloading_wire(const char* name, bool is_v6) {
  return {name, [is_v6] {
            return std::make_unique<bypass::WireWorld>(is_v6, bypass::WireFaults{},
                                                       bypass::Offloads{true, true, true});
          }};
}

Case over_rings(const char* name, bool is_v6) {
  return {name, [is_v6] { return std::make_unique<bypass::RingWorld>(is_v6); }};
}

INSTANTIATE_TEST_SUITE_P(Bypass, StreamConformance,
                         ::testing::Values(over_wire("wire_v4", false, {}),
                                           over_wire("wire_v6", true, {}),
                                           over_wire("lossy_v4", false, {10, 10, 10}),
                                           over_wire("lossy_v6", true, {10, 10, 10}),
                                           over_offloading_wire("offload_v4", false),
                                           over_offloading_wire("offload_v6", true),
                                           over_rings("dpdk_v4", false),
                                           over_rings("dpdk_v6", true)),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace lepus::net
