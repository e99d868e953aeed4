// The clients' side of a measurement: connections over sockets of the kernel, or over a stack of
// their own. Both look alike to the load, and do nothing that the load did not ask for.
//
//   step():  what came goes to the loads      then the loads write, then flush()
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "net/bypass/stack_api.h"

namespace lepus::net::bypass {

/// Of one connection.
struct ClientLoad {
  virtual void on_bytes(core::Bytes bytes) = 0;

 protected:
  ~ClientLoad() = default;
};

class ClientEnd {
 public:
  ClientEnd() = default;
  ClientEnd(const ClientEnd&) = delete;
  ClientEnd& operator=(const ClientEnd&) = delete;
  virtual ~ClientEnd() = default;
  virtual bool is_open() const = 0;
  /// Takes bytes from the front, which stay as they are until the program ends; how many.
  virtual std::size_t write(core::Bytes bytes) = 0;
  /// What was written leaves.
  virtual void flush() = 0;
};

class ClientSide {
 public:
  ClientSide() = default;
  ClientSide(const ClientSide&) = delete;
  ClientSide& operator=(const ClientSide&) = delete;
  virtual ~ClientSide() = default;
  /// Connections may be made: not before, or they wait for each other's questions.
  virtual bool is_ready() const = 0;
  virtual std::unique_ptr<ClientEnd> connect(ClientLoad& load) = 0;
  virtual void step(core::Nanos now) = 0;
  virtual void flush() = 0;
};

// ---- the kernel's ----

class SocketEnd final : public ClientEnd {
 public:
  explicit SocketEnd(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    constexpr int one = 1;
    (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~SocketEnd() override { close(fd_); }
  int fd() const { return fd_; }
  bool is_open() const override { return true; }
  std::size_t write(core::Bytes bytes) override {
    if (bytes.empty()) return 0;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  void flush() override {}

 private:
  int fd_;
};

class SocketSide final : public ClientSide {
 public:
  explicit SocketSide(std::uint16_t port) : port_(port) {}
  bool is_ready() const override { return true; }
  std::unique_ptr<ClientEnd> connect(ClientLoad& load) override {
    auto end = std::make_unique<SocketEnd>(port_);
    fds_.push_back({end->fd(), POLLIN, 0});
    loads_.push_back(&load);
    return end;
  }
  /// One question for all, then one call for each that has something.
  void step(core::Nanos) override {
    if (::poll(fds_.data(), fds_.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < fds_.size(); ++i) {
      if (fds_[i].revents == 0) continue;
      const ssize_t got = recv(fds_[i].fd, buffer_.data(), buffer_.size(), 0);
      CHECK(got != 0);
      if (got > 0) loads_[i]->on_bytes({buffer_.data(), static_cast<std::size_t>(got)});
    }
  }
  void flush() override {}

 private:
  std::uint16_t port_;
  std::vector<pollfd> fds_;
  std::vector<ClientLoad*> loads_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(256 << 10);
};

// ---- a stack's ----

class StackEnd final : public ClientEnd, private ConnectionUser {
 public:
  StackEnd(Connection& connection, ClientLoad& load) : connection_(connection), load_(load) {
    connection_.set_user(this);
  }
  bool is_open() const override { return is_open_; }
  std::size_t write(core::Bytes bytes) override {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const std::size_t left = std::min<std::size_t>(bytes.size() - written, write_size_max);
      const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(left, connection_.room()));
      if (part == 0 || !connection_.write(bytes.data() + written, part)) break;
      written += part;
    }
    return written;
  }
  void flush() override { (void)connection_.output(); }

 private:
  void on_input(const std::uint8_t* bytes, std::uint32_t size) override {
    load_.on_bytes({bytes, size});
    connection_.consume(size);
  }
  void on_peer_end() override { CHECK(false); }
  void on_acknowledged(std::uint32_t) override {}
  void on_connected() override { is_open_ = true; }
  void on_failed(Failure) override { CHECK(false); }

  Connection& connection_;
  ClientLoad& load_;
  bool is_open_ = false;
};

/// Where the server's device is has to be known first, and a SYN that waits for the answer gives
/// way to the next one: this asks a port where nobody listens, and is refused.
class StackProbe final : private ConnectionUser {
 public:
  explicit StackProbe(Connection& connection) { connection.set_user(this); }
  bool is_answered() const { return is_answered_; }

 private:
  void on_input(const std::uint8_t*, std::uint32_t) override { CHECK(false); }
  void on_peer_end() override { CHECK(false); }
  void on_acknowledged(std::uint32_t) override {}
  void on_connected() override { CHECK(false); }
  void on_failed(Failure) override { is_answered_ = true; }

  bool is_answered_ = false;
};

class StackSide final : public ClientSide, private StackUser {
 public:
  struct Parts {
    MakeStack make;
    StackConfig config;  ///< With the port.
    Address own;
    Endpoint server;
  };
  explicit StackSide(const Parts& parts) : parts_(parts) {
    parts_.config.user = this;
    stack_ = parts_.make(stack_version, parts_.config);
    CHECK(stack_ != nullptr);
    probe_ = std::make_unique<StackProbe>(make({parts_.server.address, port_of_nobody}));
  }
  bool is_ready() const override { return probe_->is_answered(); }
  std::unique_ptr<ClientEnd> connect(ClientLoad& load) override {
    return std::make_unique<StackEnd>(make(parts_.server), load);
  }
  void step(core::Nanos now) override {
    stack_->advance(static_cast<std::uint64_t>(now / core::nanos_per_ms));
    std::array<Frame*, core::limits::bypass_burst> frames;
    const std::uint32_t count = parts_.config.port->receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) stack_->input(frames[i]);
  }
  void flush() override { parts_.config.port->flush(); }

 private:
  static constexpr std::uint16_t port_of_nobody = 9;

  Connection& make(const Endpoint& server) {
    Connection* const made = stack_->connect({parts_.own, next_port_++}, server);
    CHECK(made != nullptr);
    return *made;
  }
  void on_connection(Connection&, std::uint32_t) override { CHECK(false); }

  Parts parts_;
  Stack* stack_;
  std::unique_ptr<StackProbe> probe_;
  std::uint16_t next_port_ = 10'000;
};

}  // namespace lepus::net::bypass
