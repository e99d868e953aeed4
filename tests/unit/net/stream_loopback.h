// A transport like a user-space stack: nothing of it goes through the loop. It is polled, takes
// bytes in flush() by borrowing them, acknowledges them turns later, and calls back in the same
// turn in which something came.
#pragma once

#include <limits>

#include "tests/unit/net/stream_worlds.h"

namespace lepus::net::testing_streams {

/// Between a client and its stream. Either may go first.
struct Wire {
  static constexpr std::size_t size_max = 256 << 10;
  std::string to_server;
  std::string to_client;
  bool client_sent_fin = false;
  bool server_sent_fin = false;
  bool reset = false;
};

class LoopbackClient final : public Client {
 public:
  explicit LoopbackClient(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  ~LoopbackClient() override { wire_->client_sent_fin = true; }
  std::size_t write(std::string_view bytes) override {
    const std::size_t size = std::min(bytes.size(), Wire::size_max - wire_->to_server.size());
    wire_->to_server += bytes.substr(0, size);
    return size;
  }
  std::string read(std::size_t size_max) override {
    std::string bytes = wire_->to_client.substr(0, size_max);
    wire_->to_client.erase(0, bytes.size());
    return bytes;
  }
  bool at_end() override { return wire_->server_sent_fin && wire_->to_client.empty(); }
  void shutdown_write() override { wire_->client_sent_fin = true; }
  void reset() override { wire_->reset = true; }

 private:
  std::shared_ptr<Wire> wire_;
};

class LoopbackStream final : public Stream, private Flushable {
 public:
  LoopbackStream(FlushList& touched, BlockPool& pool, std::shared_ptr<Wire> wire, io::Loop& loop)
      : touched_(touched), out_(pool), wire_(std::move(wire)), loop_(loop) {}
  ~LoopbackStream() override { CHECK(state_ == State::closed); }

  void start(StreamHandler& handler) override {
    handler_ = &handler;
    state_ = State::open;
  }
  SendChain& out() override { return out_; }
  void touch() override {
    if (state_ == State::open || state_ == State::finishing) touched_.touch(*this);
  }
  bool is_open() const override { return state_ == State::open; }
  void set_send_timeout(core::Nanos timeout) override { send_timeout_ = timeout; }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override { paused_ = hung_up_ = false; }
  void shutdown_write() override {
    fin_wanted_ = true;
    touch();
  }
  void finish(core::Nanos wait_ns) override {
    if (state_ != State::open) return;
    state_ = State::finishing;
    finished_at_ = loop_.now() + wait_ns;
    shutdown_write();
  }
  void close() override {
    if (state_ != State::closed) state_ = State::closing;
  }
  const io::PeerName& peer() const override { return peer_; }

  bool is_closed() const { return state_ == State::closed; }
  /// Once a turn: acknowledgements, input, the end.
  void poll() {
    if (state_ == State::open || state_ == State::finishing) look_at_peer();
    if (state_ == State::open || state_ == State::finishing) acknowledge();
    if (state_ == State::open || state_ == State::finishing) take_input();
    if (state_ != State::closing) return;
    state_ = State::closed;
    out_.end_loan(0);
    out_.clear();
    handler_->on_closed(why_);
  }

 private:
  enum class State : std::uint8_t { fresh, open, finishing, closing, closed };
  struct Buffer {
    void* data;
    std::size_t size;
  };
  static constexpr int turns_until_acknowledged = 3;
  static constexpr std::size_t segment_size = 1460;

  void fail(std::string_view why) {
    if (state_ == State::open) why_ = why;
    state_ = State::closing;
  }
  void look_at_peer() {
    if (wire_->reset) return fail("connection reset by peer");
    if (state_ == State::finishing && loop_.now() >= finished_at_) return fail({});
    if (out_.empty()) last_progress_ = loop_.now();
    if (send_timeout_ != core::never && loop_.now() - last_progress_ >= send_timeout_)
      fail("the client took no data for the send timeout");
  }
  /// The client's side has them already; the borrowed memory is given back only now.
  void acknowledge() {
    if (out_.lent() == 0 || ++turns_ < turns_until_acknowledged) return touch();
    turns_ = 0;
    const std::size_t part = (out_.lent() + 1) / 2;
    out_.acknowledge(part);
    last_progress_ = loop_.now();
    if (state_ == State::open) handler_->on_sent();
    touch();
  }
  void take_input() {
    if (state_ == State::finishing) wire_->to_server.clear();
    std::size_t budget = core::limits::input_share;
    while (state_ == State::open && !paused_ && !wire_->to_server.empty() && budget > 0) {
      const std::string segment = wire_->to_server.substr(0, std::min(segment_size, budget));
      wire_->to_server.erase(0, segment.size());
      budget -= segment.size();
      handler_->on_bytes(core::as_bytes(segment));
    }
    if (!wire_->client_sent_fin) return;
    if (state_ == State::finishing && fin_sent_) return fail({});
    if (state_ != State::open) return;
    if (paused_ && !hung_up_ && !peer_ended_) {
      hung_up_ = true;
      handler_->on_hang_up();
    } else if (!paused_ && wire_->to_server.empty() && !peer_ended_) {
      peer_ended_ = true;
      handler_->on_peer_closed();
    }
  }
  void flush_output() override {
    if (state_ != State::open && state_ != State::finishing) return;
    if (fin_sent_) return out_.clear();
    std::array<Buffer, 4> buffers;
    const std::size_t room = Wire::size_max - std::min(Wire::size_max, wire_->to_client.size());
    const SendChain::Filled filled = out_.lend(std::span<Buffer>(buffers), room);
    for (std::uint32_t i = 0; i < filled.count; ++i)
      wire_->to_client.append(static_cast<const char*>(buffers[i].data), buffers[i].size);
    if (!fin_wanted_ || !out_.empty()) return;
    fin_sent_ = wire_->server_sent_fin = true;
  }

