// Life of a connection: phases, errors, alarms, heartbeats, and the several ways to end.
#include "net/amqp/connection.h"
#include "net/amqp/connection/events.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

using core::AmqpError;
using core::LogCategory;
using core::LogLevel;
using core::ReplyCode;
namespace limits = core::limits;

namespace {

/// "basic.publish"; "" when the fault is no method's.
std::string_view failed_method(const AmqpError& error) {
  if (error.class_id == 0) return {};
  return method_name(static_cast<MethodId>(error.class_id << 16 | error.method_id));
}

}  // namespace

Connection::Connection(Server& server, std::unique_ptr<net::Stream> stream, core::ConnectionId id)
    : server_(server),
      services_(server.services()),
      stream_(std::move(stream)),
      facts_{id, stream_->peer()},
      writer_(stream_->out()) {
  timer_.bind<&Connection::on_timer>(this);
  services_.broker().memory().session_bytes += limits::connection_memory;
}

Connection::~Connection() {
  services_.broker().memory().session_bytes -= limits::connection_memory;
  services_.loop().timers().cancel(timer_);
  CHECK(channels_.empty());
  CHECK(!linked());
}

void Connection::start() {
  facts_.opened_at = services_.now();
  const core::Nanos timeout = services_.settings().handshake_timeout;
  if (timeout != core::never) services_.loop().timers().arm(timer_, facts_.opened_at + timeout);
  stream_->set_send_timeout(services_.settings().send_timeout);
  stream_->start(*this);
}

// --- Errors

void Connection::raise(Channel& channel, AmqpError error) {
  if (phase_ != Phase::open) return;
  if (!error.channel_only()) return fail(std::move(error));
  services_.log().write(LogLevel::warning, LogCategory::channel, "channel closed with an error",
                        {{"peer", facts_.peer.text()},
                         {"user", facts_.user},
                         {"vhost", facts_.vhost_name},
                         {"connection_name", given_name(facts_)},
                         {"channel", channel.number()},
                         {"method", failed_method(error)},
                         {"reason", error.text()}});
  channel.close_with(error);
}

/// connection.close, then only close-ok counts.
void Connection::fail(AmqpError error) {
  if (phase_ == Phase::close_sent || phase_ == Phase::finished) return;
  close_reason_ = error.text();
  close_method_ = failed_method(error);
  phase_ = Phase::close_sent;
  shut_down_channels(false);
  const std::string text = error.text();
  send(ConnectionClose{static_cast<std::uint16_t>(error.code), text, error.class_id,
                       error.method_id});
  release_all();
  services_.loop().timers().arm(timer_, services_.now() + limits::close_ok_wait);
}

void Connection::force_close(AmqpError error) {
  if (phase_ == Phase::close_sent || phase_ == Phase::finished) return;
  if (phase_ == Phase::lingering) {
    stream_->close();
  } else if (phase_ == Phase::open || phase_ == Phase::closing) {
    fail(std::move(error));
  } else {
    close_silently(error);
  }
}

void Connection::close_if_deleted() {
  if (!facts_.user_id) return;
  const core::Topology& topology = services_.broker().topology();
  const core::UserInfo* user = topology.access().find_user(facts_.user);
  if (facts_.vhost && topology.find_vhost(facts_.vhost) == nullptr) {
    force_close({ReplyCode::connection_forced, "vhost '" + facts_.vhost_name + "' is deleted"});
  } else if (user == nullptr || user->id != facts_.user_id) {
    force_close({ReplyCode::connection_forced, "user '" + facts_.user + "' is deleted"});
  }
}

void Connection::refresh_trace() {
  const core::VhostInfo* vhost = services_.broker().topology().find_vhost(facts_.vhost);
  facts_.is_traced = vhost != nullptr && vhost->is_traced;
  for (const auto& [number, channel] : channels_) channel->session().set_traced(facts_.is_traced);
}

