// Set-up and end of DPDK and its devices.
#include "net/dpdk/devices.h"

#include <net/if.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace lepus::net::bypass {
namespace {

constexpr unsigned mempool_cache = 256;
constexpr std::uint32_t frame_overhead = 14 + 4 + 4;  ///< Ethernet, a tag, the checksum.
constexpr std::uint16_t pair_ring = 1024;

std::string reason(int code) { return rte_strerror(code < 0 ? -code : code); }

template <std::size_t Size>
void copy_text(std::array<char, Size>& target, std::string_view source) {
  target = {};
  source.copy(target.data(), Size - 1);
}

/// A frame's memory, with what DPDK keeps free before it.
std::uint16_t data_room(std::uint16_t mtu) {
  const std::uint32_t size = std::max<std::uint32_t>(mtu + frame_overhead, 2048);
  return static_cast<std::uint16_t>(RTE_PKTMBUF_HEADROOM + size);
}

constexpr std::uint64_t sums_out_ip = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
constexpr std::uint64_t sums_out_tcp = RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
constexpr std::uint64_t sums_in = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;

/// From a thread of DPDK.
int note_removal(std::uint16_t, rte_eth_event_type, void* state, void*) {
  static_cast<DeviceState*>(state)->is_gone = true;
  return 0;
}

}  // namespace

const char* DpdkDevices::fail(std::string text) {
  error_ = std::move(text);
  return error_.c_str();
}

/// rte_eal_init() binds its thread to one CPU, and what it starts later would inherit that.
const char* DpdkDevices::start(const char* const* arguments, std::uint32_t count) {
  if (has_started_) return fail("DPDK was started already: it can be only once in a process");
  std::vector<std::string> texts{"lepus"};
  texts.insert(texts.end(), arguments, arguments + count);
  std::vector<char*> argv;
  for (std::string& text : texts) argv.push_back(text.data());
  cpu_set_t cpus;
  const bool has_cpus = pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
  const int result = rte_eal_init(static_cast<int>(argv.size()), argv.data());
  const int why = rte_errno;
  if (has_cpus) (void)pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  if (result < 0) return fail("DPDK does not start: " + reason(why));
  has_started_ = true;
  return fail({});
}

bool DpdkDevices::find(const std::string& name, std::uint16_t& port) const {
  if (!name.empty()) return rte_eth_dev_get_port_by_name(name.c_str(), &port) == 0;
  const std::uint64_t first = rte_eth_find_next(0);
  port = static_cast<std::uint16_t>(first);
  return first < RTE_MAX_ETHPORTS;
}

const char* DpdkDevices::open(const DeviceConfig& config) {
  if (!queues_.empty()) return fail("a device is open already");
  std::uint16_t port = 0;
  if (!find(config.name, port)) {
    const std::string what = *config.name == '\0' ? "a device" : std::string(config.name);
    return fail("DPDK has not found " + what +
                ": bind it to vfio-pci, or name it by --vdev (docs/BYPASS.md)");
  }
  return fail(set_up(port, config));
}

const char* DpdkDevices::open_pair(const DeviceConfig& config) {
  if (!queues_.empty()) return fail("a device is open already");
  constexpr unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
  rte_ring* there = rte_ring_create("lepus_there", pair_ring, SOCKET_ID_ANY, flags);
  rte_ring* back = rte_ring_create("lepus_back", pair_ring, SOCKET_ID_ANY, flags);
  if (there == nullptr || back == nullptr) return fail("no memory for rings: " + reason(rte_errno));
  const int first = rte_eth_from_rings("lepus_a", &there, 1, &back, 1, SOCKET_ID_ANY);
  const int second = rte_eth_from_rings("lepus_b", &back, 1, &there, 1, SOCKET_ID_ANY);
  if (first < 0 || second < 0) return fail("no devices of rings: " + reason(rte_errno));
  for (const int port : {first, second})
    if (std::string error = set_up(static_cast<std::uint16_t>(port), config); !error.empty())
      return fail(std::move(error));
  return fail({});
}

std::string DpdkDevices::set_up(std::uint16_t port, const DeviceConfig& config) {
  read_facts(port);
  if (config.queues > facts_.queues_max)
    return std::string(facts_.name.data()) + " has " + std::to_string(facts_.queues_max) +
           " queues, and each of the " + std::to_string(config.queues) +
           " shards needs one: set fewer shards, or more queues of the device (qpairs=)";
  ports_.push_back(port);
  if (std::string error = configure(port, config); !error.empty()) return error;
  if (std::string error = add_queues(port, config); !error.empty()) return error;
  if (const int code = rte_eth_dev_start(port); code != 0)
    return "cannot start " + std::string(facts_.name.data()) + ": " + reason(code);
  watch_removal(port);
  // Neighbour discovery comes to groups; a device that has no such mode passes them anyway.
  (void)rte_eth_allmulticast_enable(port);
  return {};
}

void DpdkDevices::read_facts(std::uint16_t port) {
  rte_eth_dev_info info{};
  (void)rte_eth_dev_info_get(port, &info);
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  (void)rte_eth_dev_get_name_by_port(port, name.data());
  facts_ = {};
  copy_text(facts_.name, name.data());
  copy_text(facts_.driver, info.driver_name != nullptr ? info.driver_name : "");
  facts_.queues_max = std::min(info.max_rx_queues, info.max_tx_queues);
  rte_ether_addr mac{};
  (void)rte_eth_macaddr_get(port, &mac);
  std::copy(std::begin(mac.addr_bytes), std::end(mac.addr_bytes), facts_.mac.begin());
}

/// Drivers that cannot tell have no such event.
void DpdkDevices::watch_removal(std::uint16_t port) {
  (void)rte_eth_dev_callback_register(port, RTE_ETH_EVENT_INTR_RMV, &note_removal, &state_);
}

