// Limits of the driver over epoll.
#pragma once

#include <cstddef>

namespace lepus::core::limits {

/// Events taken from the kernel in one turn; the rest comes with the next.
constexpr std::size_t epoll_events_max = 256;
/// Receive buffers that one socket fills in one turn, while others may wait.
constexpr int epoll_receives_max = 8;
/// Connections taken from one listener in one turn.
constexpr int epoll_accepts_max = 64;
/// Threads of one driver that read, write and sync files.
constexpr std::size_t file_threads = 2;

}  // namespace lepus::core::limits
