// Two stacks with a wire of memory between: one listens and sends back what comes, the other opens
// connections. One thread, virtual time.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "net/bypass/addresses.h"
#include "net/bypass/module.h"
#include "tests/dpdk/wire.h"

namespace lepus::net::bypass {

/// A side of a connection that sends `size` bytes of a pattern of its own, or what comes back.
class PairEnd final : public ConnectionUser {
 public:
  enum class Kind : std::uint8_t { echo, client };
  PairEnd(Kind kind, Connection& connection, std::size_t size, unsigned seed)
      : kind_(kind), connection_(&connection), size_(size), seed_(seed) {
    connection.set_user(this);
  }
  PairEnd(const PairEnd&) = delete;
  PairEnd& operator=(const PairEnd&) = delete;

  /// Between two steps of the stack.
  void poll() {
    if (connection_ == nullptr) return;
    if (failed) return give_back();
    if (kind_ == Kind::client && !is_open_) return;
    fill();
    while (written_ < out_.size()) {
      const std::size_t room = std::min<std::size_t>(connection_->room(), write_size_max);
      const auto size = static_cast<std::uint32_t>(std::min(room, out_.size() - written_));
      if (size == 0 || !connection_->write(out_.data() + written_, size)) break;
      written_ += size;
    }
    (void)connection_->output();
    if (kind_ == Kind::echo && peer_ended_ && acknowledged_ == out_.size()) finish();
  }
  void finish() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->close();
  }
  void give_back() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->reset();
  }
  bool has_all() const { return kind_ == Kind::client && got_ == size_ && acknowledged_ == size_; }
  bool is_open() const { return is_open_; }
  bool is_over() const { return connection_ == nullptr; }

  bool failed = false;
  Failure why{};
  std::size_t wrong = 0;  ///< Bytes that were not those sent.

 private:
  std::uint8_t byte_at(std::size_t at) const {
    return static_cast<std::uint8_t>(at * 31 + (at >> 8) + seed_);
  }
  /// All at once: what is written stays where it is.
  void fill() {
    if (kind_ == Kind::echo || !out_.empty()) return;
    out_.resize(size_);
    for (std::size_t i = 0; i < size_; ++i) out_[i] = byte_at(i);
  }
  void on_input(const std::uint8_t* bytes, std::uint32_t size) override {
    connection_->consume(size);
    if (kind_ == Kind::echo) {
      CHECK(out_.size() + size <= size_);
      out_.reserve(size_);
      out_.insert(out_.end(), bytes, bytes + size);
      return;
    }
    for (std::uint32_t i = 0; i < size; ++i) wrong += bytes[i] == byte_at(got_ + i) ? 0 : 1;
    got_ += size;
  }
  void on_peer_end() override { peer_ended_ = true; }
  void on_acknowledged(std::uint32_t size) override { acknowledged_ += size; }
  void on_connected() override { is_open_ = true; }
  void on_failed(Failure how) override {
    failed = true;
    why = how;
  }

  Kind kind_;
  Connection* connection_;
  std::size_t size_;
  unsigned seed_;
  bool is_open_ = false;
  bool peer_ended_ = false;
  std::vector<std::uint8_t> out_;
  std::size_t written_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t got_ = 0;
};

class StackPair final : private StackUser {
 public:
  explicit StackPair(std::size_t size_max, const WireFaults& faults = {})
      : server_port(1, faults), client_port(2, faults), size_max_(size_max) {
    server_port.connect(client_port);
    client_port.connect(server_port);
    server_ = make(0, server_port);
    client_ = make(1, client_port);
    CHECK(server_->listen({networks_[0].address, 5672}, 0));
  }
  StackPair(const StackPair&) = delete;
  StackPair& operator=(const StackPair&) = delete;
  ~StackPair() {
    for (auto* ends : {&clients, &servers})
      for (const auto& one : *ends) one->give_back();
    client_->destroy();
    server_->destroy();
  }

  void connect(std::size_t count, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) {
      const Endpoint local{networks_[1].address, next_port_++};
      Connection* const made = client_->connect(local, {networks_[0].address, 5672});
      CHECK(made != nullptr);
      clients.push_back(std::make_unique<PairEnd>(PairEnd::Kind::client, *made, size,
                                                  static_cast<unsigned>(clients.size())));
    }
  }
  /// A millisecond.
  void step() {
    ++now_ms_;
    for (Stack* stack : {server_, client_}) stack->advance(now_ms_);
    for (int i = 0; i < 4; ++i) {
      pass(server_port, *server_);
      pass(client_port, *client_);
    }
    for (auto* ends : {&clients, &servers})
      for (const auto& one : *ends) one->poll();
  }
  template <class Condition>
  bool run_until(Condition condition, int steps_max = 200'000) {
    for (int i = 0; i < steps_max; ++i) {
      if (condition()) return true;
      step();
    }
    return condition();
  }
  bool all_have_all() const {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& one) { return one->has_all(); });
  }
  Stack& server() { return *server_; }
  Stack& client() { return *client_; }
  /// Nothing of closed connections is left, on either side, after their time of waiting.
  bool is_quiet() const { return server_port.in_use() + client_port.in_use() == 0; }

  std::vector<std::unique_ptr<PairEnd>> clients;
  std::vector<std::unique_ptr<PairEnd>> servers;
  WirePort server_port;
  WirePort client_port;

 private:
  void on_connection(Connection& connection, std::uint32_t) override {
    servers.push_back(std::make_unique<PairEnd>(PairEnd::Kind::echo, connection, size_max_, 0));
  }
  Stack* make(std::size_t side, FramePort& port) {
    StackConfig config;
    config.port = &port;
    config.user = this;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.half_open_max = 65'536;
    config.secret = {5, 6};
    const StackModule module = load_stack("");
    CHECK(module.make != nullptr);
    Stack* const stack = module.make(stack_version, config);
    CHECK(stack != nullptr);
    return stack;
  }
  static void pass(FramePort& port, Stack& stack) {
    std::array<Frame*, 64> frames;
    const std::uint32_t count = port.receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) stack.input(frames[i]);
    port.flush();
  }

  std::size_t size_max_;
  std::array<Network, 2> networks_ = {*parse_network("10.9.0.1/16"), *parse_network("10.9.0.2/16")};
  Stack* server_ = nullptr;
  Stack* client_ = nullptr;
  std::uint64_t now_ms_ = 0;
  std::uint16_t next_port_ = 1024;
};

}  // namespace lepus::net::bypass
