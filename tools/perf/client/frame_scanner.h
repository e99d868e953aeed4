// Walks over received bytes in place, frame by frame, and tells a sink what it sees. A frame must
// be complete in the buffer, except a body frame: its first bytes are shown as soon as they are
// there and the rest is skipped as it arrives, so that a 1 MiB body never has to be gathered.
//
//   Sink:  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size);
//          void on_header(const uint8_t* payload, size_t size);
//          void on_body(const uint8_t* payload, size_t size);
//          void on_body_end(size_t size);
//
// on_body() tells the size of a body frame's payload, of which min(size, body_prefix_size) bytes
// can be read; on_body_end() follows when all of it has arrived.
// A broken frame throws PerfError.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tools/perf/client/wire.h"

namespace lepus::perf {

// Enough for the time stamp.
constexpr size_t body_prefix_size = 8;

class FrameScanner {
 public:
  // Returns how many of the bytes are done with; the rest must be shown again, followed by more.
  template <class Sink>
  size_t scan(const uint8_t* data, size_t size, Sink& sink) {
    size_t at = resume_skip(data, size, sink);
    while (size - at >= frame_overhead_size && skip_size_ == 0) {
      const size_t used = scan_frame(data + at, size - at, sink);
      if (used == 0) break;
      at += used;
    }
    return at;
  }

  // Bytes to come that nobody will look at: the caller may drop them unread and say so with
  // dropped().
  size_t droppable_size() const { return skip_size_ == 0 ? 0 : skip_size_ - 1; }
  void dropped(size_t size) { skip_size_ -= size; }

 private:
  template <class Sink>
  size_t scan_frame(const uint8_t* frame, size_t available, Sink& sink) {
    const size_t payload_size = load_u32(frame + 3);
    const size_t frame_size = payload_size + frame_overhead_size;
    const uint8_t* payload = frame + frame_head_size;
    if (frame_size > available) {
      return frame[0] == frame_body ? begin_partial_body(frame, available, sink)
                                    : wait_for_rest(payload_size);
    }
    if (frame[frame_size - 1] != frame_end)
      throw PerfError("the broker sent a frame with a wrong end byte");
    switch (frame[0]) {
      case frame_method:
        if (payload_size < 4) throw PerfError("the broker sent a method frame without a method");
        sink.on_method(load_u16(frame + 1), load_u32(payload), payload + 4, payload_size - 4);
        break;
      case frame_header:
        sink.on_header(payload, payload_size);
        break;
      case frame_body:
        sink.on_body(payload, payload_size);
        sink.on_body_end(payload_size);
        break;
      case frame_heartbeat:
        break;
      default:
        throw PerfError("the broker sent a frame of unknown type ", int{frame[0]});
    }
    return frame_size;
  }

  template <class Sink>
  size_t begin_partial_body(const uint8_t* frame, size_t available, Sink& sink) {
    const size_t payload_size = load_u32(frame + 3);
    const size_t present = available - frame_head_size;
    if (present < std::min(payload_size, body_prefix_size)) return 0;
    sink.on_body(frame + frame_head_size, payload_size);
    skip_size_ = payload_size + 1 - present;
    partial_size_ = payload_size;
    return available;
  }

  // Only methods and headers are gathered; none is as long as this.
  static size_t wait_for_rest(size_t payload_size) {
    constexpr size_t gathered_size_max = size_t{1} << 20;
    if (payload_size > gathered_size_max) {
      throw PerfError("the broker announced a method or header frame of ", payload_size, " bytes");
    }
    return 0;
  }

  template <class Sink>
  size_t resume_skip(const uint8_t* data, size_t size, Sink& sink) {
    const size_t used = std::min(skip_size_, size);
    if (used == 0) return 0;
    skip_size_ -= used;
    if (skip_size_ > 0) return used;
    if (data[used - 1] != frame_end)
      throw PerfError("the broker sent a body frame with a wrong end byte");
    sink.on_body_end(partial_size_);
    return used;
  }

  size_t skip_size_ = 0;     // bytes of a body frame, end byte included, that are still to come
  size_t partial_size_ = 0;  // payload size of that frame
};

// Counts a message's body frames down after its header.
class ContentProgress {
 public:
  // True when the message is complete with its header (empty body).
  bool on_header(const uint8_t* payload, size_t size) {
    if (size < 14) throw PerfError("the broker sent a content header of ", size, " bytes");
    left_ = load_u64(payload + 4);
    first_ = true;
    return left_ == 0;
  }
  // True when this frame, which has arrived completely, completes the message.
  bool on_body_end(size_t size) {
    if (size > left_)
      throw PerfError("the broker sent more body than the content header announced");
    left_ -= size;
    first_ = false;
    return left_ == 0;
  }
  bool at_first_frame() const { return first_; }

 private:
  uint64_t left_ = 0;
  bool first_ = false;
};

}  // namespace lepus::perf