  FlushList& touched_;
  SendChain out_;
  std::shared_ptr<Wire> wire_;
  io::Loop& loop_;
  StreamHandler* handler_ = nullptr;
  State state_ = State::fresh;
  bool paused_ = false;
  bool hung_up_ = false;
  bool peer_ended_ = false;
  bool fin_wanted_ = false;
  bool fin_sent_ = false;
  int turns_ = 0;
  core::Nanos send_timeout_ = core::never;
  core::Nanos last_progress_ = 0;
  core::Nanos finished_at_ = 0;
  std::string_view why_;
  io::PeerName peer_{{"192.0.2.1", 40'000}, {"192.0.2.2", 5672}};
};

class LoopbackTransport final : public Transport {
 public:
  LoopbackTransport(io::Loop& loop, std::vector<std::shared_ptr<Wire>>& waiting)
      : loop_(loop), waiting_(waiting) {}

  void listen(Listening listening, Acceptor& acceptor) override {
    CHECK(listening.socket == -1);
    identity_ = std::move(listening.identity);
    acceptor_ = &acceptor;
  }
  bool poll() override {
    const bool has_news = !waiting_.empty();
    for (std::shared_ptr<Wire>& wire : std::exchange(waiting_, {})) {
      auto stream = std::make_unique<LoopbackStream>(touched_, pool_, std::move(wire), loop_);
      streams_.push_back(stream.get());
      acceptor_->on_accept(std::move(stream), identity_);
    }
    for (LoopbackStream* stream : streams_) stream->poll();
    std::erase_if(streams_, [](const LoopbackStream* stream) { return stream->is_closed(); });
    if (std::exchange(stops_, false)) acceptor_->on_listener_closed();
    return has_news;
  }
  void flush() override {
    touched_.flush();
    destroyed_later_.clear();
  }
  bool may_sleep() const override { return true; }
  void stop() override { stops_ = acceptor_ != nullptr; }
  void destroy_later(std::unique_ptr<Stream> stream) override {
    destroyed_later_.push_back(std::move(stream));
  }
  std::size_t output_bytes() const override { return pool_.bytes_in_use(); }

 private:
  io::Loop& loop_;
  std::vector<std::shared_ptr<Wire>>& waiting_;
  BlockPool pool_;
  FlushList touched_;
  ListenerIdentity identity_;
  Acceptor* acceptor_ = nullptr;
  bool stops_ = false;
  std::vector<LoopbackStream*> streams_;
  std::vector<std::unique_ptr<Stream>> destroyed_later_;
};

class LoopbackWorld final : public World {
 public:
  LoopbackWorld() : world_(1, {}), driver_(world_) {}
  io::Driver& driver() override { return driver_; }
  Listening listen() override { return {{"loopback", "loopback"}, -1}; }
  std::unique_ptr<Client> connect() override {
    auto wire = std::make_shared<Wire>();
    waiting_.push_back(wire);
    return std::make_unique<LoopbackClient>(std::move(wire));
  }
  std::unique_ptr<Transport> make_transport(io::Loop& loop) override {
    return std::make_unique<LoopbackTransport>(loop, waiting_);
  }
  void step(io::Loop& loop) override {
    (void)world_.next_runnable(world_.now() + nanos_per_ms);
    loop.run_turn();
  }
  bool may_sleep() override { return true; }
  std::size_t receive_bytes() const override { return Wire::size_max; }

 private:
  io::SimWorld world_;
  io::SimDriver driver_;
  std::vector<std::shared_ptr<Wire>> waiting_;
};

}  // namespace lepus::net::testing_streams
