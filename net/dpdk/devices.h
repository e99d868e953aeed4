// DPDK's environment and one device with its queues.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/bypass/device_api.h"
#include "net/dpdk/queue.h"

namespace lepus::net::bypass {

class DpdkDevices final : public Devices {
 public:
  const char* start(const char* const* arguments, std::uint32_t count) override;
  const char* open(const DeviceConfig& config) override;
  const char* open_pair(const DeviceConfig& config) override;
  const DeviceFacts& facts() override { return facts_; }
  FramePort* queue(std::uint32_t index) override { return queues_[index].get(); }
  const char* enter_thread() override;
  void leave_thread() override;
  void read_stats(DeviceStats& stats) override;
  void stop() override;

 private:
  const char* fail(std::string text);
  bool find(const std::string& name, std::uint16_t& port) const;
  std::string set_up(std::uint16_t port, const DeviceConfig& config);
  std::string configure(std::uint16_t port, const DeviceConfig& config);
  std::string add_queues(std::uint16_t port, const DeviceConfig& config);
  void read_facts(std::uint16_t port);
  void watch_removal(std::uint16_t port);
  /// Of an interface of the kernel: whether it is up, and the end of one that was taken away.
  bool is_kernel_link_up();

  std::string error_;
  DeviceFacts facts_;
  DeviceState state_;
  unsigned kernel_index_ = 0;  ///< Of the kernel's interface that the driver works by; 0: none.
  std::vector<std::uint16_t> ports_;
  std::vector<std::unique_ptr<DpdkQueue>> queues_;
  bool has_started_ = false;
};

}  // namespace lepus::net::bypass
