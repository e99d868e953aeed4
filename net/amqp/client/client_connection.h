// A connection to another AMQP 0-9-1 broker with one channel, as a client has it. What the other
// side sends is checked and bounded: whatever it may not send ends the connection, with a text that
// says what it was.
//
//   start -> awaiting_start -> awaiting_tune -> awaiting_open_ok -> open
//   any   -> close() or a failure -> closing -> closed: is_closed()
//
// The channel (client_channel.h) is opened, and opened again, while it is open. Heartbeats go out
// and are looked for; connection.blocked and channel.flow are one flag.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "net/amqp/client/client_channel.h"
#include "net/amqp/client/client_clock.h"
#include "net/amqp/client/client_login.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

class ClientConnection final : private net::StreamHandler {
 public:
  /// All outlive it.
  struct Parts {
    io::Loop& loop;
    core::MemoryAccount& memory;
    ClientListener& listener;
    std::uint64_t message_size_max;
    core::Nanos answer_wait;  ///< For each answer that is awaited, those of the login included.
    std::uint32_t frame_max;
  };
  ClientConnection(std::unique_ptr<net::Stream> stream, const Parts& parts, ClientLogin login);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  void start();
  /// Its channel is open.
  bool is_open() const { return state_ == State::open && channel_.is_open(); }
  /// Nothing is to be published: by connection.blocked, channel.flow, or more output waits.
  bool is_stopped(std::size_t unsent_max) const {
    return is_blocked_ || channel_.is_flow_stopped() || stream_->pending_bytes() > unsent_max;
  }

  enum class Answer : bool { none, awaited };
  /// On the channel, while it is open. An answer is awaited until note_answered().
  template <class Method>
  void send(const Method& method, Answer answer = Answer::none) {
    writer_.method(ClientChannel::number, method);
    stream_->touch();
    if (answer == Answer::awaited) await_answer();
  }
  void note_answered();
  struct Publish {
    std::string_view exchange;
    std::string_view key;
    core::Bytes properties;
    bool mandatory = false;
  };
  void publish(const Publish& publish, core::MessageRef body);

  void set_reading(bool is_reading);
  /// What was sent before still leaves.
  void close();
  bool is_closed() const { return state_ == State::closed; }
  /// After that, for StreamSet::destroy_later().
  std::unique_ptr<net::Stream> take_stream() { return std::move(stream_); }

 private:
  enum class State : std::uint8_t {
    fresh,
    awaiting_start,
    awaiting_tune,
    awaiting_open_ok,
    open,
    closing,
    closed
  };

  // StreamHandler
  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override;
  void on_sent() override {}
  void on_closed(std::string_view why) override;

  void on_frame(const Frame& frame);
  void on_channel_frame(const Frame& frame);
  void on_connection_method(const MethodReady& method);
  void log_in(const MethodReady& method);
  void await_answer();
  void on_timer(io::Timer& timer);
  void refuse(const core::AmqpError& error);
  void end(std::string why);

  const Parts parts_;
  const ClientLogin login_;
  std::unique_ptr<net::Stream> stream_;
  Writer writer_;
  ClientChannel channel_;
  State state_ = State::fresh;
  bool is_blocked_ = false;
  bool is_reading_ = true;
  std::vector<std::uint8_t> input_;  ///< Of frames that are not complete.
  ClientClock clock_;
  io::Timer timer_;
};

}  // namespace lepus::amqp
