// The world of the stream tests over user-space stacks: the server's and the clients', each a copy
// of the module, with a wire of memory between. One thread, virtual time.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"
#include "net/bypass/module.h"
#include "tests/dpdk/wire.h"
#include "tests/unit/net/stream_worlds.h"

namespace lepus::net::bypass {

using testing_streams::Client;

/// A client with a stack's connection of its own.
class BypassClient final : public Client, private ConnectionUser {
 public:
  /// Is in `all` while it lives.
  BypassClient(std::vector<BypassClient*>& all, Connection* connection)
      : all_(all), connection_(connection) {
    CHECK(connection_ != nullptr);
    connection_->set_user(this);
    all_.push_back(this);
  }
  ~BypassClient() override {
    std::erase(all_, this);
    if (connection_ == nullptr) return;
    if (unsent_.empty()) {
      connection_->close();
    } else {
      connection_->reset();
    }
  }
  std::size_t write(std::string_view bytes) override {
    if (fin_wanted_ || failed_ || connection_ == nullptr) return 0;
    const std::size_t size = std::min(bytes.size(), output_max - std::min(output_max, waiting_));
    if (size == 0) return 0;
    unsent_.emplace_back(bytes.substr(0, size));
    waiting_ += size;
    poll();
    return size;
  }
  std::string read(std::size_t size_max) override {
    std::string bytes = received_.substr(0, size_max);
    received_.erase(0, bytes.size());
    if (connection_ != nullptr) connection_->consume(static_cast<std::uint32_t>(bytes.size()));
    return bytes;
  }
  bool at_end() override { return ended_ && received_.empty(); }
  void shutdown_write() override {
    fin_wanted_ = true;
    poll();
  }
  void reset() override { std::exchange(connection_, nullptr)->reset(); }

  /// Between two steps of the stack.
  void poll() {
    if (!open_ || failed_ || connection_ == nullptr) return;
    for (; written_ < unsent_.size(); ++written_) {
      const std::string& bytes = unsent_[written_];
      if (connection_->room() == 0) break;
      if (!connection_->write(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                              static_cast<std::uint32_t>(bytes.size())))
        break;
    }
    (void)connection_->output();
    if (!fin_wanted_ || fin_sent_ || !unsent_.empty()) return;
    fin_sent_ = connection_->shutdown_write();
  }
  bool failed() const { return failed_; }

 private:
  static constexpr std::size_t output_max = 60'000;

  void on_input(const std::uint8_t* bytes, std::uint32_t size) override {
    received_.append(reinterpret_cast<const char*>(bytes), size);
  }
  void on_peer_end() override { ended_ = true; }
  void on_acknowledged(std::uint32_t size) override {
    waiting_ -= size;
    acknowledged_ += size;
    while (!unsent_.empty() && acknowledged_ >= unsent_.front().size()) {
      acknowledged_ -= unsent_.front().size();
      unsent_.pop_front();
      --written_;
    }
  }
  void on_connected() override { open_ = true; }
  void on_failed(Failure) override { failed_ = true; }

  std::vector<BypassClient*>& all_;
  Connection* connection_;
  std::deque<std::string> unsent_;
  std::size_t written_ = 0;  ///< Of unsent_, those that the stack has.
  std::size_t waiting_ = 0;
  std::size_t acknowledged_ = 0;  ///< Bytes of unsent_.front().
  std::string received_;
  bool open_ = false;
  bool ended_ = false;
  bool failed_ = false;
  bool fin_wanted_ = false;
  bool fin_sent_ = false;
};

struct NoListeners final : StackUser {
  void on_connection(Connection&, std::uint32_t) override { CHECK(false); }
};

/// What the worlds have in common. `Port` is a FramePort made of what the subclass has.
class BypassWorldBase : public testing_streams::World {
 public:
  explicit BypassWorldBase(bool is_v6) : is_v6_(is_v6), world_(1, {}), driver_(world_) {}

  io::Driver& driver() override { return driver_; }
  Listening listen() override {
    return {{"bypass", is_v6_ ? "[fd09::1]:5672" : "10.9.0.1:5672"}, -1};
  }
  std::unique_ptr<Client> connect() override {
    start_clients();
    const Endpoint local{networks_[1].address, next_port_++};
    return std::make_unique<BypassClient>(
        connected_, clients_->connect(local, Endpoint{networks_[0].address, 5672}));
  }
  std::unique_ptr<Transport> make_transport(io::Loop& loop) override {
    const StackModule module = load_stack("");
    CHECK(module.make != nullptr);
    return std::make_unique<BypassTransport>(
        BypassTransport::Parts{&loop, &server_port(), module.make, config(0)});
  }
  void step(io::Loop& loop) override {
    (void)world_.next_runnable(world_.now() + core::nanos_per_ms);
    loop.run_turn();
    poll_clients();
  }
  bool may_sleep() override { return true; }
  std::size_t receive_bytes() const override { return 64 << 10; }

