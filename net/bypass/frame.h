// Ethernet frames, and the queue pair of a device that they come from and go to: what a user-space
// stack has below it. A device of DPDK implements it in a module, a wire of memory in the tests.
//
// A frame has one owner. receive() and allocate() give it to the caller; send() and release() give
// it back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lepus::net::bypass {

/// What the device found of a checksum in a frame that came.
enum class SumState : std::uint8_t { unknown, good, bad };

/// What the device is to complete in a frame that leaves. The field of TCP's checksum has the sum
/// of the pseudo header, that of IPv4's is zero.
struct SumsToMake {
  bool ip = false;  ///< IPv4's.
  bool tcp = false;
  bool is_v6 = false;
  std::uint8_t link_size = 0;  ///< Bytes before the IP header.
  std::uint8_t ip_size = 0;    ///< Of the IP header.
};

struct Frame {
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t room = 0;  ///< From `data` to the end of its memory.
  SumState ip_sum = SumState::unknown;
  SumState tcp_sum = SumState::unknown;
  SumsToMake to_make = {};
  /// The owner's own record of the frame, while it has it.
  alignas(8) std::uint8_t owner_area[48] = {};
};

/// Checksums that the device computes.
struct Offloads {
  bool ip_out = false;  ///< IPv4's, of frames that leave.
  bool tcp_out = false;
  bool in = false;  ///< It says what it found of those that came.
};

/// Since the start, and frames now.
struct PortCounts {
  std::uint64_t no_frame = 0;   ///< allocate() found none that was free.
  std::uint64_t ring_full = 0;  ///< allocate() refused, because the device took no more.
  std::uint64_t dropped = 0;    ///< Of send(): the device took no more.
  std::uint64_t scattered = 0;  ///< Received in several parts, which nothing here takes.
  std::uint32_t frames = 0;     ///< All there are.
  std::uint32_t frames_used = 0;
};

/// Belongs to one thread.
class FramePort {
 public:
  /// The first frames that came, at most `count`. Returns how many.
  virtual std::uint32_t receive(Frame** frames, std::uint32_t count) = 0;
  /// An empty frame with room for the largest that may be sent; nullptr: none is free.
  virtual Frame* allocate() = 0;
  /// It leaves at flush() at the latest.
  virtual void send(Frame* frame) = 0;
  virtual void flush() = 0;
  virtual void release(Frame* frame) = 0;
  /// Few frames are left: who has to keep what one holds copies it.
  virtual bool is_nearly_empty() const = 0;
  /// The same for the port's life.
  virtual Offloads offloads() const = 0;
  /// The device is gone: nothing comes or leaves any more.
  virtual bool is_gone() const = 0;
  virtual PortCounts counts() const = 0;

 protected:
  ~FramePort() = default;
};

}  // namespace lepus::net::bypass
