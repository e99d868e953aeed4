// The turn of bypass_transport.h.
#include "net/bypass/bypass_transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/limits.h"
#include "core/limits/bypass.h"
#include "net/bypass/addresses.h"

namespace lepus::net::bypass {

namespace limits = core::limits;

/// A stream may have all that a turn's frames can bring, so that none of it is copied: who else has
/// frames behind them in the queue waits for them anyway.
BypassTransport::BypassTransport(const Parts& parts)
    : parts_(parts),
      share_(std::max<std::size_t>(limits::input_share, limits::bypass_burst * parts.config.mtu)) {
  parts_.config.port = parts.port;
  parts_.config.user = this;
  stack_ = parts.make_stack(stack_version, parts_.config);
  CHECK(stack_ != nullptr);
}

BypassTransport::~BypassTransport() {
  destroyed_later_.clear();
  CHECK(ending_.empty());
  stack_->destroy();
}

void BypassTransport::listen(Listening listening, Acceptor& acceptor) {
  CHECK(listening.socket == -1);
  std::erase_if(listeners_, [](const auto& one) { return one->state == Listener::State::closed; });
  const auto local = parse_endpoint(listening.identity.address);
  CHECK(local.has_value());
  const std::uint32_t number = listener_count_++;
  listeners_.push_back(std::make_unique<Listener>(
      Listener{std::move(listening.identity), &acceptor, number, Listener::State::listening}));
  if (stack_->listen(*local, number)) return;
  // The configuration knows no address twice: there is no memory.
  listeners_.back()->state = Listener::State::stopping;
  has_stopping_ = true;
  acceptor.on_accept_error(ENOMEM);
}

void BypassTransport::on_connection(Connection& connection, std::uint32_t listener) {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [listener](const auto& one) { return one->number == listener; });
  CHECK(found != listeners_.end());
  (*found)->acceptor->on_accept(std::make_unique<BypassStream>(*this, connection),
                                (*found)->identity);
}

/// What was held comes first, or there would be more of it with each turn.
bool BypassTransport::poll() {
  start_turn();
  stack_->advance(static_cast<std::uint64_t>(loop().now() / core::nanos_per_ms));
  const bool had_waiting = !waiting_.empty();
  serve_waiting();
  const bool worked = receive() || had_waiting || has_stopping_;
  close_listeners();
  if (loop().now() >= look_.next) look_at_device();
  return worked;
}

/// Without a device no client can be reached: waiting for them would end nothing.
void BypassTransport::look_at_device() {
  look_.next = loop().now() + limits::bypass_tell_interval;
  if (!look_.is_device_gone && parts_.port->is_gone()) {
    look_.is_device_gone = true;
    stack_->lose_device();
  }
  if (parts_.board == nullptr) return;
  write_counters(stack_->stats(), parts_.port->counts(), *parts_.board);
  parts_.board->set(Counter::copied_input_held, held_.copied);
  parts_.board->set(Counter::held_bytes, held_.bytes);
}

void BypassTransport::start_turn() {
  if (now_.number != loop().turn_count()) now_ = {loop().turn_count(), 0, 0};
}

/// A burst a turn, however often it is asked. True: there were frames, or there may be.
bool BypassTransport::receive() {
  std::array<Frame*, limits::bypass_burst> frames;
  const auto wanted = static_cast<std::uint32_t>(frames.size()) - now_.frames;
  if (wanted == 0) return true;
  const std::uint32_t count = parts_.port->receive(frames.data(), wanted);
  now_.frames += count;
  for (std::uint32_t i = 0; i < count; ++i) stack_->input(frames[i]);
  return count > 0;
}

std::size_t BypassTransport::input_room(std::uint64_t& turn, std::size_t& used) {
  start_turn();
  if (std::exchange(turn, now_.number) != now_.number) used = 0;
  const std::size_t all = limits::input_per_turn - std::min(limits::input_per_turn, now_.input);
  const std::size_t own = share_ - std::min(share_, used);
  return std::min(own, all);
}

/// As many as wait now: who could not hand over all waits for the next turn.
void BypassTransport::serve_waiting() {
  std::size_t count = 0;
  if (!waiting_.empty())
    for (BypassStream* one = &waiting_.front(); one != nullptr; one = waiting_.next(*one)) ++count;
  for (; count > 0 && !waiting_.empty(); --count) waiting_.pop_front()->serve();
}

void BypassTransport::close_listeners() {
  if (!std::exchange(has_stopping_, false)) return;
  for (const auto& one : listeners_) {
    if (one->state != Listener::State::stopping) continue;
    stack_->stop_listening(one->number);
    one->state = Listener::State::closed;
    one->acceptor->on_listener_closed();
  }
}

void BypassTransport::end_later(BypassStream& stream) {
  if (stream.linked()) waiting_.remove(stream);
  ending_.push_back(stream);
}

void BypassTransport::flush() {
  touched_.flush();
  end_streams();
  parts_.port->flush();
  destroyed_later_.clear();
}

void BypassTransport::end_streams() {
  while (BypassStream* const stream = ending_.pop_front()) stream->end();
}

bool BypassTransport::may_sleep() const {
  return waiting_.empty() && ending_.empty() && !has_stopping_;
}

void BypassTransport::stop() {
  for (const auto& one : listeners_) {
    if (one->state != Listener::State::listening) continue;
    one->state = Listener::State::stopping;
    has_stopping_ = true;
  }
}

void BypassTransport::destroy_later(std::unique_ptr<Stream> stream) {
  destroyed_later_.push_back(std::move(stream));
}

}  // namespace lepus::net::bypass
