// What the operator sees of connections, channels and consumers, and the close he asks for. A walk
// over all connections goes by slots, so it can stop and go on while connections come and go; one
// connection is described as a whole.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/channel_impl.h"
#include "net/amqp/connection/events.h"

namespace lepus::amqp {

core::ConnectionStats Connection::describe() const {
  CHECK(is_listed());
  core::ConnectionStats row;
  const io::PeerName& peer = facts_.peer;
  row.id = facts_.id;
  row.name = peer.text();
  row.user = facts_.user;
  row.vhost = facts_.vhost_name;
  row.peer_host = peer.remote.address;
  row.peer_port = peer.remote.port;
  row.host = peer.local.address;
  row.port = peer.local.port;
  row.state = phase_ == Phase::closing               ? "closing"
              : (input_stops_ & stop_for_alarm) != 0 ? "blocked"
                                                     : "running";
  row.auth_mechanism = facts_.mechanism;
  row.client_properties = facts_.client_properties;
  row.channels = static_cast<std::uint32_t>(channels_.size());
  row.channel_max = facts_.tuned.channel_max;
  row.frame_max = facts_.tuned.frame_max;
  row.timeout_s = facts_.tuned.heartbeat_s;
  row.connected_at_ms = connected_at_ms(services_.broker(), facts_);
  row.recv_oct = facts_.traffic.received_bytes;
  row.recv_cnt = facts_.traffic.received_count;
  row.send_oct = stream_->out().taken();
  row.send_cnt = facts_.traffic.sent_count;
  row.send_pend = stream_->out().size();
  return row;
}

void Connection::describe_channels(std::vector<core::ChannelStats>& out) const {
  const std::string name = facts_.peer.text();
  for (const auto& [number, channel] : channels_) {
    core::ChannelStats row = channel->session().describe();
    row.connection = facts_.id;
    row.connection_name = name;
    row.user = facts_.user;
    row.vhost = facts_.vhost_name;
    out.push_back(std::move(row));
  }
}

void Connection::describe_consumers(std::vector<core::ConsumerStats>& out) const {
  for (const auto& [number, channel] : channels_) {
    const std::size_t first = out.size();
    channel->session().describe_consumers(out);
    for (std::size_t i = first; i < out.size(); ++i) out[i].connection = facts_.id;
  }
}

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
    if (kind == Kind::channels) connection->describe_channels(out.channels);
    if (kind == Kind::consumers) connection->describe_consumers(out.consumers);
  }
  return 0;
}

std::uint64_t Server::close(std::vector<core::ConnectionId> ids, std::string_view reason) {
  std::sort(ids.begin(), ids.end());
  std::uint64_t count = 0;
  connections_.for_each([&](auto, Connection& connection) {
    if (!connection.is_listed()) return;
    if (!std::binary_search(ids.begin(), ids.end(), connection.facts().id)) return;
    connection.force_close({core::ReplyCode::connection_forced, std::string{reason}});
    ++count;
  });
  return count;
}

}  // namespace lepus::amqp
