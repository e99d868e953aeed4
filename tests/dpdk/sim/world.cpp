// The steps of world.h.
#include "tests/dpdk/sim/world.h"

#include <fmt/format.h>
#include <malloc.h>

#include <vector>

#include "net/bypass/addresses.h"
#include "net/bypass/module.h"
#include "tests/dpdk/sim/sim_client.h"
#include "tests/dpdk/sim/sim_server.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::net::bypass::sim {
namespace {

constexpr Nanos step_time = core::nanos_per_ms;
constexpr Nanos hang_max = 900 * core::nanos_per_s;
/// TIME_WAIT and FIN_WAIT_2 end within it.
constexpr Nanos rest_time = 60 * core::nanos_per_s;
constexpr Nanos rest_step = 10 * core::nanos_per_ms;

std::size_t heap_in_use() { return mallinfo2().uordblks; }

/// Each a copy of the module.
struct Modules {
  MakeStack server = load_stack("").make;
  MakeStack clients = load_stack("").make;
};

class World final : private StackUser {
 public:
  World(const Plan& plan, Mistake mistake, const Modules& modules)
      : random_(plan.random),
        link_(plan, random_.split(), mistake),
        networks_{*parse_network(plan.is_v6 ? "fd09::1/64" : "10.9.0.1/24"),
                  *parse_network(plan.is_v6 ? "fd09::2/64" : "10.9.0.2/24")},
        server_({&driver_, &link_.port(0), modules.server, config(plan, 0),
                 to_text(server_endpoint()), random_.split(), mistake}) {
    StackConfig own = config(plan, 1);
    own.port = &link_.port(1);
    own.user = this;
    stack_ = modules.clients(stack_version, own);
    CHECK(stack_ != nullptr);
    for (const ConnectionPlan& one : plan.connections) {
      accounts_.push_back(std::make_unique<Account>(one));
      clients_.push_back(std::make_unique<SimClient>(*accounts_.back(), random_.split(), mistake));
    }
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void run(Outcome& outcome) {
    driver_.time = core::nanos_per_s;
    const Nanos end = driver_.time + hang_max;
    while (outcome.wrong.empty() && !is_over() && driver_.time < end) {
      step(step_time);
      outcome.wrong = first_wrong();
    }
    if (outcome.wrong.empty() && !is_over()) outcome.wrong = describe_hang();
    if (outcome.wrong.empty()) rest(outcome);
    report(outcome);
    // What went wrong may have anything left.
    if (!outcome.wrong.empty()) return;
    clients_.clear();
    stack_->destroy();
  }

 private:
  Endpoint server_endpoint() const { return {networks_[0].address, 5672}; }
  StackConfig config(const Plan& plan, std::size_t side) const {
    StackConfig config;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(side + 1)};
    config.networks = &networks_[side];
    config.network_count = 1;
    config.mtu = plan.devices[side].mtu;
    config.secret = {7, side};
    return config;
  }
  void on_connection(Connection&, std::uint32_t) override { CHECK(false); }

  void step(Nanos time) {
    driver_.time += time;
    link_.deliver(driver_.time);
    server_.turn();
    stack_->advance(static_cast<std::uint64_t>(driver_.time / core::nanos_per_ms));
    std::array<Frame*, 32> frames;
    const std::uint32_t count = link_.port(1).receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) stack_->input(frames[i]);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (clients_[i]->wants_connection(driver_.time)) connect(i);
      clients_[i]->step(driver_.time);
    }
  }
  void connect(std::size_t number) {
    const std::uint16_t port = next_port_++;
    server_.expect(port, *accounts_[number]);
    Connection* const made = stack_->connect({networks_[1].address, port}, server_endpoint());
    CHECK(made != nullptr);
    clients_[number]->take(*made);
  }
  bool is_over() const {
    return server_.is_over() && std::all_of(clients_.begin(), clients_.end(),
                                            [](const auto& one) { return one->is_over(); });
  }
  std::string first_wrong() const {
    for (std::size_t i = 0; i < accounts_.size(); ++i)
      if (!accounts_[i]->wrong.empty())
        return fmt::format("connection {}: {}", i, accounts_[i]->wrong);
    return {};
  }
  std::string describe_hang() const {
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
      const Account& one = *accounts_[i];
      if (clients_[i]->is_over()) continue;
      return fmt::format(
          "connection {} does not end: {} of {} bytes at the client, {} of {} at "
          "the server",
          i, one.client_received, one.plan.server.size, one.server_received, one.plan.client.size);
    }
    return "a stream of the server does not end";
  }
  void rest(Outcome& outcome) {
    for (std::size_t i = 0; i < accounts_.size(); ++i)
      if (!accounts_[i]->is_cut && !accounts_[i]->is_complete())
        outcome.wrong = fmt::format("connection {} ended with bytes missing", i);
    server_.stop();
    for (Nanos left = rest_time; left > 0; left -= rest_step) step(rest_step);
    if (!server_.is_stopped()) outcome.wrong = "a listener does not stop";
    if (server_.held_bytes() > 0)
      outcome.wrong = fmt::format("streams still have {} bytes", server_.held_bytes());
    if (stack_->stats().connections_open > 0) outcome.wrong = "a client's connection is left";
    for (const std::size_t side : {0, 1})
      if (const std::size_t left = link_.port(side).in_use(); left > 0)
        outcome.wrong = fmt::format("{} frames of side {} are not given back", left, side);
  }
  void report(Outcome& outcome) {
    outcome.trace = link_.trace();
    outcome.link = link_.counts();
    outcome.connections = accounts_.size();
    outcome.retransmits = stack_->stats().retransmits;
    outcome.bad_checksums = stack_->stats().bad_checksums;
    for (const auto& one : accounts_) {
      outcome.bytes += one->client_received + one->server_received;
      outcome.cut_off += one->is_cut ? 1 : 0;
    }
  }

  core::Random random_;
  amqp::test::StillDriver driver_;
  SimLink link_;
  const std::array<Network, 2> networks_;
  SimServer server_;
  Stack* stack_ = nullptr;
  std::vector<std::unique_ptr<Account>> accounts_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::uint16_t next_port_ = 10'000;
};

Outcome run_plan(const Plan& plan, Mistake mistake) {
  const Modules modules;
  CHECK(modules.server != nullptr && modules.clients != nullptr);
  Outcome outcome;
  const std::size_t before = heap_in_use();
  auto world = std::make_unique<World>(plan, mistake, modules);
  world->run(outcome);
  // It cannot be taken apart any more.
  if (!outcome.wrong.empty()) return world.release(), outcome;
  world.reset();
  outcome.heap_growth = heap_in_use() - before;
  return outcome;
}

}  // namespace

Outcome run_world(std::uint64_t seed, Mistake mistake) { return run_plan(Plan(seed), mistake); }

Outcome run_empty_world() {
  Plan plan(0);
  plan.connections.clear();
  return run_plan(plan, Mistake::none);
}

}  // namespace lepus::net::bypass::sim
