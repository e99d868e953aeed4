// The rules of ingress.h, layer by layer. Every offset is checked before it is read.
#include "net/dpdk/lwip/ingress.h"

#include <algorithm>
#include <cstring>

namespace lepus::net::bypass {
namespace {

constexpr std::size_t ethernet_size = 14;
constexpr std::uint32_t tag_size = 4;
constexpr std::size_t arp_size = 28;
constexpr std::size_t ipv4_size = 20;
constexpr std::size_t ipv6_size = 40;
constexpr std::size_t tcp_size = 20;
constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_arp = 0x0806;
constexpr std::uint16_t type_vlan = 0x8100;
constexpr std::uint16_t type_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_icmp6 = 58;
constexpr std::uint8_t icmp_echo = 8;
constexpr std::uint8_t icmp6_echo = 128;
constexpr std::uint8_t icmp6_solicitation = 135;
constexpr std::uint8_t icmp6_advertisement = 136;
constexpr std::uint8_t tcp_syn = 0x02;
constexpr std::uint8_t tcp_ack = 0x10;

std::uint16_t load_u16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

Address load_v4(std::span<const std::uint8_t> bytes, std::size_t at) {
  Address address;
  std::memcpy(address.bytes.data(), bytes.data() + at, 4);
  return address;
}

Address load_v6(std::span<const std::uint8_t> bytes, std::size_t at) {
  Address address;
  address.is_v6 = true;
  std::memcpy(address.bytes.data(), bytes.data() + at, 16);
  return address;
}

Address broadcast_of(const Network& network) {
  Address address = network.address;
  for (unsigned bit = network.prefix; bit < 32; ++bit)
    address.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
  return address;
}

}  // namespace

Ingress::Ingress(const StackConfig& config) : mac_(config.mac), vlan_(config.vlan) {
  for (const Network& one : std::span(config.networks, config.network_count))
    own_.push_back({one, one.address.is_v6 ? Address{} : broadcast_of(one)});
}

Judgement Ingress::judge(Frame& frame) const {
  Judgement judgement;
  if (frame.size < ethernet_size || !remove_tag(frame, judgement)) return judgement;
  const View view(frame.data, frame.size);
  switch (load_u16(view, 12)) {
    case type_arp:
      judgement.fate = judge_arp(view, judgement);
      break;
    case type_ipv4:
      judgement.fate = judge_v4(view, judgement);
      break;
    case type_ipv6:
      judgement.fate = judge_v6(view, judgement);
      break;
    case type_vlan:
      judgement.fate = FrameFate::other_vlan;
      break;
    default:
      judgement.fate = FrameFate::other_protocol;
  }
  const bool is_damaged = frame.ip_sum == SumState::bad ||
                          (frame.tcp_sum == SumState::bad && judgement.fate == FrameFate::tcp);
  if (judgement.is_accepted() && is_damaged) judgement.fate = FrameFate::bad_checksum;
  return judgement;
}

bool Ingress::remove_tag(Frame& frame, Judgement& judgement) const {
  if (vlan_ == 0) return true;
  if (frame.size < ethernet_size + tag_size) return false;
  const View view(frame.data, frame.size);
  judgement.fate = FrameFate::other_vlan;
  if (load_u16(view, 12) != type_vlan || (load_u16(view, 14) & 0xfff) != vlan_) return false;
  std::memmove(frame.data + tag_size, frame.data, 12);
  frame.data += tag_size;
  frame.size -= tag_size;
  frame.room -= tag_size;
  return true;
}

bool Ingress::is_for_our_mac(View frame, bool may_be_group) const {
  if (std::memcmp(frame.data(), mac_.data(), mac_.size()) == 0) return true;
  return may_be_group && (frame[0] & 1) != 0;
}

bool Ingress::find_own(const Address& address, std::uint32_t& index) const {
  const auto found = std::find_if(own_.begin(), own_.end(), [&address](const Own& own) {
    return is_same(own.network.address, address);
  });
  if (found == own_.end()) return false;
  index = static_cast<std::uint32_t>(found - own_.begin());
  return true;
}

bool Ingress::is_good_source(const Address& source) const {
  std::uint32_t index = 0;
  if (find_own(source, index)) return false;
  if (source.is_v6) {
    const bool is_low = std::all_of(source.bytes.begin(), source.bytes.begin() + 15,
                                    [](std::uint8_t byte) { return byte == 0; });
    return source.bytes[0] != 0xff && !(is_low && source.bytes[15] <= 1);
  }
  if (source.bytes[0] == 0 || source.bytes[0] == 127 || source.bytes[0] >= 224) return false;
  return std::none_of(own_.begin(), own_.end(), [&source](const Own& own) {
    return !own.network.address.is_v6 && own.network.prefix < 31 && own.broadcast == source;
  });
}

FrameFate Ingress::judge_arp(View frame, Judgement& judgement) const {
  if (frame.size() < ethernet_size + arp_size) return FrameFate::short_frame;
  const View arp = frame.subspan(ethernet_size);
  if (load_u16(arp, 0) != 1 || load_u16(arp, 2) != type_ipv4 || arp[4] != 6 || arp[5] != 4)
    return FrameFate::other_protocol;
  if (!is_for_our_mac(frame, true)) return FrameFate::other_target;
  if (!find_own(load_v4(arp, 24), judgement.network)) return FrameFate::other_target;
  // A sender without an address asks whether ours is taken: it gets its answer.
  const Address sender = load_v4(arp, 14);
  if (sender != Address{} && !is_good_source(sender)) return FrameFate::bad_source;
  return FrameFate::arp;
}

FrameFate Ingress::judge_v4(View frame, Judgement& judgement) const {
  if (frame.size() < ethernet_size + ipv4_size) return FrameFate::short_frame;
  View packet = frame.subspan(ethernet_size);
  if (packet[0] >> 4 != 4) return FrameFate::other_protocol;
  if (packet[0] != 0x45) return FrameFate::options;
  const std::size_t size = load_u16(packet, 2);
  if (size < ipv4_size || size > packet.size()) return FrameFate::short_frame;
  packet = packet.first(size);
  if ((load_u16(packet, 6) & 0x3fff) != 0) return FrameFate::fragment;
  const Address source = load_v4(packet, 12);
  const Address target = load_v4(packet, 16);
  if (!is_for_our_mac(frame, false) || !find_own(target, judgement.network))
    return FrameFate::other_target;
  if (!is_good_source(source)) return FrameFate::bad_source;
  judgement.tuple.local = target;
  judgement.tuple.remote = source;
  const View payload = packet.subspan(ipv4_size);
  if (packet[9] == protocol_tcp) return judge_tcp(payload, judgement);
  if (packet[9] != protocol_icmp) return FrameFate::other_protocol;
  if (payload.size() < 8) return FrameFate::short_frame;
  return payload[0] == icmp_echo ? FrameFate::icmp : FrameFate::other_protocol;
}

FrameFate Ingress::judge_v6(View frame, Judgement& judgement) const {
  if (frame.size() < ethernet_size + ipv6_size) return FrameFate::short_frame;
  View packet = frame.subspan(ethernet_size);
  if (packet[0] >> 4 != 6) return FrameFate::other_protocol;
  const std::size_t size = ipv6_size + load_u16(packet, 4);
  if (size > packet.size()) return FrameFate::short_frame;
  packet = packet.first(size);
  const std::uint8_t protocol = packet[6];
  if (protocol == 0 || protocol == 43 || protocol == 60) return FrameFate::options;
  if (protocol == 44) return FrameFate::fragment;
  if (protocol != protocol_tcp && protocol != protocol_icmp6) return FrameFate::other_protocol;
  if (!is_for_our_mac(frame, protocol == protocol_icmp6)) return FrameFate::other_target;
  if (!find_v6_target(packet, protocol, judgement)) return FrameFate::other_target;
  const Address source = load_v6(packet, 8);
  judgement.tuple.local = load_v6(packet, 24);
  judgement.tuple.remote = source;
  const View payload = packet.subspan(ipv6_size);
  const bool asks_for_address = protocol == protocol_icmp6 && source == Address{{}, true};
  if (!asks_for_address && !is_good_source(source)) return FrameFate::bad_source;
  if (protocol == protocol_tcp) return judge_tcp(payload, judgement);
  if (payload.size() < 8) return FrameFate::short_frame;
  if (payload[0] == icmp6_echo && !asks_for_address) return FrameFate::icmp;
  if (payload[0] != icmp6_solicitation && payload[0] != icmp6_advertisement)
    return FrameFate::other_protocol;
  // Only who is on this link has the full hop limit.
  if (packet[7] != 255) return FrameFate::bad_source;
  return payload.size() < 24 ? FrameFate::short_frame : FrameFate::icmp;
}

/// One of our addresses, or for neighbour discovery the group of who ends like one of them.
bool Ingress::find_v6_target(View packet, std::uint8_t protocol, Judgement& judgement) const {
  const Address target = load_v6(packet, 24);
  if (find_own(target, judgement.network)) return true;
  constexpr std::array<std::uint8_t, 13> group = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  if (protocol != protocol_icmp6) return false;
  if (!std::equal(group.begin(), group.end(), target.bytes.begin())) return false;
  const auto found = std::find_if(own_.begin(), own_.end(), [&target](const Own& own) {
    return own.network.address.is_v6 && std::equal(target.bytes.begin() + 13, target.bytes.end(),
                                                   own.network.address.bytes.begin() + 13);
  });
  if (found == own_.end()) return false;
  judgement.network = static_cast<std::uint32_t>(found - own_.begin());
  return true;
}

FrameFate Ingress::judge_tcp(View segment, Judgement& judgement) {
  if (segment.size() < tcp_size) return FrameFate::short_frame;
  const std::size_t header = static_cast<std::size_t>(segment[12] >> 4) * 4;
  if (header < tcp_size || header > segment.size()) return FrameFate::short_frame;
  judgement.tuple.remote_port = load_u16(segment, 0);
  judgement.tuple.local_port = load_u16(segment, 2);
  judgement.begins_connection = (segment[13] & (tcp_syn | tcp_ack)) == tcp_syn;
  return FrameFate::tcp;
}

}  // namespace lepus::net::bypass
