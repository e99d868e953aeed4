// One queue pair of a device, with a pool of frames of its own: nothing is shared between shards.
//
// A frame's record lies in its mbuf, in the part that DPDK leaves to programs.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <atomic>

#include "core/limits/bypass.h"
#include "net/bypass/frame.h"

namespace lepus::net::bypass {

/// What queues of one device share.
struct DeviceState {
  Offloads offloads;                 ///< Set before the first queue is used.
  std::atomic<bool> is_gone{false};  ///< By any thread.
};

class DpdkQueue final : public FramePort {
 public:
  struct Place {
    std::uint16_t port;
    std::uint16_t queue;
  };
  /// The caller owns the pool, whose mbufs have room for a Frame, and `state`.
  DpdkQueue(const Place& place, rte_mempool* pool, const DeviceState& state)
      : place_(place),
        pool_(pool),
        state_(state),
        low_(pool->size / core::limits::bypass_frames_low_share) {}
  DpdkQueue(const DpdkQueue&) = delete;
  DpdkQueue& operator=(const DpdkQueue&) = delete;

  std::uint32_t receive(Frame** frames, std::uint32_t count) override;
  Frame* allocate() override;
  void send(Frame* frame) override;
  void flush() override;
  void release(Frame* frame) override { rte_pktmbuf_free(mbuf_of(frame)); }
  bool is_nearly_empty() const override { return is_nearly_empty_; }
  Offloads offloads() const override { return state_.offloads; }
  bool is_gone() const override { return state_.is_gone.load(std::memory_order_relaxed); }
  PortCounts counts() const override;

  rte_mempool* pool() const { return pool_; }
  /// What still waits to leave is dropped.
  void drop_output();

 private:
  static constexpr std::uint16_t burst = core::limits::bypass_send_burst;

  static rte_mbuf* mbuf_of(Frame* frame) {
    return reinterpret_cast<rte_mbuf*>(reinterpret_cast<char*>(frame) - sizeof(rte_mbuf));
  }
  static Frame* frame_of(rte_mbuf* mbuf);
  void look_at_pool();

  const Place place_;
  rte_mempool* const pool_;
  const DeviceState& state_;
  const std::uint32_t low_;  ///< Free frames below which there are few.
  std::array<rte_mbuf*, burst> out_{};
  std::uint16_t out_count_ = 0;
  std::uint32_t receptions_ = 0;
  bool is_nearly_empty_ = false;
  PortCounts counts_;  ///< But for the frames.
};

}  // namespace lepus::net::bypass
