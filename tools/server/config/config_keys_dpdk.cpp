// The rows of net.dpdk.*, and its values of a kind of their own.
#include <fmt/ranges.h>

#include <vector>

#include "net/bypass/addresses.h"
#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace {

SetOutcome set_addresses(ServerConfig& config, const KeyText& given) {
  std::vector<std::string> addresses;
  for (const std::string_view part : split_list(given.value)) {
    if (!net::bypass::parse_network(part))
      return access::refused(fmt::format("'{}' is no address with the bits of its network", part));
    addresses.emplace_back(part);
  }
  config.dpdk.addresses = std::move(addresses);
  return access::taken();
}

std::string show_addresses(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.dpdk.addresses, ","));
}

SetOutcome set_gateway(ServerConfig& config, const KeyText& given) {
  const auto address = net::bypass::parse_address(given.value);
  if (!address || address->is_v6) return access::refused();
  config.dpdk.gateway = given.value;
  return access::taken();
}

std::string show_gateway(const ServerConfig& config) { return config.dpdk.gateway; }

SetOutcome set_gateway_v6(ServerConfig& config, const KeyText& given) {
  const auto address = net::bypass::parse_address(given.value);
  if (!address || !address->is_v6) return access::refused();
  config.dpdk.gateway_v6 = given.value;
  return access::taken();
}

std::string show_gateway_v6(const ServerConfig& config) { return config.dpdk.gateway_v6; }

SetOutcome set_offload(ServerConfig& config, const KeyText& given) {
  if (given.value != "auto" && given.value != "off") return access::refused();
  config.dpdk.offloads_checksums = given.value == "auto";
  return access::taken();
}

std::string show_offload(const ServerConfig& config) {
  return config.dpdk.offloads_checksums ? "auto" : "off";
}

constexpr access::Access dpdk_addresses = {set_addresses, show_addresses};
constexpr access::Access dpdk_gateway = {set_gateway, show_gateway};
constexpr access::Access dpdk_gateway_v6 = {set_gateway_v6, show_gateway_v6};
constexpr access::Access dpdk_offload = {set_offload, show_offload};

constexpr auto dpdk = &ServerConfig::dpdk;
constexpr auto limits = &ServerConfig::dpdk_limits;

void add_device(const Section& add) {
  add({"net.dpdk.enabled", accepts_bool,
       "Whether clients may connect by a network device of the broker's own, besides the other "
       "listeners. See BYPASS.md."},
      restart, access::flag<dpdk, &DpdkConfig::enabled>);
  add({"net.dpdk.device", "a PCI address or the name of a vdev",
       "Of the devices that DPDK finds; the first when not set."},
      restart, access::text<dpdk, &DpdkConfig::device>);
  add({"net.dpdk.eal_arguments", "arguments separated by blanks",
       "For DPDK, besides those that the other keys stand for, e.g. "
       "--vdev=net_af_packet0,iface=eth1,qpairs=2."},
      restart, access::text<dpdk, &DpdkConfig::eal_arguments>);
  add({"net.dpdk.hugepages", accepts_bool,
       "Whether frames are in hugepages, which must be there; else in common memory, for devices "
       "that are software."},
      restart, access::flag<dpdk, &DpdkConfig::hugepages>);
  add({"net.dpdk.memory", "MiB from 32 to 65536", "For frames, without hugepages."}, restart,
      access::number<32, 65536, dpdk, &DpdkConfig::memory_mb>);
  add({"net.dpdk.frames", "a number from 1023 to 1048575",
       "Frames of each shard, best a power of two less one."},
      restart, access::number<1023, 1048575, dpdk, &DpdkConfig::frames>);
  add({"net.dpdk.receive_ring", "a number from 64 to 32768",
       "Frames of a shard that the device keeps until they are read."},
      restart, access::number<64, 32768, dpdk, &DpdkConfig::receive_ring>);
  add({"net.dpdk.send_ring", "a number from 64 to 32768",
       "Frames of a shard that the device keeps until they are sent."},
      restart, access::number<64, 32768, dpdk, &DpdkConfig::send_ring>);
  add({"net.dpdk.checksum_offload", "auto or off",
       "Whether the device computes and checks checksums, as far as it can."},
      restart, dpdk_offload);
  add({"net.dpdk.modules", "a directory",
       "Where lepus-dpdk.so and lepus-lwip.so are; beside the program when not set."},
      restart, access::text<dpdk, &DpdkConfig::modules>);
}

}  // namespace

void add_dpdk(std::vector<KeySpec>& rows) {
  const Section add(rows, "Kernel bypass (DPDK)");
  add_device(add);
  add({"net.dpdk.addresses", "addresses like 10.77.0.1/24 separated by commas",
       "Addresses of the device, IPv4 and IPv6, with the bits of their networks."},
      restart, dpdk_addresses);
  add({"net.dpdk.gateway", "an IPv4 address",
       "Who is asked for the way to other networks. Answers go back to where the question came "
       "from without it."},
      restart, dpdk_gateway);
  add({"net.dpdk.gateway_ipv6", "an IPv6 address", "The same for IPv6."}, restart, dpdk_gateway_v6);
  add({"net.dpdk.port", "a port, or 0 for none", "Where AMQP clients connect, on all addresses."},
      restart, access::number<0, 65535, dpdk, &DpdkConfig::port>);
  add({"net.dpdk.ssl_port", "a port, or 0 for none",
       "Where AMQP clients connect with TLS; ssl_options count."},
      restart, access::number<0, 65535, dpdk, &DpdkConfig::ssl_port>);
  add({"net.dpdk.vlan", "a number from 1 to 4094, or 0 for none",
       "Frames have the tag of this VLAN; others are dropped."},
      restart, access::number<0, 4094, dpdk, &DpdkConfig::vlan>);
  add({"net.dpdk.mtu", "bytes from 1280 to 9000", "Largest packet."}, restart,
      access::number<1280, 9000, dpdk, &DpdkConfig::mtu>);
  add({"net.dpdk.half_open_max", "a number from 16 to 65536",
       "Connections of a shard whose client has not answered yet; the oldest gives way."},
      restart, access::number<16, 65536, limits, &DpdkLimits::half_open_max>);
  add({"net.dpdk.window_max", "a size from 64KiB to 2MiB",
       "What a client may send ahead of the broker."},
      restart, access::size<64 << 10, 2 << 20, limits, &DpdkLimits::window_max>);
  add({"net.dpdk.poll_interval", "microseconds from 1 to 1000",
       "How long an idle shard sleeps before it looks at the device again; with idle = poll it "
       "never sleeps."},
      restart, access::number<1, 1000, limits, &DpdkLimits::poll_interval_us>);
}

}  // namespace lepus::server
