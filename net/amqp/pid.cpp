// The shard and the counter are in the id: see core/base/ids.h.
#include "net/amqp/pid.h"

#include <fmt/format.h>

namespace lepus::amqp {

std::string connection_pid(std::string_view node, core::ConnectionId id, unsigned channel) {
  constexpr std::uint64_t counter_mask = (1ULL << 48) - 1;
  return fmt::format("<{}.{}.{}.{}>", node, (id.value >> 48) - 1, id.value & counter_mask, channel);
}

}  // namespace lepus::amqp
