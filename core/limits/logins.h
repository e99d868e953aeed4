// What logins, failed ones, and services that are asked about them may take; see core/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/tiny.h"

namespace lepus::core::limits {

/// Failed logins a minute from one address, and for one user (login_failures.*).
constexpr std::uint32_t login_failures_max_default = 300;
/// Addresses, and users, whose failures are remembered.
constexpr std::size_t login_failures_kept_max = tiny ? 4 : 10'000;
/// So many failures of an address are told at once; each beyond them waits so much longer, up to
/// handshake_linger.
constexpr double login_failures_told_at_once = 5;
constexpr Nanos login_failure_delay_step = 50 * nanos_per_ms;
/// Answers of a service outside of the broker that a shard keeps (auth_cache.*).
constexpr std::size_t auth_answers_max = tiny ? 4 : 10'000;
/// Questions to such a service that are under way or wait; more are not asked, which refuses.
constexpr std::size_t auth_questions_max = tiny ? 4 : 10'000;
/// Questions of one method (or of the header of one message), each of which waits for its answer.
constexpr std::size_t auth_rounds_max = 200;
/// Of an answer of such a service; a longer one is none.
constexpr std::size_t auth_answer_size_max = 64 << 10;

/// Bytes of a frame before the login, unless initial_frame_max says otherwise: RabbitMQ 4.1's.
constexpr std::uint32_t initial_frame_size_max = 8'192;

}  // namespace lepus::core::limits
