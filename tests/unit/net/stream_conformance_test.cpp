// The tests of streams over sockets of the kernel, unix sockets, the simulated network, calm and
// with faults from seeds, a transport that is polled and acknowledges late, and through a filter on
// each.
#include "tests/unit/net/stream_conformance.h"

#include "tests/unit/net/stream_filtered.h"
#include "tests/unit/net/stream_loopback.h"
#include "tests/unit/net/tls/tls_worlds.h"

namespace lepus::net {
namespace {

using namespace testing_streams;

template <class Inner>
std::unique_ptr<World> make_proxied() {
  return std::make_unique<ProxiedWorld>(std::make_unique<Inner>());
}

template <class Inner>
std::unique_ptr<World> make_tls13() {
  return std::make_unique<testing_tls::TlsWorld>(std::make_unique<Inner>(), TLS1_3_VERSION);
}

template <class Inner>
std::unique_ptr<World> make_tls12() {
  return std::make_unique<testing_tls::TlsWorld>(std::make_unique<Inner>(), TLS1_2_VERSION);
}

Case simulated(const char* name, std::uint64_t seed, const io::SimFaults& faults) {
  return {name, [seed, faults] { return std::make_unique<SimulatedWorld>(seed, faults); }};
}

Case with_tls(const char* name, int version, Case below) {
  return {name, [make = std::move(below.make), version] {
            return std::make_unique<testing_tls::TlsWorld>(make(), version);
          }};
}

io::SimFaults tiny() {
  io::SimFaults faults;
  faults.buffer_size = 16;
  faults.buffer_count = 2;
  faults.outbound_max = 600;
  faults.inbound_max = 500;
  faults.multishot_end = 20;
  return faults;
}

INSTANTIATE_TEST_SUITE_P(
    Transports, StreamConformance,
    ::testing::Values(Case{"kernel", [] { return std::make_unique<UringWorld>(); }},
                      Case{"epoll", [] { return std::make_unique<EpollWorld>(); }},
                      Case{"unix_sockets", [] { return std::make_unique<UnixWorld>(); }},
                      Case{"loopback", [] { return std::make_unique<LoopbackWorld>(); }},
                      Case{"proxied_kernel", make_proxied<UringWorld>},
                      Case{"proxied_loopback", make_proxied<LoopbackWorld>},
                      simulated("calm", 1, {}), simulated("rough", 2, rough()),
                      simulated("rough_too", 3, rough()), simulated("tiny", 4, tiny()),
                      Case{"tls13_kernel", make_tls13<UringWorld>},
                      Case{"tls13_epoll", make_tls13<EpollWorld>},
                      Case{"tls12_kernel", make_tls12<UringWorld>},
                      Case{"tls13_unix_sockets", make_tls13<UnixWorld>},
                      Case{"tls13_loopback", make_tls13<LoopbackWorld>},
                      with_tls("tls13_calm", TLS1_3_VERSION, simulated("", 5, {})),
                      with_tls("tls13_rough", TLS1_3_VERSION, simulated("", 6, rough())),
                      with_tls("tls12_rough", TLS1_2_VERSION, simulated("", 7, rough())),
                      with_tls("tls13_tiny", TLS1_3_VERSION, simulated("", 8, tiny()))),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace lepus::net
