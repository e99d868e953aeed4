// Frames out: methods and contents written straight into a connection's send chain. Small contents
// are one contiguous copy; large bodies leave by reference, cut into frames of the negotiated size.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/message/message.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/codec/output_brake.h"
#include "net/amqp/methods.gen.h"
#include "net/stream/send_chain.h"

namespace lepus::amqp {

class Writer {
 public:
  explicit Writer(net::SendChain& chain) : chain_(chain) {}

  void set_frame_max(std::uint32_t frame_max) { frame_max_ = frame_max; }
  std::uint32_t frame_max() const { return frame_max_; }

  /// An answer, or anything else but a method with content.
  template <class Method>
  void method(std::uint16_t channel, const Method& method) {
    const std::uint64_t begin = position();
    append_method(channel, method);
    brake_.note(begin, position());
  }

  /// What the client is told in answer to what it sent.
  OutputBrake& brake() { return brake_; }
  const OutputBrake& brake() const { return brake_; }
  /// What was written since position() was `begin`, of contents, is an answer.
  void note_answer(std::uint64_t begin) { brake_.note(begin, position()); }
  /// Bytes of the connection's output so far.
  std::uint64_t position() const { return chain_.taken() + chain_.size(); }

  /// A method with content (basic.deliver, basic.get-ok, basic.return), its header and its body.
  template <class Method>
  void content(std::uint16_t channel, const Method& method, core::MessageRef message) {
    const core::Bytes properties = message->properties();
    content(channel, method, properties, std::move(message));
  }
  /// With other properties than the message's own; they are copied.
  template <class Method>
  void content(std::uint16_t channel, const Method& method, core::Bytes properties,
               core::MessageRef message) {
    const std::size_t method_size = method_frame_size(method);
    const ContentHeaderFields header{class_basic, message->body_size(), properties};
    const std::size_t head_size = method_size + content_header_frame_size(header);
    const std::size_t body_size = message->body_size();
    const bool one_frame = body_size > 0 && body_size + frame_overhead <= frame_max_;
    const std::size_t whole = head_size + (body_size > 0 ? body_size + frame_overhead : 0);
    if (whole <= core::limits::send_reserve_max && !message->is_large() &&
        (one_frame || body_size == 0)) {
      std::uint8_t* const start = chain_.reserve(whole);
      std::uint8_t* cursor = store_method_frame(start, channel, method);
      cursor = store_content_header_frame(cursor, channel, header);
      if (body_size > 0) {
        cursor = store_frame_header(cursor, {FrameType::body, channel, message->inline_body()});
        cursor = store_frame_end(core::store_bytes(cursor, message->inline_body()));
      }
      CHECK(static_cast<std::size_t>(cursor - start) == whole);
      chain_.commit(whole);
      return;
    }
    append_method(channel, method);
    content_header(channel, header);
    body(channel, std::move(message));
  }

  void heartbeat();
  void raw(core::Bytes bytes) { chain_.append(bytes); }

 private:
  template <class Method>
  void append_method(std::uint16_t channel, const Method& method) {
    const std::size_t size = method_frame_size(method);
    if (size <= core::limits::send_reserve_max) {
      std::uint8_t* cursor = chain_.reserve(size);
      const std::uint8_t* end = store_method_frame(cursor, channel, method);
      CHECK(static_cast<std::size_t>(end - cursor) == size);
      chain_.commit(size);
      return;
    }
    large_method(size, [&](std::uint8_t* cursor) { store_method_frame(cursor, channel, method); });
  }
  template <class Fill>
  void large_method(std::size_t size, Fill&& fill) {
    std::vector<std::uint8_t> bytes(size);
    fill(bytes.data());
    chain_.append(bytes);
  }
  void content_header(std::uint16_t channel, const ContentHeaderFields& header);
  void body(std::uint16_t channel, core::MessageRef message);

  net::SendChain& chain_;
  OutputBrake brake_;
  std::uint32_t frame_max_ = frame_min_size;
};

}  // namespace lepus::amqp
