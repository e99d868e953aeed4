// Reading ahead with a small ring of its own. Direct reads go on in the device, others in a thread
// of the kernel's.
#pragma once

#include <liburing.h>

#include <array>
#include <memory>

#include "io/disk.h"

namespace lepus::io {

class AsyncFileReads final : public ReadAhead {
  struct Key {};

 public:
  /// nullptr: the kernel gives no ring.
  static std::unique_ptr<AsyncFileReads> create(Disk& disk);

  AsyncFileReads(Key, Disk& disk) : disk_(disk) {}
  ~AsyncFileReads() override;

 private:
  struct Answer {
    bool is_there = true;
    std::int32_t result = 0;
  };

  void on_start(std::size_t slot) override;
  std::int64_t finish(std::size_t slot) override;
  void forget(std::size_t slot) override { wait_for(slot); }
  void wait_for(std::size_t slot);
  void take_answer();
  void submit();

  Disk& disk_;
  io_uring ring_{};
  bool has_ring_ = false;
  std::array<Answer, depth_max> answers_;  ///< By slot.
};

}  // namespace lepus::io
