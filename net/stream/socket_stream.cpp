// The state machine of socket_stream.h.
#include "net/stream/socket_stream.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace lepus::net {

SocketStream::SocketStream(StreamSet& set, int fd, io::PeerName peer)
    : set_(set), fd_(fd), out_(set.blocks()), peer_(std::move(peer)) {
  CHECK(fd >= 0);
  recv_.kind = io::OpKind::recv;
  recv_.fd = fd;
  recv_.bind<&SocketStream::on_recv>(this);
  send_.kind = io::OpKind::send;
  send_.fd = fd;
  send_.bind<&SocketStream::on_send>(this);
  control_.fd = fd;
  control_.bind<&SocketStream::on_control>(this);
  finish_timer_.bind<&SocketStream::on_finish_timer>(this);
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
  paused_ = false;
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
  loop.timers().arm(finish_timer_, loop.now() + wait_ns);
  pump();
}

void SocketStream::close() { begin_closing({}); }

// ---- events ----

void SocketStream::on_recv(io::Op&, const io::Completion& completion) {
  if (completion.result > 0) {
    if (state_ == State::open) handler_->on_bytes(completion.data);
  } else if (completion.result == 0) {
    on_peer_end();
  } else if (completion.result != -ENOBUFS && completion.result != -ECANCELED &&
             completion.result != -EINTR && completion.result != -EAGAIN) {
    fail(completion.result);
  }
  if (!completion.more) pump();
}

void SocketStream::on_send(io::Op&, const io::Completion& completion) {
  if (state_ == State::closing) return pump();
  if (completion.result == -EINTR || completion.result == -EAGAIN) return touch();
  if (completion.result <= 0) return fail(completion.result);
  out_.consume(static_cast<std::size_t>(completion.result));
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

void SocketStream::on_finish_timer(io::Timer&) { begin_closing({}); }

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
  set_.loop().timers().cancel(finish_timer_);
  pump();
}

// ---- what may start now ----

void SocketStream::flush_output() {
  if (state_ != State::open && state_ != State::finishing) return;
  if (send_.in_flight || out_.empty()) return;
  if (fin_ == Fin::sent) return out_.clear();
  const std::span<iovec> pieces = set_.take_pieces();
  const SendChain::Filled filled = out_.fill(pieces, send_size_max);
  CHECK(filled.count > 0);
  set_.return_pieces(pieces.size() - filled.count);
  send_.iov = pieces.data();
  send_.iov_count = filled.count;
  set_.loop().submit(send_);
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
  if (!recv_.in_flight && wants_input()) set_.loop().submit(recv_);
  if (fin_ == Fin::wanted && out_.empty() && !send_.in_flight) {
    fin_ = Fin::sent;
    return start_control(io::OpKind::shutdown_write);
  }
  if (state_ == State::finishing && fin_ == Fin::sent && peer_ended_) return begin_closing({});
  if (recv_.in_flight && !wants_input()) start_control(io::OpKind::cancel, &recv_);
}

void SocketStream::pump_closing() {
  if (recv_.in_flight) return start_control(io::OpKind::cancel, &recv_);
  if (send_.in_flight) return start_control(io::OpKind::cancel, &send_);
  out_.clear();
  start_control(io::OpKind::close);
}

bool SocketStream::wants_input() const {
  if (peer_ended_) return false;
  return state_ == State::finishing || (state_ == State::open && !paused_);
}

void SocketStream::start_control(io::OpKind kind, io::Op* target) {
  CHECK(!control_.in_flight);
  control_.kind = kind;
  control_.target = target;
  set_.loop().submit(control_);
}

void SocketStream::end_closed() {
  CHECK(state_ == State::closing);
  CHECK(!recv_.in_flight);
  CHECK(!send_.in_flight);
  state_ = State::closed;
  out_.clear();
  fd_ = -1;
  handler_->on_closed(why_);
}

}  // namespace lepus::net
