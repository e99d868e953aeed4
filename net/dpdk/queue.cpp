// Bursts between mbufs and frames.
#include "net/dpdk/queue.h"

#include <rte_ethdev.h>

#include <algorithm>
#include <memory>

namespace lepus::net::bypass {
namespace {

/// `none`: the device had a look and replaced the sum by something else.
SumState state_of(std::uint64_t flags, std::uint64_t good, std::uint64_t bad) {
  const std::uint64_t found = flags & (good | bad);
  if (found == 0) return SumState::unknown;
  return found == bad ? SumState::bad : SumState::good;
}

void ask_for_sums(rte_mbuf& mbuf, const SumsToMake& wanted) {
  if (!wanted.ip && !wanted.tcp) return;
  mbuf.l2_len = wanted.link_size & 0x7f;
  mbuf.l3_len = wanted.ip_size & 0xff;
  mbuf.ol_flags |= wanted.is_v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
  if (wanted.ip) mbuf.ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
  if (wanted.tcp) mbuf.ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
}

}  // namespace

Frame* DpdkQueue::frame_of(rte_mbuf* mbuf) {
  auto* const frame = std::construct_at(static_cast<Frame*>(rte_mbuf_to_priv(mbuf)));
  frame->data = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
  frame->size = rte_pktmbuf_data_len(mbuf);
  frame->room = frame->size + rte_pktmbuf_tailroom(mbuf);
  return frame;
}

std::uint32_t DpdkQueue::receive(Frame** frames, std::uint32_t count) {
  if (is_gone()) return 0;
  std::array<rte_mbuf*, burst> mbufs;
  const auto wanted = static_cast<std::uint16_t>(std::min<std::uint32_t>(count, burst));
  const std::uint16_t received = rte_eth_rx_burst(place_.port, place_.queue, mbufs.data(), wanted);
  if (received == 0) return 0;
  if (++receptions_ % core::limits::bypass_receptions_per_look == 0) look_at_pool();
  std::uint32_t taken = 0;
  for (std::uint16_t i = 0; i < received; ++i) {
    rte_mbuf* const mbuf = mbufs[i];
    if (mbuf->nb_segs != 1) {
      rte_pktmbuf_free(mbuf);
      ++counts_.scattered;
      continue;
    }
    Frame* const frame = frame_of(mbuf);
    if (state_.offloads.in) {
      frame->ip_sum =
          state_of(mbuf->ol_flags, RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD);
      frame->tcp_sum =
          state_of(mbuf->ol_flags, RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD);
    }
    frames[taken++] = frame;
  }
  return taken;
}

void DpdkQueue::look_at_pool() { is_nearly_empty_ = rte_mempool_avail_count(pool_) < low_; }

/// With a full ring there is none, so that TCP waits instead of losing what it sends.
Frame* DpdkQueue::allocate() {
  if (out_count_ == burst) flush();
  if (out_count_ == burst) {
    ++counts_.ring_full;
    return nullptr;
  }
  rte_mbuf* const mbuf = rte_pktmbuf_alloc(pool_);
  if (mbuf != nullptr) return frame_of(mbuf);
  ++counts_.no_frame;
  is_nearly_empty_ = true;
  return nullptr;
}

void DpdkQueue::send(Frame* frame) {
  rte_mbuf* const mbuf = mbuf_of(frame);
  mbuf->data_len = static_cast<std::uint16_t>(frame->size);
  mbuf->pkt_len = frame->size;
  ask_for_sums(*mbuf, frame->to_make);
  if (out_count_ == burst) flush();
  if (out_count_ == burst) {
    rte_pktmbuf_free(mbuf);
    ++counts_.dropped;
    return;
  }
  out_[out_count_++] = mbuf;
}

/// What finds no room in the ring is tried again at the next flush.
void DpdkQueue::flush() {
  if (out_count_ == 0) return;
  if (is_gone()) {
    counts_.dropped += out_count_;
    return drop_output();
  }
  const std::uint16_t sent = rte_eth_tx_burst(place_.port, place_.queue, out_.data(), out_count_);
  std::copy(out_.begin() + sent, out_.begin() + out_count_, out_.begin());
  out_count_ = static_cast<std::uint16_t>(out_count_ - sent);
}

PortCounts DpdkQueue::counts() const {
  PortCounts counts = counts_;
  counts.frames = pool_->size;
  counts.frames_used = rte_mempool_in_use_count(pool_);
  return counts;
}

void DpdkQueue::drop_output() {
  for (; out_count_ > 0; --out_count_) rte_pktmbuf_free(out_[out_count_ - 1]);
}

}  // namespace lepus::net::bypass
