// What the operator sees of connections, channels and consumers, and the close he asks for. A walk
// over all connections goes by slots, so it can stop and go on while connections come and go; one
// connection is described as a whole.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

std::uint32_t Server::describe(core::StatsRequest::Kind kind, std::uint32_t slot,
                               core::StatsPage& out) {
  using Kind = core::StatsRequest::Kind;
  std::size_t looked_at = 0;
  for (; slot < connections_.slot_count(); ++slot) {
    if (out.row_count() >= core::limits::stats_rows_max ||
        looked_at++ >= core::limits::stats_rows_max)
      return slot;
    const Connection* connection = connections_.at_slot(slot);
    if (connection == nullptr || !connection->is_listed()) continue;
    if (kind == Kind::connections) out.connections.push_back(connection->describe());
    if (kind == Kind::channels) connection->channels().describe(out.channels);
    if (kind == Kind::consumers) connection->channels().describe_consumers(out.consumers);
  }
  return 0;
}

std::uint64_t Server::close(std::vector<core::ConnectionId> ids, std::string_view reason) {
  std::sort(ids.begin(), ids.end());
  std::uint64_t count = 0;
  connections_.for_each([&](auto, Connection& connection) {
    if (!connection.is_listed()) return;
    if (!std::binary_search(ids.begin(), ids.end(), connection.facts().id)) return;
    connection.closing().force_close({core::ReplyCode::connection_forced, std::string{reason}});
    ++count;
  });
  return count;
}

}  // namespace lepus::amqp
