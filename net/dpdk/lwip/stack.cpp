// Input, timers and listeners of the stack; its interfaces and output are in stack_output.cpp.
#include "net/dpdk/lwip/stack.h"

#include "core/base/assert.h"
#include "core/base/secret_source.h"
#include "net/dpdk/lwip/hooks.h"

namespace lepus::net::bypass {
namespace {

LwipStack* the_stack = nullptr;

/// The stack's record of a frame that it did not copy.
struct HeldFrame {
  pbuf_custom packet;  // First: lwIP gives its address back.
  FramePort* port;
};
static_assert(sizeof(HeldFrame) <= sizeof(Frame::owner_area));

void release_frame(pbuf* packet) {
  auto* const held = reinterpret_cast<HeldFrame*>(packet);
  auto* const area = reinterpret_cast<std::uint8_t*>(held);
  held->port->release(reinterpret_cast<Frame*>(area - offsetof(Frame, owner_area)));
}

constexpr std::uint16_t checks_all = NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_TCP |
                                     NETIF_CHECKSUM_CHECK_ICMP | NETIF_CHECKSUM_CHECK_ICMP6;

/// What the device did not look at.
std::uint16_t checks_of(const Frame& frame) {
  unsigned checks = checks_all;
  if (frame.ip_sum == SumState::good) checks &= ~unsigned{NETIF_CHECKSUM_CHECK_IP};
  if (frame.tcp_sum == SumState::good) checks &= ~unsigned{NETIF_CHECKSUM_CHECK_TCP};
  return static_cast<std::uint16_t>(checks);
}

/// Whether the listener takes the connection.
bool is_for(const Tuple& tuple, const tcp_pcb& listener) {
  const ip_addr_t& address = listener.local_ip;
  if (listener.local_port != tuple.local_port) return false;
  if (IP_IS_ANY_TYPE_VAL(address)) return true;
  const ip_addr_t local = to_lwip(tuple.local);
  if (IP_IS_V6_VAL(address) != tuple.local.is_v6) return false;
  return ip_addr_isany_val(address) || ip_addr_cmp(&address, &local);
}

/// Its user ends it.
LwipConnection* make_connection(ConnectionTable& table, tcp_pcb& pcb, const StackConfig& config) {
  return std::make_unique<LwipConnection>(table, pcb, config).release();
}

}  // namespace

LwipStack::LwipStack(const StackConfig& config)
    : config_(config),
      offloads_(config.port->offloads()),
      gateway_v6_(to_lwip(config.gateway_v6)),
      ingress_(config),
      table_(config.secret[1] | 1) {
  CHECK(the_stack == nullptr);
  the_stack = this;
  lwip_init();
  add_interfaces();
}

void LwipStack::input(Frame* frame) {
  stats_.bytes_in += frame->size;
  const Judgement judgement = ingress_.judge(*frame);
  if (judgement.is_accepted() && judgement.fate != FrameFate::arp)
    neighbours_.learn(judgement.tuple.remote, frame->data + 6);
  const std::uint16_t checks = checks_of(*frame);
  pbuf* const packet = judgement.is_accepted() ? make_packet(*frame) : nullptr;
  if (packet == nullptr) {
    const FrameFate fate = judgement.is_accepted() ? FrameFate::no_memory : judgement.fate;
    ++stats_.frames_in[static_cast<std::size_t>(fate)];
    return config_.port->release(frame);
  }
  ++stats_.frames_in[static_cast<std::size_t>(judgement.fate)];
  if (judgement.fate == FrameFate::tcp) find_connection(judgement);
  is_stray_ = config_.is_quiet && current_ == nullptr && judgement.fate == FrameFate::tcp &&
              !judgement.begins_connection;
  netif* const interface = interface_of_network_[judgement.network];
  interface->chksum_flags = static_cast<u16_t>((interface->chksum_flags & ~checks_all) | checks);
  if (interface->input(packet, interface) != ERR_OK) pbuf_free(packet);
  is_stray_ = false;
  if (current_ != nullptr) current_->park();
  current_ = nullptr;
}

/// The frame's, out of those that are kept aside; or there is room for it to begin.
void LwipStack::find_connection(const Judgement& judgement) {
  current_ = table_.find(judgement.tuple);
  if (current_ != nullptr && !current_->is_parked()) current_ = nullptr;
  if (current_ != nullptr) return current_->link();
  if (!judgement.begins_connection) return;
  const bool is_listened_to =
      std::any_of(listeners_.begin(), listeners_.end(),
                  [&judgement](const auto& one) { return is_for(judgement.tuple, *one->pcb); });
  if (is_listened_to) return limit_half_open();
  ++stats_.no_listener;
}

pbuf* LwipStack::make_packet(Frame& frame) {
  if (frame.size > 0xffff) return nullptr;
  const auto size = static_cast<std::uint16_t>(frame.size);
  if (config_.port->is_nearly_empty()) {
    pbuf* const copy = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);
    if (copy == nullptr) return nullptr;
    stats_.copied_in_bytes += size;
    (void)pbuf_take(copy, frame.data, size);
    config_.port->release(&frame);
    return copy;
  }
  auto* const held = reinterpret_cast<HeldFrame*>(frame.owner_area);
  held->packet.custom_free_function = &release_frame;
  held->port = config_.port;
  return pbuf_alloced_custom(PBUF_RAW, size, PBUF_REF, &held->packet, frame.data, size);
}

