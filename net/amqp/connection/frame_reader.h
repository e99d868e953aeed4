// Cuts the bytes of one connection into its protocol header and frames. A frame inside the input is
// read in place; one that is cut in two is kept and completed by copying just what it lacks. A body
// frame is not waited for: its bytes are given out as they come, as frames of their own, all but
// the last byte, which waits for the end octet.
//
//   input --next()--> frame, frame, piece of a body, ... incomplete --carry(rest)--> kept
//   kept + input --complete()--> frame
//
// Whoever holds input carries all that comes, takes it back with take_carried(), and reads it as
// input. Invariant: between complete() and the next input that is read, what is carried is less
// than one frame (once a body frame has begun: nothing, or its last byte).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "net/amqp/carried_input.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/codec/protocol_header.h"

namespace lepus::amqp {

class FrameReader {
 public:
  /// A frame that was cut in two. `result` has views into `bytes`.
  struct Completed {
    FrameResult result;
    CarriedInput bytes;
  };

  /// What was agreed on; see payload_max_of().
  void set_frame_max(std::uint32_t frame_max) { payload_max_ = payload_max_of(frame_max); }
  std::size_t payload_max() const { return payload_max_; }

  /// What the client begins with. Nothing while it is not complete: all of `bytes` is carried then.
  std::optional<ProtocolHeader> take_protocol_header(core::Bytes& bytes);
  /// Takes the next frame from the front of `bytes`, or what is there of a body frame when
  /// `gives_pieces`. Incomplete: what is left of `bytes` is for carry(). After an error that lost
  /// the synchronisation, `bytes` mean nothing any more.
  FrameResult next(core::Bytes& bytes, bool gives_pieces) {
    if (body_.left > 0) return next_piece(bytes);
    FrameResult result = next_frame(bytes, payload_max_);
    if (result.incomplete()) [[unlikely]] {
      if (!gives_pieces || !begin_body(bytes)) return result;
      return next_piece(bytes);
    }
    bytes = bytes.subspan(std::min(result.size, bytes.size()));
    return result;
  }
  /// Takes from `bytes` what the carried frame lacks, as far as that is known. The result is
  /// incomplete while it lacks more.
  Completed complete(core::Bytes& bytes);

  /// Between two frames, and not in the middle of a body frame's pieces.
  bool is_between_frames() const { return body_.left == 0; }

  // What was left over.
  void carry(core::Bytes rest) { carried_.append(rest); }
  bool has_carried() const { return !carried_.empty(); }
  std::size_t carried_size() const { return carried_.size(); }
  CarriedInput take_carried() { return std::exchange(carried_, {}); }
  /// Of take_carried(), what was not read.
  void put_back(CarriedInput rest) {
    CHECK(carried_.empty());
    if (!rest.empty()) carried_ = std::move(rest);
  }

 private:
  /// A body frame whose end is still to come.
  struct BodyFrame {
    std::uint16_t channel = 0;
    std::uint32_t left = 0;  ///< Payload bytes; 0: none has begun.
  };

  bool begin_body(core::Bytes& bytes);
  FrameResult next_piece(core::Bytes& bytes);

  std::size_t payload_max_ = payload_max_of(frame_min_size);
  BodyFrame body_;
  CarriedInput carried_;
};

}  // namespace lepus::amqp
