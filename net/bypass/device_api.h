// What DPDK offers to the broker: the interface of the module lepus-dpdk.so, which is loaded once.
//
//   start() -> open() or open_pair() -> threads: enter_thread(), queue(i) ... -> stop()
//
// Only plain data crosses the interface. Errors are texts that live until the next call; an empty
// text is success.
#pragma once

#include <array>
#include <cstdint>

#include "net/bypass/frame.h"

namespace lepus::net::bypass {

constexpr std::uint32_t device_version = 2;

struct DeviceConfig {
  /// Of the device among those that DPDK found: its PCI address, the name of its vdev
  /// ("net_af_packet0"), or empty: the first.
  const char* name = "";
  std::uint16_t queues = 1;  ///< One for each shard.
  std::uint16_t mtu = 1500;
  std::uint16_t receive_ring = 1024;  ///< Descriptors of a queue.
  std::uint16_t send_ring = 1024;
  std::uint32_t frames = 8191;     ///< Of each queue, best a power of two less one.
  bool offloads_checksums = true;  ///< As far as the device can.
};

struct DeviceFacts {
  std::array<char, 64> name{};
  std::array<char, 64> driver{};
  std::array<std::uint8_t, 6> mac{};
  std::uint16_t queues_max = 0;
  Offloads offloads;  ///< Those that are used.
};

/// Of the device, all queues together.
struct DeviceStats {
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t missed = 0;    ///< The receive ring was full.
  std::uint64_t no_frame = 0;  ///< There was no free frame to receive into.
  std::uint64_t errors_in = 0;
  std::uint64_t errors_out = 0;
  std::uint32_t frames_in_use = 0;
  std::uint32_t speed_mbps = 0;  ///< 0: not known.
  bool is_link_up = false;
  bool is_gone = false;
};

class Devices {
 public:
  /// DPDK's environment, once a process, with its arguments as for any DPDK program but its name.
  /// The calling thread keeps its CPUs.
  virtual const char* start(const char* const* arguments, std::uint32_t count) = 0;
  virtual const char* open(const DeviceConfig& config) = 0;
  /// Two devices in memory that are joined, for tests: queue 0 is an end of each.
  virtual const char* open_pair(const DeviceConfig& config) = 0;
  virtual const DeviceFacts& facts() = 0;
  /// Of the device of open(), by number; of open_pair() the first and the second. For one thread.
  virtual FramePort* queue(std::uint32_t index) = 0;
  /// Each thread that has a queue, before it is used.
  virtual const char* enter_thread() = 0;
  virtual void leave_thread() = 0;
  /// Any thread, but one at a time. Finds out whether the device is still there, too.
  virtual void read_stats(DeviceStats& stats) = 0;
  /// Devices close; all frames are back.
  virtual void stop() = 0;

 protected:
  ~Devices() = default;
};

/// The module's one entry. Fails with nullptr when `version` is another than the module's.
using GetDevices = Devices* (*)(std::uint32_t version);
constexpr const char* get_devices_name = "lepus_get_devices";

}  // namespace lepus::net::bypass
