// A stream over a socket, through the loop.
//
//   fresh --start()--> open --finish()--> finishing --> closing --> closed: on_closed()
//                        |                                 ^
//                        +---- close() or an error --------+
//
//   finishing ends when out() and FIN are sent and the peer's FIN is read, or when the time is up;
//   closing ends when all ops came back and the descriptor is closed.
//
// Three ops: input (recv, multishot; one buffer at a time while the peer sends faster than the
// stream's share of a turn, so that it leaves buffers to others; and while reading is paused a
// watch for the peer's end), send (at most one in flight), control (shutdown, cancel and close, one
// after another). pump() decides: after any event it looks at the state and starts what may start
// now, so no order of events is missed. Closing waits until every op came back, cancelling what
// would not come by itself; then the fd is closed through the ring, and only then on_closed() is
// called. Invariants: out_ is consumed or dropped only while no send is in flight.
//
// A send goes on in the kernel until all is taken. With a send timeout it is cancelled from time to
// time, which tells how much was: nothing for too long, and the connection is reset.
#pragma once

#include "io/loop.h"
#include "net/stream/stream.h"
#include "net/stream/stream_set.h"

namespace lepus::net {

class SocketStream final : public Stream, private Flushable, private BufferWaiter {
 public:
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
  void set_send_timeout(core::Nanos timeout) override { send_timeout_ = timeout; }
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
  void on_buffer_free() override;
  void on_input_op(io::Op& op, const io::Completion& completion);
  void on_recv(const io::Completion& completion);
  void on_hang_up(const io::Completion& completion);
  void on_send(io::Op& op, const io::Completion& completion);
  void on_control(io::Op& op, const io::Completion& completion);
  void on_timer(io::Timer& timer);
  void look_at_send();
  void on_input(core::Bytes bytes);
  void on_peer_end();
  void fail(std::int32_t result);
  void begin_closing(std::string_view why);
  void pump();
  void pump_closing();
  bool wants_input() const;
  bool wants_watch() const;
  bool is_input_unwanted() const;
  void start_input();
  bool cancel_input();
  void start_control(io::OpKind kind, io::Op* target = nullptr);
  void end_closed();

  StreamSet& set_;
  StreamHandler* handler_ = nullptr;
  int fd_;
  State state_ = State::fresh;
  Fin fin_ = Fin::unwanted;
  bool paused_ = false;
  bool has_buffer_ = false;       ///< It was its turn in the line for one.
  bool is_fast_ = false;          ///< More comes than its share of a turn.
  bool input_cancelled_ = false;  ///< It comes back, perhaps after input that was put off.
  bool peer_ended_ = false;       ///< Read the peer's FIN.
  bool is_stuck_ = false;         ///< The send was looked at, and the peer took nothing.
  bool hung_up_ = false;          ///< Saw it, behind bytes not read yet.
  SendChain out_;
  io::Op input_;  ///< recv or poll_hang_up.
  io::Op send_;
  io::Op control_;
  io::Timer timer_;  ///< Finishing: its end. Open: the next look at a send under way.
  core::Nanos send_timeout_ = core::never;
  core::Nanos last_progress_ = 0;  ///< When the peer last took something, or had nothing to take.
  std::string_view why_;           ///< Static text.
  io::PeerName peer_;
};

}  // namespace lepus::net