/// A connection's frames all come to one queue: by a hash of its addresses, or as the driver does
/// by itself (af_packet's fan-out).
std::string DpdkDevices::configure(std::uint16_t port, const DeviceConfig& config) {
  rte_eth_dev_info info{};
  (void)rte_eth_dev_info_get(port, &info);
  rte_eth_conf conf{};
  conf.rxmode.mtu = config.mtu;
  if (config.offloads_checksums) {
    conf.txmode.offloads = info.tx_offload_capa & (sums_out_ip | sums_out_tcp);
    conf.rxmode.offloads = info.rx_offload_capa & sums_in;
  }
  state_.offloads = {(conf.txmode.offloads & sums_out_ip) != 0,
                     (conf.txmode.offloads & sums_out_tcp) != 0, conf.rxmode.offloads != 0};
  facts_.offloads = state_.offloads;
  kernel_index_ = info.if_index;
  constexpr std::uint64_t hashes = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP;
  if (config.queues > 1 && (info.flow_type_rss_offloads & hashes) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & hashes;
  }
  const int code = rte_eth_dev_configure(port, config.queues, config.queues, &conf);
  if (code == 0) return {};
  return "cannot configure " + std::string(facts_.name.data()) + " with " +
         std::to_string(config.queues) + " queues and an MTU of " + std::to_string(config.mtu) +
         ": " + reason(code);
}

std::string DpdkDevices::add_queues(std::uint16_t port, const DeviceConfig& config) {
  std::uint16_t receive_ring = config.receive_ring;
  std::uint16_t send_ring = config.send_ring;
  (void)rte_eth_dev_adjust_nb_rx_tx_desc(port, &receive_ring, &send_ring);
  const int node = rte_eth_dev_socket_id(port);
  for (std::uint16_t i = 0; i < config.queues; ++i) {
    const std::string name = "lepus_" + std::to_string(port) + "_" + std::to_string(i);
    rte_mempool* const pool = rte_pktmbuf_pool_create(name.c_str(), config.frames, mempool_cache,
                                                      RTE_ALIGN(sizeof(Frame), RTE_MBUF_PRIV_ALIGN),
                                                      data_room(config.mtu), node);
    if (pool == nullptr)
      return "no memory for " + std::to_string(config.frames) + " frames of queue " +
             std::to_string(i) + " (" + reason(rte_errno) +
             "): set net.dpdk.frames lower, or give DPDK more memory (-m MEGABYTES, hugepages)";
    queues_.push_back(std::make_unique<DpdkQueue>(DpdkQueue::Place{port, i}, pool, state_));
    int code =
        rte_eth_rx_queue_setup(port, i, receive_ring, static_cast<unsigned>(node), nullptr, pool);
    if (code == 0)
      code = rte_eth_tx_queue_setup(port, i, send_ring, static_cast<unsigned>(node), nullptr);
    if (code != 0) return "cannot set up queue " + std::to_string(i) + ": " + reason(code);
  }
  return {};
}

/// Of any thread, so without the text that others share.
const char* DpdkDevices::enter_thread() {
  return rte_thread_register() == 0 ? "" : "DPDK takes no more threads";
}

void DpdkDevices::leave_thread() { rte_thread_unregister(); }

bool DpdkDevices::is_kernel_link_up() {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(kernel_index_, name.data()) == nullptr) {
    state_.is_gone = true;
    return false;
  }
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  const bool is_known = control >= 0 && ioctl(control, SIOCGIFFLAGS, &request) == 0;
  if (control >= 0) close(control);
  constexpr int wanted = IFF_UP | IFF_RUNNING;
  return !is_known || (request.ifr_flags & wanted) == wanted;
}

/// Drivers of the kernel's interfaces believe that their link is always up. A device that is gone
/// is asked nothing.
void DpdkDevices::read_stats(DeviceStats& stats) {
  stats = {};
  stats.is_link_up = kernel_index_ == 0 || is_kernel_link_up();
  stats.is_gone = state_.is_gone;
  if (stats.is_gone) stats.is_link_up = false;
  for (const std::uint16_t port : stats.is_gone ? std::vector<std::uint16_t>{} : ports_) {
    rte_eth_stats one{};
    if (rte_eth_stats_get(port, &one) != 0) continue;
    stats.frames_in += one.ipackets;
    stats.frames_out += one.opackets;
    stats.missed += one.imissed;
    stats.no_frame += one.rx_nombuf;
    stats.errors_in += one.ierrors;
    stats.errors_out += one.oerrors;
    rte_eth_link link{};
    if (rte_eth_link_get_nowait(port, &link) != 0) continue;
    stats.is_link_up = stats.is_link_up && link.link_status == RTE_ETH_LINK_UP;
    stats.speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
  }
  for (const auto& queue : queues_) stats.frames_in_use += rte_mempool_in_use_count(queue->pool());
}

void DpdkDevices::stop() {
  for (const auto& queue : queues_) queue->drop_output();
  for (const std::uint16_t port : ports_) {
    (void)rte_eth_dev_callback_unregister(port, RTE_ETH_EVENT_INTR_RMV, &note_removal, &state_);
    (void)rte_eth_dev_stop(port);
    (void)rte_eth_dev_close(port);
  }
  for (const auto& queue : queues_) rte_mempool_free(queue->pool());
  queues_.clear();
  ports_.clear();
  if (has_started_) (void)rte_eal_cleanup();
}

}  // namespace lepus::net::bypass

extern "C" __attribute__((visibility("default"))) lepus::net::bypass::Devices* lepus_get_devices(
    std::uint32_t version) {
  static lepus::net::bypass::DpdkDevices devices;
  return version == lepus::net::bypass::device_version ? &devices : nullptr;
}
