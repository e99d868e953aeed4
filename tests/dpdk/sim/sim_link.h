// A link between two devices, in simulated time: what leaves one arrives at the other after the
// delay, or not, or twice, or later than others, or with a bit that is another one. Everything that
// happens follows from the seed.
//
//   SimPort::send() -> [on the link: bytes and when they arrive] -> deliver() -> SimPort::receive()
//
// A device has so many frames, and what arrives when all are used is lost. All must be back in the
// end.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "tests/dpdk/sim/plan.h"
#include "tests/dpdk/sums.h"

namespace lepus::net::bypass::sim {

/// Of all that happened.
struct LinkCounts {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t late = 0;
  std::uint64_t damaged = 0;
  std::uint64_t cut = 0;
  std::uint64_t link_down = 0;  ///< Lost by it.
  std::uint64_t no_frame = 0;   ///< There was none to receive into.
};

class SimLink;

class SimPort final : public FramePort {
 public:
  SimPort(SimLink& link, std::size_t side, const DevicePlan& plan)
      : link_(link), side_(side), plan_(plan) {}
  SimPort(const SimPort&) = delete;
  SimPort& operator=(const SimPort&) = delete;
  ~SimPort() {
    for (Frame* frame : arrived_) release(frame);
  }

  std::uint32_t receive(Frame** frames, std::uint32_t count) override {
    std::uint32_t taken = 0;
    for (; taken < count && !arrived_.empty(); ++taken) {
      frames[taken] = arrived_.front();
      arrived_.pop_front();
    }
    return taken;
  }
  Frame* allocate() override {
    if (in_use_ >= plan_.frames) return nullptr;
    ++in_use_;
    auto* const memory = std::make_unique<Memory>().release();
    memory->frame.data = memory->bytes.data();
    memory->frame.room = static_cast<std::uint32_t>(memory->bytes.size());
    return &memory->frame;
  }
  inline void send(Frame* frame) override;
  void flush() override {}
  void release(Frame* frame) override {
    if (keeps_frames && ++released_ % frames_per_mistake == 0) return;
    CHECK(in_use_ > 0);
    --in_use_;
    const std::unique_ptr<Memory> ended(reinterpret_cast<Memory*>(frame));
  }
  bool is_nearly_empty() const override { return in_use_ > plan_.frames * 3 / 4; }
  Offloads offloads() const override { return plan_.offloads; }
  bool is_gone() const override { return false; }
  PortCounts counts() const override { return {}; }

  /// Comes from the link. False: no frame.
  bool take(core::Bytes bytes, bool claims_good) {
    Frame* const frame = allocate();
    if (frame == nullptr) return false;
    frame->size = static_cast<std::uint32_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame->data);
    if (plan_.offloads.in) look_at_sums(*frame);
    if (claims_good) frame->ip_sum = frame->tcp_sum = SumState::good;
    arrived_.push_back(frame);
    return true;
  }
  std::size_t in_use() const { return in_use_; }
  bool keeps_frames = false;  ///< Mistake::frame_kept.

 private:
  static constexpr std::uint64_t frames_per_mistake = 300;
  struct Memory {
    Frame frame;
    std::array<std::uint8_t, 9100> bytes;
  };

  SimLink& link_;
  const std::size_t side_;
  const DevicePlan plan_;
  std::deque<Frame*> arrived_;
  std::size_t in_use_ = 0;
  std::uint64_t released_ = 0;
};

