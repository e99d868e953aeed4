// What a measurement's two sides talk over: two devices of DPDK in memory with a stack on each, or
// the kernel's loopback. What a server listens to, and the clients' side of it.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "io/os.h"
#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"
#include "net/bypass/module.h"
#include "tests/dpdk/bench/client_side.h"

namespace lepus::net::bypass {

[[noreturn]] inline void fail(const std::string& why) {
  fmt::print(stderr, "lepus-dpdk-bench: {}\n", why);
  std::_Exit(1);
}

class BenchNetwork {
 public:
  /// MTU 0: the kernel's.
  explicit BenchNetwork(std::uint16_t mtu) : mtu_(mtu) {
    if (is_bypass()) {
      open_devices();
    } else {
      open_socket();
    }
  }
  BenchNetwork(const BenchNetwork&) = delete;
  BenchNetwork& operator=(const BenchNetwork&) = delete;

  bool is_bypass() const { return mtu_ != 0; }
  std::string name() const {
    return is_bypass() ? fmt::format("bypass, MTU {}", mtu_) : std::string("kernel");
  }
  /// Once; null for the kernel.
  std::unique_ptr<Transport> make_stack(io::Loop& loop) {
    if (!is_bypass()) return nullptr;
    return std::make_unique<BypassTransport>(
        BypassTransport::Parts{&loop, devices_->queue(0), load().make, config(0), &counters_});
  }
  /// Once.
  Listening listening(std::string key) {
    const std::string address = is_bypass() ? to_text(server()) : "127.0.0.1";
    return {{std::move(key), address}, std::exchange(socket_, -1)};
  }
  std::unique_ptr<ClientSide> make_clients() {
    if (!is_bypass()) return std::make_unique<SocketSide>(port_);
    StackConfig own = config(1);
    own.port = devices_->queue(1);
    return std::make_unique<StackSide>(
        StackSide::Parts{load().make, own, networks_[1].address, server()});
  }
  /// For a thread other than the one that made this.
  void enter_thread() {
    if (devices_ == nullptr) return;
    if (const char* error = devices_->enter_thread(); *error != '\0') fail(error);
  }
  /// Of the server's end, as of a tenth of a second ago; zeros for the kernel.
  CounterValues counters() const { return counters_.read(); }
  /// Received at both ends.
  std::uint64_t frames() const {
    DeviceStats stats;
    if (devices_ != nullptr) devices_->read_stats(stats);
    return stats.frames_in;
  }

 private:
  void open_socket() {
    const io::ListenOutcome outcome = io::listen_tcp({"127.0.0.1", 0, 128});
    if (outcome.fd < 0) fail(outcome.error);
    socket_ = outcome.fd;
    sockaddr_in address{};
    socklen_t size = sizeof address;
    (void)getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  void open_devices() {
    const DeviceModule module = load_devices("");
    if (module.devices == nullptr) fail(module.error);
    devices_ = module.devices;
    constexpr std::array arguments = {"--no-huge",           "-m",       "128",
                                      "--no-shconf",         "--no-pci", "--no-telemetry",
                                      "--log-level=warning", "-l",       "0"};
    const char* error = devices_->start(arguments.data(), arguments.size());
    if (*error == '\0') error = devices_->open_pair({.mtu = mtu_, .frames = 4095});
    if (*error != '\0') fail(error);
  }
  static StackModule load() {
    StackModule module = load_stack("");
    if (module.make == nullptr) fail(module.error);
    return module;
  }
  Endpoint server() const { return {networks_[0].address, 5672}; }
  StackConfig config(std::size_t side) {
    StackConfig config;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.mtu = mtu_;
    config.secret = {1, 2};
    return config;
  }

  const std::uint16_t mtu_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  Devices* devices_ = nullptr;
  CounterBoard counters_;
  std::array<Network, 2> networks_ = {*parse_network("10.9.0.1/24"), *parse_network("10.9.0.2/24")};
};

}  // namespace lepus::net::bypass
