// The stack's interfaces, and how packets leave: one copy, from where their bytes lie into a frame.
#include "core/base/assert.h"
#include "net/dpdk/lwip/stack.h"

namespace lepus::net::bypass {
namespace {

constexpr std::uint32_t tag_size = 4;
constexpr std::uint32_t ethernet_size = 14;
constexpr std::uint32_t ipv4_size = 20;
constexpr std::uint32_t ipv6_size = 40;
constexpr std::uint32_t tcp_checksum_at = 16;
constexpr std::uint8_t protocol_tcp = 6;

ip4_addr_t mask_of(unsigned prefix) {
  return {prefix == 0 ? 0 : lwip_htonl(~std::uint32_t{0} << (32 - prefix))};
}

/// Ethernet, IP and TCP headers are in one piece.
bool is_reset(const pbuf& packet) {
  constexpr std::uint8_t tcp_reset = 0x04;
  const auto* const bytes = static_cast<const std::uint8_t*>(packet.payload);
  const std::size_t at = (bytes[12] == 0x08 ? 14 + 20 : 14 + 40) + 13;
  return packet.len > at && (bytes[at] & tcp_reset) != 0;
}

/// What the device completes: it wants to find the sum of the pseudo header where TCP's is to be.
/// The frame has no tag yet, but room for it.
void leave_sums(Frame& frame, std::uint32_t link_size, const Offloads& offloads) {
  std::uint8_t* const packet = frame.data + link_size;
  const std::uint32_t size = frame.size - link_size;
  const std::uint8_t* const type = packet - 2;
  SumsToMake& wanted = frame.to_make;
  wanted.is_v6 = type[0] == 0x86 && type[1] == 0xdd;
  if (!wanted.is_v6 && !(type[0] == 0x08 && type[1] == 0x00)) return;
  const std::uint32_t ip_size = wanted.is_v6 ? ipv6_size : ipv4_size;
  wanted.link_size = static_cast<std::uint8_t>(link_size);
  wanted.ip_size = static_cast<std::uint8_t>(ip_size);
  wanted.ip = offloads.ip_out && !wanted.is_v6;
  const std::uint8_t protocol = packet[wanted.is_v6 ? 6 : 9];
  wanted.tcp = offloads.tcp_out && protocol == protocol_tcp;
  if (!wanted.tcp) return;
  const std::uint32_t tcp_size = size - ip_size;
  const std::uint32_t addresses_at = wanted.is_v6 ? 8 : 12;
  std::uint32_t sum = lepus_checksum(packet + addresses_at, wanted.is_v6 ? 32 : 8);
  sum += lwip_htons(protocol_tcp) + std::uint32_t{lwip_htons(static_cast<u16_t>(tcp_size))};
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  const auto field = static_cast<std::uint16_t>(sum);
  std::memcpy(packet + ip_size + tcp_checksum_at, &field, sizeof field);
}

}  // namespace

void LwipStack::add_interfaces() {
  const std::span networks(config_.networks, config_.network_count);
  const ip_addr_t gateway = to_lwip(config_.gateway);
  const auto add = [this, &gateway](const ip4_addr_t& address, const ip4_addr_t& mask) {
    interfaces_.push_back(std::make_unique<netif>());
    netif* const interface = interfaces_.back().get();
    netif_add(interface, &address, &mask, ip_2_ip4(&gateway), this, &LwipStack::begin_interface,
              &ethernet_input);
    netif_set_up(interface);
    unsigned sums = NETIF_CHECKSUM_ENABLE_ALL;
    if (offloads_.ip_out) sums &= ~unsigned{NETIF_CHECKSUM_GEN_IP};
    if (offloads_.tcp_out) sums &= ~unsigned{NETIF_CHECKSUM_GEN_TCP};
    NETIF_SET_CHECKSUM_CTRL(interface, static_cast<u16_t>(sums));
    return interface;
  };
  for (const Network& one : networks) {
    if (one.address.is_v6) continue;
    const ip_addr_t address = to_lwip(one.address);
    add(*ip_2_ip4(&address), mask_of(one.prefix));
  }
  if (interfaces_.empty()) add({}, {});
  netif_set_default(interfaces_.front().get());
  std::size_t next_v4 = 0;
  for (const Network& one : networks)
    interface_of_network_.push_back(one.address.is_v6 ? interfaces_.front().get()
                                                      : interfaces_[next_v4++].get());
  add_v6_addresses();
}

void LwipStack::add_v6_addresses() {
  netif* const interface = interfaces_.front().get();
  for (const Network& one : std::span(config_.networks, config_.network_count)) {
    if (!one.address.is_v6) continue;
    const ip_addr_t address = to_lwip(one.address);
    std::int8_t index = -1;
    if (netif_add_ip6_address(interface, ip_2_ip6(&address), &index) != ERR_OK) continue;
    netif_ip6_addr_set_state(interface, index, IP6_ADDR_PREFERRED);
  }
}

err_t LwipStack::begin_interface(netif* interface) {
  const auto& stack = *static_cast<LwipStack*>(interface->state);
  interface->name[0] = 'l';
  interface->name[1] = 'p';
  interface->linkoutput = &LwipStack::send_frame;
  interface->output = &LwipStack::send_v4;
  interface->output_ip6 = &LwipStack::send_v6;
  interface->mtu = stack.config_.mtu;
  interface->mtu6 = stack.config_.mtu;
  interface->hwaddr_len = 6;
  std::copy(stack.config_.mac.begin(), stack.config_.mac.end(), interface->hwaddr);
  interface->flags =
      NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP | NETIF_FLAG_ETHERNET;
  return ERR_OK;
}

err_t LwipStack::send_v4(netif* interface, pbuf* packet, const ip4_addr_t* target) {
  auto& stack = *static_cast<LwipStack*>(interface->state);
  Address address;
  std::memcpy(address.bytes.data(), &target->addr, 4);
  const Neighbours::Mac* const mac = stack.neighbours_.find(address);
  if (mac == nullptr) return etharp_output(interface, packet, target);
  return ethernet_output(interface, packet, reinterpret_cast<const eth_addr*>(interface->hwaddr),
                         reinterpret_cast<const eth_addr*>(mac->data()), ETHTYPE_IP);
}

err_t LwipStack::send_v6(netif* interface, pbuf* packet, const ip6_addr_t* target) {
  auto& stack = *static_cast<LwipStack*>(interface->state);
  Address address;
  address.is_v6 = true;
  std::memcpy(address.bytes.data(), target->addr, 16);
  const Neighbours::Mac* const mac = stack.neighbours_.find(address);
  if (mac == nullptr) return ethip6_output(interface, packet, target);
  return ethernet_output(interface, packet, reinterpret_cast<const eth_addr*>(interface->hwaddr),
                         reinterpret_cast<const eth_addr*>(mac->data()), ETHTYPE_IPV6);
}

err_t LwipStack::send_frame(netif* interface, pbuf* packet) {
  return static_cast<LwipStack*>(interface->state)->copy_out(*packet);
}

/// What finds no frame is sent again by TCP's timers.
err_t LwipStack::copy_out(const pbuf& packet) {
  if (is_stray_ && is_reset(packet)) {
    ++stats_.resets_kept_back;
    return ERR_OK;
  }
  const std::uint32_t tag = config_.vlan != 0 ? tag_size : 0;
  Frame* const frame = config_.port->allocate();
  if (frame == nullptr || frame->room < packet.tot_len + tag) {
    ++stats_.frames_out_dropped;
    if (frame != nullptr) config_.port->release(frame);
    return ERR_MEM;
  }
  std::uint8_t* cursor = frame->data + tag;
  for (const pbuf* part = &packet; part != nullptr; part = part->next) {
    std::memcpy(cursor, part->payload, part->len);
    cursor += part->len;
  }
  frame->size = packet.tot_len + tag;
  if (offloads_.ip_out || offloads_.tcp_out) leave_sums(*frame, ethernet_size + tag, offloads_);
  if (tag != 0) {
    std::memmove(frame->data, frame->data + tag, 12);
    const std::uint8_t bytes[4] = {0x81, 0x00, static_cast<std::uint8_t>(config_.vlan >> 8),
                                   static_cast<std::uint8_t>(config_.vlan)};
    std::memcpy(frame->data + 12, bytes, sizeof bytes);
  }
  ++stats_.frames_out;
  stats_.bytes_out += frame->size;
  config_.port->send(frame);
  return ERR_OK;
}

}  // namespace lepus::net::bypass
