// The seam to the world: everything a running loop wants from the kernel goes through one virtual
// call per turn, not one per operation. UringDriver is the kernel; EpollDriver, too, where that is
// refused; SimDriver is a simulated network with virtual time and faults from a seed.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/time.h"
#include "core/base/turn_profile.h"
#include "io/op.h"
#include "io/peer_name.h"

namespace lepus::io {

class Driver : public core::TickSource {
 public:
  /// Starts all `submitted` in order, waits until something completed or until `wait_until`
  /// (monotonic; a time in the past: do not wait; core::never: no limit), appends what completed.
  /// Returns the time at its end. What is in `completed` at the call was put off by the loop: it
  /// keeps its receive buffer, all other buffers are free again; and the call does not wait. One
  /// thread only: the first call binds the driver to its thread.
  virtual core::Nanos turn(OpList& submitted, std::vector<Completion>& completed,
                           core::Nanos wait_until) = 0;
  virtual core::Nanos now() = 0;
  /// Cheaper than now() where the machine has such a counter.
  std::uint64_t ticks() override { return static_cast<std::uint64_t>(now()); }
  /// Nanoseconds since 1970 by the system's clock, which may be set forth and back at any moment.
  virtual core::Nanos wall_now() { return now(); }
  /// Names of a connected socket's ends; empty addresses when the peer is gone already. Once per
  /// connection.
  virtual PeerName peer_name(int fd) = 0;
  /// The close op of this socket to come sends a reset and drops what was not sent.
  virtual void reset_on_close(int fd) = 0;
  /// The number that the next descriptor of the process will have. When it is n, at least n are
  /// open.
  virtual int next_descriptor() = 0;
  /// Receive buffers, free or not.
  virtual std::size_t receive_buffers() const = 0;
  /// What a wake op of another driver uses as its fd. Any thread.
  virtual int wake_target() const = 0;
};

}  // namespace lepus::io
