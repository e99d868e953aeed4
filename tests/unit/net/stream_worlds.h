// For the tests of streams: worlds (sockets of the kernel, unix sockets, the simulated network)
// behind one interface, and a server that writes down what its streams tell it. More worlds are in
// stream_loopback.h and stream_filtered.h.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "io/kernel_driver.h"
#include "io/os.h"
#include "io/sim/sim_driver.h"
#include "io/unix_socket.h"
#include "net/stream/socket_transport.h"
#include "tests/unit/io/temporary_directory.h"

namespace lepus::net::testing_streams {

using core::nanos_per_ms;

// ---- the two worlds ----

class Client {
 public:
  virtual ~Client() = default;
  virtual std::size_t write(std::string_view bytes) = 0;
  virtual std::string read(std::size_t size_max) = 0;
  virtual bool at_end() = 0;
  virtual void shutdown_write() = 0;
  virtual void reset() = 0;
};

class World {
 public:
  virtual ~World() = default;
  virtual io::Driver& driver() = 0;
  virtual Listening listen() = 0;
  virtual std::unique_ptr<Client> connect() = 0;
  virtual std::unique_ptr<Transport> make_transport(io::Loop& loop) {
    return std::make_unique<SocketTransport>(loop);
  }
  /// Puts a filter on a stream that was accepted.
  virtual std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> stream) { return stream; }
  /// At the end of a turn, before the transport's.
  virtual void flush_filters() {}
  /// A client can reset its connection.
  virtual bool has_resets() { return true; }
  /// One turn of the loop, or some time.
  virtual void step(io::Loop& loop) = 0;
  /// A client in the same thread could not end a sleep in the kernel. In the simulation sleeping is
  /// how time passes.
  virtual bool may_sleep() = 0;
  /// Nothing is late or short.
  virtual bool is_calm() { return true; }
  /// What is lost comes again after a while.
  virtual bool has_loss() { return false; }
  /// Bytes of all receive buffers.
  virtual std::size_t receive_bytes() const = 0;
};

