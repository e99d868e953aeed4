// Where OpenSSL reads records from and writes them to: a view of what was received and the chain of
// what is to be sent, with no memory between.
#pragma once

#include "core/base/bytes.h"
#include "net/stream/send_chain.h"
#include "net/tls/openssl.h"

namespace lepus::net {

struct TlsWire {
  core::Bytes input;  ///< What OpenSSL has not taken yet; valid during a call only.
  SendChain* output;
};

/// `wire` outlives it. nullptr: no memory.
BioPtr make_wire_bio(TlsWire& wire);

}  // namespace lepus::net
