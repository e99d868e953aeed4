// The segments of one shard's journal, from the oldest that is needed to the newest: which file
// each is in, and how much of it is live. No file is touched here.
//
//   add() -> in use -> dead (nothing in it is live, nor in any before it) -> free_before()
//
// Segments die strictly in order: a settle record is then never gone before the message it is
// about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/base/assert.h"

namespace lepus::persist {

/// Stands for a segment whose file is lost.
constexpr std::uint32_t no_file = UINT32_MAX;

struct Segment {
  std::uint64_t number = 0;
  std::uint32_t file = 0;
  std::uint64_t live_bytes = 0;  ///< Of records, once for each queue that still needs one.
  std::uint64_t size = 0;        ///< Of the file, bytes.
};

class SegmentTable {
 public:
  /// `directory`: where the files are.
  explicit SegmentTable(std::string directory) : directory_(std::move(directory)) {}
  /// What a restart found: `in_use` is ascending and without a gap, up to `next_number`.
  void start(std::deque<Segment> in_use, std::uint64_t next_number);

  /// The oldest segment in use; next_number() when there is none.
  std::uint64_t first() const { return first_; }
  /// The journal says durably that everything before this one is dead.
  std::uint64_t first_durable() const { return first_durable_; }
  std::uint64_t next_number() const { return next_number_; }
  std::size_t in_use_count() const { return in_use_.size(); }
  /// Of the files from first() on.
  std::uint64_t in_use_bytes() const { return in_use_bytes_; }
  std::uint64_t live_bytes() const { return live_bytes_; }
  // Of a segment in use.
  std::uint64_t live_bytes(std::uint64_t number) const { return at(number).live_bytes; }
  std::uint64_t size_of(std::uint64_t number) const { return at(number).size; }
  std::uint32_t file_of(std::uint64_t number) const { return at(number).file; }
  std::string path_of(std::uint64_t number) const;
  const std::string& directory() const { return directory_; }

  void add_live(std::uint64_t number, std::uint64_t bytes) {
    at(number).live_bytes += bytes;
    live_bytes_ += bytes;
  }
  void remove_live(std::uint64_t number, std::uint64_t bytes) {
    Segment& segment = at(number);
    CHECK(segment.live_bytes >= bytes);
    segment.live_bytes -= bytes;
    live_bytes_ -= bytes;
  }
  /// A new segment, to be written later: records can be counted in it. Returns its number.
  std::uint64_t add();
  /// An added segment gets its file, of `size` bytes.
  void set_file(std::uint64_t number, std::uint32_t file, std::uint64_t size);
  /// Calls `call(segment)` for each that is not free, oldest first: also for those in use whose
  /// file is lost or not there yet.
  template <class F>
  void for_each(F&& call) const {
    for (const Segment& segment : dead_) call(segment);
    for (const Segment& segment : in_use_) call(segment);
  }
  /// Takes out the dead segments before `limit`. Returns true if first() moved.
  bool take_reclaimable(std::uint64_t limit);
  /// The journal says durably that everything before `number` is dead. Returns the segments whose
  /// files can be used again, oldest first.
  std::vector<Segment> free_before(std::uint64_t number);

 private:
  /// Segments are added behind and taken out in front, so a number is an index.
  std::size_t index_of(std::uint64_t number) const {
    CHECK(number >= first_);
    CHECK(number < next_number_);
    return static_cast<std::size_t>(number - first_);
  }
  const Segment& at(std::uint64_t number) const { return in_use_[index_of(number)]; }
  Segment& at(std::uint64_t number) { return in_use_[index_of(number)]; }

  std::string directory_;
  std::deque<Segment> in_use_;  ///< From first_ up to next_number_, without a gap.
  std::deque<Segment> dead_;    ///< Not yet free.
  std::uint64_t first_ = 1;
  std::uint64_t next_number_ = 1;
  std::uint64_t first_durable_ = 1;
  std::uint64_t live_bytes_ = 0;
  std::uint64_t in_use_bytes_ = 0;
};

}  // namespace lepus::persist
