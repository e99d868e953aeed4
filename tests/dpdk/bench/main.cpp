// What a message and a frame cost, over the kernel bypass with two devices of DPDK in memory, or
// over sockets of the kernel's loopback; server and clients in one process.
//
//   lepus-dpdk-bench echo    NETWORK CONNECTIONS BYTES UNDER_WAY SECONDS [THREADS]
//   lepus-dpdk-bench broker  NETWORK QUEUES      BYTES UNCONFIRMED SECONDS [THREADS]
//
// NETWORK is "kernel", or the MTU of the bypass. echo: a server that sends back what it gets.
// broker: a shard with all its protocol; for each queue a publisher with so many messages
// unconfirmed and a consumer without acknowledgements. THREADS is 1, or 2: clients in another one.
//
// Prints messages a second, and processor time for a message; with the bypass for a frame, too: of
// both ends together, each frame counted where it is received. Who polls uses up its thread: with
// two threads that time says little.
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include "tests/dpdk/bench/amqp_load.h"
#include "tests/dpdk/bench/bench_broker.h"
#include "tests/dpdk/bench/echo_load.h"

namespace lepus::net::bypass {
namespace {

struct Arguments {
  bool is_broker;
  std::uint16_t mtu;  ///< 0: the kernel.
  std::size_t connections;
  std::size_t bytes;
  std::size_t under_way;
  int seconds;
  bool has_two_threads;
};

double processor_seconds() {
  timespec time{};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

core::Nanos wall_now() {
  timespec time{};
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * core::nanos_per_s + time.tv_nsec;
}

/// A server with the clients that load it.
template <class Server, class Load>
class Bench {
 public:
  explicit Bench(const Arguments& arguments)
      : arguments_(arguments),
        network_(arguments.mtu),
        server_(network_),
        clients_(network_.make_clients()) {}

  template <class LoadOfClients>
  void run(const LoadOfClients& load) {
    std::thread server;
    if (arguments_.has_two_threads) server = std::thread([this] { serve(); });
    while (!clients_->is_ready()) step(wall_now());
    load_ = std::make_unique<Load>(*clients_, arguments_.connections, load);
    // A second until all are connected and windows have grown.
    go_on_until(wall_now() + core::nanos_per_s);
    const std::uint64_t messages = load_->messages();
    const std::uint64_t frames = network_.frames();
    const CounterValues counters = network_.counters();
    const double used = processor_seconds();
    const core::Nanos begin = wall_now();
    go_on_until(begin + arguments_.seconds * core::nanos_per_s);
    const double spent_ns = (processor_seconds() - used) * 1e9;
    const auto passed = static_cast<double>(wall_now() - begin);
    print(spent_ns, passed, static_cast<double>(load_->messages() - messages),
          static_cast<double>(network_.frames() - frames));
    print_copies(counters);
    std::fflush(stdout);
    load_->end();
    const core::Nanos end = wall_now() + end_max;
    while (!load_->is_over() && wall_now() < end) step(wall_now());
    if (!load_->is_over()) fail("messages are missing");
    stops_ = true;
    if (server.joinable()) server.join();
  }

 private:
  static constexpr core::Nanos end_max = 20 * core::nanos_per_s;

  void serve() {
    network_.enter_thread();
    while (!stops_.load(std::memory_order_relaxed)) server_.turn();
  }
  void step(core::Nanos now) {
    if (!arguments_.has_two_threads) server_.turn();
    clients_->step(now);
    if (load_ != nullptr) load_->poll();
    clients_->flush();
  }
  /// A function of its own, for profilers that are told what to look at:
  /// valgrind --tool=callgrind --toggle-collect='*go_on_until*'
  [[gnu::noinline]] void go_on_until(core::Nanos end) {
    for (core::Nanos now = wall_now(); now < end; now = wall_now()) step(now);
  }
  void print(double spent_ns, double passed_ns, double messages, double frames) {
    if (messages == 0) fail("nothing came back");
    fmt::print("{} over {}: {:.0f}/s, {:.0f} ns of CPU for each",
               arguments_.is_broker ? "broker" : "echo", network_.name(),
               messages / passed_ns * 1e9, spent_ns / messages);
    if (frames > 0)
      fmt::print(", {:.2f} frames, {:.0f} ns for a frame", frames / messages, spent_ns / frames);
    fmt::print("\n");
    std::fflush(stdout);
  }

  /// Bytes at the server's end, for a byte that came or left.
  void print_copies(const CounterValues& before) {
    if (!network_.is_bypass()) return;
    const CounterValues after = network_.counters();
    const auto grown = [&](Counter counter) {
      const auto i = static_cast<std::size_t>(counter);
      return static_cast<double>(after[i] - before[i]);
    };
    const double in = std::max(1.0, grown(Counter::bytes_in));
    fmt::print(
        "  of the server's input {:.1f} % was held, {:.1f} % copied for want of frames; "
        "{:.0f} segments were sent again, {:.0f} frames not sent\n",
        grown(Counter::copied_input_held) / in * 100,
        grown(Counter::copied_input_scarce) / in * 100, grown(Counter::retransmits),
        grown(Counter::dropped_no_frame) + grown(Counter::dropped_ring_full));
  }

  const Arguments& arguments_;
  BenchNetwork network_;
  Server server_;
  std::unique_ptr<ClientSide> clients_;
  std::unique_ptr<Load> load_;
  std::atomic<bool> stops_{false};
};

/// It ends with its connections open.
[[noreturn]] void run(const Arguments& arguments) {
  if (arguments.is_broker) {
    const BenchPublisher::Load load{arguments.bytes, arguments.under_way};
    std::make_unique<Bench<BenchBroker, BrokerLoad>>(arguments).release()->run(load);
  } else {
    const EchoClient::Load load{arguments.bytes, arguments.under_way};
    std::make_unique<Bench<EchoServer, EchoLoad>>(arguments).release()->run(load);
  }
  std::_Exit(0);
}

}  // namespace
}  // namespace lepus::net::bypass

int main(int count, char** texts) {
  using namespace lepus::net::bypass;
  if (count != 7 && count != 8) fail("see the head of its source");
  const auto number = [&](int i) { return static_cast<std::size_t>(std::atoll(texts[i])); };
  const std::string what = texts[1];
  const std::string network = texts[2];
  const Arguments arguments{what == "broker",
                            static_cast<std::uint16_t>(network == "kernel" ? 0 : number(2)),
                            number(3),
                            number(4),
                            number(5),
                            std::atoi(texts[6]),
                            count == 8 && number(7) == 2};
  if (what != "broker" && what != "echo") fail("echo or broker?");
  if (network != "kernel" && arguments.mtu < 1280) fail("the network is kernel, or an MTU");
  if (arguments.connections == 0 || arguments.bytes == 0 || arguments.under_way == 0 ||
      arguments.seconds == 0)
    fail("a number is not above zero");
  run(arguments);
}
