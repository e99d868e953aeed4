// Bursts between mbufs and frames.
#include "net/dpdk/queue.h"

#include <rte_ethdev.h>

#include <algorithm>
#include <memory>

namespace lepus::net::bypass {

Frame* DpdkQueue::frame_of(rte_mbuf* mbuf) {
  auto* const frame = std::construct_at(static_cast<Frame*>(rte_mbuf_to_priv(mbuf)));
  frame->data = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
  frame->size = rte_pktmbuf_data_len(mbuf);
  frame->room = frame->size + rte_pktmbuf_tailroom(mbuf);
  return frame;
}

std::uint32_t DpdkQueue::receive(Frame** frames, std::uint32_t count) {
  std::array<rte_mbuf*, burst> mbufs;
  const auto wanted = static_cast<std::uint16_t>(std::min<std::uint32_t>(count, burst));
  const std::uint16_t received = rte_eth_rx_burst(port_, queue_, mbufs.data(), wanted);
  if (received == 0) return 0;
  if (++receptions_ % receptions_per_look == 0)
    is_nearly_empty_ = rte_mempool_avail_count(pool_) < low_;
  std::uint32_t taken = 0;
  for (std::uint16_t i = 0; i < received; ++i) {
    if (mbufs[i]->nb_segs == 1) {
      frames[taken++] = frame_of(mbufs[i]);
    } else {
      rte_pktmbuf_free(mbufs[i]);
      scattered_.store(scattered() + 1, std::memory_order_relaxed);
    }
  }
  return taken;
}

/// With a full ring there is none, so that TCP waits instead of losing what it sends.
Frame* DpdkQueue::allocate() {
  if (out_count_ == burst) flush();
  if (out_count_ == burst) return nullptr;
  rte_mbuf* const mbuf = rte_pktmbuf_alloc(pool_);
  return mbuf == nullptr ? nullptr : frame_of(mbuf);
}

void DpdkQueue::send(Frame* frame) {
  rte_mbuf* const mbuf = mbuf_of(frame);
  mbuf->data_len = static_cast<std::uint16_t>(frame->size);
  mbuf->pkt_len = frame->size;
  if (out_count_ == burst) flush();
  if (out_count_ == burst) {
    rte_pktmbuf_free(mbuf);
    out_dropped_.store(out_dropped() + 1, std::memory_order_relaxed);
    return;
  }
  out_[out_count_++] = mbuf;
}

/// What finds no room in the ring is tried again at the next flush.
void DpdkQueue::flush() {
  if (out_count_ == 0) return;
  const std::uint16_t sent = rte_eth_tx_burst(port_, queue_, out_.data(), out_count_);
  std::copy(out_.begin() + sent, out_.begin() + out_count_, out_.begin());
  out_count_ = static_cast<std::uint16_t>(out_count_ - sent);
}

void DpdkQueue::drop_output() {
  for (; out_count_ > 0; --out_count_) rte_pktmbuf_free(out_[out_count_ - 1]);
}

}  // namespace lepus::net::bypass
