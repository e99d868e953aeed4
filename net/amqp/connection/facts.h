// What is known of a connection, for its channels, listings, events and the log: plain data, filled
// in by the handshake and counted on by the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/message/field_table.h"
#include "core/session/session_owner.h"
#include "io/peer_name.h"
#include "net/amqp/codec/protocol_header.h"
#include "net/stream/connection_security.h"
#include "net/stream/listener_identity.h"

namespace lepus::amqp {

class ConnectionRights;

/// What the client's capabilities table announced.
struct Capabilities {
  bool authentication_failure_close = false;
  bool connection_blocked = false;
  bool consumer_cancel_notify = false;
  bool channel_flow = false;  ///< Ours: it knows that channel.flow(active=false) is answered.
};

/// What connection.tune-ok agreed on.
struct TunedLimits {
  std::uint16_t channel_max = 0;
  std::uint16_t heartbeat_s = 0;  ///< 0: none.
  std::uint32_t frame_max = 0;    ///< Bytes.
};

struct TrafficCounters {
  std::uint64_t received_bytes = 0;
  std::uint64_t received_count = 0;  ///< Of calls: RabbitMQ's recv_cnt counts packets.
  std::uint64_t sent_count = 0;
};

/// What a login leads to.
struct LoginFacts {
  core::Nanos refusal_delay = 0;       ///< A refusal is told so much later.
  ConnectionRights* rights = nullptr;  ///< Null: the topology says what the user may do.
};

struct ConnectionFacts {
  core::ConnectionId id;
  const io::PeerName& peer;  ///< The stream's, which lives as long.
  const net::ConnectionSecurity& security = net::no_security();     ///< As of peer.
  const net::ListenerIdentity& listener = net::unknown_listener();  ///< It came by.
  core::Nanos opened_at = 0;                                        ///< When it was accepted.
  TrafficCounters traffic = {};
  FirstBytes first_bytes = FirstBytes::none;
  // From connection.start-ok on.
  std::string client_properties = {};  ///< Inside of a field table, as announced.
  Capabilities capabilities = {};
  std::string mechanism = {};
  std::string user = {};
  core::UserId user_id = {};  ///< 0: not logged in, or known to another backend only.
  LoginFacts login = {};
  TunedLimits tuned = {};
  // From connection.open on.
  core::VhostId vhost = {};
  std::string vhost_name = {};
  bool is_traced = false;  ///< The firehose of its virtual host is on.
};

/// Returns what the client calls itself (client property connection_name); "" when it does not.
inline std::string_view given_name(const ConnectionFacts& facts) {
  const auto name =
      core::FieldTable{core::as_bytes(facts.client_properties)}.find("connection_name");
  return name && name->is_string() ? name->text() : std::string_view{};
}

/// For the session of a channel; views into `facts`.
core::SessionOwner session_owner(const ConnectionFacts& facts, std::uint16_t channel);

}  // namespace lepus::amqp
