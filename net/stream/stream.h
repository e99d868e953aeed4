// A byte stream to one peer, whatever carries it (sockets through the loop, TLS on top, a
// user-space stack).
//
//   start -> open -> [shutdown_write] -> close() or an error -> closing: ops come back -> on_closed
//   start -> open -> finish(): send all, FIN, wait for the peer's FIN -> closing -> on_closed
//
// Output: append to out(), then touch(); the bytes leave at the end of the turn, with one send per
// stream and turn. Input: on_bytes() with a view into a receive buffer. Everything happens on the
// loop's thread, and no handler is called inside a call the handler's owner makes: callbacks come
// only from completions, timers and the steps of a transport's turn (transport.h).
//
// A filter (TLS, the header of a proxy) is a stream that owns the one below it.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/time.h"
#include "io/peer_name.h"
#include "net/stream/connection_security.h"
#include "net/stream/listener_identity.h"
#include "net/stream/send_chain.h"

namespace lepus::net {

/// The user of a stream. Lives until on_closed().
struct StreamHandler {
  /// All of it must be used or copied before return.
  virtual void on_bytes(core::Bytes bytes) = 0;
  /// The peer sends no more (half-close); it may still read.
  virtual void on_peer_closed() = 0;
  /// While reading is paused: the peer sends no more, but what it sent before is not read yet.
  virtual void on_hang_up() {}
  /// out() shrank: for water marks.
  virtual void on_sent() = 0;
  /// The last call. `why` is for the log: empty after close() or finish(), else what went wrong.
  /// The stream may be destroyed from now on, but not inside this call (StreamSet::destroy_later
  /// does it at the right time).
  virtual void on_closed(std::string_view why) = 0;

 protected:
  ~StreamHandler() = default;
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  /// After on_closed() only.
  virtual ~Stream() = default;

  /// Once, before anything else but peer(). Begins to read.
  virtual void start(StreamHandler& handler) = 0;

  /// What waits to be sent. What is added after shutdown_write(), finish(), close() or a failure is
  /// dropped sooner or later; is_open() tells before.
  virtual SendChain& out() = 0;
  /// "out() has data": it is sent at the end of this turn. Cheap when repeated.
  virtual void touch() = 0;
  /// False once closing (by close(), finish() or an error): do not add to out() any more.
  virtual bool is_open() const = 0;

  /// A peer that takes nothing for so long, while something waits to be sent, is reset; core::never
  /// is the default. Seen up to half as late again.
  virtual void set_send_timeout(core::Nanos timeout) = 0;
  /// After a pause up to a few buffers may still arrive. The peer's end is watched for all the
  /// same: on_hang_up(), or on_closed() after a reset.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  /// FIN after all of out() left. Reading goes on.
  virtual void shutdown_write() = 0;
  /// The polite end: sends out(), then FIN, discards what the peer still sends until it closes too
  /// or `wait_ns` passed, then closes. No more callbacks but on_closed. Without the wait, unread
  /// input would make the kernel reset the connection and the peer could lose our last words.
  virtual void finish(core::Nanos wait_ns) = 0;
  /// The hard end: drops out(), closes. No more callbacks but on_closed. May be called in any
  /// state, also repeatedly.
  virtual void close() = 0;

  /// What is not yet acknowledged of all that was written: out(), and what filters made of it.
  virtual std::size_t pending_bytes() { return out().size(); }

  /// The reference holds as long as the stream; what it names may still change until the first
  /// on_bytes(): a proxy says for whom it connects.
  virtual const io::PeerName& peer() const = 0;
  /// As of peer(): a TLS handshake has come first.
  virtual const ConnectionSecurity& security() const { return no_security(); }
  /// A filter said in the log why the stream ended, which its user had no part in.
  virtual bool is_end_logged() const { return false; }
};

/// Where a listener delivers new streams.
struct Acceptor {
  /// `listener` is the one it came by, and lives until all its streams are destroyed.
  virtual void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity& listener) = 0;
  /// Out of descriptors or memory: `error_code` is an errno. The listener tries again by itself
  /// after a pause.
  virtual void on_accept_error(int error_code) = 0;
  /// After stop(): the listener may be destroyed from now on, but not inside this call.
  virtual void on_listener_closed() = 0;

 protected:
  ~Acceptor() = default;
};

}  // namespace lepus::net
