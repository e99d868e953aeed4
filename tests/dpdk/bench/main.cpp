// What a message and a frame cost: a server that sends back what it gets, and clients that keep so
// many messages under way, in one thread of one process. Over the kernel bypass with two devices of
// DPDK in memory, or over sockets of the kernel.
//
//   lepus-dpdk-bench bypass|kernel CONNECTIONS BYTES UNDER_WAY SECONDS [MTU]
//
// Prints messages a second, and processor time for a message; with the bypass for a frame, too: of
// both ends together, each frame counted where it is received.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/os.h"
#include "io/uring/uring_driver.h"
#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"
#include "net/bypass/module.h"
#include "net/stream/socket_transport.h"
#include "tests/dpdk/echo/echo.h"

namespace lepus::net::bypass {
namespace {

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "lepus-dpdk-bench: {}\n", why);
  std::_Exit(1);
}

struct Load {
  bool is_bypass;
  std::size_t connections;
  std::size_t bytes;
  std::size_t under_way;  ///< Messages of each connection.
  int seconds;
  std::uint16_t mtu;
};

/// Sends as much as came back, all at once.
class LoadClient {
 public:
  explicit LoadClient(const Load& load) : load_(load) {}
  virtual ~LoadClient() = default;
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;
  virtual void poll() = 0;
  std::uint64_t messages() const { return received_ / load_.bytes; }

 protected:
  std::size_t to_send() const {
    const std::size_t whole = received_ / load_.bytes * load_.bytes;
    return load_.bytes * load_.under_way - static_cast<std::size_t>(sent_ - whole);
  }
  const Load& load_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

class SocketClient final : public LoadClient {
 public:
  SocketClient(const Load& load, std::uint16_t port)
      : LoadClient(load), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      fail("cannot connect");
    constexpr int one = 1;
    (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~SocketClient() override { close(fd_); }
  void poll() override {
    const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (got > 0) received_ += static_cast<std::uint64_t>(got);
    const std::size_t size = std::min(to_send(), buffer_.size());
    const ssize_t sent = size == 0 ? 0 : ::send(fd_, buffer_.data(), size, 0);
    if (sent > 0) sent_ += static_cast<std::uint64_t>(sent);
  }

 private:
  int fd_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(256 << 10);
};

class BypassLoadClient final : public LoadClient, private ConnectionUser {
 public:
  BypassLoadClient(const Load& load, Connection& connection)
      : LoadClient(load), connection_(connection) {
    connection_.set_user(this);
  }
  void poll() override {
    if (!is_open_) return;
    std::size_t size = to_send();
    while (size > 0) {
      const std::size_t room = std::min<std::size_t>({size, connection_.room(), bytes_.size()});
      const auto part = static_cast<std::uint32_t>(room);
      if (part == 0 || !connection_.write(bytes_.data(), part)) break;
      sent_ += part;
      size -= part;
    }
    (void)connection_.output();
  }

 private:
  void on_input(const std::uint8_t*, std::uint32_t size) override {
    received_ += size;
    connection_.consume(size);
  }
  void on_peer_end() override {}
  void on_acknowledged(std::uint32_t) override {}
  void on_connected() override { is_open_ = true; }
  void on_failed(Failure) override { fail("a connection failed"); }

  Connection& connection_;
  bool is_open_ = false;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(write_size_max);
};

struct Nobody final : StackUser {
  void on_connection(Connection&, std::uint32_t) override { fail("nobody connects here"); }
};

/// Both ends, and what is common to them.
class Bench {
 public:
  explicit Bench(const Load& load) : load_(load) {
    std::string error;
    driver_ = io::UringDriver::create({}, &error);
    if (driver_ == nullptr) fail(error);
    server_ = std::make_unique<EchoShard>(*driver_, io::IdlePolicy{io::IdleMode::poll, 0});
    if (load.is_bypass) {
      open_bypass();
    } else {
      open_kernel();
    }
  }
  void step() {
    server_->loop().run_turn();
    if (client_stack_ != nullptr) {
      client_stack_->advance(
          static_cast<std::uint64_t>(server_->loop().now() / core::nanos_per_ms));
      std::array<Frame*, 32> frames;
      const std::uint32_t count = client_port_->receive(frames.data(), frames.size());
      for (std::uint32_t i = 0; i < count; ++i) client_stack_->input(frames[i]);
    }
    for (const auto& client : clients_) client->poll();
    if (client_port_ != nullptr) client_port_->flush();
  }
  core::Nanos now() { return server_->loop().now(); }
  std::uint64_t messages() const {
    std::uint64_t sum = 0;
    for (const auto& client : clients_) sum += client->messages();
    return sum;
  }
  /// Received at both ends.
  std::uint64_t frames() const {
    DeviceStats stats;
    if (devices_ != nullptr) devices_->read_stats(stats);
    return stats.frames_in;
  }

