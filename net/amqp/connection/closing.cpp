// Errors, then the client's close, then what is the same whichever way it ends.
#include "net/amqp/connection/closing.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/connection/events.h"

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

void Closing::announce() {
  is_announced_ = true;
  ++parts_.services.broker().counters.connections_opened;
  emit_connection_created(parts_.services.broker(), parts_.facts);
}

// --- Errors

void Closing::raise(std::uint16_t channel, AmqpError error) {
  if (!parts_.phase.is(Phase::open)) return;
  if (!error.channel_only()) return fail(std::move(error));
  log().write(LogLevel::warning, LogCategory::channel, "channel closed with an error",
              {{"peer", parts_.facts.peer.text()},
               {"user", parts_.facts.user},
               {"vhost", parts_.facts.vhost_name},
               {"connection_name", given_name(parts_.facts)},
               {"channel", channel},
               {"method", failed_method(error)},
               {"reason", error.text()}});
  parts_.channels.close(channel, error);
}

void Closing::fail(AmqpError error) {
  if (parts_.phase.is(Phase::close_sent) || parts_.phase.is(Phase::finished)) return;
  reason_ = error.text();
  method_ = failed_method(error);
  parts_.phase.move_to(Phase::close_sent);
  parts_.channels.close_all(/*orderly=*/false);
  parts_.output.send(0, ConnectionClose{static_cast<std::uint16_t>(error.code), reason_,
                                        error.class_id, error.method_id});
  parts_.input.allow_all(parts_.reader.has_carried());
  parts_.timer.arm_after(limits::close_ok_wait);
}

void Closing::refuse(AmqpError error) {
  const bool is_told = error.whole_connection;
  const bool is_login = parts_.phase.is(Phase::starting) && error.code == ReplyCode::access_refused;
  const bool waits_whole =
      is_login && !parts_.lingering.tells_refusal_at_once(parts_.services.now());
  const core::Nanos delay = is_login ? parts_.facts.login.refusal_delay : 0;
  if (is_told && !waits_whole && delay == 0) return fail(std::move(error));
  reason_ = error.text();
  parts_.input.set_dropped(true);
  const core::Nanos wait = is_told && !waits_whole ? delay : limits::handshake_linger;
  if (is_told) late_refusal_ = std::make_unique<AmqpError>(std::move(error));
  linger(wait);
}

void Closing::close_silently(const AmqpError& error) {
  reason_ = error.text();
  finish();
}

void Closing::force_close(AmqpError error) {
  switch (parts_.phase.now()) {
    case Phase::close_sent:
    case Phase::finished:
      return;
    case Phase::lingering:
      return parts_.stream.close();
    case Phase::open:
    case Phase::closing:
      return fail(std::move(error));
    case Phase::awaiting_header:
    case Phase::starting:
    case Phase::tuning:
    case Phase::opening:
      return close_silently(error);
  }
}

void Closing::close_if_deleted() {
  const ConnectionFacts& facts = parts_.facts;
  if (!facts.user_id && !facts.vhost) return;
  const core::Topology& topology = parts_.services.broker().topology();
  const core::UserInfo* user = topology.access().find_user(facts.user);
  if (facts.vhost && topology.find_vhost(facts.vhost) == nullptr) {
    force_close({ReplyCode::connection_forced, "vhost '" + facts.vhost_name + "' is deleted"});
  } else if (facts.user_id && (user == nullptr || user->id != facts.user_id)) {
    force_close({ReplyCode::connection_forced, "user '" + facts.user + "' is deleted"});
  }
}

void Closing::abort(std::string_view reason) {
  if (!reason.empty()) reason_ = reason;
  parts_.stream.close();
}

// --- The client closes

/// Channels give back what they hold, exclusive queues go, then close-ok: what the client sees next
/// is settled.
void Closing::on_close_method() {
  reason_ = "closed by the client";
  parts_.phase.move_to(Phase::closing);
  parts_.channels.close_all(/*orderly=*/true);
  release_when_channels_closed();
}

void Closing::on_channel_closed(std::uint16_t channel) {
  parts_.channels.remove(channel);
  release_when_channels_closed();
  if (is_stream_closed_ && parts_.channels.empty()) parts_.owner.on_ended();
}

void Closing::release_when_channels_closed() {
  if (!parts_.phase.is(Phase::closing) || !parts_.channels.empty()) return;
  if (!exclusive_queues_.is_released()) exclusive_queues_.release();
}

/// The connection may have ended otherwise meanwhile.
void Closing::on_exclusive_queues_gone() {
  if (!parts_.phase.is(Phase::closing)) return;
  parts_.output.send(0, ConnectionCloseOk{});
  for (; answers_due_ > 0; --answers_due_) parts_.output.send(0, ConnectionCloseOk{});
  const core::Nanos interval = parts_.facts.tuned.heartbeat_s * core::nanos_per_s;
  linger(interval > 0 ? std::min(interval, limits::close_linger) : limits::close_linger);
}

