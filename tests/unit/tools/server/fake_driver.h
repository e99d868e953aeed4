// A driver for loops that only exchange commands: writes down the wake ops, completes them when
// told, and lets the test move time.
#pragma once

#include <utility>
#include <vector>

#include "io/driver.h"

namespace lepus::server::test {

class FakeDriver final : public io::Driver {
 public:
  explicit FakeDriver(int target) : target_(target) {}

  core::Nanos turn(io::OpList& submitted, std::vector<io::Completion>& completed,
                   core::Nanos) override {
    while (io::Op* op = submitted.pop()) {
      CHECK(op->kind == io::OpKind::wake);
      wakes.push_back(op->fd);
      in_flight_.push_back(op);
    }
    if (completes)
      for (io::Op* op : std::exchange(in_flight_, {})) completed.push_back({op, 0, false, {}});
    return time;
  }
  core::Nanos now() override { return time; }
  core::Nanos wall_now() override { return time + wall_offset; }
  io::PeerName peer_name(int) override { return {}; }
  void reset_on_close(int) override {}
  int next_descriptor() override { return 0; }
  std::size_t receive_buffers() const override { return 0; }
  int wake_target() const override { return target_; }

  core::Nanos time = core::nanos_per_s;
  core::Nanos wall_offset = 0;
  bool completes = true;   ///< Ops come back in the same turn.
  std::vector<int> wakes;  ///< Targets of the wake ops, in order.

 private:
  int target_;
  std::vector<io::Op*> in_flight_;
};

}  // namespace lepus::server::test
