// From what a restart found to what is free again.
#include "persist/journal/segments/segment_table.h"

#include <utility>

#include "persist/journal/segment_files.h"

namespace lepus::persist {

void SegmentTable::start(std::deque<Segment> in_use, std::uint64_t next_number) {
  CHECK(in_use_.empty());
  CHECK(in_use.size() < next_number);
  in_use_ = std::move(in_use);
  next_number_ = next_number;
  first_ = first_durable_ = next_number - in_use_.size();
  for (const Segment& segment : in_use_) {
    CHECK(&segment == &at(segment.number));
    live_bytes_ += segment.live_bytes;
    in_use_bytes_ += segment.size;
  }
}

std::string SegmentTable::path_of(std::uint64_t number) const {
  return segment_file_path(directory_, at(number).file);
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
  const std::uint64_t before = first_;
  while (!in_use_.empty() && first_ < limit && in_use_.front().live_bytes == 0) {
    dead_.push_back(in_use_.front());
    CHECK(in_use_bytes_ >= in_use_.front().size);
    in_use_bytes_ -= in_use_.front().size;
    in_use_.pop_front();
    ++first_;
  }
  return first_ != before;
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
