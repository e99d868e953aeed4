// Life of a connection: its parts are put together, the stream's events and its timer reach them.
#include "net/amqp/connection.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/connection/events.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

using core::LogCategory;
using core::LogLevel;
using core::ReplyCode;
namespace limits = core::limits;

Connection::Connection(Server& server, AcceptedStream accepted, core::ConnectionId id)
    : server_(server),
      stream_(std::move(accepted.stream)),
      facts_{id, stream_->peer(), stream_->security(), *accepted.listener},
      output_(*stream_),
      input_(*stream_, server.resume_list()),
      timer_(server.services().loop()),
      publisher_block_({facts_, output_, input_, timer_}),
      channel_context_{
          server.services(), server.ack_list(), server.closed_channels(), facts_, output_, input_,
          publisher_block_,  closing_},
      channels_(channel_context_),
      quota_(server.services().uses()),
      handshake_({server.services(), facts_, phase_, reader_, output_, quota_, input_}),
      closing_({*this, server.services(), server.lingering(), *stream_, facts_, phase_, output_,
                input_, reader_, timer_, quota_, channels_}) {
  timer_.bind<&Connection::on_timer>(this);
  reader_.set_frame_max(server_.services().settings().initial_frame_max);
  server.services().broker().memory().session_bytes += limits::connection_memory;
}

Connection::~Connection() {
  server_.services().broker().memory().session_bytes -= limits::connection_memory;
}

void Connection::start(ConnectionHandle handle) {
  const Settings& settings = server_.services().settings();
  input_.set_handle(handle);
  facts_.opened_at = server_.services().now();
  timer_.arm_after(settings.handshake_timeout);
  stream_->set_send_timeout(settings.send_timeout);
  stream_->start(*this);
}

void Connection::on_opened() {
  Services& services = server_.services();
  refresh();
  closing_.announce();
  timer_.cancel();
  heartbeat_.start(facts_.tuned.heartbeat_s, services.now());
  look_at_heartbeat();
  services.log().write(LogLevel::info, LogCategory::connection, "connection opened",
                       {{"peer", facts_.peer.text()},
                        {"user", facts_.user},
                        {"vhost", facts_.vhost_name},
                        {"connection_name", given_name(facts_)},
                        {"listener", facts_.listener.key}});
}

void Connection::refresh() {
  core::Broker& broker = server_.services().broker();
  const core::VhostInfo* vhost = broker.topology().find_vhost(facts_.vhost);
  facts_.is_traced = vhost != nullptr && vhost->is_traced;
  channels_.set_traced(facts_.is_traced);
  if (phase_.is(Phase::open) && !broker.alarm().any()) publisher_block_.unblock();
}

/// While it is open, a method of a channel waits for it.
void Connection::on_auth_answer(const core::AuthAnswer& answer) {
  if (!handshake_.awaits(answer)) return;
  const bool is_open = phase_.is(Phase::open);
  if (is_open && !handshake_.is_renewing()) {
    const std::uint16_t number = facts_.login.rights->on_answer(answer);
    if (Channel* channel = channels_.find(number)) channel->go_on();
  } else if (is_open || phase_.is(Phase::starting) || phase_.is(Phase::opening)) {
    core::Result<Handshake::Step> step = handshake_.on_auth_answer(answer);
    if (!step.ok())
      return is_open ? closing_.fail(std::move(step.error()))
                     : closing_.refuse(std::move(step.error()));
    if (step.value() == Handshake::Step::opened) return on_opened();
    if (is_open) look_at_heartbeat();
  }
}

