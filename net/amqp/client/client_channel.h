// The one channel of a client's connection: its frames in order, and what they mean.
//
//   open() -> opening -> open -> channel.close -> [the listener wants another one] opening
//
// Pure but for its listener: what is to become of the connection is what on_frame() returns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/amqp/client/incoming_content.h"
#include "net/amqp/codec/writer.h"

namespace lepus::amqp {

/// Gets what comes on the channel. None of these may destroy the connection.
class ClientListener {
 public:
  /// The channel is open, for the first time or again.
  virtual void on_channel_open() = 0;
  /// A method without content that is not handled here. Returns false: it may not come now.
  [[nodiscard]] virtual bool on_method(const MethodReady& method) = 0;
  virtual void on_delivery(std::uint64_t tag, core::MessageRef message) = 0;
  virtual void on_returned(std::string_view reply_text) = 0;
  /// The other side closed the channel. Returns true if it is to be opened again.
  [[nodiscard]] virtual bool on_channel_closed(std::uint16_t code, std::string_view text) = 0;
  /// Once, unless close() was called before. Nothing else comes after it.
  virtual void on_ended(std::string why) = 0;

 protected:
  ~ClientListener() = default;
};

class ClientChannel {
 public:
  static constexpr std::uint16_t number = 1;
  /// All outlive it.
  struct Parts {
    Writer& writer;
    ClientListener& listener;
    core::MemoryAccount& memory;
    std::uint64_t message_size_max;
  };
  explicit ClientChannel(const Parts& parts)
      : parts_(parts), incoming_(parts.memory, parts.message_size_max) {}

  void open();
  bool is_open() const { return state_ == State::open; }
  /// By channel.flow.
  bool is_flow_stopped() const { return is_flow_stopped_; }

  struct Outcome {
    core::Refusal refused = std::nullopt;  ///< The other side may not have sent it.
    std::string ended = {};                ///< Not empty: the channel is closed for good.
    bool is_opened = false;                ///< Since this frame.
    bool is_opening = false;               ///< The answer to channel.open is awaited since.
  };
  /// `frame`: of this channel, complete.
  [[nodiscard]] Outcome on_frame(const Frame& frame);
  /// Nothing comes any more.
  void clear() { incoming_.clear(); }

 private:
  enum class State : std::uint8_t { closed, opening, open };

  Outcome on_method(const MethodReady& method);
  Outcome on_close(const MethodReady& method);
  void finish_content();

  const Parts parts_;
  State state_ = State::closed;
  bool is_flow_stopped_ = false;
  Assembler assembler_;
  IncomingContent incoming_;
};

/// 503 for a method that may not come now.
core::AmqpError unexpected_method(MethodId method);

}  // namespace lepus::amqp
