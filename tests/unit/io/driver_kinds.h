// For tests that hold for every driver of the real kernel.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "io/kernel_driver.h"

namespace lepus::io {

inline const auto every_driver_kind = ::testing::Values(DriverKind::io_uring, DriverKind::epoll);

inline std::string driver_kind_name(const ::testing::TestParamInfo<DriverKind>& info) {
  return info.param == DriverKind::epoll ? "epoll" : "io_uring";
}

}  // namespace lepus::io
