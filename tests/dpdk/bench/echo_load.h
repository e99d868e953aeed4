// A server that sends back what it gets, in the thread that turns it, and clients that send as much
// as came back, all at once.
#pragma once

#include <memory>
#include <vector>

#include "io/uring/uring_driver.h"
#include "net/stream/socket_transport.h"
#include "tests/dpdk/bench/network.h"
#include "tests/dpdk/echo/echo.h"

namespace lepus::net::bypass {

class EchoServer {
 public:
  explicit EchoServer(BenchNetwork& network) {
    std::string error;
    driver_ = io::UringDriver::create({}, &error);
    if (driver_ == nullptr) fail(error);
    shard_ = std::make_unique<EchoShard>(*driver_, io::IdlePolicy{io::IdleMode::poll, 0});
    std::unique_ptr<Transport> transport = network.make_stack(shard_->loop());
    if (transport == nullptr) transport = std::make_unique<SocketTransport>(shard_->loop());
    shard_->listen(std::move(transport), network.listening("echo"));
  }
  void turn() { shard_->loop().run_turn(); }
  core::Nanos now() { return shard_->loop().now(); }

 private:
  std::unique_ptr<io::Driver> driver_;
  std::unique_ptr<EchoShard> shard_;
};

class EchoClient final : private ClientLoad {
 public:
  struct Load {
    std::size_t bytes;
    std::size_t under_way;  ///< Messages.
  };
  EchoClient(ClientSide& side, const Load& load)
      : load_(load), bytes_(load.bytes * load.under_way), end_(side.connect(*this)) {}
  void poll() {
    if (!end_->is_open()) return;
    const std::uint64_t whole = received_ / load_.bytes * load_.bytes;
    const auto waiting = static_cast<std::size_t>(sent_ - whole);
    sent_ += end_->write(core::Bytes(bytes_).first(bytes_.size() - waiting));
    end_->flush();
  }
  std::uint64_t messages() const { return received_ / load_.bytes; }

 private:
  void on_bytes(core::Bytes bytes) override { received_ += bytes.size(); }

  Load load_;
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<ClientEnd> end_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

class EchoLoad {
 public:
  EchoLoad(ClientSide& side, std::size_t connections, const EchoClient::Load& load) {
    for (std::size_t i = 0; i < connections; ++i)
      clients_.push_back(std::make_unique<EchoClient>(side, load));
  }
  void poll() {
    for (const auto& client : clients_) client->poll();
  }
  std::uint64_t messages() const {
    std::uint64_t sum = 0;
    for (const auto& client : clients_) sum += client->messages();
    return sum;
  }
  /// What is under way is of no interest.
  void end() {}
  bool is_over() const { return true; }

 private:
  std::vector<std::unique_ptr<EchoClient>> clients_;
};

}  // namespace lepus::net::bypass
