// A file of another size has to be filled anew before it is of use, so it is removed.
#include "persist/journal/segments/file_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

FilePool::FilePool(const SegmentFileParts& parts, const SegmentTable& segments)
    : parts_(parts), segments_(segments) {
  shrink_timer_.bind<&FilePool::on_shrink_timer>(this);
}

FilePool::~FilePool() { parts_.loop->timers().cancel(shrink_timer_); }

void FilePool::start(Found found) {
  CHECK(file_count_ == 0);
  unused_ = std::move(found.unused);
  file_count_ = found.file_count;
  shared_ = std::move(found.shared);
  disk_bytes_ = segments_.in_use_bytes();
  for (const FreeFile& file : found.free) {
    disk_bytes_ += file.size;
    put(file);
  }
  for (; !dropped_.empty(); dropped_.pop_front()) {
    const FreeFile& file = dropped_.front();
    const int removed = parts_.disk->remove(segment_file_path(parts_.directory, file.number));
    if (removed == 0) (void)remove_segment_index(*parts_.disk, parts_.directory, file.number);
    if (removed == 0) unused_.push_back(file.number);
    if (removed == 0) disk_bytes_ -= file.size;
  }
}

FreeFile FilePool::take() {
  FreeFile file;
  if (has_free()) {
    file = take_reserve();
  } else if (!unused_.empty()) {
    file.number = unused_.back();
    unused_.pop_back();
  } else {
    file.number = file_count_++;
  }
  return file;
}

FreeFile FilePool::take_reserve() {
  CHECK(has_reserve());
  const FreeFile file = free_.back();
  free_.pop_back();
  CHECK(file.size == parts_.segment_size);
  return file;
}

void FilePool::put(const FreeFile& file) {
  CHECK(file.number < file_count_);
  if (shared_.erase(file.number) == 0 && file.size == parts_.segment_size) {
    free_.push_back(file);
  } else {
    dropped_.push_back(file);
  }
}

std::size_t FilePool::reserve_count() const {
  return std::max(core::limits::free_files_min,
                  segments_.in_use_count() / core::limits::free_files_share);
}

void FilePool::shrink() {
  remove_next();
  if (free_.size() > reserve_count() && !shrink_timer_.armed())
    parts_.loop->timers().arm(shrink_timer_,
                              parts_.loop->now() + core::limits::free_files_interval);
}

void FilePool::on_shrink_timer(io::Timer&) {
  const std::size_t reserve = reserve_count();
  if (free_.size() <= reserve) return;
  for (std::size_t count = (free_.size() - reserve + 1) / 2; count > 0; --count) {
    dropped_.push_back(free_.back());
    free_.pop_back();
  }
  shrink();
}

/// One at a time. By an op: the file system may take its time with a large file.
void FilePool::remove_next() {
  if (dropped_.empty() || remove_op_.in_flight) return;
  remove_op_.bind<&FilePool::on_remove>(this);
  submit_remove(segment_file_path(parts_.directory, dropped_.front().number));
}

void FilePool::submit_remove(std::string path) {
  remove_path_ = std::move(path);
  remove_op_.kind = io::OpKind::unlink;
  remove_op_.path = remove_path_.c_str();
  parts_.loop->submit(remove_op_);
}

/// A file that cannot be removed is left alone: the next start finds it.
void FilePool::on_remove(io::Op&, const io::Completion& completion) {
  CHECK(!dropped_.empty());
  const FreeFile file = dropped_.front();
  if (completion.result < 0 && completion.result != -ENOENT) {
    dropped_.pop_front();
    parts_.log->write(core::LogLevel::warning, core::LogCategory::general,
                      "cannot remove a journal file",
                      {{"file", remove_path_}, {"error", std::strerror(-completion.result)}});
    return remove_next();
  }
  CHECK(disk_bytes_ >= file.size);
  disk_bytes_ -= file.size;
  remove_op_.bind<&FilePool::on_index_removed>(this);
  submit_remove(segment_index_path(parts_.directory, file.number));
}

/// Without its segment an index means nothing, so whether it could be removed does not matter; the
/// number is used again only now, when its file can have none of this one's.
void FilePool::on_index_removed(io::Op&, const io::Completion&) {
  CHECK(!dropped_.empty());
  unused_.push_back(dropped_.front().number);
  dropped_.pop_front();
  remove_next();
}

}  // namespace lepus::persist
