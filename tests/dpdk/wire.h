// Two ports with a wire between them, in memory: what one sends the other receives, or not, late,
// or twice, by a seeded generator. It counts its frames: all must be back in the end.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "core/base/assert.h"
#include "core/base/random.h"
#include "net/bypass/frame.h"
#include "tests/dpdk/sums.h"

namespace lepus::net::bypass {

struct WireFaults {
  unsigned lost_per_mille = 0;
  unsigned doubled_per_mille = 0;
  unsigned late_per_mille = 0;  ///< Behind the next few frames.
};

class WirePort final : public FramePort {
 public:
  explicit WirePort(std::uint64_t seed, const WireFaults& faults = {},
                    const Offloads& offloads = {})
      : random_(seed), faults_(faults), offloads_(offloads) {}
  WirePort(const WirePort&) = delete;
  WirePort& operator=(const WirePort&) = delete;
  ~WirePort() {
    for (Frame* frame : arrived_) release(frame);
    CHECK(in_use_ == 0);
  }
  void connect(WirePort& other) { other_ = &other; }

  std::uint32_t receive(Frame** frames, std::uint32_t count) override {
    std::uint32_t taken = 0;
    for (; taken < count && !arrived_.empty(); ++taken) {
      frames[taken] = arrived_.front();
      arrived_.pop_front();
    }
    return taken;
  }
  Frame* allocate() override {
    if (in_use_ >= frames_max) {
      ++no_frame_;
      return nullptr;
    }
    ++in_use_;
    auto* const memory = std::make_unique<Memory>().release();
    memory->frame.data = memory->bytes.data();
    memory->frame.room = static_cast<std::uint32_t>(memory->bytes.size());
    return &memory->frame;
  }
  void send(Frame* frame) override {
    ++sent;
    complete_sums(*frame);
    if (!happens(faults_.lost_per_mille)) {
      other_->arrive(*frame, faults_, random_);
      if (happens(faults_.doubled_per_mille)) other_->arrive(*frame, faults_, random_);
    }
    release(frame);
  }
  void flush() override {}
  void release(Frame* frame) override {
    CHECK(in_use_ > 0);
    --in_use_;
    const std::unique_ptr<Memory> ended(reinterpret_cast<Memory*>(frame));
  }
  bool is_nearly_empty() const override { return in_use_ > frames_max / 2; }
  Offloads offloads() const override { return offloads_; }
  bool is_gone() const override { return gone; }
  PortCounts counts() const override {
    PortCounts counts;
    counts.no_frame = no_frame_;
    counts.frames = static_cast<std::uint32_t>(frames_max);
    counts.frames_used = static_cast<std::uint32_t>(in_use_);
    return counts;
  }

  std::size_t in_use() const { return in_use_; }
  /// Of them, those that came and were not received yet.
  std::size_t waiting() const { return arrived_.size(); }
  std::uint64_t sent = 0;
  std::size_t frames_max = 8192;
  bool gone = false;

 private:
  struct Memory {
    Frame frame;
    std::array<std::uint8_t, 9100> bytes;
  };

  bool happens(unsigned per_mille) { return random_.below(1000) < per_mille; }
  void arrive(const Frame& sent_frame, const WireFaults& faults, core::Random& random) {
    Frame* const frame = allocate();
    if (frame == nullptr) return;
    frame->size = sent_frame.size;
    std::copy(sent_frame.data, sent_frame.data + sent_frame.size, frame->data);
    if (offloads_.in) look_at_sums(*frame);
    const std::size_t back =
        random.below(1000) < faults.late_per_mille ? random.below(5) : std::size_t{0};
    arrived_.insert(arrived_.end() - static_cast<std::ptrdiff_t>(std::min(back, arrived_.size())),
                    frame);
  }

  core::Random random_;
  WireFaults faults_;
  Offloads offloads_;
  WirePort* other_ = nullptr;
  std::deque<Frame*> arrived_;
  std::size_t in_use_ = 0;
  std::uint64_t no_frame_ = 0;
};

}  // namespace lepus::net::bypass
