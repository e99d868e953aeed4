// Connections: what the user asks, and what lwIP tells.
#include "net/dpdk/lwip/connection.h"

#include <memory>

#include "core/base/assert.h"
#include "core/limits/bypass.h"

namespace lepus::net::bypass {
namespace {

constexpr std::uint32_t segments_ahead = core::limits::bypass_segments_ahead;

}  // namespace

LwipConnection::LwipConnection(ConnectionTable& table, tcp_pcb& pcb, const StackConfig& config)
    : table_(table), pcb_(&pcb), window_(config.window_first), window_max_(config.window_max) {
  tcp_arg(pcb_, this);
  tcp_recv(pcb_, &LwipConnection::on_received);
  tcp_sent(pcb_, &LwipConnection::on_sent);
  tcp_err(pcb_, &LwipConnection::on_error);
  tcp_nagle_disable(pcb_);
}

void LwipConnection::open() {
  CHECK(!is_in_table_);
  tuple_ = {from_lwip(pcb_->local_ip), from_lwip(pcb_->remote_ip), pcb_->local_port,
            pcb_->remote_port};
  released_ = written_ = pcb_->snd_lbb;
  // The peer knows of 64 KiB at most so far: nothing is taken back.
  window_ = std::min(window_, pcb_->rcv_wnd);
  pcb_->rcv_wnd = window_;
  (void)tcp_update_rcv_ann_wnd(pcb_);
  table_.add(*this);
}

void LwipConnection::connect(const ip_addr_t& address, std::uint16_t port) {
  (void)tcp_connect(pcb_, &address, port, &LwipConnection::on_connected);
}

void LwipConnection::link() {
  CHECK(is_parked_);
  is_parked_ = false;
  pcb_->next = tcp_active_pcbs;
  tcp_active_pcbs = pcb_;
}

void LwipConnection::park() {
  if (pcb_ == nullptr || is_parked_) return;
  // From here on lwIP alone knows when it frees what is left of it.
  if (pcb_->state == TIME_WAIT) {
    (void)detach();
    pcb_ = nullptr;
    return;
  }
  TCP_RMV(&tcp_active_pcbs, pcb_);
  is_parked_ = true;
}

// ---- the user ----

std::uint32_t LwipConnection::room() const {
  if (pcb_ == nullptr || (pcb_->state != ESTABLISHED && pcb_->state != CLOSE_WAIT)) return 0;
  if (pcb_->snd_queuelen + 4U * segments_ahead >= TCP_SND_QUEUELEN) return 0;
  const std::uint32_t taken = std::min<std::uint32_t>(pcb_->snd_wnd, pcb_->cwnd);
  const std::uint32_t wanted = taken + segments_ahead * pcb_->mss;
  const std::uint32_t kept = pcb_->snd_lbb - pcb_->lastack;
  return kept >= wanted ? 0 : std::min<std::uint32_t>(wanted - kept, pcb_->snd_buf);
}

bool LwipConnection::write(const std::uint8_t* bytes, std::uint32_t size) {
  CHECK(size <= write_size_max);
  if (pcb_ == nullptr) return false;
  if (tcp_write(pcb_, bytes, static_cast<std::uint16_t>(size), 0) != ERR_OK) return false;
  written_ += size;
  return true;
}

bool LwipConnection::output() { return pcb_ == nullptr || tcp_output(pcb_) == ERR_OK; }

void LwipConnection::consume(std::uint32_t size) {
  if (pcb_ == nullptr) return;
  used_ += size;
  if (used_ >= window_ && window_ < window_max_) {
    const std::uint32_t more = std::min(window_, window_max_ - window_);
    window_ += more;
    size += more;
    used_ = 0;
  }
  while (size > 0) {
    const std::uint32_t part = std::min(size, write_size_max);
    tcp_recved(pcb_, static_cast<std::uint16_t>(part));
    size -= part;
  }
}

bool LwipConnection::shutdown_write() {
  return pcb_ == nullptr || tcp_shutdown(pcb_, 0, 1) == ERR_OK;
}

void LwipConnection::close() {
  if (is_parked_) link();
  tcp_pcb* const pcb = detach();
  pcb_ = nullptr;
  if (pcb != nullptr) {
    // lwIP resets when it believes that input was not used.
    pcb->rcv_wnd = TCP_WND_MAX(pcb);
    if (tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
  }
  end();
}

void LwipConnection::reset() {
  tcp_pcb* const pcb = detach();
  pcb_ = nullptr;
  if (pcb != nullptr) tcp_abort(pcb);
  end();
}

tcp_pcb* LwipConnection::detach() {
  if (pcb_ == nullptr) return nullptr;
  tcp_arg(pcb_, nullptr);
  tcp_recv(pcb_, nullptr);
  tcp_sent(pcb_, nullptr);
  tcp_err(pcb_, nullptr);
  return pcb_;
}

void LwipConnection::end() {
  if (is_in_table_) table_.remove(*this);
  const std::unique_ptr<LwipConnection> ended(this);
}

// ---- lwIP ----

err_t LwipConnection::on_received(void* self, tcp_pcb*, pbuf* bytes, err_t) {
  auto& connection = *static_cast<LwipConnection*>(self);
  if (bytes == nullptr) {
    connection.user_->on_peer_end();
    return ERR_OK;
  }
  for (const pbuf* part = bytes; part != nullptr; part = part->next) {
    if (part->len > 0)
      connection.user_->on_input(static_cast<const std::uint8_t*>(part->payload), part->len);
  }
  pbuf_free(bytes);
  return ERR_OK;
}

err_t LwipConnection::on_sent(void* self, tcp_pcb*, std::uint16_t) {
  static_cast<LwipConnection*>(self)->release_acknowledged();
  return ERR_OK;
}

void LwipConnection::release_acknowledged() {
  std::uint32_t kept = written_;
  for (const tcp_seg* segment : {pcb_->unacked, pcb_->unsent}) {
    if (segment == nullptr) continue;
    const std::uint32_t begin = lwip_ntohl(segment->tcphdr->seqno);
    if (TCP_SEQ_LT(begin, kept)) kept = begin;
  }
  const std::uint32_t size = kept - released_;
  if (size == 0) return;
  released_ = kept;
  user_->on_acknowledged(size);
}

err_t LwipConnection::on_connected(void* self, tcp_pcb*, err_t) {
  auto& connection = *static_cast<LwipConnection*>(self);
  connection.open();
  connection.user_->on_connected();
  return ERR_OK;
}

/// lwIP has freed it. ERR_CLSD: both sides had said their last.
void LwipConnection::on_error(void* self, err_t error) {
  auto& connection = *static_cast<LwipConnection*>(self);
  connection.pcb_ = nullptr;
  connection.is_parked_ = false;
  if (error == ERR_CLSD) return;
  const Failure how = error == ERR_RST ? Failure::reset : Failure::timed_out;
  connection.user_->on_failed(connection.table_.has_device() ? how : Failure::no_device);
}

}  // namespace lepus::net::bypass
