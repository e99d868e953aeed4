// Segments are added behind and taken out in front, so a number is an index.
#include "persist/journal/segments/segment_table.h"

#include <utility>

#include "core/base/assert.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

void SegmentTable::start(std::deque<Segment> in_use, std::uint64_t next_number) {
  CHECK(in_use_.empty());
  CHECK(in_use.empty() || in_use.back().number < next_number);
  in_use_ = std::move(in_use);
  next_number_ = next_number;
  first_durable_ = first();
  for (const Segment& segment : in_use_) {
    live_bytes_ += segment.live_bytes;
    in_use_bytes_ += segment.size;
  }
}

std::size_t SegmentTable::index_of(std::uint64_t number) const {
  CHECK(!in_use_.empty());
  CHECK(number >= in_use_.front().number);
  CHECK(number - in_use_.front().number < in_use_.size());
  return static_cast<std::size_t>(number - in_use_.front().number);
}

std::string SegmentTable::path_of(std::uint64_t number) const {
  return segment_file_path(directory_, at(number).file);
}

void SegmentTable::add_live(std::uint64_t number, std::uint64_t bytes) {
  at(number).live_bytes += bytes;
  live_bytes_ += bytes;
}

void SegmentTable::remove_live(std::uint64_t number, std::uint64_t bytes) {
  Segment& segment = at(number);
  CHECK(segment.live_bytes >= bytes);
  segment.live_bytes -= bytes;
  live_bytes_ -= bytes;
}

std::uint64_t SegmentTable::add() {
  in_use_.push_back({next_number_, 0, 0, 0});
  return next_number_++;
}

void SegmentTable::set_file(std::uint64_t number, std::uint32_t file, std::uint64_t size) {
  Segment& segment = at(number);
  CHECK(segment.size == 0);
  segment.file = file;
  segment.size = size;
  in_use_bytes_ += size;
}

bool SegmentTable::take_reclaimable(std::uint64_t limit) {
  bool moved = false;
  while (!in_use_.empty() && in_use_.front().number < limit && in_use_.front().live_bytes == 0) {
    dead_.push_back(in_use_.front());
    CHECK(in_use_bytes_ >= in_use_.front().size);
    in_use_bytes_ -= in_use_.front().size;
    in_use_.pop_front();
    moved = true;
  }
  return moved;
}

std::vector<Segment> SegmentTable::free_before(std::uint64_t number) {
  CHECK(number >= first_durable_);
  first_durable_ = number;
  std::vector<Segment> freed;
  for (; !dead_.empty() && dead_.front().number < number; dead_.pop_front())
    if (dead_.front().file != no_file) freed.push_back(dead_.front());
  return freed;
}

}  // namespace lepus::persist
