// Starting DPDK, and what its end tells.
#include "tools/server/bypass/node_bypass.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include <sstream>
#include <utility>

#include "net/bypass/addresses.h"
#include "net/bypass/bypass_transport.h"
#include "net/bypass/module.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {

/// One that the process may use: DPDK binds the caller to it for a while.
unsigned first_cpu() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 0;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) return cpu;
  return 0;
}

std::string_view describe_offloads(const net::bypass::Offloads& offloads) {
  if (offloads.tcp_out && offloads.in) return "by the device";
  if (offloads.tcp_out || offloads.ip_out) return "of what leaves by the device";
  return offloads.in ? "of what comes by the device" : "by the processor";
}

void add_listener(std::vector<net::Listening>& listeners, const DpdkConfig& config,
                  const net::bypass::Network& network, bool is_tls) {
  const std::uint16_t port = is_tls ? config.ssl_port : config.port;
  if (port == 0) return;
  net::ListenerIdentity identity;
  identity.key = is_tls ? "net.dpdk.ssl_port" : "net.dpdk.port";
  identity.address = net::bypass::to_text(net::bypass::Endpoint{network.address, port});
  identity.protocol = is_tls ? net::ListenerProtocol::amqps : net::ListenerProtocol::amqp;
  if (is_tls) identity.tls_settings = "ssl_options";
  listeners.push_back({std::move(identity), -1});
}

}  // namespace

std::vector<std::string> dpdk_arguments(const DpdkConfig& config) {
  std::vector<std::string> arguments = {fmt::format("--lcores=0@{}", first_cpu()), "--no-telemetry",
                                        "--log-level=warning"};
  if (config.hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    for (const char* one : {"--no-huge", "--no-shconf", "-m"}) arguments.emplace_back(one);
    arguments.push_back(std::to_string(config.memory_mb));
  }
  std::istringstream words(config.eal_arguments);
  for (std::string word; words >> word;) arguments.push_back(word);
  return arguments;
}

std::string NodeBypass::start(const ServerConfig& config, std::size_t shards, core::Log& log) {
  config_ = config.dpdk;
  limits_ = config.dpdk_limits;
  if (!config_.enabled) return {};
  for (const std::string& text : config_.addresses)
    networks_.push_back(*net::bypass::parse_network(text));
  if (networks_.empty())
    return "net.dpdk.enabled: the device has no address: set net.dpdk.addresses";
  if (!config_.gateway.empty()) gateway_ = *net::bypass::parse_address(config_.gateway);
  if (!config_.gateway_v6.empty()) gateway_v6_ = *net::bypass::parse_address(config_.gateway_v6);
  std::string error = open(config_, shards);
  if (!error.empty()) return "net.dpdk: " + error + "; lepus --check-dpdk looks at what is missing";
  log.write(LogLevel::info, LogCategory::general, "network device of the broker",
            {{"device", std::string_view(describe())},
             {"link", is_link_up() ? "up" : "down"},
             {"checksums", describe_offloads(devices_->facts().offloads)}});
  return {};
}

std::string NodeBypass::open(const DpdkConfig& config, std::size_t queues) {
  net::bypass::DeviceModule module = net::bypass::load_devices(config.modules);
  if (module.devices == nullptr) return std::move(module.error);
  const std::vector<std::string> arguments = dpdk_arguments(config);
  std::vector<const char*> pointers;
  for (const std::string& one : arguments) pointers.push_back(one.c_str());
  std::string error =
      module.devices->start(pointers.data(), static_cast<std::uint32_t>(pointers.size()));
  if (!error.empty()) return error;
  devices_ = module.devices;
  net::bypass::DeviceConfig device;
  device.name = config.device.c_str();
  device.queues = static_cast<std::uint16_t>(queues);
  device.mtu = config.mtu;
  device.receive_ring = config.receive_ring;
  device.send_ring = config.send_ring;
  device.frames = config.frames;
  device.offloads_checksums = config.offloads_checksums;
  return devices_->open(device);
}

std::string NodeBypass::describe() const {
  const net::bypass::DeviceFacts& facts = devices_->facts();
  return fmt::format("{} ({}), {} queues", facts.name.data(), facts.driver.data(),
                     facts.queues_max);
}

bool NodeBypass::is_link_up() const {
  net::bypass::DeviceStats stats;
  devices_->read_stats(stats);
  return stats.is_link_up;
}

std::string NodeBypass::make_transport(std::size_t shard, io::Loop& loop,
                                       std::unique_ptr<net::Transport>& transport) {
  if (!is_on()) return {};
  net::bypass::StackModule module = net::bypass::load_stack(config_.modules);
  if (module.make == nullptr) return "net.dpdk: " + std::move(module.error);
  net::bypass::StackConfig stack;
  stack.mac = devices_->facts().mac;
  stack.mtu = config_.mtu;
  stack.vlan = config_.vlan;
  // Its fan-out passes a frame on to another queue when one is full.
  const std::string_view driver = devices_->facts().driver.data();
  stack.is_quiet = driver.find("af_packet") != driver.npos;
  stack.networks = networks_.data();
  stack.network_count = static_cast<std::uint32_t>(networks_.size());
  stack.gateway = gateway_;
  stack.gateway_v6 = gateway_v6_;
  CHECK(getrandom(stack.secret.data(), sizeof stack.secret, 0) == sizeof stack.secret);
  stack.half_open_max = limits_.half_open_max;
  stack.window_max = limits_.window_max;
  stack.window_first = std::min(stack.window_first, limits_.window_max);
  transport = std::make_unique<net::bypass::BypassTransport>(
      net::bypass::BypassTransport::Parts{&loop, devices_->queue(static_cast<std::uint32_t>(shard)),
                                          module.make, stack, &boards_.emplace_back()});
  return {};
}

std::vector<net::Listening> NodeBypass::listeners() const {
  std::vector<net::Listening> listeners;
  if (!is_on()) return listeners;
  for (const net::bypass::Network& network : networks_)
    for (const bool is_tls : {false, true}) add_listener(listeners, config_, network, is_tls);
  return listeners;
}

void NodeBypass::watch(io::Loop& loop, core::Log& log) {
  if (!is_on()) return;
  std::vector<const net::bypass::CounterBoard*> boards;
  for (const net::bypass::CounterBoard& board : boards_) boards.push_back(&board);
  watch_.emplace(BypassWatch::Parts{&loop, &log, devices_, std::move(boards)});
  watch_->start();
}

void NodeBypass::stop_watching() { watch_.reset(); }

void NodeBypass::stop() {
  if (is_on()) std::exchange(devices_, nullptr)->stop();
}

/// An idle thread sleeps for microseconds, which the kernel may not round up.
NodeBypass::Thread::Thread(NodeBypass& bypass, core::Log& log) : bypass_(bypass) {
  if (!bypass_.is_on()) return;
  (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const char* const error = bypass_.devices_->enter_thread();
  if (*error != '\0')
    log.write(LogLevel::warning, LogCategory::general, "net.dpdk", {{"text", error}});
}

NodeBypass::Thread::~Thread() {
  if (bypass_.is_on()) bypass_.devices_->leave_thread();
}

}  // namespace lepus::server