void Connection::log_timeout(std::uint16_t channel, std::string_view tag, core::Nanos timeout) {
  services_.log().write(
      LogLevel::warning, LogCategory::channel,
      "consumer cancelled: a delivery was not acknowledged in time (consumer_timeout)",
      {{"peer", facts_.peer.text()},
       {"user", facts_.user},
       {"vhost", facts_.vhost_name},
       {"channel", channel},
       {"consumer_tag", tag},
       {"timeout_ms", timeout / core::nanos_per_ms}});
}

/// Before connection.open a client is not told what it did wrong; the log is.
void Connection::close_silently(const AmqpError& why) {
  close_reason_ = why.text();
  finish();
}

/// A client's fault before connection.open. It gets to know late, so that trying again and again is
/// slow, and what it still sends is dropped.
void Connection::refuse(AmqpError error) {
  const bool is_told = error.whole_connection;
  const bool is_login = phase_ == Phase::starting && error.code == ReplyCode::access_refused;
  if (is_told && (!is_login || server_.lingering().tells_refusal_at_once(services_.now())))
    return fail(std::move(error));
  close_reason_ = error.text();
  lost_sync_ = true;
  if (is_told) late_refusal_ = std::make_unique<AmqpError>(std::move(error));
  linger(limits::handshake_linger);
}

/// It is over but for the socket.
void Connection::linger(core::Nanos wait) {
  phase_ = Phase::lingering;
  leave_counts();
  log_end();
  carry_ = {};
  services_.loop().timers().arm(timer_, services_.now() + wait);
  if (Connection* oldest = server_.lingering().add(*this)) oldest->abort();
}

void Connection::on_linger_end() {
  server_.lingering().remove(*this);
  if (late_refusal_ == nullptr) return stream_->close();
  lost_sync_ = false;
  fail(std::move(*std::exchange(late_refusal_, nullptr)));
}

/// Sends what is left, then waits a while for the peer's end.
void Connection::finish() {
  phase_ = Phase::finished;
  server_.lingering().remove(*this);
  leave_counts();
  services_.loop().timers().cancel(timer_);
  stream_->finish(limits::close_ok_wait);
}

/// What is the same wherever it ends.
void Connection::leave_counts() {
  if (std::exchange(is_announced_, false))
    emit_connection_closed(services_.broker(), facts_, close_reason_);
  if (!std::exchange(is_counted_, false)) return;
  services_.uses().release({core::QuotaKey::Kind::vhost_connections, facts_.vhost.value});
  services_.uses().release({core::QuotaKey::Kind::user_connections, facts_.user_id.value});
}

// --- Connection methods while open

Connection::Outcome Connection::on_connection_method(MethodId method, core::Bytes arguments) {
  if (method == MethodId::connection_close) {
    on_close_method();
    return std::nullopt;
  }
  if (method == MethodId::connection_update_secret) {
    ConnectionUpdateSecret update;
    if (!decode(arguments, update)) return decode_error(method, arguments);
    send(ConnectionUpdateSecretOk{});
    return std::nullopt;
  }
  return AmqpError{ReplyCode::channel_error, "unexpected method in connection state running",
                   class_id_of(method), method_id_of(method)};
}

/// Channels give back what they hold, exclusive queues go, then close-ok: what the client sees next
/// is settled.
void Connection::on_close_method() {
  close_reason_ = "closed by the client";
  phase_ = Phase::closing;
  shut_down_channels(true);
  answer_close_when_done();
}

void Connection::shut_down_channels(bool orderly) {
  last_channel_ = nullptr;
  std::vector<Channel*> channels;
  channels.reserve(channels_.size());
  for (const auto& [number, channel] : channels_) channels.push_back(channel.get());
  for (Channel* channel : channels) channel->shut_down(orderly);
}