/// The oldest gives way, silently: who really wants to connect answers within a round trip.
void LwipStack::limit_half_open() {
  std::uint32_t count = 0;
  tcp_pcb* oldest = nullptr;
  for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) {
    if (pcb->state != SYN_RCVD) continue;
    ++count;
    oldest = pcb;
  }
  if (count < config_.half_open_max || oldest == nullptr) return;
  ++stats_.half_open_dropped;
  tcp_abandon(oldest, 0);
}

void LwipStack::advance(std::uint64_t now_ms) {
  CHECK(now_ms >= now_ms_);
  now_ms_ = now_ms;
  if (sys_timeouts_sleeptime() != 0) return;
  table_.link_all();
  sys_check_timeouts();
  table_.park_all();
}

void LwipStack::lose_device() {
  table_.lose_device();
  while (tcp_active_pcbs != nullptr) tcp_abandon(tcp_active_pcbs, 0);
}

const StackStats& LwipStack::stats() {
  stats_.retransmits = lwip_stats.mib2.tcpretranssegs;
  stats_.bad_checksums = lwip_stats.ip.chkerr + lwip_stats.tcp.chkerr + lwip_stats.icmp.chkerr +
                         lwip_stats.icmp6.chkerr +
                         stats_.frames_in[static_cast<std::size_t>(FrameFate::bad_checksum)];
  stats_.connections_half_open = 0;
  for (const tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next)
    if (pcb->state == SYN_RCVD) ++stats_.connections_half_open;
  stats_.connections_open = table_.size();
  return stats_;
}

// ---- connections ----

bool LwipStack::listen(const Endpoint& local, std::uint32_t listener) {
  const bool is_any = local.address.bytes == Address{}.bytes;
  ip_addr_t address = to_lwip(local.address);
  if (is_any && local.address.is_v6) IP_SET_TYPE_VAL(address, IPADDR_TYPE_ANY);
  for (const auto& one : listeners_)
    if (one->pcb->local_port == local.port && ip_addr_cmp(&one->pcb->local_ip, &address))
      return false;
  tcp_pcb* const pcb = tcp_new_ip_type(IP_GET_TYPE(&address));
  if (pcb == nullptr) return false;
  ip_set_option(pcb, SOF_REUSEADDR);
  tcp_pcb* listening = nullptr;
  if (tcp_bind(pcb, &address, local.port) == ERR_OK) listening = tcp_listen(pcb);
  if (listening == nullptr) {
    tcp_abort(pcb);
    return false;
  }
  listeners_.push_back(std::make_unique<Listener>(Listener{this, listener, listening}));
  tcp_arg(listening, listeners_.back().get());
  tcp_accept(listening, &LwipStack::on_accept);
  return true;
}

void LwipStack::stop_listening(std::uint32_t listener) {
  std::erase_if(listeners_, [listener](const auto& one) {
    if (one->number != listener) return false;
    (void)tcp_close(one->pcb);
    return true;
  });
}

err_t LwipStack::on_accept(void* listener, tcp_pcb* pcb, err_t error) {
  if (error != ERR_OK || pcb == nullptr) return ERR_VAL;
  const auto& from = *static_cast<Listener*>(listener);
  LwipStack& stack = *from.stack;
  auto* const connection = make_connection(stack.table_, *pcb, stack.config_);
  connection->open();
  stack.current_ = connection;
  ++stack.stats_.connections_accepted;
  stack.config_.user->on_connection(*connection, from.number);
  return ERR_OK;
}