core::ConnectionStats Connection::describe() const {
  CHECK(is_listed());
  core::ConnectionStats row;
  const io::PeerName& peer = facts_.peer;
  row.id = facts_.id;
  row.name = peer.text();
  row.listener = facts_.listener.key;
  row.user = facts_.user;
  row.vhost = facts_.vhost_name;
  row.peer_host = peer.remote.address;
  row.peer_port = peer.remote.port;
  row.host = peer.local.address;
  row.port = peer.local.port;
  row.state = phase_.is(Phase::closing)                 ? "closing"
              : input_.is_stopped_for(InputStop::alarm) ? "blocked"
                                                        : "running";
  row.auth_mechanism = facts_.mechanism;
  row.client_properties = facts_.client_properties;
  row.channels = static_cast<std::uint32_t>(channels_.size());
  row.channel_max = facts_.tuned.channel_max;
  row.frame_max = facts_.tuned.frame_max;
  row.timeout_s = facts_.tuned.heartbeat_s;
  row.connected_at_ms = connected_at_ms(server_.services().broker(), facts_);
  row.recv_oct = facts_.traffic.received_bytes;
  row.recv_cnt = facts_.traffic.received_count;
  row.send_oct = output_.sent_bytes();
  row.send_cnt = facts_.traffic.sent_count;
  row.send_pend = output_.unsent_bytes();
  const net::ConnectionSecurity& security = facts_.security;
  row.is_tls = security.is_tls;
  row.tls_protocol = security.protocol;
  row.tls_key_exchange = security.key_exchange;
  row.tls_cipher = security.cipher;
  row.tls_hash = security.hash;
  row.peer_cert_subject = security.peer_cert_subject;
  row.peer_cert_issuer = security.peer_cert_issuer;
  row.peer_cert_validity = security.peer_cert_validity;
  return row;
}

// --- Stream

void Connection::on_peer_closed() {
  if (phase_.is(Phase::finished)) return;
  if (phase_.is(Phase::lingering)) return closing_.finish();
  input_.note_end();
  if (!reader_.has_carried() || !input_.is_held()) return closing_.end_without_client();
  on_hang_up();
}

/// The client is gone, and what it sent is not all read. Behind an alarm it is not going to be:
/// nobody knows how long that lasts, and the client may hold what causes it. Else it is waited for.
void Connection::on_hang_up() {
  if (!phase_.is(Phase::open) || input_.is_stopped_for(InputStop::alarm))
    return closing_.end_without_client();
  input_.note_client_gone();
  timer_.arm_after(limits::client_gone_wait);
}

void Connection::on_sent() {
  ++facts_.traffic.sent_count;
  heartbeat_.on_sent(server_.services().now());
  const bool consumers_go_on = output_.on_sent();
  if (!output_.holds_input()) input_.allow(InputStop::output);
  if (consumers_go_on) channels_.resume_consumers();
}

void Connection::on_ended() { server_.destroy_later(input_.handle(), std::move(stream_)); }

// --- Time

void Connection::on_timer(io::Timer&) {
  switch (phase_.now()) {
    case Phase::open:
    case Phase::closing: {
      if (input_.is_client_gone() && input_.is_stopped()) return closing_.end_without_client();
      const bool holds_memory = publisher_block_.stopped_long(server_.services().now()) &&
                                server_.services().broker().alarm().memory &&
                                channels_.content_bytes() >= limits::content_stop_bytes;
      if (holds_memory)
        return closing_.fail(
            {ReplyCode::resource_error, "unfinished publishes while memory is low"});
      return look_at_heartbeat();
    }
    case Phase::awaiting_header:
    case Phase::starting:
    case Phase::tuning:
    case Phase::opening:
      return closing_.abort("handshake timeout");
    case Phase::close_sent:
    case Phase::lingering:
      return closing_.on_timeout();
    case Phase::finished:
      return;
  }
}

void Connection::look_at_heartbeat() {
  if (!heartbeat_.is_on()) return;
  switch (heartbeat_.look(server_.services().now(), !input_.is_paused())) {
    case Heartbeat::Due::peer_gone:
      return closing_.abort("missed heartbeats from the client, timeout " +
                            std::to_string(facts_.tuned.heartbeat_s) + " s");
    case Heartbeat::Due::send:
      // While the client takes nothing, one more would tell it nothing.
      if (output_.unsent_bytes() == 0) output_.writer().heartbeat();
      output_.touch();
      break;
    case Heartbeat::Due::nothing:
      break;
  }
  timer_.arm_at(heartbeat_.next_look());
}

}  // namespace lepus::amqp
