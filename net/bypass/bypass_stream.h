// A stream over a connection of a user-space stack.
//
//   fresh --start()--> open --finish()--> finishing --> closing --> closed: on_closed()
//                        |                                 ^
//                        +---- close() or an error --------+
//
// Input goes from the frame to the handler without a copy, inside Transport::poll(); what is not
// wanted yet is copied and held, and the peer's window stays that much smaller. Output is lent to
// the stack until the peer has acknowledged it. FIN goes when nothing is left of it.
//
// Calls of the user only note what is wanted: the stack is called from flush_output() and from the
// steps of the transport, so never inside one of its callbacks. In state closing the stream waits
// in the transport's list of ends.
#pragma once

#include "core/base/intrusive_list.h"
#include "io/timers.h"
#include "net/bypass/held_input.h"
#include "net/bypass/lent_output.h"
#include "net/bypass/stack_api.h"
#include "net/stream/flush_list.h"
#include "net/stream/stream.h"

namespace lepus::net::bypass {

class BypassTransport;

class BypassStream final : public Stream,
                           public core::ListNode<BypassStream>,
                           private ConnectionUser,
                           private Flushable {
 public:
  /// Becomes the user of `connection`.
  BypassStream(BypassTransport& transport, Connection& connection);
  ~BypassStream() override;

  void start(StreamHandler& handler) override;
  SendChain& out() override { return output_.chain; }
  void touch() override;
  bool is_open() const override { return state_ == State::open; }
  void set_send_timeout(core::Nanos timeout) override { watch_.timeout = timeout; }
  void pause_reading() override { input_.is_paused = true; }
  void resume_reading() override;
  void shutdown_write() override;
  void finish(core::Nanos wait_ns) override;
  void close() override { begin_closing({}); }
  const io::PeerName& peer() const override { return peer_; }

  // --- For the transport.

  /// What was held goes to the handler as far as the turn allows, then the peer's end.
  void serve();
  /// It is in the list of ends.
  void end();

 private:
  enum class State : std::uint8_t { fresh, open, finishing, closing, closed };
  enum class Fin : std::uint8_t { unwanted, wanted, sent };
  /// Of the peer: it ended, the handler knows while it is paused, the handler knows.
  enum class PeerEnd : std::uint8_t { open, ended, hung_up, told };

  void on_input(const std::uint8_t* bytes, std::uint32_t size) override;
  void on_peer_end() override;
  void on_acknowledged(std::uint32_t size) override;
  void on_failed(Failure why) override;
  void flush_output() override;
  void on_timer(io::Timer& timer);
  void hand_over(core::Bytes bytes);
  void drop_held();
  void tell_peer_end();
  void begin_closing(std::string_view why);

  struct Input {
    HeldInput held;
    bool is_paused = false;
    PeerEnd peer_end = PeerEnd::open;
    std::uint64_t turn = 0;
    std::size_t turn_used = 0;  ///< Bytes handed over in that turn.
  };
  struct Watch {
    core::Nanos timeout = core::never;
    core::Nanos last_progress = 0;
  };

  BypassTransport& transport_;
  Connection* connection_;
  StreamHandler* handler_ = nullptr;
  State state_ = State::fresh;
  Fin fin_ = Fin::unwanted;
  bool is_stalled_ = false;  ///< The device's ring was full: once more in the next turn.
  Input input_;
  LentOutput output_;
  io::Timer timer_;  ///< Finishing: its end. Open: the next look at what the peer takes.
  Watch watch_;
  std::string_view why_;  ///< Static text.
  io::PeerName peer_;
};

}  // namespace lepus::net::bypass