class SimLink {
 public:
  SimLink(const Plan& plan, core::Random random, Mistake mistake)
      : plan_(plan.link),
        random_(random),
        mistake_(mistake),
        ports_{std::make_unique<SimPort>(*this, 0, plan.devices[0]),
               std::make_unique<SimPort>(*this, 1, plan.devices[1])} {
    for (const auto& one : ports_) one->keeps_frames = mistake == Mistake::frame_kept;
  }
  SimPort& port(std::size_t side) { return *ports_[side]; }
  const LinkCounts& counts() const { return counts_; }
  /// Of all frames with their times.
  std::uint64_t trace() const { return trace_; }
  /// What has arrived up to `now`.
  void deliver(Nanos now) {
    now_ = now;
    while (!under_way_.empty() && under_way_.begin()->first.first <= now) {
      const UnderWay frame = std::move(under_way_.begin()->second);
      under_way_.erase(under_way_.begin());
      if (is_down()) {
        ++counts_.link_down;
      } else if (!ports_[frame.to]->take(frame.bytes, frame.claims_good)) {
        ++counts_.no_frame;
      }
    }
  }
  bool is_empty() const { return under_way_.empty(); }

  void carry(std::size_t from, core::Bytes bytes) {
    note(from, bytes);
    ++counts_.sent;
    const FrameFaults& faults = plan_.faults;
    if (is_down()) return void(++counts_.link_down);
    if (happens(faults.lost)) return void(++counts_.lost);
    put(1 - from, bytes);
    if (!happens(faults.doubled)) return;
    ++counts_.doubled;
    put(1 - from, bytes);
  }

 private:
  struct UnderWay {
    std::size_t to;
    std::vector<std::uint8_t> bytes;
    bool claims_good;
  };
  static constexpr std::size_t ethernet_size = 14;

  bool happens(unsigned per_ten_thousand) { return random_.below(10'000) < per_ten_thousand; }
  bool is_down() const {
    return std::any_of(plan_.downs.begin(), plan_.downs.end(), [this](const auto& down) {
      return down.from <= now_ && (now_ < down.until || mistake_ == Mistake::link_lost);
    });
  }
  /// Frames that are not late keep their order.
  void put(std::size_t to, core::Bytes bytes) {
    UnderWay frame{to, {bytes.begin(), bytes.end()}, false};
    damage(frame);
    Nanos arrival = now_ + plan_.delay;
    if (happens(plan_.faults.late)) {
      ++counts_.late;
      arrival += static_cast<Nanos>(random_.below(static_cast<std::uint64_t>(plan_.late_max)));
    }
    under_way_.emplace(std::pair{arrival, ++number_}, std::move(frame));
  }
  /// ARP has no checksum of its own, and Ethernet's is not here.
  void damage(UnderWay& frame) {
    std::vector<std::uint8_t>& bytes = frame.bytes;
    const bool is_arp = bytes[12] == 0x08 && bytes[13] == 0x06;
    if (is_arp || bytes.size() <= ethernet_size) return;
    if (happens(plan_.faults.cut)) {
      ++counts_.cut;
      bytes.resize(bytes.size() - 1 - random_.below(bytes.size() - ethernet_size));
    }
    if (!happens(plan_.faults.damaged) || bytes.size() <= ethernet_size) return;
    ++counts_.damaged;
    const std::size_t at = ethernet_size + random_.below(bytes.size() - ethernet_size);
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1U << random_.below(8));
    frame.claims_good = mistake_ == Mistake::damage_taken;
  }
  void note(std::size_t from, core::Bytes bytes) {
    trace_ = (trace_ ^ static_cast<std::uint64_t>(now_) ^ from) * 0x100000001b3;
    for (const std::uint8_t byte : bytes) trace_ = (trace_ ^ byte) * 0x100000001b3;
  }

  const LinkPlan plan_;
  core::Random random_;
  const Mistake mistake_;
  std::array<std::unique_ptr<SimPort>, 2> ports_;
  std::map<std::pair<Nanos, std::uint64_t>, UnderWay> under_way_;  ///< By arrival.
  Nanos now_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325;
  LinkCounts counts_;
};

inline void SimPort::send(Frame* frame) {
  complete_sums(*frame);
  link_.carry(side_, {frame->data, frame->size});
  release(frame);
}

}  // namespace lepus::net::bypass::sim