 private:
  void open_kernel() {
    const io::ListenOutcome outcome = io::listen_tcp({"127.0.0.1", 0, 128});
    if (outcome.fd < 0) fail(outcome.error);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    (void)getsockname(outcome.fd, reinterpret_cast<sockaddr*>(&address), &size);
    server_->listen(std::make_unique<SocketTransport>(server_->loop()),
                    {{"echo", "127.0.0.1"}, outcome.fd});
    for (std::size_t i = 0; i < load_.connections; ++i)
      clients_.push_back(std::make_unique<SocketClient>(load_, ntohs(address.sin_port)));
  }
  void open_bypass() {
    const DeviceModule module = load_devices("");
    if (module.devices == nullptr) fail(module.error);
    devices_ = module.devices;
    constexpr std::array arguments = {"--no-huge",           "-m",       "128",
                                      "--no-shconf",         "--no-pci", "--no-telemetry",
                                      "--log-level=warning", "-l",       "0"};
    const char* error = devices_->start(arguments.data(), arguments.size());
    if (*error == '\0') error = devices_->open_pair({.mtu = load_.mtu, .frames = 4095});
    if (*error != '\0') fail(error);
    const Endpoint local{networks_[0].address, 5672};
    server_->listen(std::make_unique<BypassTransport>(BypassTransport::Parts{
                        &server_->loop(), devices_->queue(0), loaded().make, config(0)}),
                    {{"echo", to_text(local)}, -1});
    client_port_ = devices_->queue(1);
    StackConfig own = config(1);
    own.port = client_port_;
    own.user = &nobody_;
    client_stack_ = loaded().make(stack_version, own);
    for (std::size_t i = 0; i < load_.connections; ++i) {
      const auto port = static_cast<std::uint16_t>(10'000 + i);
      Connection* const made = client_stack_->connect({networks_[1].address, port}, local);
      if (made == nullptr) fail("no memory");
      clients_.push_back(std::make_unique<BypassLoadClient>(load_, *made));
    }
  }
  static StackModule loaded() {
    StackModule module = load_stack("");
    if (module.make == nullptr) fail(module.error);
    return module;
  }
  StackConfig config(std::size_t side) {
    StackConfig config;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.mtu = load_.mtu;
    config.secret = {1, 2};
    return config;
  }

  const Load& load_;
  std::unique_ptr<io::UringDriver> driver_;
  std::unique_ptr<EchoShard> server_;
  Devices* devices_ = nullptr;
  FramePort* client_port_ = nullptr;
  Stack* client_stack_ = nullptr;
  Nobody nobody_;
  std::array<Network, 2> networks_ = {*parse_network("10.9.0.1/24"), *parse_network("10.9.0.2/24")};
  std::vector<std::unique_ptr<LoadClient>> clients_;
};

double processor_seconds() {
  timespec time{};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// A function of its own, for profilers that are told what to look at:
/// valgrind --tool=callgrind --toggle-collect='*go_on_until*'
[[gnu::noinline]] void go_on_until(Bench& bench, core::Nanos end) {
  while (bench.now() < end) bench.step();
}

void run(const Load& load) {
  Bench bench(load);
  // A second until all are connected and windows have grown.
  bench.step();
  const core::Nanos begin = bench.now() + core::nanos_per_s;
  while (bench.now() < begin) bench.step();
  const std::uint64_t messages = bench.messages();
  const std::uint64_t frames = bench.frames();
  const double used = processor_seconds();
  go_on_until(bench, begin + load.seconds * core::nanos_per_s);
  const double spent_ns = (processor_seconds() - used) * 1e9;
  const auto count = static_cast<double>(bench.messages() - messages);
  if (count == 0) fail("nothing came back");
  const auto frame_count = static_cast<double>(bench.frames() - frames);
  fmt::print("{} connections {} bytes {} under way {}: {:.0f}/s, {:.0f} ns of CPU for each",
             load.is_bypass ? "bypass" : "kernel", load.connections, load.bytes, load.under_way,
             count / load.seconds, spent_ns / count);
  if (frame_count > 0)
    fmt::print(", {:.2f} frames, {:.0f} ns for a frame", frame_count / count,
               spent_ns / frame_count);
  fmt::print("\n");
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace
}  // namespace lepus::net::bypass

int main(int count, char** arguments) {
  using namespace lepus::net::bypass;
  if (count != 6 && count != 7) fail("see the head of its source");
  const auto number = [&](int i) { return static_cast<std::size_t>(std::atoll(arguments[i])); };
  const Load load{std::string(arguments[1]) == "bypass",
                  number(2),
                  number(3),
                  number(4),
                  std::atoi(arguments[5]),
                  static_cast<std::uint16_t>(count == 7 ? number(6) : 1500)};
  if (load.connections == 0 || load.bytes == 0 || load.under_way == 0 || load.seconds == 0)
    fail("a number is not above zero");
  run(load);
}