class SocketClient final : public Client {
 public:
  struct Connected {
    int fd;
  };
  explicit SocketClient(Connected connected) : fd_(connected.fd) { CHECK(fd_ >= 0); }
  explicit SocketClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const int no_delay = 1;
    CHECK(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay) == 0);
  }
  ~SocketClient() override { ::close(fd_); }
  std::size_t write(std::string_view bytes) override {
    const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  std::string read(std::size_t size_max) override {
    std::string bytes(size_max, '\0');
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size == 0) ended_ = true;
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  bool at_end() override {
    char byte = 0;
    return ended_ || ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }
  void shutdown_write() override { ::shutdown(fd_, SHUT_WR); }
  void reset() override {
    const linger now{1, 0};
    CHECK(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
    ::close(fd_);
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  }

 private:
  int fd_;
  bool ended_ = false;
};

class UringWorld : public World {
 public:
  explicit UringWorld(io::DriverKind kind = io::DriverKind::io_uring) {
    std::string error;
    driver_ = io::create_driver({kind, buffer_count, buffer_size}, &error);
    CHECK(driver_ != nullptr);
  }
  io::Driver& driver() override { return *driver_; }
  Listening listen() override {
    const io::ListenOutcome outcome = io::listen_tcp({"127.0.0.1", 0, 128});
    CHECK(outcome.fd >= 0);
    port_ = io::local_port(outcome.fd);
    return {{"tcp", "127.0.0.1"}, outcome.fd};
  }
  std::unique_ptr<Client> connect() override { return std::make_unique<SocketClient>(port_); }
  void step(io::Loop& loop) override { loop.run_turn(); }
  bool may_sleep() override { return false; }
  std::size_t receive_bytes() const override { return buffer_count * buffer_size; }

 private:
  static constexpr unsigned buffer_count = 8;
  static constexpr unsigned buffer_size = 4096;
  std::unique_ptr<io::Driver> driver_;
  std::uint16_t port_ = 0;
};

class EpollWorld final : public UringWorld {
 public:
  EpollWorld() : UringWorld(io::DriverKind::epoll) {}
};

class UnixWorld final : public UringWorld {
 public:
  Listening listen() override {
    const io::UnixOutcome outcome = io::listen_unix(path_, io::UnixPlace::shared);
    CHECK(outcome.fd >= 0);
    return {{"unix", path_, ListenerProtocol::amqp, true}, outcome.fd};
  }
  std::unique_ptr<Client> connect() override {
    return std::make_unique<SocketClient>(SocketClient::Connected{io::connect_unix(path_).fd});
  }
  /// Only when it leaves bytes unread.
  bool has_resets() override { return false; }

 private:
  io::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "s";
};

class SimulatedClient final : public Client {
 public:
  explicit SimulatedClient(std::unique_ptr<io::SimClient> client) : client_(std::move(client)) {}
  std::size_t write(std::string_view bytes) override {
    return client_->write(core::as_bytes(bytes));
  }
  std::string read(std::size_t size_max) override { return client_->read(size_max); }
  bool at_end() override { return client_->at_end(); }
  void shutdown_write() override { client_->shutdown_write(); }
  void reset() override { client_->reset(); }

 private:
  std::unique_ptr<io::SimClient> client_;
};

class SimulatedWorld final : public World {
 public:
  SimulatedWorld(std::uint64_t seed, const io::SimFaults& faults)
      : world_(seed, faults), driver_(world_) {}
  io::Driver& driver() override { return driver_; }
  Listening listen() override { return {{"sim", "sim"}, world_.network().listen(5672)}; }
  std::unique_ptr<Client> connect() override {
    return std::make_unique<SimulatedClient>(world_.network().connect(5672));
  }
  void step(io::Loop& loop) override {
    // A turn also when nothing happened: the test may have asked for something since.
    (void)world_.next_runnable(world_.now() + nanos_per_ms);
    loop.run_turn();
  }
  bool may_sleep() override { return true; }
  bool is_calm() override { return world_.faults().delay_ns_max == 0; }
  std::size_t receive_bytes() const override {
    return world_.faults().buffer_count * world_.faults().buffer_size;
  }
  io::SimWorld& world() { return world_; }

 private:
  io::SimWorld world_;
  io::SimDriver driver_;
};

// ---- a server on top ----

struct LentBytes final : SendOwner {
  void release_sent() override { ++released; }
  std::string bytes;
  int released = 0;
};

class Server;

/// One connection: writes down what happens, answers as the test says.
class Session final : public StreamHandler {
 public:
  Session(Server& server, std::unique_ptr<Stream> accepted)
      : server_(server), stream_owned_(std::move(accepted)), stream(stream_owned_.get()) {}
  void on_bytes(core::Bytes bytes) override {
    CHECK(!closed);
    received += core::as_text(bytes);
    if (echoes && stream->is_open()) {
      stream->out().append(bytes);
      stream->touch();
    }
    if (when_bytes) when_bytes();
  }
  void on_peer_closed() override {
    CHECK(!closed);
    ++peer_closed;
    if (when_peer_closed) when_peer_closed();
  }
  void on_hang_up() override {
    CHECK(!closed);
    ++hang_ups;
  }
  void on_sent() override {
    CHECK(!closed);
    ++sent;
  }
  void on_closed(std::string_view why) override;

  void send(std::string_view text) {
    stream->out().append(core::as_bytes(text));
    stream->touch();
  }

 private:
  Server& server_;
  std::unique_ptr<Stream> stream_owned_;

 public:
  Stream* stream;
  std::string received;
  std::string why;
  int peer_closed = 0;
  int hang_ups = 0;
  int sent = 0;
  bool closed = false;
  bool echoes = false;
  std::function<void()> when_bytes;
  std::function<void()> when_peer_closed;
};

class Server final : public Acceptor, public io::TurnHooks {
 public:
  explicit Server(World& w)
      : world(w), loop(w.driver(), {io::IdleMode::sleep, 0}), transport(w.make_transport(loop)) {
    loop.set_hooks(this);
    transport->listen(w.listen(), *this);
    loop.run_turn();
  }
  ~Server() override {
    stop();
    EXPECT_EQ(loop.ops_in_flight(), 0U);
    EXPECT_EQ(loop.timers().armed_count(), 0U);
    EXPECT_EQ(transport->output_bytes(), 0U);
  }
  void stop() {
    stopping_ = true;
    transport->stop();
    for (const auto& session : sessions) {
      if (!session->closed) session->stream->close();
    }
    run_until([this] {
      return listener_closed_ && loop.ops_in_flight() == 0 &&
             std::all_of(sessions.begin(), sessions.end(), [](auto& one) { return one->closed; });
    });
    flush();
  }

  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity& listener) override {
    EXPECT_FALSE(listener.key.empty());
    sessions.push_back(std::make_unique<Session>(*this, world.wrap(std::move(stream))));
    Session& session = *sessions.back();
    session.echoes = echoes;
    if (hangs_up) session.when_peer_closed = [&session] { session.stream->close(); };
    session.stream->start(session);
    if (stopping_) session.stream->close();
  }
  void on_accept_error(int error_code) override {
    EXPECT_EQ(error_code, EMFILE);
    ++accept_errors;
  }
  void on_listener_closed() override { listener_closed_ = true; }

  bool drain_mailboxes() override { return transport->poll(); }
  void flush() override {
    world.flush_filters();
    transport->flush();
  }
  bool may_sleep() override { return world.may_sleep() && transport->may_sleep(); }

  /// False after a minute of real time: steps are not counted, a fast machine polls a million of
  /// them within the send timeout of a test.
  template <class Condition>
  bool run_until(Condition&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (int steps = 0;; ++steps) {
      if (condition()) return true;
      if (steps % 1024 == 1023 && std::chrono::steady_clock::now() > limit) break;
      world.step(loop);
    }
    ADD_FAILURE() << "it did not happen";
    return false;
  }
  Session& accept_one() {
    const std::size_t before = sessions.size();
    CHECK(run_until([&] { return sessions.size() > before; }));
    return *sessions.back();
  }

  World& world;
  io::Loop loop;
  std::unique_ptr<Transport> transport;
  std::vector<std::unique_ptr<Session>> sessions;
  bool echoes = false;
  bool hangs_up = false;  ///< When the peer does.
  int accept_errors = 0;

 private:
  bool listener_closed_ = false;
  bool stopping_ = false;
};

inline void Session::on_closed(std::string_view reason) {
  CHECK(!closed);
  closed = true;
  why = reason;
  server_.transport->destroy_later(std::move(stream_owned_));
}

inline void forget_closed(Server& server) {
  std::erase_if(server.sessions, [](const auto& session) { return session->closed; });
}

inline std::string pattern(std::size_t size, std::uint64_t seed) {
  core::Random random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

/// A client that has something to say and listens.
struct Talker {
  void step(core::Random& random) {
    if (written < words.size() && random.chance(70)) {
      const std::size_t size = 1 + random.below(words.size() - written);
      written += client->write(std::string_view(words).substr(written, size));
    }
    if (random.chance(70)) heard += client->read(1 + random.below(100'000));
  }
  std::unique_ptr<Client> client;
  std::string words;
  std::string heard;
  std::size_t written = 0;
};

/// Everything that may happen to bytes, but no broken connections.
inline io::SimFaults rough() {
  io::SimFaults faults;
  faults.short_read = faults.short_send = 60;
  faults.multishot_end = 30;
  faults.no_buffers = 20;
  faults.accept_error = 30;
  faults.delay_ns_max = nanos_per_ms / 10;
  return faults;
}

}  // namespace lepus::net::testing_streams