void Connection::on_channel_closed(Channel& channel) {
  if (last_channel_ == &channel) last_channel_ = nullptr;
  const auto found = channels_.find(channel.number());
  CHECK(found != channels_.end());
  server_.destroy_channel_later(std::move(found->second));
  channels_.erase(found);
  emit_channel(services_.broker(), facts_, channel.number(), false);
  services_.uses().release(channels_of(facts_.user_id));
  if (phase_ == Phase::closing) answer_close_when_done();
  if (end_ == End::stream_closed && channels_.empty())
    server_.destroy_later(*this, std::move(stream_));
}

void Connection::answer_close_when_done() {
  if (phase_ != Phase::closing || !channels_.empty() || close_port_) return;
  if (!may_own_queues_) return on_exclusive_queues_gone();
  close_port_ = std::make_unique<ClosePort>(*this, services_.broker());
  ask_exclusive_queues_gone(close_port_->ref());
}

void Connection::ask_exclusive_queues_gone(const core::ChannelRef& who) {
  core::TopologyRequest request;
  request.kind = core::TopologyRequest::Kind::connection_closed;
  request.from = services_.broker().shard();
  request.connection = facts_.id;
  request.user = facts_.user;
  services_.broker().ask(request, who);
}

/// The connection may have ended otherwise meanwhile.
void Connection::on_exclusive_queues_gone() {
  if (phase_ != Phase::closing) return;
  send(ConnectionCloseOk{});
  for (; closes_due_ > 0; --closes_due_) send(ConnectionCloseOk{});
  const core::Nanos interval = facts_.tuned.heartbeat_s * core::nanos_per_s;
  linger(interval > 0 ? std::min(interval, limits::close_linger) : limits::close_linger);
}

/// Several threads of a client may have closed the connection at once: each waits for its answer.
void Connection::answer_close_while_lingering() {
  if (stream_->out().size() > limits::lingering_output_max) return stream_->close();
  send(ConnectionCloseOk{});
}

// --- Stream

void Connection::on_peer_closed() {
  if (phase_ == Phase::finished) return;
  if (phase_ == Phase::lingering) return finish();
  input_ended_ = true;
  if (carry_.empty() || !(is_input_stopped() || resume_due_)) return end_without_client();
  on_hang_up();
}

/// The client is gone, and what it sent is not all read. Behind an alarm it is not going to be:
/// nobody knows how long that lasts, and the client may hold what causes it. Else it is waited for.
void Connection::on_hang_up() {
  if (phase_ != Phase::open || (input_stops_ & stop_for_alarm) != 0) return end_without_client();
  client_gone_ = true;
  services_.loop().timers().arm(timer_, services_.now() + limits::client_gone_wait);
}

void Connection::end_without_client() {
  if (phase_ == Phase::finished || phase_ == Phase::lingering) return;
  if (close_reason_.empty()) close_reason_ = "client closed the socket without connection.close";
  phase_ = Phase::finished;  // Before the channels end: no close-ok is due any more.
  shut_down_channels(false);
  finish();
}

void Connection::on_sent() {
  ++facts_.traffic.sent_count;
  heartbeat_.on_sent(services_.now());
  writer_.brake().on_taken(stream_->out().taken());
  if (!writer_.brake().is_on()) allow_input(stop_for_output);
  if (!consumers_paused_ || stream_->out().size() > output_max(stream_->out().pool()) / 2) return;
  consumers_paused_ = false;
  for (const auto& [number, channel] : channels_) channel->session().deliveries().resume();
}

void Connection::on_closed(std::string_view why) {
  phase_ = Phase::finished;
  server_.lingering().remove(*this);
  services_.loop().timers().cancel(timer_);
  shut_down_channels(false);
  if (may_own_queues_ && !close_port_) ask_exclusive_queues_gone({});
  close_port_.reset();
  leave_counts();
  if (!why.empty()) close_reason_ = why;
  log_end();
  // Channels that held much are still giving it back.
  end_ = End::stream_closed;
  if (channels_.empty()) server_.destroy_later(*this, std::move(stream_));
}

