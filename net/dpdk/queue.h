// One queue pair of a device, with a pool of frames of its own: nothing is shared between shards.
//
// A frame's record lies in its mbuf, in the part that DPDK leaves to programs.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <atomic>

#include "net/bypass/frame.h"

namespace lepus::net::bypass {

class DpdkQueue final : public FramePort {
 public:
  /// The caller owns the pool; its mbufs have room for a Frame.
  DpdkQueue(std::uint16_t port, std::uint16_t queue, rte_mempool* pool)
      : port_(port), queue_(queue), pool_(pool), low_(pool->size / 4) {}
  DpdkQueue(const DpdkQueue&) = delete;
  DpdkQueue& operator=(const DpdkQueue&) = delete;

  std::uint32_t receive(Frame** frames, std::uint32_t count) override;
  Frame* allocate() override;
  void send(Frame* frame) override;
  void flush() override;
  void release(Frame* frame) override { rte_pktmbuf_free(mbuf_of(frame)); }
  bool is_nearly_empty() const override { return is_nearly_empty_; }

  rte_mempool* pool() const { return pool_; }
  std::uint64_t out_dropped() const { return out_dropped_.load(std::memory_order_relaxed); }
  std::uint64_t scattered() const { return scattered_.load(std::memory_order_relaxed); }
  /// What still waits to leave is dropped.
  void drop_output();

 private:
  static constexpr std::uint16_t burst = 64;
  static constexpr std::uint32_t receptions_per_look = 16;

  static rte_mbuf* mbuf_of(Frame* frame) {
    return reinterpret_cast<rte_mbuf*>(reinterpret_cast<char*>(frame) - sizeof(rte_mbuf));
  }
  static Frame* frame_of(rte_mbuf* mbuf);

  std::uint16_t port_;
  std::uint16_t queue_;
  rte_mempool* pool_;
  std::uint32_t low_;  ///< Free frames below which there are few.
  std::array<rte_mbuf*, burst> out_{};
  std::uint16_t out_count_ = 0;
  std::uint32_t receptions_ = 0;
  bool is_nearly_empty_ = false;
  std::atomic<std::uint64_t> out_dropped_{0};  ///< Written by the queue's thread.
  std::atomic<std::uint64_t> scattered_{0};    ///< Written by the queue's thread.
};

}  // namespace lepus::net::bypass