Connection* LwipStack::connect(const Endpoint& local, const Endpoint& remote) {
  const ip_addr_t from = to_lwip(local.address);
  const ip_addr_t to = to_lwip(remote.address);
  tcp_pcb* const pcb = tcp_new_ip_type(IP_GET_TYPE(&to));
  if (pcb == nullptr) return nullptr;
  if (tcp_bind(pcb, &from, local.port) != ERR_OK) {
    tcp_abort(pcb);
    return nullptr;
  }
  auto* const connection = make_connection(table_, *pcb, config_);
  connection->connect(to, remote.port);
  return connection;
}

const ip6_addr_t* LwipStack::gateway_v6() const {
  return ip_addr_isany_val(gateway_v6_) ? nullptr : ip_2_ip6(&gateway_v6_);
}

std::uint32_t LwipStack::initial_sequence(const Tuple& tuple) const {
  std::uint64_t words[4];
  std::memcpy(words, tuple.local.bytes.data(), 16);
  std::memcpy(words + 2, tuple.remote.bytes.data(), 16);
  std::uint64_t hash = static_cast<std::uint64_t>(tuple.local_port) << 16 | tuple.remote_port;
  for (const std::uint64_t word : words)
    hash = core::SecretSource::hash({config_.secret[0] ^ hash, config_.secret[1]}, word);
  // A new connection of the same ports is ahead of the old one's segments.
  return static_cast<std::uint32_t>(hash) + static_cast<std::uint32_t>(now_ms_ * 250);
}

void LwipStack::destroy() {
  for (const auto& one : listeners_) (void)tcp_close(one->pcb);
  listeners_.clear();
  CHECK(table_.size() == 0);
  while (tcp_active_pcbs != nullptr) tcp_abandon(tcp_active_pcbs, 0);
  while (tcp_tw_pcbs != nullptr) tcp_abandon(tcp_tw_pcbs, 0);
  for (const auto& interface : interfaces_) netif_remove(interface.get());
  config_.port->flush();
  the_stack = nullptr;
  const std::unique_ptr<LwipStack> ended(this);
}

}  // namespace lepus::net::bypass

extern "C" {

u32_t sys_now() { return lepus::net::bypass::the_stack->now_ms(); }

const ip6_addr_t* lepus_gateway_v6() { return lepus::net::bypass::the_stack->gateway_v6(); }

/// lwIP keeps what comes before its turn as it is, and ends the process when that goes beyond the
/// window at the time it is handed over. By one is enough, and no peer has to be ill-meaning: a FIN
/// goes with the last segment of a full window. It comes again when the window has room.
err_t lepus_judge_segment(const tcp_pcb* pcb, const tcp_hdr* header, const pbuf* bytes) {
  // Before the peer's SYN nothing is known of its numbers.
  if (pcb->state == LISTEN || pcb->state == SYN_SENT) return ERR_OK;
  if (!TCP_SEQ_GT(header->seqno, pcb->rcv_nxt)) return ERR_OK;
  const u32_t flags = (TCPH_FLAGS(header) & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0;
  const u32_t end = header->seqno + bytes->tot_len + flags;
  return TCP_SEQ_GT(end, pcb->rcv_nxt + pcb->rcv_wnd) ? ERR_VAL : ERR_OK;
}

u32_t lepus_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                             u16_t remote_port) {
  using lepus::net::bypass::from_lwip;
  return lepus::net::bypass::the_stack->initial_sequence(
      {from_lwip(*local), from_lwip(*remote), local_port, remote_port});
}

__attribute__((visibility("default"))) std::uint32_t lepus_stack_version() {
  return lepus::net::bypass::stack_version;
}

__attribute__((visibility("default"))) lepus::net::bypass::Stack* lepus_make_stack(
    std::uint32_t version, const lepus::net::bypass::StackConfig& config) {
  if (version != lepus::net::bypass::stack_version) return nullptr;
  if (lepus::net::bypass::the_stack != nullptr || config.network_count == 0) return nullptr;
  return std::make_unique<lepus::net::bypass::LwipStack>(config).release();
}
}
