// What connections and channels tell of themselves (core/broker/event.h). Nothing is put together
// that nobody is bound to.
#include <utility>

#include "net/amqp/channel_impl.h"
#include "net/amqp/pid.h"

namespace lepus::amqp {

using core::Event;
using core::FieldTableWriter;

namespace {

/// What RabbitMQ prints for 0-9-1, also where it is a field of an event.
constexpr std::string_view protocol = "{0,9,1}";

void write_name_given(FieldTableWriter& headers, std::string_view name) {
  if (!name.empty()) headers.text("user_provided_name", name);
}

}  // namespace

std::string_view Connection::given_name() const {
  const auto name = core::FieldTable{core::as_bytes(client_properties_)}.find("connection_name");
  return name && name->is_string() ? name->text() : std::string_view{};
}

/// `why` empty: it succeeded.
void Connection::tell_login(const LoginTold& told) {
  core::Broker& broker = server_.broker();
  if (!broker.wants_events()) return;
  const io::PeerName& peer = stream_->peer();
  Event event{told.why.empty() ? "user.authentication.success" : "user.authentication.failure", {}};
  FieldTableWriter& headers = event.headers;
  headers.text("connection_type", "network");
  headers.text("name", told.user);
  headers.text("host", peer.local.address);
  headers.text("connection_name", peer.text());
  headers.text("peer_host", peer.remote.address);
  headers.int64("peer_port", peer.remote.port);
  headers.text("protocol", protocol);
  headers.text("auth_mechanism", told.mechanism);
  headers.boolean("ssl", false);
  if (!told.why.empty()) headers.text("error", told.why);
  broker.emit(std::move(event));
}

void Connection::tell_created() {
  core::Broker& broker = server_.broker();
  if (!broker.wants_events()) return;
  const core::ConnectionStats row = describe();
  Event event = core::make_event("connection.created", user_);
  FieldTableWriter& headers = event.headers;
  headers.text("type", "network");
  headers.text("pid", connection_pid(broker.node_name(), id_));
  headers.text("name", row.name);
  headers.int64("port", row.port);
  headers.int64("peer_port", row.peer_port);
  headers.text("host", row.host);
  headers.text("peer_host", row.peer_host);
  headers.boolean("ssl", false);
  headers.text("auth_mechanism", mechanism_);
  headers.text("protocol", protocol);
  headers.text("user", user_);
  headers.text("vhost", vhost_name_);
  headers.int64("timeout", heartbeat_s_);
  headers.int64("frame_max", frame_max_);
  headers.int64("channel_max", channel_max_);
  headers.table("client_properties", core::as_bytes(client_properties_));
  headers.int64("connected_at", static_cast<std::int64_t>(row.connected_at_ms));
  headers.text("node", broker.node_name());
  write_name_given(headers, given_name());
  broker.emit(std::move(event));
}

void Connection::tell_closed() {
  core::Broker& broker = server_.broker();
  if (!broker.wants_events()) return;
  Event event = core::make_event("connection.closed", user_);
  FieldTableWriter& headers = event.headers;
  headers.text("name", stream_->peer().text());
  headers.text("pid", connection_pid(broker.node_name(), id_));
  headers.text("node", broker.node_name());
  headers.text("user", user_);
  headers.text("vhost", vhost_name_);
  headers.table("client_properties", core::as_bytes(client_properties_));
  headers.text("reason", close_reason_);
  write_name_given(headers, given_name());
  broker.emit(std::move(event));
}

void Connection::tell_channel(std::uint16_t number, bool is_open) {
  core::Broker& broker = server_.broker();
  if (!broker.wants_events()) return;
  Event event = core::make_event(is_open ? "channel.created" : "channel.closed", user_);
  FieldTableWriter& headers = event.headers;
  headers.text("pid", connection_pid(broker.node_name(), id_, number));
  headers.text("name", stream_->peer().text() + " (" + std::to_string(number) + ")");
  headers.text("connection", connection_pid(broker.node_name(), id_));
  headers.int64("number", number);
  headers.text("user", user_);
  headers.text("vhost", vhost_name_);
  broker.emit(std::move(event));
}

void Channel::on_consumer_changed(const core::SessionConsumer& consumer, bool is_there) {
  if (!broker().wants_events()) return;
  Event event =
      core::make_event(is_there ? "consumer.created" : "consumer.deleted", connection_.user());
  FieldTableWriter& headers = event.headers;
  headers.text("consumer_tag", consumer.tag);
  headers.text("queue", consumer.queue_name);
  headers.text("vhost", connection_.vhost_name());
  headers.text("channel", connection_pid(broker().node_name(), connection_.id(), number_));
  if (is_there) {
    headers.boolean("exclusive", consumer.exclusive);
    headers.boolean("ack_required", !consumer.no_ack);
    headers.int64("prefetch_count", consumer.prefetch);
    headers.table("arguments", core::as_bytes(consumer.arguments));
  }
  broker().emit(std::move(event));
}

}  // namespace lepus::amqp
