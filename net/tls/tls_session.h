// One TLS connection without its transport: records in, plain bytes out, and the other way round.
// Nothing here waits or calls back.
//
//   set_input(received) -> shake_hands() until done -> decrypt() ...     replies go to the wire's
//   encrypt(plain)                                                       chain by themselves
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "net/stream/send_chain.h"
#include "net/tls/openssl.h"
#include "net/tls/session_tickets.h"
#include "net/tls/tls_context.h"
#include "net/tls/tls_wire.h"

namespace lepus::net {

class TlsSession {
 public:
  enum class Result : std::uint8_t {
    done,         ///< There may be more at once.
    wants_input,  ///< All that was set is read.
    ended,        ///< The peer sends no more.
    failed,       ///< failure() says why; what tells the peer is in the wire's chain.
  };

  /// `output` and `tickets` outlive it.
  TlsSession(const TlsContext& context, SendChain& output, TicketSource& tickets);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// What was received next; the view is used by the calls that follow.
  void set_input(core::Bytes bytes) { wire_.input = bytes; }
  /// How much of it is not read.
  std::size_t input_left() const { return wire_.input.size(); }
  Result shake_hands();
  /// As much as there is and `room` takes, `size` bytes; may be none whatever the result.
  Result decrypt(std::span<std::uint8_t> room, std::size_t& size);
  /// Returns false when it failed.
  bool encrypt(core::Bytes plain);
  /// Tells the peer that nothing more comes.
  void end_writing();

  /// It begins the handshake: shake_hands() has something to do before anything came.
  bool is_client() const { return is_client_; }
  /// Nothing was read yet.
  bool is_fresh() const { return ssl_ == nullptr || SSL_get_state(ssl_.get()) == TLS_ST_BEFORE; }
  const std::string& failure() const { return failure_; }
  const SSL& ssl() const { return *ssl_; }

 private:
  Result fail();
  void prepare_client(const TlsClientOptions& options);

  TlsWire wire_;
  SslPtr ssl_;
  std::string failure_;
  bool is_client_ = false;
};

}  // namespace lepus::net
