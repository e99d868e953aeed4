// A stream without sockets: the test's side is a Link (bytes to feed, bytes received), the
// connection's side a net::Stream. Nothing happens by itself: the world calls step() once a turn,
// outside of any call the connection makes, as the real one does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include <sys/uio.h>

#include "core/base/random.h"
#include "net/stream/stream.h"

namespace lepus::amqp::test {

/// What the client's end of one connection sees. Outlives the stream.
struct Link {
  std::deque<std::uint8_t> to_server;
  std::vector<std::uint8_t> from_server;
  bool half_closed = false;          ///< The client sends no more.
  bool reset = false;                ///< The client is gone.
  bool server_sent_fin = false;      ///< Everything came, nothing more will.
  bool closed = false;               ///< The server let go of the stream.
  bool reading_paused = false;       ///< The server does not read.
  bool window_closed = false;        ///< The client does not read: nothing leaves the server.
  std::size_t unsent = 0;            ///< What waits in the server.
  core::Nanos send_timeout = 0;      ///< As the server set it.
  std::size_t piece_max = SIZE_MAX;  ///< Bytes handed to the server at once, at most.
};

class FakeStream final : public net::Stream {
 public:
  FakeStream(net::BlockPool& pool, std::shared_ptr<Link> link, core::Random random)
      : out_(pool), link_(std::move(link)), random_(random) {
    peer_ = {{"127.0.0.1", 40'000}, {"127.0.0.1", 5672}};
  }

  void start(net::StreamHandler& handler) override { handler_ = &handler; }
  net::SendChain& out() override { return out_; }
  void touch() override { CHECK(handler_ != nullptr); }
  bool is_open() const override { return state_ == State::open; }
  void set_send_timeout(core::Nanos timeout) override { link_->send_timeout = timeout; }
  void pause_reading() override { link_->reading_paused = true; }
  void resume_reading() override { link_->reading_paused = false; }
  void shutdown_write() override { fin_wanted_ = true; }
  void finish(core::Nanos) override {
    if (state_ == State::open) state_ = State::finishing;
  }
  void close() override {
    if (state_ != State::closed) state_ = State::closing;
  }
  const io::PeerName& peer() const override { return peer_; }

  bool is_closed() const { return state_ == State::closed; }

  /// Hands over one piece of input, if any. True: something happened.
  bool step_input() {
    if (link_->reset && (state_ == State::open || state_ == State::finishing)) {
      failure_ = "connection reset by peer";
      state_ = State::closing;
      return true;
    }
    if (state_ == State::finishing && !link_->to_server.empty()) {
      link_->to_server.clear();
      return true;
    }
    if (state_ != State::open) return false;
    if (link_->reading_paused) return step_hang_up();
    if (link_->to_server.empty()) return step_half_close();
    const std::size_t max = std::min(link_->piece_max, link_->to_server.size());
    const std::size_t size = link_->piece_max == SIZE_MAX ? max : 1 + random_.below(max);
    // A buffer of its own, gone after the call: views kept too long show.
    const std::vector<std::uint8_t> piece(
        link_->to_server.begin(), link_->to_server.begin() + static_cast<std::ptrdiff_t>(size));
    link_->to_server.erase(link_->to_server.begin(),
                           link_->to_server.begin() + static_cast<std::ptrdiff_t>(size));
    handler_->on_bytes(piece);
    return true;
  }

  /// Moves output to the client and ends what is to end. True: something happened.
  bool step_output() {
    bool moved = false;
    if (state_ == State::open || state_ == State::finishing) moved = take_output();
    link_->unsent = out_.size();
    if (state_ == State::finishing && out_.empty()) {
      moved |= !std::exchange(link_->server_sent_fin, true);
      if (link_->half_closed || link_->reset) state_ = State::closing;
    }
    if (state_ != State::closing) return moved;
    state_ = State::closed;
    out_.clear();
    link_->closed = true;
    handler_->on_closed(failure_);
    return true;
  }

 private:
  enum class State : std::uint8_t { open, finishing, closing, closed };

  bool step_half_close() {
    if (!link_->half_closed || half_close_told_) return false;
    half_close_told_ = true;
    handler_->on_peer_closed();
    return true;
  }
  bool step_hang_up() {
    if (!link_->half_closed || std::exchange(hang_up_told_, true)) return false;
    handler_->on_hang_up();
    return true;
  }
  bool take_output() {
    if (link_->window_closed || out_.empty()) return false;
    while (!out_.empty()) {
      iovec pieces[16];
      const auto filled = out_.fill(pieces, SIZE_MAX);
      for (std::uint32_t i = 0; i < filled.count; ++i) {
        const auto* data = static_cast<const std::uint8_t*>(pieces[i].iov_base);
        link_->from_server.insert(link_->from_server.end(), data, data + pieces[i].iov_len);
      }
      out_.consume(filled.bytes);
    }
    if (state_ == State::open) handler_->on_sent();
    return true;
  }

  net::SendChain out_;
  std::shared_ptr<Link> link_;
  core::Random random_;
  net::StreamHandler* handler_ = nullptr;
  io::PeerName peer_;
  State state_ = State::open;
  const char* failure_ = "";
  bool half_close_told_ = false;
  bool hang_up_told_ = false;
  bool fin_wanted_ = false;
};

}  // namespace lepus::amqp::test
