// The server of a simulated run: the broker's transport with a loop of its own, and streams that
// read, pause, write and end as their plans say.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "net/bypass/bypass_transport.h"
#include "tests/dpdk/sim/account.h"

namespace lepus::net::bypass::sim {

class ServerEnd final : public StreamHandler {
 public:
  ServerEnd(Account& account, std::unique_ptr<Stream> stream, core::Random random, Mistake mistake)
      : account_(account), random_(random), mistake_(mistake), stream_(std::move(stream)) {}
  void start() { stream_->start(*this); }

  void step(Nanos now) {
    now_ = now;
    if (is_over_ || is_ending_) return;
    if ((account_.is_end_due(End::server_close) && !account_.is_cut) || account_.is_silent(now)) {
      account_.cut(now);
      return stream_->close();
    }
    if (is_paused_ && now >= pause_until_) {
      is_paused_ = false;
      stream_->resume_reading();
    }
    write();
    if (made_ < plan().size || !peer_closed_) return;
    // All was sent or is on its way, and nothing comes any more.
    is_ending_ = true;
    stream_->finish(end_wait);
  }
  bool is_over() const { return is_over_; }
  std::unique_ptr<Stream> take_stream() { return std::move(stream_); }

 private:
  static constexpr std::size_t pending_max = 150'000;
  static constexpr Nanos end_wait = 300 * core::nanos_per_s;

  const SidePlan& plan() const { return account_.plan.server; }

  void write() {
    while (made_ < plan().size && stream_->pending_bytes() < pending_max) {
      const std::size_t size =
          std::min<std::size_t>(plan().size - made_, 1 + random_.below(plan().piece_max));
      stream_->out().append(account_.from_server.part(made_, size));
      made_ += size;
      stream_->touch();
    }
    if (made_ < plan().size || is_fin_asked_) return;
    is_fin_asked_ = true;
    stream_->shutdown_write();
  }
  void on_bytes(core::Bytes bytes) override {
    // A stream that has paused may still get some.
    if (mistake_ == Mistake::input_skipped && random_.below(400) == 0) bytes = bytes.subspan(1);
    if (!account_.from_client.is_here(account_.server_received, bytes))
      account_.note_wrong(fmt::format("a server got wrong bytes at {}", account_.server_received));
    account_.server_received += bytes.size();
    if (is_paused_ || !random_.chance(plan().pause_percent)) return;
    is_paused_ = true;
    pause_until_ = now_ + static_cast<Nanos>(random_.below(std::uint64_t{Plan::pause_max}));
    stream_->pause_reading();
  }
  void on_peer_closed() override {
    peer_closed_ = true;
    if (!account_.is_cut && account_.server_received != account_.plan.client.size)
      account_.note_wrong(fmt::format("a server got {} bytes of {}", account_.server_received,
                                      account_.plan.client.size));
  }
  void on_sent() override {}
  void on_closed(std::string_view why) override {
    is_over_ = true;
    if (account_.is_cut) return;
    if (!why.empty())
      account_.note_wrong(fmt::format("a server's stream ended: {}", why));
    else if (!is_ending_)
      account_.note_wrong("a server's stream ended by itself");
  }

  Account& account_;
  core::Random random_;
  const Mistake mistake_;
  std::unique_ptr<Stream> stream_;
  Nanos now_ = 0;
  Nanos pause_until_ = 0;
  std::size_t made_ = 0;  ///< Bytes that were written.
  bool is_paused_ = false;
  bool is_fin_asked_ = false;
  bool peer_closed_ = false;
  bool is_ending_ = false;
  bool is_over_ = false;
};

class SimServer final : private io::TurnHooks, private Acceptor {
 public:
  struct Parts {
    io::Driver* driver;
    FramePort* port;
    MakeStack make;
    StackConfig config;
    std::string address;
    core::Random random;
    Mistake mistake;
  };
  explicit SimServer(const Parts& parts)
      : parts_(parts), loop_(*parts.driver, {io::IdleMode::sleep, 0}) {
    loop_.set_hooks(this);
    transport_ = std::make_unique<BypassTransport>(
        BypassTransport::Parts{&loop_, parts.port, parts.make, parts.config});
    transport_->listen({{"sim", parts.address}, -1}, *this);
  }

  void turn() {
    loop_.catch_up();
    loop_.run_turn();
  }
  /// Who connects from this port.
  void expect(std::uint16_t port, Account& account) { expected_[port] = &account; }
  bool is_over() const { return ends_.empty(); }
  std::size_t held_bytes() const { return transport_->output_bytes(); }
  void stop() { transport_->stop(); }
  bool is_stopped() const { return is_stopped_; }

 private:
  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity&) override {
    const auto found = expected_.find(stream->peer().remote.port);
    CHECK(found != expected_.end());
    ends_.push_back(std::make_unique<ServerEnd>(*found->second, std::move(stream),
                                                parts_.random.split(), parts_.mistake));
    ends_.back()->start();
  }
  void on_accept_error(int) override { CHECK(false); }
  void on_listener_closed() override { is_stopped_ = true; }
  bool drain_mailboxes() override {
    const bool worked = transport_->poll();
    for (const auto& end : ends_) end->step(loop_.now());
    std::erase_if(ends_, [this](const auto& end) {
      if (!end->is_over()) return false;
      transport_->destroy_later(end->take_stream());
      return true;
    });
    return worked;
  }
  void flush() override { transport_->flush(); }
  bool may_sleep() override { return transport_->may_sleep(); }

  Parts parts_;
  io::Loop loop_;
  std::unique_ptr<BypassTransport> transport_;
  std::map<std::uint16_t, Account*> expected_;  ///< By the client's port.
  std::vector<std::unique_ptr<ServerEnd>> ends_;
  bool is_stopped_ = false;
};

}  // namespace lepus::net::bypass::sim
