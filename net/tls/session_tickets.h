// Where OpenSSL gets the keys that seal and open session tickets.
#pragma once

#include "io/loop.h"
#include "net/tls/openssl.h"
#include "net/tls/ticket_keys.h"

namespace lepus::net {

/// Of one shard.
struct TicketSource {
  TicketKeys keys;
  const io::Loop* loop;  ///< For the time.
};

/// Once for each OpenSSL context.
void set_ticket_callback(SSL_CTX& ctx);
/// For each connection of such a context; `source` outlives it.
void set_ticket_source(SSL& ssl, TicketSource& source);

}  // namespace lepus::net
