// A turn's share.
#include "net/tls/handshake_queue.h"

#include "core/limits.h"

namespace lepus::net {

void HandshakeQueue::work() {
  for (std::size_t steps = 0; steps < core::limits::tls_steps_per_turn; ++steps) {
    HandshakeStep* const next = waiting_.pop_front();
    if (next == nullptr) return;
    next->take_step();
  }
}

}  // namespace lepus::net
