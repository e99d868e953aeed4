// What the drivers of the real kernel have in common: its clocks, and small questions about
// sockets. How they start operations is in io/uring/ and io/epoll/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "io/driver.h"

namespace lepus::io {

enum class DriverKind : std::uint8_t {
  io_uring,
  epoll  ///< Where the kernel or a container's profile refuses io_uring: slower.
};

struct DriverConfig {
  DriverKind kind = DriverKind::io_uring;
  unsigned buffer_count = 64;  ///< Receive buffers; a power of two, at most 32768.
  std::size_t buffer_size = std::size_t{32} << 10;
};

/// Null: *error says what is in the way and what to do. Any thread.
std::unique_ptr<Driver> create_driver(const DriverConfig& config, std::string* error);

class KernelDriver : public Driver {
 public:
  core::Nanos now() override { return monotonic_now(); }
  std::uint64_t ticks() override;
  core::Nanos wall_now() override;
  PeerName peer_name(int fd) override;
  void reset_on_close(int fd) override;
  int next_descriptor() override;

 protected:
  static core::Nanos monotonic_now();

 private:
  /// Any descriptor of the driver's own.
  virtual int own_descriptor() const = 0;
};

}  // namespace lepus::io
