// What is in use, and what of it is live. The files themselves: segments_files.cpp.
#include "persist/journal/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

Segments::Segments(Parts parts) : parts_(std::move(parts)), zeros_(nullptr, &std::free) {
  CHECK(parts_.segment_size % block_size == 0);
  CHECK(parts_.segment_size >= 4 * block_size);
  retry_timer_.bind<&Segments::on_retry>(this);
  shrink_timer_.bind<&Segments::on_shrink_timer>(this);
  remove_op_.bind<&Segments::on_remove>(this);
}

Segments::~Segments() {
  parts_.loop->timers().cancel(retry_timer_);
  parts_.loop->timers().cancel(shrink_timer_);
  if (spare_fd_ >= 0) parts_.disk->close(spare_fd_);
}

std::string Segments::start(Found found) {
  CHECK(spare_ == Spare::none);
  in_use_ = std::move(found.in_use);
  unused_ = std::move(found.unused);
  file_count_ = found.file_count;
  next_number_ = found.next_number;
  first_durable_ = first();
  for (const Segment& segment : in_use_) {
    live_bytes_ += segment.live_bytes;
    in_use_bytes_ += segment.size;
  }
  disk_bytes_ = in_use_bytes_;
  for (const FreeFile& file : found.free) {
    disk_bytes_ += file.size;
    drop_file(file);
  }
  for (; !dropped_.empty(); dropped_.pop_front()) {
    const FreeFile& file = dropped_.front();
    const int removed = parts_.disk->remove(segment_file_path(parts_.directory, file.number));
    if (removed == 0) unused_.push_back(file.number);
    if (removed == 0) disk_bytes_ -= file.size;
  }
  spare_file_ = take_file();
  spare_path_ = segment_file_path(parts_.directory, spare_file_.number);
  io::OpenMode mode{true, true, direct_, false};
  spare_fd_ = parts_.disk->open(spare_path_, mode);
  if (spare_fd_ == -EINVAL) {
    direct_ = mode.direct = false;
    parts_.log->write(LogLevel::warning, LogCategory::general,
                      "the file system has no direct I/O: the journal goes through the page cache",
                      {{"directory", parts_.directory}});
    spare_fd_ = parts_.disk->open(spare_path_, mode);
  }
  int code = std::min(spare_fd_, 0);
  if (code == 0 && spare_file_.size < parts_.segment_size) {
    code = parts_.disk->fill(spare_fd_, parts_.segment_size);
    if (code == 0) disk_bytes_ += parts_.segment_size - spare_file_.size;
    if (code == 0) spare_file_.size = parts_.segment_size;
  }
  // What is there can be read; what is to be written waits.
  if (is_no_room(-code)) {
    spare_failed(-code);
    return {};
  }
  if (code < 0)
    return fmt::format("cannot make the journal file {} of {} bytes: {}; make room or set data_dir",
                       spare_path_, parts_.segment_size, std::strerror(-code));
  spare_ = Spare::ready;
  return {};
}

Segment& Segments::find(std::uint64_t number) {
  CHECK(!in_use_.empty());
  CHECK(number >= in_use_.front().number);
  CHECK(number - in_use_.front().number < in_use_.size());
  return in_use_[static_cast<std::size_t>(number - in_use_.front().number)];
}

void Segments::add_live(std::uint64_t number, std::uint64_t bytes) {
  find(number).live_bytes += bytes;
  live_bytes_ += bytes;
}

void Segments::remove_live(std::uint64_t number, std::uint64_t bytes) {
  Segment& segment = find(number);
  CHECK(segment.live_bytes >= bytes);
  segment.live_bytes -= bytes;
  live_bytes_ -= bytes;
}

std::uint64_t Segments::add() {
  in_use_.push_back({next_number_, 0, 0, 0});
  return next_number_++;
}

int Segments::begin(std::uint64_t number, std::uint64_t size_min) {
  CHECK(has_spare());
  CHECK(spare_fd_ >= 0);
  Segment& segment = find(number);
  segment.file = spare_file_.number;
  segment.size = std::max(spare_file_.size, size_min);
  in_use_bytes_ += segment.size;
  disk_bytes_ += segment.size - spare_file_.size;
  spare_ = Spare::none;
  return std::exchange(spare_fd_, -1);
}

bool Segments::take_reclaimable(std::uint64_t limit) {
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

void Segments::free_before(std::uint64_t number) {
  CHECK(number >= first_durable_);
  first_durable_ = number;
  while (!dead_.empty() && dead_.front().number < number) {
    if (dead_.front().file != no_file) drop_file({dead_.front().file, dead_.front().size});
    dead_.pop_front();
  }
  if (spare_ == Spare::waiting && !free_.empty()) {
    parts_.loop->timers().cancel(retry_timer_);
    spare_ = Spare::none;
    prepare();
  }
}

}  // namespace lepus::persist