/// Several threads of a client may have closed the connection at once: each waits for its answer.
void Closing::on_frame(const Frame& frame) {
  if (frame.type != FrameType::method || frame.channel != 0) return;
  const auto method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  if (method == MethodId::connection_close_ok && parts_.phase.is(Phase::close_sent))
    return finish();
  if (method != MethodId::connection_close) return;
  if (parts_.phase.is(Phase::closing)) {
    if (answers_due_ < UINT16_MAX) ++answers_due_;
  } else if (parts_.phase.is(Phase::lingering) &&
             parts_.output.unsent_bytes() > limits::lingering_output_max) {
    parts_.stream.close();
  } else {
    parts_.output.send(0, ConnectionCloseOk{});
  }
}

// --- The end

/// It is over but for the socket.
void Closing::linger(core::Nanos wait) {
  parts_.phase.move_to(Phase::lingering);
  leave_counts();
  log_end();
  (void)parts_.reader.take_carried();
  parts_.timer.arm_after(wait);
  if (Closing* oldest = parts_.lingering.add(*this)) oldest->abort();
}

void Closing::on_timeout() {
  if (parts_.phase.is(Phase::close_sent)) return parts_.stream.close();  // It had its time.
  if (!parts_.phase.is(Phase::lingering)) return;
  parts_.lingering.remove(*this);
  if (late_refusal_ == nullptr) return parts_.stream.close();
  parts_.input.set_dropped(false);
  fail(std::move(*std::exchange(late_refusal_, nullptr)));
}

void Closing::end_without_client() {
  if (parts_.phase.is(Phase::finished) || parts_.phase.is(Phase::lingering)) return;
  if (reason_.empty()) reason_ = "client closed the socket without connection.close";
  parts_.phase.move_to(Phase::finished);  // Before the channels end: no close-ok is due any more.
  parts_.channels.close_all(/*orderly=*/false);
  finish();
}

void Closing::finish() {
  parts_.phase.move_to(Phase::finished);
  parts_.input.set_dropped(true);
  parts_.lingering.remove(*this);
  leave_counts();
  parts_.timer.cancel();
  parts_.stream.finish(limits::close_ok_wait);
}

void Closing::on_stream_closed(std::string_view why) {
  parts_.phase.move_to(Phase::finished);
  parts_.input.set_dropped(true);
  parts_.lingering.remove(*this);
  parts_.timer.cancel();
  parts_.channels.close_all(/*orderly=*/false);
  exclusive_queues_.abandon();
  leave_counts();
  if (!why.empty()) reason_ = why;
  log_end();
  is_stream_closed_ = true;
  if (parts_.channels.empty()) parts_.owner.on_ended();
}

/// What is the same wherever it ends.
void Closing::leave_counts() {
  if (std::exchange(is_announced_, false)) {
    ++parts_.services.broker().counters.connections_closed;
    emit_connection_closed(parts_.services.broker(), parts_.facts, reason_);
  }
  parts_.quota.release();
}

/// It may try again and again: one line for many of a kind.
void Closing::log_foreign(core::Nanos now) {
  const ConnectionFacts& facts = parts_.facts;
  const std::uint64_t count = parts_.services.foreign_gate(facts.first_bytes).admit(now);
  if (count == 0) return;
  log().write(LogLevel::warning, LogCategory::connection, describe_foreign(facts.first_bytes),
              {{"peer", facts.peer.text()},
               {"listener", facts.listener.key},
               {"address", facts.listener.address},
               {"reason", reason_},
               {"do", advice_on_foreign(facts.first_bytes)},
               {"count", count}});
}

/// Who connects and sends nothing looks whether the port answers: one line for many of them.
void Closing::log_end() {
  if (std::exchange(is_logged_, true) || parts_.stream.is_end_logged()) return;
  const ConnectionFacts& facts = parts_.facts;
  const core::Nanos now = parts_.services.now();
  if (facts.traffic.received_bytes == 0) {
    const std::uint64_t count = parts_.services.probe_gate().admit(now);
    if (count == 0) return;
    log().write(LogLevel::info, LogCategory::connection, "connections that sent nothing",
                {{"last_peer", facts.peer.text()}, {"count", count}});
    return;
  }
  if (!describe_foreign(facts.first_bytes).empty()) return log_foreign(now);
  log().write(LogLevel::info, LogCategory::connection, "connection closed",
              {{"peer", facts.peer.text()},
               {"user", facts.user},
               {"vhost", facts.vhost_name},
               {"connection_name", given_name(facts)},
               {"reason", reason_},
               {"method", method_},
               {"open_ms", (now - facts.opened_at) / core::nanos_per_ms}});
}

}  // namespace lepus::amqp
