// The state machine of socket_stream.h.
#include "net/stream/socket_stream.h"

#include <poll.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/limits.h"

namespace lepus::net {
namespace {

/// How often a send under way is looked at in the time a peer may take nothing.
constexpr int looks_per_timeout = 3;

}  // namespace

SocketStream::SocketStream(StreamSet& set, int fd, io::PeerName peer)
    : set_(set), fd_(fd), out_(set.blocks()), peer_(std::move(peer)) {
  CHECK(fd >= 0);
  input_.fd = fd;
  input_.bind<&SocketStream::on_input_op>(this);
  send_.kind = io::OpKind::send;
  send_.fd = fd;
  send_.bind<&SocketStream::on_send>(this);
  control_.fd = fd;
  control_.bind<&SocketStream::on_control>(this);
  timer_.bind<&SocketStream::on_timer>(this);
}

SocketStream::~SocketStream() {
  CHECK(state_ == State::closed);
  CHECK(!is_touched());
}

void SocketStream::start(StreamHandler& handler) {
  CHECK(state_ == State::fresh);
  handler_ = &handler;
  state_ = State::open;
  pump();
}

void SocketStream::pause_reading() {
  paused_ = true;
  pump();
}

void SocketStream::resume_reading() {
  paused_ = hung_up_ = false;
  pump();
}

void SocketStream::shutdown_write() {
  CHECK(state_ != State::fresh);
  if (fin_ == Fin::unwanted) fin_ = Fin::wanted;
  pump();
}

void SocketStream::finish(core::Nanos wait_ns) {
  CHECK(state_ != State::fresh);
  if (state_ != State::open) return;
  state_ = State::finishing;
  if (fin_ == Fin::unwanted) fin_ = Fin::wanted;
  touch();
  io::Loop& loop = set_.loop();
  loop.timers().arm(timer_, loop.now() + wait_ns);
  pump();
}

void SocketStream::close() { begin_closing({}); }

// ---- events ----

void SocketStream::on_input_op(io::Op& op, const io::Completion& completion) {
  if (op.kind == io::OpKind::recv) {
    on_recv(completion);
  } else {
    on_hang_up(completion);
  }
  if (!completion.more || is_input_unwanted()) pump();
}

void SocketStream::on_recv(const io::Completion& completion) {
  if (completion.result > 0) {
    on_input(completion.data);
  } else if (completion.result == 0) {
    on_peer_end();
  } else if (completion.result == -ENOBUFS) {
    is_fast_ = true;
    if (state_ == State::open || state_ == State::finishing) set_.wait_for_buffer(*this);
  } else if (completion.result != -ECANCELED && completion.result != -EINTR &&
             completion.result != -EAGAIN) {
    fail(completion.result);
  }
}

void SocketStream::on_hang_up(const io::Completion& completion) {
  if (completion.result <= 0) return;  // Cancelled: reading goes on, or it is closed.
  // Without an error it may have bytes to be read: a unix socket hangs up when its peer is closed.
  if ((completion.result & POLLERR) != 0) return fail(-ECONNRESET);
  hung_up_ = true;
  if (state_ == State::open && paused_) handler_->on_hang_up();
}

void SocketStream::on_input(core::Bytes bytes) {
  if (input_.length >= core::limits::input_share) is_fast_ = true;
  // Small pieces say nothing while buffers are short. Who is alone leaves nothing to others.
  const bool is_slow = bytes.size() < core::limits::input_fast_min || set_.loop().has_lone_input();
  if (is_slow && !set_.has_line()) is_fast_ = false;
  if (state_ == State::open) handler_->on_bytes(bytes);
}

void SocketStream::on_send(io::Op&, const io::Completion& completion) {
  const bool is_taken = completion.result > 0;
  out_.end_loan(is_taken ? static_cast<std::size_t>(completion.result) : 0);
  if (state_ == State::closing) return pump();
  is_stuck_ = completion.result == -ECANCELED;
  if (is_stuck_ || completion.result == -EINTR || completion.result == -EAGAIN) return touch();
  if (!is_taken) return fail(completion.result);
  if (!out_.empty()) touch();
  if (state_ == State::open) handler_->on_sent();
  pump();
}

void SocketStream::on_control(io::Op& op, const io::Completion& completion) {
  switch (op.kind) {
    case io::OpKind::shutdown_write:
      if (completion.result < 0) fail(completion.result);
      break;
    case io::OpKind::close:
      // The descriptor is gone whatever the result says.
      return end_closed();
    case io::OpKind::cancel:
      // Not found means it came back by itself; pump() looks at the op, not at this answer.
      break;
    case io::OpKind::accept:
    case io::OpKind::recv:
    case io::OpKind::send:
    case io::OpKind::wake:
    case io::OpKind::poll:
    case io::OpKind::poll_hang_up:
    case io::OpKind::write:
    case io::OpKind::read:
    case io::OpKind::sync:
    case io::OpKind::open_file:
    case io::OpKind::allocate:
    case io::OpKind::unlink:
      CHECK(false);
  }
  pump();
}

void SocketStream::on_timer(io::Timer&) {
  if (state_ == State::finishing) return begin_closing({});
  if (state_ == State::open && send_.in_flight) look_at_send();
}

/// A send that is cancelled comes back with what was taken so far.
void SocketStream::look_at_send() {
  io::Loop& loop = set_.loop();
  if (loop.now() - last_progress_ >= send_timeout_) {
    loop.driver().reset_on_close(fd_);
    return begin_closing("the client took no data for the send timeout");
  }
  loop.timers().arm(timer_, loop.now() + send_timeout_ / looks_per_timeout);
  if (!control_.in_flight) start_control(io::OpKind::cancel, &send_);
}

void SocketStream::on_peer_end() {
  if (peer_ended_) return;
  peer_ended_ = true;
  if (state_ == State::open) handler_->on_peer_closed();
}

void SocketStream::fail(std::int32_t result) {
  const char* text = strerrordesc_np(-result);
  begin_closing(text == nullptr || result == 0 ? "the socket takes no more data" : text);
}

void SocketStream::begin_closing(std::string_view why) {
  CHECK(state_ != State::fresh);
  if (state_ == State::closing || state_ == State::closed) return;
  // After finish() nobody is interested in how the connection ended.
  if (state_ == State::open) why_ = why;
  state_ = State::closing;
  set_.leave_line(*this);
  set_.loop().timers().cancel(timer_);
  pump();
}

// ---- what may start now ----

void SocketStream::flush_output() {
  if (state_ != State::open && state_ != State::finishing) return;
  if (send_.in_flight || out_.empty()) return;
  if (fin_ == Fin::sent) return out_.clear();
  const std::span<iovec> pieces = set_.take_pieces();
  const SendChain::Filled filled = out_.lend(pieces, core::limits::send_size_max);
  CHECK(filled.count > 0);
  set_.return_pieces(pieces.size() - filled.count);
  send_.iov = pieces.data();
  send_.iov_count = filled.count;
  io::Loop& loop = set_.loop();
  loop.submit(send_);
  if (!is_stuck_) last_progress_ = loop.now();
  if (send_timeout_ == core::never || timer_.armed()) return;
  loop.timers().arm(timer_, loop.now() + send_timeout_ / looks_per_timeout);
}

void SocketStream::pump() {
  if (control_.in_flight) return;
  switch (state_) {
    case State::fresh:
    case State::closed:
      return;
    case State::closing:
      return pump_closing();
    case State::open:
    case State::finishing:
      break;
  }
  input_.unlimited = state_ != State::open || paused_;
  start_input();
  if (fin_ == Fin::wanted && out_.empty() && !send_.in_flight) {
    fin_ = Fin::sent;
    return start_control(io::OpKind::shutdown_write);
  }
  if (state_ == State::finishing && fin_ == Fin::sent && peer_ended_) return begin_closing({});
  if (is_input_unwanted()) (void)cancel_input();
}

void SocketStream::on_buffer_free() {
  has_buffer_ = true;
  pump();
  has_buffer_ = false;
}

/// Unless it is under way already. While others wait for a buffer, a stream that takes much waits
/// behind them.
void SocketStream::start_input() {
  if (input_.in_flight || linked()) return;
  if (!wants_input() && !wants_watch()) return;
  if (wants_input() && is_fast_ && !has_buffer_ && set_.has_line())
    return set_.wait_for_buffer(*this);
  input_.kind = wants_input() ? io::OpKind::recv : io::OpKind::poll_hang_up;
  input_.once = is_fast_;
  input_cancelled_ = false;
  set_.loop().submit(input_);
}

/// False: nothing had to be done.
bool SocketStream::cancel_input() {
  if (!input_.in_flight || input_cancelled_) return false;
  input_cancelled_ = true;
  start_control(io::OpKind::cancel, &input_);
  return true;
}

void SocketStream::pump_closing() {
  input_.unlimited = true;
  if (cancel_input()) return;
  if (send_.in_flight) return start_control(io::OpKind::cancel, &send_);
  if (input_.in_flight) return;
  out_.clear();
  start_control(io::OpKind::close);
}

bool SocketStream::wants_input() const {
  if (peer_ended_) return false;
  return state_ == State::finishing || (state_ == State::open && !paused_);
}

bool SocketStream::wants_watch() const {
  return state_ == State::open && paused_ && !peer_ended_ && !hung_up_;
}

/// What is under way is not what should be.
bool SocketStream::is_input_unwanted() const {
  if (!input_.in_flight) return false;
  if (input_.kind == io::OpKind::poll_hang_up) return !wants_watch();
  return !wants_input() || (is_fast_ && !input_.once);
}

void SocketStream::start_control(io::OpKind kind, io::Op* target) {
  CHECK(!control_.in_flight);
  control_.kind = kind;
  control_.target = target;
  set_.loop().submit(control_);
}

void SocketStream::end_closed() {
  CHECK(state_ == State::closing);
  CHECK(!input_.in_flight);
  CHECK(!send_.in_flight);
  state_ = State::closed;
  out_.clear();
  fd_ = -1;
  handler_->on_closed(why_);
}

}  // namespace lepus::net
