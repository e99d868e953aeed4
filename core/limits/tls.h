// What TLS may take; see core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Steps of handshakes that a shard makes in a turn: one may take a millisecond.
constexpr std::size_t tls_steps_per_turn = 1;
/// Input kept until it is a handshake's turn; above it the socket is not read.
constexpr std::size_t tls_kept_max = std::size_t{64} << 10;
/// Plain bytes of one record, and what it may be in all (RFC 8446, 5.1 and 5.2; RFC 5246, 6.2.3).
constexpr std::size_t tls_record_max = std::size_t{16} << 10;
constexpr std::size_t tls_sealed_record_max = tls_record_max + 2048;
static_assert(tls_sealed_record_max < tls_kept_max);
/// Plain bytes that a handler gets at once.
constexpr std::size_t tls_input_room = std::size_t{64} << 10;
/// With more records waiting to be sent, the rest of a connection's output waits unencrypted.
constexpr std::size_t tls_sealed_max = tiny ? 1024 : 256 << 10;
/// Of records that wait, with those a client can make TLS write by itself (key updates).
constexpr std::size_t tls_sealed_unsent_max = 2 * tls_sealed_max + (64 << 10);
/// How long a client that is refused may take to read why.
constexpr Nanos tls_alert_wait = nanos_per_s;
constexpr Nanos tls_handshake_timeout_default = 5 * nanos_per_s;
/// A certificate that expires sooner is warned of.
constexpr std::int64_t certificate_warning_days = 30;
/// A session may be resumed for one to two of these.
constexpr Nanos tls_ticket_period = 3600 * nanos_per_s;

}  // namespace lepus::core::limits
