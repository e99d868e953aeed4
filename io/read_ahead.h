// Reads of files that go on while the caller works, for a program that starts: it has no loop yet.
//
//   start, start, finish_oldest, start, finish_oldest ...       answers come in order of the starts
//
// Disk::read_ahead() gives one. That of a disk in memory reads when it is asked for the answer, so
// that simulations stay what they are; the kernel's is io/uring/async_file_reads.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::io {

class Disk;

class ReadAhead {
 public:
  static constexpr std::size_t depth_max = core::limits::reads_ahead_max;

  /// What Disk::read() takes. The memory is the kernel's until the read is finished.
  struct Read {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint8_t* at = nullptr;
    std::size_t size = 0;
  };

  ReadAhead() = default;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  /// Waits for all reads.
  virtual ~ReadAhead() = default;

  void start(const Read& read) {
    CHECK(count_ < depth_max);
    const std::size_t slot = (first_ + count_++) % depth_max;
    reads_[slot] = read;
    on_start(slot);
  }
  /// As Disk::read(): bytes, fewer only at the end of the file, or -errno.
  std::int64_t finish_oldest() { return finish(take_oldest()); }
  /// Nobody wants the answers; the memory is the caller's again.
  void forget_all() {
    while (count_ > 0) forget(take_oldest());
  }
  std::size_t count() const { return count_; }

 protected:
  const Read& read_of(std::size_t slot) const { return reads_[slot]; }

 private:
  virtual void on_start(std::size_t slot) = 0;
  virtual std::int64_t finish(std::size_t slot) = 0;
  virtual void forget(std::size_t slot) = 0;

  std::size_t take_oldest() {
    CHECK(count_ > 0);
    const std::size_t slot = first_;
    first_ = (first_ + 1) % depth_max;
    --count_;
    return slot;
  }

  std::array<Read, depth_max> reads_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace lepus::io
