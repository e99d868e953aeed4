// The way of a file from slot to segment and back.
#include "persist/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/limits.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

namespace {
constexpr std::size_t zeros_size = std::size_t{1} << 20;
constexpr core::Nanos retry_wait = core::nanos_per_s;
}  // namespace

Segments::Segments(Parts parts) : parts_(std::move(parts)), zeros_(nullptr, &std::free) {
  CHECK(parts_.segment_size % block_size == 0);
  CHECK(parts_.segment_size >= 4 * block_size);
  retry_timer_.bind<&Segments::on_retry>(this);
}

Segments::~Segments() {
  parts_.loop->timers().cancel(retry_timer_);
  if (spare_fd_ >= 0) parts_.disk->close(spare_fd_);
}

std::string Segments::start(Found found) {
  CHECK(spare_ == Spare::none);
  in_use_ = std::move(found.in_use);
  free_ = std::move(found.free);
  slot_count_ = found.slot_count;
  next_number_ = found.next_number;
  for (const Segment& segment : in_use_) {
    live_bytes_ += segment.live_bytes;
    disk_bytes_ += segment.size;
  }
  for (const Slot& slot : free_) disk_bytes_ += slot.size;
  const bool is_new = free_.empty();
  spare_slot_ = is_new ? Slot{slot_count_++, 0} : free_.back();
  if (!is_new) free_.pop_back();
  spare_path_ = slot_file_path(parts_.directory, spare_slot_.number);
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
  if (code == 0 && spare_slot_.size < parts_.segment_size) {
    code = parts_.disk->fill(spare_fd_, parts_.segment_size);
    disk_bytes_ += parts_.segment_size - spare_slot_.size;
    spare_slot_.size = parts_.segment_size;
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
  segment.slot = spare_slot_.number;
  segment.size = std::max(spare_slot_.size, size_min);
  disk_bytes_ += segment.size - spare_slot_.size;
  spare_ = Spare::none;
  return std::exchange(spare_fd_, -1);
}

bool Segments::take_dead(std::uint64_t limit) {
  bool moved = false;
  while (!in_use_.empty() && in_use_.front().number < limit && in_use_.front().live_bytes == 0) {
    dead_.push_back(in_use_.front());
    in_use_.pop_front();
    moved = true;
  }
  return moved;
}

void Segments::free_before(std::uint64_t number) {
  while (!dead_.empty() && dead_.front().number < number) {
    if (dead_.front().slot != no_slot) free_.push_back({dead_.front().slot, dead_.front().size});
    dead_.pop_front();
  }
  if (spare_ == Spare::waiting && !free_.empty()) {
    parts_.loop->timers().cancel(retry_timer_);
    spare_ = Spare::none;
    prepare();
  }
}

// --- The spare

void Segments::prepare() {
  if (spare_ != Spare::none) return;
  spare_is_new_ = free_.empty();
  if (spare_is_new_) {
    spare_slot_ = {slot_count_++, 0};
  } else {
    spare_slot_ = free_.back();
    free_.pop_back();
  }
  spare_path_ = slot_file_path(parts_.directory, spare_slot_.number);
  op_.kind = io::OpKind::open_file;
  op_.path = spare_path_.c_str();
  op_.mode = {true, true, direct_, false};
  op_.bind<&Segments::on_open>(this);
  spare_ = Spare::opening;
  parts_.loop->submit(op_);
}

void Segments::on_open(io::Op&, const io::Completion& completion) {
  CHECK(spare_ == Spare::opening);
  if (completion.result < 0) return spare_failed(-completion.result);
  spare_fd_ = completion.result;
  if (spare_slot_.size >= parts_.segment_size) return spare_ready();
  spare_ = Spare::filling;
  filled_ = 0;
  if (!zeros_) {
    zeros_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(block_size, zeros_size)));
    CHECK(zeros_ != nullptr);
    std::memset(zeros_.get(), 0, zeros_size);
  }
  fill_more();
}

void Segments::fill_more() {
  const std::uint64_t left = parts_.segment_size - filled_;
  std::uint32_t count = 0;
  for (std::uint64_t planned = 0; planned < left && count < zeros_iov_.size(); ++count) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(zeros_size, left - planned));
    zeros_iov_[count] = {zeros_.get(), size};
    planned += size;
  }
  op_.kind = io::OpKind::write;
  op_.fd = spare_fd_;
  op_.offset = filled_;
  op_.iov = zeros_iov_.data();
  op_.iov_count = count;
  op_.bind<&Segments::on_fill>(this);
  parts_.loop->submit(op_);
}

void Segments::on_fill(io::Op&, const io::Completion& completion) {
  CHECK(spare_ == Spare::filling);
  if (completion.result <= 0)
    return spare_failed(completion.result == 0 ? EIO : -completion.result);
  // Direct I/O goes on at a block; what a short write did of one is written again.
  filled_ += static_cast<std::uint64_t>(completion.result) / block_size * block_size;
  if (completion.result < static_cast<std::int32_t>(block_size)) return spare_failed(ENOSPC);
  if (filled_ < parts_.segment_size) return fill_more();
  op_.kind = io::OpKind::sync;
  op_.bind<&Segments::on_sync>(this);
  spare_ = Spare::syncing;
  parts_.loop->submit(op_);
}

void Segments::on_sync(io::Op&, const io::Completion& completion) {
  CHECK(spare_ == Spare::syncing);
  // Nothing was promised about this file yet: it is given up, and another one tried.
  if (completion.result < 0) return spare_failed(-completion.result);
  disk_bytes_ += parts_.segment_size - spare_slot_.size;
  spare_slot_.size = parts_.segment_size;
  spare_ready();
}

void Segments::spare_ready() {
  spare_ = Spare::ready;
  is_full_ = false;
  zeros_.reset();
  if (on_spare_ != nullptr) on_spare_(on_spare_owner_);
}

void Segments::spare_failed(int error) {
  zeros_.reset();
  if (spare_fd_ >= 0) parts_.disk->close(std::exchange(spare_fd_, -1));
  free_.push_back({spare_slot_.number, 0});
  spare_ = Spare::waiting;
  is_full_ = true;
  parts_.log->write(LogLevel::error, LogCategory::general,
                    "cannot make a journal file; publishers wait once the current one is full",
                    {{"file", spare_path_}, {"error", std::strerror(error)}});
  parts_.loop->timers().arm(retry_timer_, parts_.loop->now() + retry_wait);
}

void Segments::on_retry(io::Timer&) {
  CHECK(spare_ == Spare::waiting);
  spare_ = Spare::none;
  prepare();
}

}  // namespace lepus::persist
