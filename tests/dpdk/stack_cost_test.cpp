// What a stream over the stack costs: bytes that are copied.
#include <gtest/gtest.h>

#include "io/loop.h"
#include "net/bypass/bypass_transport.h"
#include "tests/dpdk/stack_pair.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::net::bypass {
namespace {

/// Takes all that comes.
class Sink final : public StreamHandler {
 public:
  explicit Sink(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {
    stream_->start(*this);
  }
  void close() { stream_->close(); }
  std::unique_ptr<Stream> take_stream() { return std::move(stream_); }
  std::size_t received = 0;

 private:
  void on_bytes(core::Bytes bytes) override { received += bytes.size(); }
  void on_peer_closed() override {}
  void on_sent() override {}
  void on_closed(std::string_view) override {}

  std::unique_ptr<Stream> stream_;
};

/// A client's stack, and a transport with a sink.
class SinkWorld final : private io::TurnHooks, private Acceptor, private StackUser {
 public:
  explicit SinkWorld(std::uint16_t mtu) : server_port_(1), client_port_(2) {
    server_port_.connect(client_port_);
    client_port_.connect(server_port_);
    loop_.set_hooks(this);
    const StackConfig config = this->config(0, mtu);
    transport_ = std::make_unique<BypassTransport>(
        BypassTransport::Parts{&loop_, &server_port_, load_stack("").make, config, &board_});
    transport_->listen({{"sink", "10.9.0.1:5672"}, -1}, *this);
    StackConfig own = this->config(1, mtu);
    own.port = &client_port_;
    own.user = this;
    client_ = load_stack("").make(stack_version, own);
  }
  SinkWorld(const SinkWorld&) = delete;
  SinkWorld& operator=(const SinkWorld&) = delete;
  ~SinkWorld() override {
    end_->give_back();
    sink_->close();
    step();
    transport_->destroy_later(sink_->take_stream());
    step();
    client_->destroy();
  }

  void send(std::size_t size) {
    Connection* const made =
        client_->connect({networks_[1].address, 4000}, {networks_[0].address, 5672});
    end_ = std::make_unique<PairEnd>(PairEnd::Kind::client, *made, size, 0);
    for (int i = 0; i < 100'000 && (sink_ == nullptr || sink_->received < size); ++i) step();
    ASSERT_NE(sink_, nullptr);
    ASSERT_EQ(sink_->received, size);
    for (int i = 0; i < 200; ++i) step();  // Counters are told now and then.
  }
  std::uint64_t count(Counter counter) const {
    return board_.read()[static_cast<std::size_t>(counter)];
  }

 private:
  StackConfig config(std::size_t side, std::uint16_t mtu) {
    StackConfig config;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.mtu = mtu;
    config.secret = {5, 6};
    return config;
  }
  void step() {
    driver_.time += core::nanos_per_ms;
    loop_.catch_up();
    loop_.run_turn();
    client_->advance(static_cast<std::uint64_t>(driver_.time / core::nanos_per_ms));
    std::array<Frame*, 64> frames;
    const std::uint32_t count = client_port_.receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) client_->input(frames[i]);
    end_->poll();
  }
  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity&) override {
    sink_ = std::make_unique<Sink>(std::move(stream));
  }
  void on_accept_error(int) override { CHECK(false); }
  void on_listener_closed() override {}
  void on_connection(Connection&, std::uint32_t) override { CHECK(false); }
  bool drain_mailboxes() override { return transport_->poll(); }
  void flush() override { transport_->flush(); }
  bool may_sleep() override { return transport_->may_sleep(); }

  std::array<Network, 2> networks_ = {*parse_network("10.9.0.1/24"), *parse_network("10.9.0.2/24")};
  amqp::test::StillDriver driver_;
  io::Loop loop_{driver_, {io::IdleMode::sleep, 0}};
  WirePort server_port_;
  WirePort client_port_;
  CounterBoard board_;
  std::unique_ptr<BypassTransport> transport_;
  Stack* client_ = nullptr;
  std::unique_ptr<PairEnd> end_;
  std::unique_ptr<Sink> sink_;
};

class StackCost : public ::testing::TestWithParam<std::uint16_t> {};

TEST_P(StackCost, InputThatIsWantedIsNotCopied) {
  SinkWorld world(GetParam());
  world.send(8 << 20);
  EXPECT_GT(world.count(Counter::bytes_in), 8U << 20);
  EXPECT_EQ(world.count(Counter::copied_input_held), 0U);
  EXPECT_EQ(world.count(Counter::copied_input_scarce), 0U);
}

INSTANTIATE_TEST_SUITE_P(Mtu, StackCost, ::testing::Values(1500, 9000));

}  // namespace
}  // namespace lepus::net::bypass