/// Who connects and sends nothing looks whether the port answers: one line for many of them.
void Connection::log_end() {
  if (std::exchange(end_, End::logged) != End::none) return;
  const core::Nanos now = services_.now();
  if (facts_.traffic.received_bytes == 0) {
    const std::uint64_t count = services_.probe_gate().admit(now);
    if (count == 0) return;
    services_.log().write(LogLevel::info, LogCategory::connection, "connections that sent nothing",
                          {{"last_peer", facts_.peer.text()}, {"count", count}});
    return;
  }
  services_.log().write(LogLevel::info, LogCategory::connection, "connection closed",
                        {{"peer", facts_.peer.text()},
                         {"user", facts_.user},
                         {"vhost", facts_.vhost_name},
                         {"connection_name", given_name(facts_)},
                         {"reason", close_reason_},
                         {"method", close_method_},
                         {"open_ms", (now - facts_.opened_at) / core::nanos_per_ms}});
}

bool Connection::has_consumers() const {
  return std::any_of(channels_.begin(), channels_.end(), [](const auto& entry) {
    return entry.second->session().deliveries().consumers().count() > 0;
  });
}

// --- Alarms

void Connection::block_publisher(const core::Alarm& alarm, bool is_half_done) {
  CHECK(alarm.any());
  stop_input(stop_for_alarm);
  if (is_half_done) {
    body_.stopped_at = services_.now();
    if (!heartbeat_.is_on())
      services_.loop().timers().arm(timer_, body_.stopped_at + limits::content_stop_wait);
  }
  if (blocked_told_ || !facts_.capabilities.connection_blocked) return;
  blocked_told_ = true;
  const char* reason = alarm.memory ? "low on memory" : "low on disk";
  send(ConnectionBlocked{alarm.memory && alarm.disk ? "low on memory & disk" : reason});
}

void Connection::on_alarms_over() {
  if (phase_ != Phase::open) return;
  if (blocked_told_) send(ConnectionUnblocked{});
  blocked_told_ = false;
  body_.stopped_at = 0;
  allow_input(stop_for_alarm);
}

// --- Time

void Connection::on_timer(io::Timer&) {
  const core::Nanos now = services_.now();
  switch (phase_) {
    case Phase::open:
    case Phase::closing:
      if (client_gone_ && is_input_stopped()) return end_without_client();
      if (holds_memory(now))
        return fail({ReplyCode::resource_error, "unfinished publishes while memory is low"});
      on_heartbeat_due(now);
      return;
    case Phase::awaiting_header:
    case Phase::starting:
    case Phase::tuning:
    case Phase::opening:
      close_reason_ = "handshake timeout";
      stream_->close();
      return;
    case Phase::close_sent:
      stream_->close();  // The client had its time to answer.
      return;
    case Phase::lingering:
      on_linger_end();
      return;
    case Phase::finished:
      return;
  }
}

/// Returns true if the client was stopped long ago with much of what it had begun to publish.
bool Connection::holds_memory(core::Nanos now) const {
  if (body_.stopped_at == 0 || now - body_.stopped_at < limits::content_stop_wait) return false;
  std::uint64_t bytes = 0;
  for (const auto& [number, channel] : channels_)
    bytes += channel->session().describe().content_bytes;
  return services_.broker().alarm().memory && bytes >= limits::content_stop_bytes;
}

/// While we do not read, the client's silence says nothing. While it does not, a heartbeat more
/// would tell it nothing.
void Connection::on_heartbeat_due(core::Nanos now) {
  if (!heartbeat_.is_on()) return;
  if (paused_) heartbeat_.on_received(now);
  if (heartbeat_.is_peer_gone(now)) {
    close_reason_ = "missed heartbeats from the client, timeout " +
                    std::to_string(facts_.tuned.heartbeat_s) + " s";
    stream_->close();
    return;
  }
  if (heartbeat_.is_send_due(now)) {
    heartbeat_.on_sent(now);
    if (stream_->out().empty()) writer_.heartbeat();
    touch();
  }
  services_.loop().timers().arm(timer_, heartbeat_.next_look());
}

}  // namespace lepus::amqp
