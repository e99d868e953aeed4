// When a queue is deleted because nobody used it (x-expires).
#pragma once

#include "core/base/time.h"
#include "core/topology/topology.h"

namespace lepus::core {

class IdleExpiry {
 public:
  explicit IdleExpiry(Nanos now) : idle_since_(now) {}

  void note_used(Nanos now) { idle_since_ = now; }
  Nanos used_at() const { return idle_since_; }
  /// Of this queue, unless it is used before; core::never without the argument.
  Nanos deadline(const QueueInfo& info) const {
    const auto& expires_ms = info.effective->expires_ms;
    if (!expires_ms) return never;
    return idle_since_ + static_cast<Nanos>(*expires_ms) * nanos_per_ms;
  }

 private:
  Nanos idle_since_;
};

}  // namespace lepus::core
