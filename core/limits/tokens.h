// What tokens of OAuth 2 may take; see core/limits.h.
#pragma once

#include <cstddef>

#include "core/base/time.h"

namespace lepus::core::limits {

/// Scopes of a token, as in RabbitMQ; one with more is refused.
constexpr std::size_t token_scopes_max = 2'048;
/// How long keys of tokens are not fetched again after an attempt.
constexpr Nanos token_keys_pause = 10 * nanos_per_s;

}  // namespace lepus::core::limits
