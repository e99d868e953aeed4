// The state machine of tls_stream.h.
#include "net/tls/tls_stream.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/tls/security_facts.h"
#include "net/tls/tls_failure.h"

namespace lepus::net {

namespace limits = core::limits;

namespace {

/// How many of `bytes` the handshake may read: whole records. Everything when that would be in
/// vain: a record too long, or none at all.
std::size_t whole_records(core::Bytes bytes) {
  constexpr std::size_t header_size = 5;
  std::size_t size = 0;
  while (bytes.size() - size >= header_size) {
    const std::size_t length = core::load_u16(bytes.data() + size + 3);
    if (length > limits::tls_sealed_record_max) return bytes.size();
    if (bytes.size() - size < header_size + length) break;
    size += header_size + length;
  }
  return size;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> inner, Parts parts)
    : parts_(std::move(parts)),
      inner_(std::move(inner)),
      session_(parts_.context, inner_->out(), parts_.shard.tickets()),
      plain_(inner_->out().shared_pool()) {
  timer_.bind<&TlsStream::on_timer>(this);
}

TlsStream::~TlsStream() { CHECK(state_ == State::closed); }

void TlsStream::start(StreamHandler& handler) {
  CHECK(state_ == State::fresh);
  handler_ = &handler;
  state_ = State::open;
  io::Loop& loop = parts_.shard.loop();
  if (parts_.handshake_timeout != core::never)
    loop.timers().arm(timer_, loop.now() + parts_.handshake_timeout);
  inner_->start(*this);
  if (session_.is_client()) parts_.shard.handshakes().add(*this);
}

void TlsStream::pause_reading() {
  paused_ = true;
  if (is_shaken_ && state_ == State::open) inner_->pause_reading();
}

/// What was kept is read by a step: this call calls nobody back.
void TlsStream::resume_reading() {
  paused_ = false;
  if (!is_shaken_ || state_ != State::open) return;
  if (!kept_.empty()) return parts_.shard.handshakes().add(*this);
  inner_->resume_reading();
}

void TlsStream::shutdown_write() {
  CHECK(state_ != State::fresh);
  if (end_ == End::unwanted) end_ = End::wanted;
  touch();
}

void TlsStream::finish(core::Nanos wait_ns) {
  CHECK(state_ != State::fresh);
  if (state_ != State::open) return;
  if (end_ == End::sent || (!is_shaken_ && plain_.empty())) {
    begin_closing();
    return inner_->finish(wait_ns);
  }
  state_ = State::finishing;
  end_ = End::wanted;
  io::Loop& loop = parts_.shard.loop();
  loop.timers().arm(timer_, loop.now() + wait_ns);
  inner_->resume_reading();
  touch();
}

void TlsStream::close() {
  CHECK(state_ != State::fresh);
  if (state_ == State::closed) return;
  begin_closing();
  inner_->close();
}

// ---- events of the inner stream ----

void TlsStream::on_bytes(core::Bytes bytes) {
  if (state_ != State::open && state_ != State::finishing) return;
  if (!is_shaken_) return keep(bytes);
  if (state_ == State::finishing || peer_ended_) return;
  if (kept_.empty()) return read(bytes);
  kept_.insert(kept_.end(), bytes.begin(), bytes.end());
}

void TlsStream::on_peer_closed() {
  peer_ended_ = true;
  settle_end();
}

void TlsStream::on_hang_up() {
  if (is_shaken_ && state_ == State::open) handler_->on_hang_up();
}

void TlsStream::on_sent() {
  if (!plain_.empty() && inner_->out().empty()) window_.grow();
  if (state_ == State::open && window_.take_sealed()) handler_->on_sent();
  if (!plain_.empty() || end_ == End::wanted) touch();
}

void TlsStream::on_closed(std::string_view why) {
  const bool is_told = state_ == State::open;
  begin_closing();
  state_ = State::closed;
  plain_.clear();
  const bool has_begun = is_shaken_ || !session_.is_fresh() || !kept_.empty();
  if (why_.empty() && is_told && has_begun && !why.empty()) set_reason(std::string{why});
  handler_->on_closed(why_);
}

void TlsStream::on_timer(io::Timer&) {
  if (state_ == State::open) return fail("TLS handshake timeout");
  if (state_ == State::finishing) close();
}

// ---- input ----

void TlsStream::keep(core::Bytes bytes) {
  kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  if (const std::string_view what = describe_plain_text(kept_); !what.empty())
    return fail(session_.is_client() ? "the server does not speak TLS on this port"
                                     : std::string{what});
  if (whole_records(kept_) > 0) parts_.shard.handshakes().add(*this);
  if (kept_.size() > limits::tls_kept_max) inner_->pause_reading();
}

void TlsStream::take_step() {
  if (!is_shaken_) return shake_hands();
  if (state_ != State::open || paused_) return;
  inner_->resume_reading();
  read_kept();
}

void TlsStream::shake_hands() {
  const std::size_t size = whole_records(kept_);
  session_.set_input({kept_.data(), size});
  const TlsSession::Result result = session_.shake_hands();
  const std::size_t read = size - session_.input_left();
  session_.set_input({});
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(read));
  inner_->touch();
  switch (result) {
    case TlsSession::Result::done:
      return on_shaken();
    case TlsSession::Result::wants_input:
      if (kept_.size() <= limits::tls_kept_max) inner_->resume_reading();
      return settle_end();
    case TlsSession::Result::ended:
    case TlsSession::Result::failed:
      return fail(session_.failure());
  }
}

void TlsStream::on_shaken() {
  is_shaken_ = true;
  security_ = describe_security(session_.ssl(), parts_.context.login_rule());
  touch();
  if (state_ == State::finishing) return;
  parts_.shard.loop().timers().cancel(timer_);
  if (paused_) return inner_->pause_reading();
  inner_->resume_reading();
  read_kept();
}

void TlsStream::read_kept() {
  const std::vector<std::uint8_t> bytes = std::exchange(kept_, {});
  if (!bytes.empty()) read(bytes);
  settle_end();
}

/// Bytes of several records go to the handler together: what it does for each call is done once.
void TlsStream::read(core::Bytes bytes) {
  session_.set_input(bytes);
  const std::span<std::uint8_t> room = parts_.shard.input_room();
  while (state_ == State::open) {
    std::size_t size = 0;
    const TlsSession::Result result = session_.decrypt(room, size);
    if (size > 0) handler_->on_bytes(room.first(size));
    if (state_ != State::open) return;
    switch (result) {
      case TlsSession::Result::done:
        continue;
      case TlsSession::Result::wants_input:
        inner_->touch();  // The session may have answered something.
        if (inner_->out().size() > limits::tls_sealed_fast_max + limits::tls_sealed_unsent_max)
          fail("the other side makes TLS answer and does not read");
        return;
      case TlsSession::Result::ended:
        peer_ended_ = true;
        return settle_end();
      case TlsSession::Result::failed:
        return fail(session_.failure());
    }
  }
}

/// The peer sends no more: the handler is told when all it sent is read.
void TlsStream::settle_end() {
  if (!peer_ended_ || HandshakeStep::linked()) return;
  if (state_ != State::open && state_ != State::finishing) return;
  if (is_shaken_) {
    if (state_ != State::open || !kept_.empty()) return;
    if (!std::exchange(is_end_told_, true)) handler_->on_peer_closed();
  } else if (session_.is_fresh() && kept_.empty()) {
    begin_closing();  // Who connects and sends nothing looks whether the port answers.
    inner_->close();
  } else {
    fail(session_.is_client() ? "the server closed the connection during the TLS handshake"
                              : "the client closed the connection during the TLS handshake");
  }
}

// ---- output ----

void TlsStream::flush_output() {
  if (state_ != State::open && state_ != State::finishing) return;
  if (end_ == End::sent) return plain_.clear();
  seal();
  if (plain_.empty() && end_ == End::wanted) end_writing();
}

void TlsStream::seal() {
  if (!plain_.empty() && !inner_->out().empty()) window_.shrink();
  while (!plain_.empty() && inner_->out().size() < window_.size(plain_.pool())) {
    const core::Bytes record = parts_.shard.gather(plain_);
    if (!session_.encrypt(record)) return fail(session_.failure());
    plain_.consume(record.size());
    window_.note_sealed();
  }
  inner_->touch();
}

void TlsStream::end_writing() {
  end_ = End::sent;
  session_.end_writing();
  inner_->touch();
  if (state_ != State::finishing) return inner_->shutdown_write();
  const io::Loop& loop = parts_.shard.loop();
  const core::Nanos left = std::max<core::Nanos>(timer_.deadline - loop.now(), 0);
  begin_closing();
  inner_->finish(left);
}

// ---- the end ----

/// The alert is in inner's chain; its peer gets a moment to take it.
void TlsStream::fail(std::string why) {
  if (state_ == State::open) set_reason(std::move(why));
  begin_closing();
  inner_->touch();
  inner_->finish(limits::tls_alert_wait);
}

/// Who is above knows nothing of handshakes.
void TlsStream::set_reason(std::string why) {
  why_ = std::move(why);
  if (is_shaken_) return;
  is_end_logged_ = true;
  parts_.watcher.on_handshake_failed(peer(), parts_.listener, why_);
}

/// inner_'s end is this one's.
void TlsStream::begin_closing() {
  state_ = State::closing;
  parts_.shard.handshakes().remove(*this);
  parts_.shard.loop().timers().cancel(timer_);
}

}  // namespace lepus::net
