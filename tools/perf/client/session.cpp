// The session's turn: what arrived first, then work, then bytes out.
#include "tools/perf/client/session.h"

#include <algorithm>

namespace lepus::perf {

void Session::run(uint64_t now) {
  try {
    step(now);
  } catch (const PerfError& error) {
    drop();
    on_lost(error, now);
  }
}

void Session::step(uint64_t now) {
  if (state_ == State::idle && connect_ns_ <= now) start_connect(now);
  if (state_ == State::handshaking && (readable || writable)) shake_hands(now);
  if (state_ == State::open || state_ == State::closing) exchange(now);
  if (work_ns() <= now && has_room()) work(now);
  const bool is_connected = state_ == State::open || state_ == State::closing;
  if (is_connected && writable && connection_.output_size() > 0) writable = connection_.flush();
}

uint64_t Session::wake_ns() const {
  const uint64_t wanted = has_room() ? work_ns() : never;
  switch (state_) {
    case State::idle:
      return std::min(connect_ns_, wanted);
    case State::handshaking:
      return readable || writable ? 0 : wanted;
    case State::open:
    case State::closing:
      if (readable || (writable && connection_.output_size() > 0)) return 0;
      return wanted;
  }
  return never;
}

void Session::start_connect(uint64_t now) {
  connect_ns_ = never;
  connect_started_ns_ = now;
  connection_.connect(config_);
  state_ = State::handshaking;
  readable = writable = false;
  loop()->watch(*this);
}

void Session::shake_hands(uint64_t now) {
  readable = writable = false;
  if (!connection_.advance_handshake()) return;
  state_ = State::open;
  readable = writable = true;
  on_open(now);
}

void Session::exchange(uint64_t now) {
  constexpr unsigned receives_per_turn = 16;
  for (unsigned count = 0; readable && count < receives_per_turn; ++count) {
    received_ns_ = 0;
    readable = connection_.receive(*this);
  }
  if (state_ != State::closing || connection_.state() != Connection::State::closed) return;
  drop();
  on_closed(now);
}

uint64_t Session::received_ns() {
  if (received_ns_ == 0) received_ns_ = now_ns();
  return received_ns_;
}

void Session::close_in_order() {
  connection_.start_close();
  state_ = State::closing;
}

void Session::drop() {
  connection_.close_socket();
  state_ = State::idle;
}

}  // namespace lepus::perf
