// What a client reads of AMQP, in pieces of any size: methods, and how many messages are whole.
// Bodies are counted, not looked at: a measurement is not to be one of its client.
#pragma once

#include <algorithm>
#include <array>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "net/amqp/codec/frame.h"

namespace lepus::net::bypass {

struct AmqpUser {
  virtual void on_method(amqp::MethodId method, core::Bytes arguments) = 0;
  virtual void on_message() = 0;

 protected:
  ~AmqpUser() = default;
};

class AmqpReader {
 public:
  explicit AmqpReader(AmqpUser& user) : user_(user) {}

  void read(core::Bytes bytes) {
    while (!bytes.empty()) {
      const std::size_t used = has_header_ ? read_rest(bytes) : read_header(bytes);
      bytes = bytes.subspan(used);
    }
  }

 private:
  static constexpr std::size_t kept_max = 4096;  ///< Of a method or the header of a content.

  std::size_t read_header(core::Bytes bytes) {
    const std::size_t used = keep(bytes, amqp::frame_header_size);
    if (kept_ < amqp::frame_header_size) return used;
    type_ = static_cast<amqp::FrameType>(kept_bytes_[0]);
    left_ = core::load_u32(&kept_bytes_[3]) + 1;  // With the end octet.
    is_counted_ = type_ == amqp::FrameType::body;
    if (is_counted_) body_left_ -= left_ - 1;
    size_ = left_;
    kept_ = 0;
    has_header_ = true;
    return used;
  }
  std::size_t read_rest(core::Bytes bytes) {
    const std::size_t used =
        is_counted_ ? std::min<std::size_t>(bytes.size(), left_) : keep(bytes, size_);
    left_ -= used;
    if (left_ > 0) return used;
    CHECK((is_counted_ ? bytes[used - 1] : kept_bytes_[size_ - 1]) == amqp::frame_end);
    kept_ = 0;
    has_header_ = false;
    take();
    return used;
  }
  std::size_t keep(core::Bytes bytes, std::size_t wanted) {
    CHECK(wanted <= kept_max);
    const std::size_t used = std::min(bytes.size(), wanted - kept_);
    std::copy_n(bytes.begin(), used, kept_bytes_.begin() + static_cast<std::ptrdiff_t>(kept_));
    kept_ += used;
    return used;
  }
  void take() {
    const core::Bytes payload(kept_bytes_.data(), size_ - 1);
    if (type_ == amqp::FrameType::method)
      return user_.on_method(static_cast<amqp::MethodId>(core::load_u32(payload.data())),
                             payload.subspan(4));
    if (type_ == amqp::FrameType::header) body_left_ = core::load_u64(payload.data() + 4);
    if (type_ != amqp::FrameType::heartbeat && body_left_ == 0) user_.on_message();
  }

  AmqpUser& user_;
  std::array<std::uint8_t, kept_max> kept_bytes_;
  std::size_t kept_ = 0;
  bool has_header_ = false;
  bool is_counted_ = false;
  amqp::FrameType type_{};
  std::size_t size_ = 0;  ///< Payload and end octet.
  std::size_t left_ = 0;  ///< Of them.
  std::uint64_t body_left_ = 0;
};

}  // namespace lepus::net::bypass
