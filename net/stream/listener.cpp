// The state machine of listener.h.
#include "net/stream/listener.h"

#include <cerrno>
#include <utility>

#include "core/limits.h"
#include "net/stream/socket_stream.h"

namespace lepus::net {
namespace {

/// Errors of one connection that ended before it was accepted, or of a cancelled wait: just go on.
bool passes_by_itself(std::int32_t result) {
  return result == -ECANCELED || result == -ECONNABORTED || result == -EINTR || result == -EAGAIN ||
         result == -EPROTO;
}

}  // namespace

Listener::Listener(StreamSet& set, Listening listening, Acceptor& acceptor)
    : set_(set), acceptor_(acceptor), identity_(std::move(listening.identity)) {
  const int fd = listening.socket;
  CHECK(fd >= 0);
  accept_.kind = io::OpKind::accept;
  accept_.fd = fd;
  accept_.bind<&Listener::on_accept>(this);
  control_.fd = fd;
  control_.bind<&Listener::on_control>(this);
  retry_timer_.bind<&Listener::on_retry_timer>(this);
}

Listener::~Listener() { CHECK(state_ == State::fresh || state_ == State::closed); }

void Listener::start() {
  CHECK(state_ == State::fresh);
  state_ = State::listening;
  if (descriptor_max_ > 0) is_near_max_ = is_near_max(set_.loop().driver().next_descriptor());
  pump();
}

bool Listener::is_near_max(int fd) const {
  return descriptor_max_ > 0 && fd >= descriptor_max_ - core::limits::accept_burst;
}

void Listener::stop() {
  if (state_ != State::listening) return;
  state_ = State::stopping;
  set_.loop().timers().cancel(retry_timer_);
  pump();
}

void Listener::retry() {
  if (!retry_timer_.armed()) return;
  set_.loop().timers().cancel(retry_timer_);
  pump();
}

void Listener::pause() {
  paused_ = true;
  pump();
}

void Listener::resume() {
  paused_ = false;
  pump();
}

void Listener::on_accept(io::Op&, const io::Completion& completion) {
  if (completion.result >= 0) {
    const int fd = completion.result;
    is_near_max_ = is_near_max(fd);
    io::PeerName peer = set_.loop().driver().peer_name(fd);
    if (identity_.is_unix) peer.local.address = identity_.address;
    acceptor_.on_accept(std::make_unique<SocketStream>(set_, fd, std::move(peer)), identity_);
  } else if (!passes_by_itself(completion.result) && state_ == State::listening) {
    wait(-completion.result);
  }
  if (!completion.more || takes_one_at_a_time() != accept_.once) pump();
}

void Listener::wait(int error_code) {
  set_.loop().timers().arm(retry_timer_, set_.loop().now() + core::limits::accept_retry);
  acceptor_.on_accept_error(error_code);
}

void Listener::on_control(io::Op& op, const io::Completion&) {
  if (op.kind == io::OpKind::close) {
    CHECK(state_ == State::stopping);
    state_ = State::closed;
    return acceptor_.on_listener_closed();
  }
  pump();
}

void Listener::on_retry_timer(io::Timer&) { pump(); }

void Listener::pump() {
  if (control_.in_flight) return;
  if (state_ != State::listening && state_ != State::stopping) return;
  const bool wanted = state_ == State::listening && !paused_ && !retry_timer_.armed();
  if (wanted && !accept_.in_flight) return start_accept();
  if (accept_.in_flight) {
    if (!wanted || (takes_one_at_a_time() && !accept_.once))
      start_control(io::OpKind::cancel, &accept_);
    return;
  }
  if (state_ == State::stopping) start_control(io::OpKind::close);
}

void Listener::start_accept() {
  if (is_near_max_ && set_.loop().driver().next_descriptor() >= descriptor_max_)
    return wait(EMFILE);
  accept_.once = takes_one_at_a_time();
  set_.loop().submit(accept_);
}

void Listener::start_control(io::OpKind kind, io::Op* target) {
  control_.kind = kind;
  control_.target = target;
  set_.loop().submit(control_);
}

}  // namespace lepus::net