 protected:
  virtual FramePort& server_port() = 0;
  virtual FramePort& client_port() = 0;
  void end_clients() {
    if (clients_ != nullptr) std::exchange(clients_, nullptr)->destroy();
  }

 private:
  StackConfig config(std::size_t side) {
    StackConfig config;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.secret = {7, 9};
    return config;
  }
  void start_clients() {
    if (clients_ != nullptr) return;
    const StackModule module = load_stack("");
    CHECK(module.make != nullptr);
    StackConfig config = this->config(1);
    config.port = &client_port();
    config.user = &nobody_;
    clients_ = module.make(stack_version, config);
    CHECK(clients_ != nullptr);
  }
  void poll_clients() {
    if (clients_ == nullptr) return;
    clients_->advance(static_cast<std::uint64_t>(world_.now() / core::nanos_per_ms));
    std::array<Frame*, 32> frames;
    const std::uint32_t count = client_port().receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) clients_->input(frames[i]);
    for (BypassClient* client : connected_) client->poll();
    client_port().flush();
  }

  bool is_v6_;
  io::SimWorld world_;
  io::SimDriver driver_;
  std::array<Network, 2> networks_ = {*parse_network(is_v6_ ? "fd09::1/64" : "10.9.0.1/24"),
                                      *parse_network(is_v6_ ? "fd09::2/64" : "10.9.0.2/24")};
  NoListeners nobody_;
  std::vector<BypassClient*> connected_;
  Stack* clients_ = nullptr;
  std::uint16_t next_port_ = 40'000;
};

class WireWorld final : public BypassWorldBase {
 public:
  /// The server's device computes checksums as `offloads` says, the clients' none.
  WireWorld(bool is_v6, const WireFaults& faults, const Offloads& offloads = {})
      : BypassWorldBase(is_v6),
        faulty_(faults.lost_per_mille > 0),
        server_(1, faults, offloads),
        client_(2, faults) {
    server_.connect(client_);
    client_.connect(server_);
  }
  ~WireWorld() override { end_clients(); }
  bool is_calm() override { return !faulty_; }
  bool has_loss() override { return faulty_; }

 private:
  FramePort& server_port() override { return server_; }
  FramePort& client_port() override { return client_; }

  bool faulty_;
  WirePort server_;
  WirePort client_;
};

/// DPDK's devices in memory, without privileges and without hugepages. They are there once for all
/// tests of the process.
class RingWorld final : public BypassWorldBase {
 public:
  explicit RingWorld(bool is_v6) : BypassWorldBase(is_v6) {}
  ~RingWorld() override {
    end_clients();
    for (std::uint32_t end = 0; end < 2; ++end) drain(*devices().queue(end));
    DeviceStats stats;
    devices().read_stats(stats);
    EXPECT_EQ(stats.frames_in_use, 0U);
  }
  /// With a full ring the first of the clients goes on first.
  bool is_calm() override { return false; }

 private:
  static Devices& devices() {
    static Devices* const opened = [] {
      const DeviceModule module = load_devices("");
      if (module.devices == nullptr) ADD_FAILURE() << module.error;
      CHECK(module.devices != nullptr);
      constexpr std::array arguments = {"--no-huge",           "-m",       "64",
                                        "--no-shconf",         "--no-pci", "--no-telemetry",
                                        "--log-level=warning", "-l",       "0"};
      const char* error = module.devices->start(arguments.data(), arguments.size());
      if (*error == '\0') error = module.devices->open_pair({.frames = 4095});
      EXPECT_STREQ(error, "");
      CHECK(*error == '\0');
      return module.devices;
    }();
    return *opened;
  }
  static void drain(FramePort& port) {
    std::array<Frame*, 32> frames;
    port.flush();
    while (const std::uint32_t count = port.receive(frames.data(), frames.size()))
      for (std::uint32_t i = 0; i < count; ++i) port.release(frames[i]);
  }
  FramePort& server_port() override { return *devices().queue(0); }
  FramePort& client_port() override { return *devices().queue(1); }
};

}  // namespace lepus::net::bypass
