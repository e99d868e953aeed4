// A stream over a socket, through the loop.
//
//   fresh --start()--> open --finish()--> finishing --> closing --> closed: on_closed()
//                        |                                 ^
//                        +---- close() or an error --------+
//
//   finishing ends when out() and FIN are sent and the peer's FIN is read, or when the time is up;
//   closing ends when all ops came back and the descriptor is closed.
//
// Three ops: recv (multishot), send (at most one in flight), control (shutdown, cancel and close,
// one after another). pump() decides: after any event it looks at the state and starts what may
// start now, so no order of events is missed. Closing waits until every op came back, cancelling
// what would not come by itself; then the fd is closed through the ring, and only then on_closed()
// is called. Invariants: out_ is consumed or dropped only while no send is in flight.
#pragma once

#include "io/loop.h"
#include "net/stream/stream.h"
#include "net/stream/stream_set.h"

namespace lepus::net {

class SocketStream final : public Stream, private Flushable {
 public:
  /// Most bytes of one send op: bounds how long one completion can take and what it keeps alive.
  static constexpr std::size_t send_size_max = std::size_t{4} << 20;

  /// Owns `fd`, a connected socket. Every stream made must be started and closed before it is
  /// destroyed.
  SocketStream(StreamSet& set, int fd, io::PeerName peer);
  ~SocketStream() override;

  void start(StreamHandler& handler) override;
  SendChain& out() override { return out_; }
  void touch() override {
    if (state_ == State::open || state_ == State::finishing) set_.touch(*this);
  }
  bool is_open() const override { return state_ == State::open; }
  void pause_reading() override;
  void resume_reading() override;
  void shutdown_write() override;
  void finish(core::Nanos wait_ns) override;
  void close() override;
  const io::PeerName& peer() const override { return peer_; }

 private:
  enum class State : std::uint8_t { fresh, open, finishing, closing, closed };
  enum class Fin : std::uint8_t { unwanted, wanted, sent };

  void flush_output() override;
  void on_recv(io::Op& op, const io::Completion& completion);
  void on_send(io::Op& op, const io::Completion& completion);
  void on_control(io::Op& op, const io::Completion& completion);
  void on_finish_timer(io::Timer& timer);
  void on_peer_end();
  void fail(std::int32_t result);
  void begin_closing(std::string_view why);
  void pump();
  void pump_closing();
  bool wants_input() const;
  void start_control(io::OpKind kind, io::Op* target = nullptr);
  void end_closed();

  StreamSet& set_;
  StreamHandler* handler_ = nullptr;
  int fd_;
  State state_ = State::fresh;
  Fin fin_ = Fin::unwanted;
  bool paused_ = false;
  bool peer_ended_ = false;  ///< Read the peer's FIN.
  SendChain out_;
  io::Op recv_;
  io::Op send_;
  io::Op control_;
  io::Timer finish_timer_;
  std::string_view why_;  ///< Static text.
  io::PeerName peer_;
};

}  // namespace lepus::net
