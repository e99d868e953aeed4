// Every way a channel ends: by an error, by the client, with its connection. Its number is free
// when all that it held is given back.
//
//   open -> closing -> closed       the client's channel.close: consumers and unacked go back
//   open -> close_sent -> closed    ours: everything but close and close-ok is ignored
//
// shut_down() leads to closed from each of them.
#pragma once

#include <cstdint>

#include "core/amqp_error.h"
#include "net/amqp/channel/ack_writer.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/codec/frame.h"

namespace lepus::amqp {

class ChannelClosing {
 public:
  /// Both outlive this object, or at least its last call.
  ChannelClosing(const ChannelLink& link, AckWriter& acks) : link_(link), acks_(acks) {}

  bool is_open() const { return state_ == State::open; }
  bool is_closed() const { return state_ == State::closed; }

  /// The client's channel.close: answered when everything is given back.
  void on_close_method();
  /// A frame that came after one of the two closes.
  void on_frame(const Frame& frame);
  /// Sends channel.close and gives back what the channel holds.
  void close_with(const core::AmqpError& error);
  /// The connection ends: gives everything back; ChannelHost::on_channel_closed() when that is
  /// done, some turns later if it is much. `orderly`: also the queues have answered then; nothing
  /// is pending, as input is held while something is.
  void shut_down(bool orderly);
  /// As core::SessionListener::on_closed(): also from within the functions above.
  void on_session_closed();

 private:
  enum class State : std::uint8_t { open, closing, close_sent, closed };

  void close_session(bool wait_for_answers);
  void end();

  const ChannelLink& link_;
  AckWriter& acks_;
  State state_ = State::open;
  bool is_answer_due_ = false;  ///< channel.close-ok, when everything is given back.
  bool holds_input_ = false;    ///< Until everything is given back.
};

}  // namespace lepus::amqp
