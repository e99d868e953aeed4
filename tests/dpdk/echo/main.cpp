// A server that sends back what it gets, over the kernel bypass or over sockets of the kernel: for
// the tests with a client of the kernel at the other end of a veth, and for measurements.
//
//   lepus-dpdk-echo dpdk SHARDS ADDRESS/BITS PORT [EAL argument...]
//   lepus-dpdk-echo kernel SHARDS ADDRESS PORT [spin]
//
// Prints "ready", and when it gets SIGTERM what it counted.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/loop.h"
#include "io/os.h"
#include "io/uring/uring_driver.h"
#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"
#include "net/bypass/module.h"
#include "net/stream/socket_transport.h"
#include "tests/dpdk/echo/echo.h"

namespace lepus::net::bypass {
namespace {

std::atomic<bool> stops{false};

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "lepus-dpdk-echo: {}\n", why);
  std::_Exit(1);
}

struct Arguments {
  bool is_dpdk;
  std::uint16_t shards;
  std::string address;
  std::uint16_t port;
  std::vector<const char*> others;
};

Devices& open_device(const Arguments& arguments) {
  const DeviceModule module = load_devices("");
  if (module.devices == nullptr) fail(module.error);
  const char* error = module.devices->start(arguments.others.data(),
                                            static_cast<std::uint32_t>(arguments.others.size()));
  if (*error == '\0') error = module.devices->open({.queues = arguments.shards});
  if (*error != '\0') fail(error);
  return *module.devices;
}

std::unique_ptr<Transport> make_stack(io::Loop& loop, Devices& devices, std::uint32_t shard,
                                      const Network& network) {
  const StackModule module = load_stack("");
  if (module.make == nullptr) fail(module.error);
  StackConfig config;
  config.mac = devices.facts().mac;
  config.is_quiet = true;
  config.networks = &network;
  config.network_count = 1;
  config.secret = {static_cast<std::uint64_t>(loop.now()), shard};
  return std::make_unique<BypassTransport>(
      BypassTransport::Parts{&loop, devices.queue(shard), module.make, config});
}

void print_stats(Devices& devices) {
  DeviceStats stats;
  devices.read_stats(stats);
  fmt::print("frames in {} out {} missed {} dropped {} in use {}\n", stats.frames_in,
             stats.frames_out, stats.missed, devices.queue(0)->counts().dropped,
             stats.frames_in_use);
}

void run(const Arguments& arguments) {
  Devices* const devices = arguments.is_dpdk ? &open_device(arguments) : nullptr;
  const auto network = parse_network(arguments.address);
  if (arguments.is_dpdk && !network) fail("no address: " + arguments.address);
  const bool spins = !arguments.is_dpdk && !arguments.others.empty();
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < arguments.shards; ++i) {
    threads.emplace_back([&, i] {
      std::string error;
      const auto driver = io::UringDriver::create({}, &error);
      if (driver == nullptr) fail(error);
      (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
      io::IdlePolicy idle{spins ? io::IdleMode::poll : io::IdleMode::sleep, 0};
      if (devices != nullptr) {
        idle.mode = io::IdleMode::adaptive;
        idle.spin_ns = 50 * core::nanos_per_us;
        idle.sleep_max_ns = 50 * core::nanos_per_us;
        (void)devices->enter_thread();
      }
      EchoShard shard(*driver, idle);
      if (devices != nullptr) {
        shard.listen(make_stack(shard.loop(), *devices, i, *network),
                     {{"echo", to_text(Endpoint{network->address, arguments.port})}, -1});
      } else {
        const io::ListenOutcome outcome = io::listen_tcp({arguments.address, arguments.port, 128});
        if (outcome.fd < 0) fail(outcome.error);
        shard.listen(std::make_unique<SocketTransport>(shard.loop()),
                     {{"echo", arguments.address}, outcome.fd});
      }
      while (!stops.load(std::memory_order_relaxed)) shard.loop().run_turn();
      // Connections that are open end with the process.
      if (i == 0 && devices != nullptr) print_stats(*devices);
      std::fflush(stdout);
      std::_Exit(0);
    });
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  for (std::thread& one : threads) one.join();
}

}  // namespace
}  // namespace lepus::net::bypass

int main(int count, char** arguments) {
  using namespace lepus::net::bypass;
  if (count < 5) fail("see the head of its source");
  std::signal(SIGTERM, [](int) { stops = true; });
  Arguments given{std::string(arguments[1]) == "dpdk",
                  static_cast<std::uint16_t>(std::atoi(arguments[2])),
                  arguments[3],
                  static_cast<std::uint16_t>(std::atoi(arguments[4])),
                  {}};
  for (int i = 5; i < count; ++i) given.others.push_back(arguments[i]);
  run(given);
}
