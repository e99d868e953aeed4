// A stream that encrypts what goes over another one.
//
//   fresh --start()--> open --finish()--> finishing --> closing --> closed: on_closed()
//                        |                                 ^
//                        +------ failure or close() -------+
//
//   output   out() (plain) -> records -> inner.out(), at the turn's flush, and only while less than
//            a SealWindow waits there: what waits longer stays plain
//   input    inner's bytes -> records -> handler, all at once
//
// Open says nothing of the handshake: until it is done, output waits, and input is kept until whole
// records are there, which a step of the shard's HandshakeQueue reads.
//
// Finishing seals what is left of out() and says that nothing more comes (close_notify), then
// leaves the end to inner.finish(). The peer's close_notify, or its FIN without one, is its end:
// AMQP has its own, so a cut is noticed there. A failure tells the peer by an alert first.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "net/stream/flush_list.h"
#include "net/stream/stream.h"
#include "net/tls/seal_window.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_session.h"
#include "net/tls/tls_shard.h"

namespace lepus::net {

class TlsStream final : public Stream,
                        private StreamHandler,
                        private Flushable,
                        private HandshakeStep {
 public:
  /// Who says in the log what became of handshakes.
  struct Watcher {
    virtual void on_handshake_failed(const io::PeerName& peer, const ListenerIdentity& listener,
                                     std::string_view why) = 0;

   protected:
    ~Watcher() = default;
  };
  /// All that is referred to outlives the stream.
  struct Parts {
    TlsShard& shard;
    TlsContext context;
    core::Nanos handshake_timeout;  ///< core::never: a handshake may take any time.
    Watcher& watcher;
    const ListenerIdentity& listener;
  };
  /// `inner` is not started yet.
  TlsStream(std::unique_ptr<Stream> inner, Parts parts);
  ~TlsStream() override;

  void start(StreamHandler& handler) override;
  SendChain& out() override { return plain_; }
  void touch() override {
    if (is_shaken_ && (state_ == State::open || state_ == State::finishing))
      parts_.shard.touched().touch(*this);
  }
  bool is_open() const override { return state_ == State::open; }
  void set_send_timeout(core::Nanos timeout) override { inner_->set_send_timeout(timeout); }
  void pause_reading() override;
  void resume_reading() override;
  void shutdown_write() override;
  void finish(core::Nanos wait_ns) override;
  void close() override;
  std::size_t pending_bytes() override { return plain_.size() + inner_->pending_bytes(); }
  const io::PeerName& peer() const override { return inner_->peer(); }
  const ConnectionSecurity& security() const override { return security_; }
  bool is_end_logged() const override { return is_end_logged_ || inner_->is_end_logged(); }

 private:
  enum class State : std::uint8_t { fresh, open, finishing, closing, closed };
  enum class End : std::uint8_t { unwanted, wanted, sent };

  // StreamHandler, of inner_
  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override;
  void on_hang_up() override;
  void on_sent() override;
  void on_closed(std::string_view why) override;
  // Flushable, HandshakeStep
  void flush_output() override;
  void take_step() override;

  void on_timer(io::Timer& timer);
  void keep(core::Bytes bytes);
  void shake_hands();
  void on_shaken();
  void read_kept();
  void read(core::Bytes bytes);
  void settle_end();
  void seal();
  void end_writing();
  void fail(std::string why);
  void set_reason(std::string why);
  void begin_closing();

  Parts parts_;
  std::unique_ptr<Stream> inner_;
  TlsSession session_;
  StreamHandler* handler_ = nullptr;
  State state_ = State::fresh;
  End end_ = End::unwanted;
  bool is_shaken_ = false;    ///< The handshake is done.
  bool paused_ = false;       ///< By the handler.
  bool peer_ended_ = false;   ///< It sends no more, whether all it sent is read or not.
  bool is_end_told_ = false;  ///< The handler knows of that.
  bool is_end_logged_ = false;
  SendChain plain_;
  SealWindow window_;
  ConnectionSecurity security_;
  std::vector<std::uint8_t> kept_;  ///< Received and not read: in the handshake, or while paused.
  io::Timer timer_;                 ///< The end of the handshake, or of finishing.
  std::string why_;                 ///< It failed.
};

}  // namespace lepus::net
