// Ethernet frames, and the queue pair of a device that they come from and go to: what a user-space
// stack has below it. A device of DPDK implements it in a module, a wire of memory in the tests.
//
// A frame has one owner. receive() and allocate() give it to the caller; send() and release() give
// it back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lepus::net::bypass {

struct Frame {
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t room = 0;  ///< From `data` to the end of its memory.
  /// The owner's own record of the frame, while it has it.
  alignas(8) std::uint8_t owner_area[48] = {};
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

 protected:
  ~FramePort() = default;
};

}  // namespace lepus::net::bypass
