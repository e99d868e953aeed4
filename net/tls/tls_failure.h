// Why a TLS connection failed, in words for the operator's log.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "net/tls/openssl.h"

namespace lepus::net {

/// From the errors of OpenSSL that belong to the last call for `ssl`, which are forgotten then.
std::string describe_failure(const SSL& ssl);

/// What `first` is, the first bytes of a connection, when they are no TLS; "" = they may be.
std::string_view describe_plain_text(core::Bytes first);

}  // namespace lepus::net
