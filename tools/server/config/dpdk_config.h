// net.dpdk.*: the kernel bypass.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/limits/bypass.h"

namespace lepus::server {

struct DpdkConfig {
  bool enabled = false;
  std::string modules;        ///< Directory of the modules; "" = beside the program.
  std::string eal_arguments;  ///< Of DPDK, besides those that the other keys stand for.
  bool hugepages = true;
  std::uint32_t memory_mb = 128;       ///< Without hugepages.
  std::string device;                  ///< PCI address or name of a vdev; "" = the first there is.
  std::vector<std::string> addresses;  ///< "10.77.0.1/24", "fd00::1/64"
  std::string gateway;                 ///< IPv4; "" = none.
  std::string gateway_v6;              ///< "" = none.
  std::uint16_t port = 5672;           ///< Of AMQP; 0 = none.
  std::uint16_t ssl_port = 0;          ///< Of AMQP in TLS; 0 = none.
  std::uint16_t vlan = 0;              ///< 0 = no tag.
  std::uint16_t mtu = 1500;
  std::uint32_t frames = 8191;  ///< Of each shard.
  std::uint16_t receive_ring = 1024;
  std::uint16_t send_ring = 1024;
  bool offloads_checksums = true;  ///< As far as the device can.
  bool operator==(const DpdkConfig&) const = default;
};

inline bool speaks_tls(const DpdkConfig& config) { return config.enabled && config.ssl_port != 0; }

/// Of an address, what connections there may be: half-open ones, and bytes ahead of the broker.
struct DpdkLimits {
  std::uint32_t half_open_max = core::limits::bypass_half_open_max;
  std::uint32_t window_max = core::limits::bypass_window_max;
  std::uint32_t poll_interval_us = 50;  ///< How long an idle shard sleeps.
  bool operator==(const DpdkLimits&) const = default;
};

}  // namespace lepus::server
