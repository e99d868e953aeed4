// What there is to see of the kernel bypass, as the operator asks for it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "net/bypass/counters.h"
#include "net/bypass/device_api.h"

namespace lepus::server {

struct BypassFacts {
  bool is_on = false;  ///< Else nothing of the rest is known.
  net::bypass::DeviceFacts device;
  net::bypass::DeviceStats stats;                  ///< As of the last look, at most a second ago.
  std::vector<net::bypass::CounterValues> shards;  ///< By number.
};

/// Counters of the device itself, which all shards share; their names begin with "device_".
struct DeviceCounter {
  std::string_view name;    ///< For the operator: "device_missed".
  std::string_view metric;  ///< Behind "lepus_bypass_".
  std::string_view help;
  std::uint64_t net::bypass::DeviceStats::*value;
};
inline constexpr std::array device_counters = {
    DeviceCounter{"device_frames_in", "device_received_frames_total",
                  "Frames that the device received", &net::bypass::DeviceStats::frames_in},
    DeviceCounter{"device_frames_out", "device_sent_frames_total", "Frames that the device sent",
                  &net::bypass::DeviceStats::frames_out},
    DeviceCounter{"device_missed", "device_missed_frames_total",
                  "Frames lost because the receive ring was full",
                  &net::bypass::DeviceStats::missed},
    DeviceCounter{"device_no_frame", "device_no_frame_total",
                  "Frames lost because none was free to receive into",
                  &net::bypass::DeviceStats::no_frame},
    DeviceCounter{"device_errors_in", "device_receive_errors_total",
                  "Frames that came damaged, as the device says",
                  &net::bypass::DeviceStats::errors_in},
    DeviceCounter{"device_errors_out", "device_send_errors_total",
                  "Frames that the device could not send", &net::bypass::DeviceStats::errors_out},
};

/// "up", "down", "gone".
constexpr std::string_view link_name(const net::bypass::DeviceStats& stats) {
  if (stats.is_gone) return "gone";
  return stats.is_link_up ? "up" : "down";
}

}  // namespace lepus::server
