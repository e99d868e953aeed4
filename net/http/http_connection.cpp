// See http_connection.h.
#include "net/http/http_connection.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace limits = core::limits;
using ReaderState = HttpRequestReader::State;

namespace {

constexpr HttpRefusal head_late{408, "request_timeout", "the header took too long to come"};
constexpr HttpRefusal body_late{408, "request_timeout", "the body comes too slowly"};
constexpr HttpRefusal too_many_bodies{503, "service_unavailable",
                                      "too many requests with large bodies at a time"};
constexpr HttpRefusal is_stopping{503, "service_unavailable", "the broker is stopping"};
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(HttpShared& shared, HttpConnectionOwner& owner,
                               std::unique_ptr<Stream> stream, const ListenerIdentity& listener)
    : shared_(shared),
      owner_(owner),
      stream_(std::move(stream)),
      reader_(shared.settings.body_size_max),
      answer_(shared, *stream_, *this) {
  reader_.request().listener = &listener;
  timer_.bind<&HttpConnection::on_timer>(this);
}

HttpConnection::~HttpConnection() { CHECK(counted_body_ == 0); }

void HttpConnection::start(std::uint32_t slot) {
  slot_ = slot;
  reader_.request().peer = &stream_->peer();
  reader_.request().security = &stream_->security();
  stream_->set_send_timeout(shared_.settings.send_timeout);
  stream_->start(*this);
  become_idle();
}

void HttpConnection::run() {
  if (state_ == State::due) return hand_over();
  if (state_ == State::reading) read_held();
}

void HttpConnection::stop() {
  // Who has everything need not be waited for.
  if (state_ == State::reading && stream_->pending_bytes() == 0) return abort();
  if (state_ == State::reading) return end();
  if (state_ == State::due) refuse(is_stopping);
}

void HttpConnection::refuse(const HttpRefusal& refusal) {
  if (state_ == State::ending || !stream_->is_open()) return;
  CHECK(state_ != State::answering);
  if (const std::uint64_t count = shared_.refusals.admit(shared_.loop->now()); count > 0)
    shared_.log->write(core::LogLevel::info, core::LogCategory::connection, "HTTP request refused",
                       {{"peer", stream_->peer().text()},
                        {"listener", reader_.request().listener->key},
                        {"status", refusal.status},
                        {"reason", refusal.reason},
                        {"count", count}});
  answer_.refuse(refusal);
  end();
}

// ---- The stream's events ----

void HttpConnection::on_bytes(core::Bytes bytes) {
  std::string_view text = core::as_text(bytes);
  if (state_ == State::reading && held_.empty()) text.remove_prefix(read(text));
  if (text.empty() || state_ == State::ending) return;
  const bool is_first = held_.empty();
  hold(text);
  if (state_ == State::reading && !is_first) read_held();
}

/// What was answered is still sent.
void HttpConnection::on_peer_closed() {
  has_peer_ended_ = true;
  const bool is_read_later = core::ListNode<HttpDueTag>::linked();
  if (state_ == State::reading && !is_read_later) end();
}

void HttpConnection::on_closed(std::string_view) {
  state_ = State::ending;
  shared_.loop->timers().cancel(timer_);
  owner_.remove_due(*this);
  owner_.remove_idle(*this);
  answer_.abandon();
  shared_.bodies_size -= std::exchange(counted_body_, 0);
  owner_.destroy_later(slot_, std::move(stream_));
}

void HttpConnection::on_timer(io::Timer&) {
  if (state_ != State::reading) return;
  switch (reader_.state()) {
    case ReaderState::empty:
      return end();
    case ReaderState::head:
      return refuse(head_late);
    case ReaderState::body:
      if (is_body_late()) return refuse(body_late);
      return set_timer(limits::http_body_timeout);
    case ReaderState::complete:
    case ReaderState::failed:
      CHECK(false);
  }
}

/// A large body may take its time, as long as it comes.
bool HttpConnection::is_body_late() {
  const auto rate = static_cast<core::Nanos>(limits::http_body_rate_min);
  const auto size = static_cast<core::Nanos>(reader_.body_size());
  return shared_.loop->now() - body_since_ >=
         limits::http_body_timeout + size / rate * core::nanos_per_s;
}

// ---- Reading ----

/// Returns how much of it was used: all, but for what is behind a request.
std::size_t HttpConnection::read(std::string_view bytes) {
  std::size_t used = 0;
  for (bool goes_on = true; goes_on && state_ == State::reading;) {
    const ReaderState before = reader_.state();
    const std::size_t part = reader_.read(bytes.substr(used));
    used += part;
    goes_on = take_step(before, used < bytes.size());
  }
  return used;
}

/// What changed by reading. Returns whether more may be read at once.
bool HttpConnection::take_step(ReaderState before, bool has_more) {
  const ReaderState now = reader_.state();
  if (now == ReaderState::failed) {
    refuse(reader_.refusal());
    return false;
  }
  if (before == ReaderState::empty && now != ReaderState::empty) {
    owner_.remove_idle(*this);
    set_timer(shared_.settings.head_timeout);
  }
  count_body();
  if (state_ != State::reading) return false;
  if (now == ReaderState::complete) {
    become_due();
    return false;
  }
  if (now != ReaderState::body || before == ReaderState::body) return false;
  body_since_ = shared_.loop->now();
  set_timer(limits::http_body_timeout);
  if (has_more || !reader_.expects_continue()) return has_more;
  stream_->out().append(core::as_bytes(continue_line));
  stream_->touch();
  return false;
}

void HttpConnection::count_body() {
  const std::size_t grown = reader_.body_size() - counted_body_;
  counted_body_ += grown;
  shared_.bodies_size += grown;
  if (grown > 0 && shared_.bodies_size > limits::http_bodies_max) refuse(too_many_bodies);
}

/// It goes on in run().
void HttpConnection::hold(std::string_view bytes) {
  if (held_.size() - held_begin_ + bytes.size() > limits::http_held_input_max) return abort();
  held_.erase(0, std::exchange(held_begin_, 0));
  held_ += bytes;
  if (state_ == State::reading || is_paused_) return;
  is_paused_ = true;
  stream_->pause_reading();
}

void HttpConnection::read_held() {
  held_begin_ += read(std::string_view(held_).substr(held_begin_));
  if (state_ == State::ending) return;
  if (held_begin_ == held_.size()) {
    held_ = {};
    held_begin_ = 0;
  }
  if (state_ != State::reading) return;
  if (has_peer_ended_) return end();
  if (std::exchange(is_paused_, false)) stream_->resume_reading();
}

// ---- Requests and answers ----

void HttpConnection::become_idle() {
  state_ = State::reading;
  set_timer(shared_.settings.idle_timeout);
  owner_.add_idle(*this);
}

void HttpConnection::become_due() {
  state_ = State::due;
  shared_.loop->timers().cancel(timer_);
  owner_.add_due(*this);
}

void HttpConnection::hand_over() {
  state_ = State::answering;
  answer_.start(reader_.request(), reader_.framing());
  shared_.service->on_request(answer_);
  if (!answer_.is_with_service() || answer_.has_answerer()) return;
  shared_.log->write(core::LogLevel::error, core::LogCategory::general,
                     "a request got no answer, which is a fault of the broker",
                     {{"path", reader_.request().path}});
  answer_.fail();
}

/// May come inside a call of the service.
void HttpConnection::on_answered() {
  if (state_ != State::answering) return;
  const bool goes_on = answer_.keeps_alive() && !shared_.is_stopping;
  shared_.bodies_size -= std::exchange(counted_body_, 0);
  reader_.reset();
  reader_.set_body_size_max(shared_.settings.body_size_max);
  if (!goes_on || (has_peer_ended_ && held_.empty())) return end();
  become_idle();
  if (!held_.empty()) return owner_.add_due(*this);
  if (std::exchange(is_paused_, false)) stream_->resume_reading();
}

/// What was written still leaves.
void HttpConnection::end() {
  state_ = State::ending;
  shared_.loop->timers().cancel(timer_);
  owner_.remove_due(*this);
  owner_.remove_idle(*this);
  held_ = {};
  held_begin_ = 0;
  stream_->finish(limits::http_finish_wait);
}

void HttpConnection::set_timer(core::Nanos wait) {
  shared_.loop->timers().arm(timer_, wait == core::never ? wait : shared_.loop->now() + wait);
}

}  // namespace lepus::net
