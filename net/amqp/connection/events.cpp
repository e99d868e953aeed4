// The events' headers, as RabbitMQ names them.
#include "net/amqp/connection/events.h"

#include <string>
#include <utility>

#include "core/broker/event.h"
#include "net/amqp/pid.h"

namespace lepus::amqp {

using core::Event;
using core::FieldTableWriter;

namespace {

/// What RabbitMQ prints for 0-9-1, also where it is a field of an event.
constexpr std::string_view protocol = "{0,9,1}";

void write_given_name(FieldTableWriter& headers, const ConnectionFacts& facts) {
  const std::string_view name = given_name(facts);
  if (!name.empty()) headers.text("user_provided_name", name);
}

/// Names as RabbitMQ's; what is not there is left out.
void write_security(FieldTableWriter& headers, const net::ConnectionSecurity& security) {
  headers.boolean("ssl", security.is_tls);
  if (!security.is_tls) return;
  headers.text("ssl_protocol", security.protocol);
  headers.text("ssl_key_exchange", security.key_exchange);
  headers.text("ssl_cipher", security.cipher);
  headers.text("ssl_hash", security.hash);
  if (security.peer_cert_subject.empty()) return;
  headers.text("peer_cert_subject", security.peer_cert_subject);
  headers.text("peer_cert_issuer", security.peer_cert_issuer);
  headers.text("peer_cert_validity", security.peer_cert_validity);
}

}  // namespace

std::uint64_t connected_at_ms(core::Broker& broker, const ConnectionFacts& facts) {
  return static_cast<std::uint64_t>((facts.opened_at + broker.turn().wall_clock_offset) /
                                    core::nanos_per_ms);
}

void emit_login(core::Broker& broker, const ConnectionFacts& facts, const LoginAttempt& attempt) {
  if (!broker.wants_events()) return;
  const io::PeerName& peer = facts.peer;
  const bool succeeded = attempt.refusal.empty();
  Event event{succeeded ? "user.authentication.success" : "user.authentication.failure", {}};
  FieldTableWriter& headers = event.headers;
  headers.text("connection_type", "network");
  headers.text("name", attempt.user);
  headers.text("host", peer.local.address);
  headers.text("connection_name", peer.text());
  headers.text("peer_host", peer.remote.address);
  headers.int64("peer_port", peer.remote.port);
  headers.text("protocol", protocol);
  headers.text("auth_mechanism", attempt.mechanism);
  write_security(headers, facts.security);
  if (!succeeded) headers.text("error", attempt.refusal);
  broker.emit(std::move(event));
}

void emit_connection_created(core::Broker& broker, const ConnectionFacts& facts) {
  if (!broker.wants_events()) return;
  const io::PeerName& peer = facts.peer;
  Event event = core::make_event("connection.created", facts.user);
  FieldTableWriter& headers = event.headers;
  headers.text("type", "network");
  headers.text("pid", connection_pid(broker.node_name(), facts.id));
  headers.text("name", peer.text());
  headers.int64("port", peer.local.port);
  headers.int64("peer_port", peer.remote.port);
  headers.text("host", peer.local.address);
  headers.text("peer_host", peer.remote.address);
  write_security(headers, facts.security);
  headers.text("auth_mechanism", facts.mechanism);
  headers.text("protocol", protocol);
  headers.text("user", facts.user);
  headers.text("vhost", facts.vhost_name);
  headers.int64("timeout", facts.tuned.heartbeat_s);
  headers.int64("frame_max", facts.tuned.frame_max);
  headers.int64("channel_max", facts.tuned.channel_max);
  headers.table("client_properties", core::as_bytes(facts.client_properties));
  headers.int64("connected_at", static_cast<std::int64_t>(connected_at_ms(broker, facts)));
  headers.text("node", broker.node_name());
  write_given_name(headers, facts);
  broker.emit(std::move(event));
}

void emit_connection_closed(core::Broker& broker, const ConnectionFacts& facts,
                            std::string_view reason) {
  if (!broker.wants_events()) return;
  Event event = core::make_event("connection.closed", facts.user);
  FieldTableWriter& headers = event.headers;
  headers.text("name", facts.peer.text());
  headers.text("pid", connection_pid(broker.node_name(), facts.id));
  headers.text("node", broker.node_name());
  headers.text("user", facts.user);
  headers.text("vhost", facts.vhost_name);
  headers.table("client_properties", core::as_bytes(facts.client_properties));
  headers.text("reason", reason);
  write_given_name(headers, facts);
  broker.emit(std::move(event));
}

void emit_channel(core::Broker& broker, const ConnectionFacts& facts, std::uint16_t number,
                  bool is_open) {
  if (!broker.wants_events()) return;
  Event event = core::make_event(is_open ? "channel.created" : "channel.closed", facts.user);
  FieldTableWriter& headers = event.headers;
  headers.text("pid", connection_pid(broker.node_name(), facts.id, number));
  headers.text("name", facts.peer.text() + " (" + std::to_string(number) + ")");
  headers.text("connection", connection_pid(broker.node_name(), facts.id));
  headers.int64("number", number);
  headers.text("user", facts.user);
  headers.text("vhost", facts.vhost_name);
  broker.emit(std::move(event));
}

void emit_consumer(core::Broker& broker, const ConnectionFacts& facts, ConsumerPlace place,
                   const core::SessionConsumer& consumer) {
  if (!broker.wants_events()) return;
  Event event =
      core::make_event(place.is_there ? "consumer.created" : "consumer.deleted", facts.user);
  FieldTableWriter& headers = event.headers;
  headers.text("consumer_tag", consumer.tag);
  headers.text("queue", consumer.queue_name);
  headers.text("vhost", facts.vhost_name);
  headers.text("channel", connection_pid(broker.node_name(), facts.id, place.channel));
  if (place.is_there) {
    headers.boolean("exclusive", consumer.exclusive);
    headers.boolean("ack_required", !consumer.no_ack);
    headers.int64("prefetch_count", consumer.prefetch);
    headers.table("arguments", core::as_bytes(consumer.arguments));
  }
  broker.emit(std::move(event));
}

}  // namespace lepus::amqp
