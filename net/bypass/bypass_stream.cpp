// The state machine of bypass_stream.h.
#include "net/bypass/bypass_stream.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/limits/bypass.h"
#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"

namespace lepus::net::bypass {
namespace {

constexpr int looks_per_timeout = core::limits::bypass_looks_per_timeout;

std::string_view text_of(Failure why) {
  switch (why) {
    case Failure::reset:
      return "Connection reset by peer";
    case Failure::timed_out:
      return "Connection timed out";
    case Failure::no_device:
      return "the network device is gone";
  }
  CHECK(false);
  return {};
}

}  // namespace

BypassStream::BypassStream(BypassTransport& transport, Connection& connection)
    : transport_(transport),
      connection_(&connection),
      output_(transport.pool()),
      peer_{to_endpoint(connection.remote()), to_endpoint(connection.local())} {
  connection.set_user(this);
  timer_.bind<&BypassStream::on_timer>(this);
}

BypassStream::~BypassStream() {
  CHECK(state_ == State::closed);
  CHECK(!is_touched());
}

void BypassStream::start(StreamHandler& handler) {
  CHECK(state_ == State::fresh);
  handler_ = &handler;
  state_ = State::open;
  if (!why_.empty()) return begin_closing(why_);
  transport_.serve_later(*this);
}

void BypassStream::touch() {
  if (state_ == State::open || state_ == State::finishing) transport_.touch(*this);
}

void BypassStream::resume_reading() {
  input_.is_paused = false;
  if (input_.peer_end == PeerEnd::hung_up) input_.peer_end = PeerEnd::ended;
  if (state_ == State::open) transport_.serve_later(*this);
}

void BypassStream::shutdown_write() {
  CHECK(state_ != State::fresh);
  if (fin_ == Fin::unwanted) fin_ = Fin::wanted;
  touch();
}

void BypassStream::finish(core::Nanos wait_ns) {
  CHECK(state_ != State::fresh);
  if (state_ != State::open) return;
  state_ = State::finishing;
  if (fin_ == Fin::unwanted) fin_ = Fin::wanted;
  io::Loop& loop = transport_.loop();
  loop.timers().arm(timer_, loop.now() + wait_ns);
  touch();
  transport_.serve_later(*this);
}

// ---- input ----

void BypassStream::on_input(const std::uint8_t* bytes, std::uint32_t size) {
  const core::Bytes input(bytes, size);
  if (state_ == State::finishing || state_ == State::closing) return connection_->consume(size);
  const bool is_wanted = state_ == State::open && !input_.is_paused && input_.held.empty();
  if (is_wanted && transport_.input_room(input_.turn, input_.turn_used) > 0) {
    return hand_over(input);
  }
  input_.held.append(input);
  transport_.note_held(input.size());
  if (state_ == State::open && !input_.is_paused) transport_.serve_later(*this);
}

void BypassStream::hand_over(core::Bytes bytes) {
  input_.turn_used += bytes.size();
  transport_.note_input(bytes.size());
  connection_->consume(static_cast<std::uint32_t>(bytes.size()));
  handler_->on_bytes(bytes);
}

void BypassStream::on_peer_end() {
  input_.peer_end = PeerEnd::ended;
  if (state_ == State::open || state_ == State::finishing) transport_.serve_later(*this);
}

void BypassStream::serve() {
  if (std::exchange(is_stalled_, false)) touch();
  if (state_ == State::finishing) {
    drop_held();
    if (fin_ == Fin::sent && input_.peer_end != PeerEnd::open) begin_closing({});
    return;
  }
  while (state_ == State::open && !input_.is_paused && !input_.held.empty()) {
    const std::size_t room = transport_.input_room(input_.turn, input_.turn_used);
    if (room == 0) return transport_.serve_later(*this);
    const core::Bytes bytes = input_.held.front(room);
    const std::size_t size = bytes.size();
    hand_over(bytes);
    transport_.note_unheld(size);
    input_.held.drop(size);
  }
  if (state_ == State::open) tell_peer_end();
}

void BypassStream::drop_held() {
  const std::size_t size = input_.held.size();
  if (size == 0) return;
  transport_.note_unheld(size);
  input_.held.clear();
  connection_->consume(static_cast<std::uint32_t>(size));
}

void BypassStream::tell_peer_end() {
  if (input_.peer_end != PeerEnd::ended) return;
  if (input_.is_paused) {
    input_.peer_end = PeerEnd::hung_up;
    return handler_->on_hang_up();
  }
  if (!input_.held.empty()) return;
  input_.peer_end = PeerEnd::told;
  handler_->on_peer_closed();
}

// ---- output ----

void BypassStream::flush_output() {
  if (state_ != State::open && state_ != State::finishing) return;
  if (fin_ == Fin::sent) return out().clear();
  if (!out().empty()) {
    is_stalled_ = !output_.write_to(*connection_);
    if (is_stalled_) transport_.serve_later(*this);
    io::Loop& loop = transport_.loop();
    if (watch_.timeout != core::never && !timer_.armed()) {
      watch_.last_progress = loop.now();
      loop.timers().arm(timer_, loop.now() + watch_.timeout / looks_per_timeout);
    }
  }
  if (!out().empty() || fin_ != Fin::wanted) return;
  if (!connection_->shutdown_write()) return begin_closing("out of memory");
  fin_ = Fin::sent;
  if (state_ == State::finishing) transport_.serve_later(*this);
}

void BypassStream::on_acknowledged(std::uint32_t size) {
  out().acknowledge(size);
  watch_.last_progress = transport_.loop().now();
  if (state_ == State::open) handler_->on_sent();
  touch();
}

void BypassStream::on_timer(io::Timer&) {
  if (state_ == State::finishing) return begin_closing({});
  if (state_ != State::open || out().empty()) return;
  io::Loop& loop = transport_.loop();
  if (loop.now() - watch_.last_progress >= watch_.timeout)
    return begin_closing("the client took no data for the send timeout");
  loop.timers().arm(timer_, loop.now() + watch_.timeout / looks_per_timeout);
  touch();
}

// ---- the end ----

void BypassStream::on_failed(Failure why) { begin_closing(text_of(why)); }

void BypassStream::begin_closing(std::string_view why) {
  if (state_ == State::closing || state_ == State::closed) return;
  // After finish() nobody is interested in how it ended; before start() start() is told.
  if (state_ != State::finishing) why_ = why;
  if (state_ == State::fresh) return;
  state_ = State::closing;
  transport_.loop().timers().cancel(timer_);
  transport_.end_later(*this);
}

void BypassStream::end() {
  CHECK(state_ == State::closing);
  state_ = State::closed;
  const bool is_clean = out().empty() && input_.held.empty() && why_.empty();
  drop_held();
  output_.take_back();
  Connection& connection = *std::exchange(connection_, nullptr);
  if (is_clean) {
    connection.close();
  } else {
    connection.reset();
  }
  out().clear();
  handler_->on_closed(why_);
}

}  // namespace lepus::net::bypass
