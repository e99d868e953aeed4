// The way of a file from file to segment and back: the spare, and the removal of what nobody needs.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "persist/journal/segments.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

// --- The spare

FreeFile Segments::take_file() {
  FreeFile file;
  if (!free_.empty()) {
    file = free_.back();
    free_.pop_back();
    CHECK(file.size == parts_.segment_size);
  } else if (!unused_.empty()) {
    file.number = unused_.back();
    unused_.pop_back();
  } else {
    file.number = file_count_++;
  }
  return file;
}

void Segments::prepare() {
  if (spare_ != Spare::none) return;
  spare_file_ = take_file();
  spare_path_ = segment_file_path(parts_.directory, spare_file_.number);
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
  if (spare_file_.size >= parts_.segment_size) return spare_ready();
  spare_ = Spare::filling;
  filled_ = 0;
  if (!zeros_) {
    zeros_.reset(
        static_cast<std::uint8_t*>(std::aligned_alloc(block_size, core::limits::fill_write_size)));
    CHECK(zeros_ != nullptr);
    std::memset(zeros_.get(), 0, core::limits::fill_write_size);
  }
  fill_more();
}

void Segments::fill_more() {
  const std::uint64_t left = parts_.segment_size - filled_;
  std::uint32_t count = 0;
  for (std::uint64_t planned = 0; planned < left && count < zeros_iov_.size(); ++count) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(core::limits::fill_write_size, left - planned));
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
  disk_bytes_ += parts_.segment_size - spare_file_.size;
  spare_file_.size = parts_.segment_size;
  spare_ready();
}

void Segments::spare_ready() {
  spare_ = Spare::ready;
  spare_failures_ = 0;
  zeros_.reset();
  if (std::exchange(is_full_, false))
    parts_.log->write(LogLevel::info, LogCategory::general,
                      "there is room for journal files again: publishers go on",
                      {{"file", spare_path_}});
  if (on_spare_ != nullptr) on_spare_(on_spare_owner_);
}

void Segments::spare_failed(int error) {
  spare_error_ = is_no_room(error) ? 0 : error;
  spare_failures_ = is_no_room(error) ? 0 : spare_failures_ + 1;
  zeros_.reset();
  if (spare_fd_ >= 0) parts_.disk->close(spare_fd_);
  spare_fd_ = -1;
  if (spare_file_.size == parts_.segment_size) {
    free_.push_back(spare_file_);
  } else {
    CHECK(spare_file_.size == 0);
    drop_file(spare_file_);
    remove_next();
  }
  spare_ = Spare::waiting;
  if (!std::exchange(is_full_, true))
    parts_.log->write(LogLevel::error, LogCategory::general,
                      "cannot make a journal file; publishers wait once the current one is full",
                      {{"file", spare_path_}, {"error", std::strerror(error)}});
  parts_.loop->timers().arm(retry_timer_, parts_.loop->now() + core::limits::journal_retry_wait);
}

void Segments::on_retry(io::Timer&) {
  CHECK(spare_ == Spare::waiting);
  spare_ = Spare::none;
  prepare();
}

// --- Files nobody needs

/// Nothing in it is needed. A file of another size has to be filled anew before it is of use: it is
/// removed.
void Segments::drop_file(const FreeFile& file) {
  if (file.size == parts_.segment_size) {
    free_.push_back(file);
  } else {
    dropped_.push_back(file);
  }
}

std::size_t Segments::reserve_count() const {
  return std::max(core::limits::free_files_min, in_use_.size() / core::limits::free_files_share);
}

void Segments::shrink() {
  remove_next();
  if (free_.size() > reserve_count() && !shrink_timer_.armed())
    parts_.loop->timers().arm(shrink_timer_,
                              parts_.loop->now() + core::limits::free_files_interval);
}

void Segments::on_shrink_timer(io::Timer&) {
  const std::size_t reserve = reserve_count();
  if (free_.size() <= reserve) return;
  for (std::size_t count = (free_.size() - reserve + 1) / 2; count > 0; --count) {
    dropped_.push_back(free_.back());
    free_.pop_back();
  }
  shrink();
}

/// One at a time. By an op: the file system may take its time with a large file.
void Segments::remove_next() {
  if (dropped_.empty() || remove_op_.in_flight) return;
  remove_path_ = segment_file_path(parts_.directory, dropped_.front().number);
  remove_op_.kind = io::OpKind::unlink;
  remove_op_.path = remove_path_.c_str();
  parts_.loop->submit(remove_op_);
}

/// A file that cannot be removed is left alone: the next start finds it.
void Segments::on_remove(io::Op&, const io::Completion& completion) {
  CHECK(!dropped_.empty());
  const FreeFile file = dropped_.front();
  dropped_.pop_front();
  if (completion.result < 0 && completion.result != -ENOENT) {
    parts_.log->write(LogLevel::warning, LogCategory::general, "cannot remove a journal file",
                      {{"file", remove_path_}, {"error", std::strerror(-completion.result)}});
  } else {
    CHECK(disk_bytes_ >= file.size);
    disk_bytes_ -= file.size;
    unused_.push_back(file.number);
  }
  remove_next();
}

}  // namespace lepus::persist
