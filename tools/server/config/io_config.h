// How the broker asks the kernel: a part of ServerConfig.
#pragma once

#include <cstdint>

namespace lepus::server {

enum class DriverChoice : std::uint8_t {
  automatic,  ///< io_uring, and epoll with a warning where the kernel refuses that.
  io_uring,
  epoll,
};

struct IoConfig {
  DriverChoice io_driver = DriverChoice::automatic;
};

}  // namespace lepus::server
