// The output of one connection: what writes its frames into the send chain, and what its fullness
// means for the client's consumers and input.
//
//   consumers wait          above output_max() of unsent bytes, until half of that has left
//   input is to be stopped  above limits::answers_unsent_max of unsent answers (output_brake.h)
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits.h"
#include "net/amqp/codec/writer.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

/// Unsent output of one connection above which its consumers wait: less while all connections
/// together have much.
inline std::size_t output_max(const net::BlockPool& pool) {
  return pool.unsent_bytes() > core::limits::output_bytes_max ? core::limits::send_high_water_short
                                                              : core::limits::send_high_water;
}

class Output {
 public:
  /// `stream` outlives this object, or at least its last call.
  explicit Output(net::Stream& stream)
      : stream_(stream), chain_(stream.out()), writer_(stream.out()) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Writer& writer() { return writer_; }
  /// Something was written: it leaves at the end of the turn.
  void touch() { stream_.touch(); }
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    writer_.method(channel, method);
    touch();
  }

  /// Also what filters below the chain made of it.
  std::size_t unsent_bytes() const { return stream_.pending_bytes(); }
  std::uint64_t sent_bytes() const { return chain_.taken(); }

  /// Returns true if the connection's consumers are to wait; on_sent() says when they go on.
  bool pauses_consumers() {
    const bool pause = chain_.size() > output_max(chain_.pool());
    consumers_paused_ |= pause;
    return pause;
  }
  /// Returns true if the client takes too little of what it is told to be asked for more.
  bool holds_input() const { return writer_.brake().is_on(); }
  /// The transport took something. Returns true if consumers that waited go on.
  bool on_sent() {
    writer_.brake().on_taken(chain_.taken());
    if (!consumers_paused_ || chain_.size() > output_max(chain_.pool()) / 2) return false;
    consumers_paused_ = false;
    return true;
  }

 private:
  net::Stream& stream_;
  net::SendChain& chain_;
  Writer writer_;
  bool consumers_paused_ = false;
};

}  // namespace lepus::amqp
