// Sealed files go one after the other; the current one is synced when none of them waits for that,
// so a sync of it says that everything before is on the disk, too.
#include "persist/journal/journal_files.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

JournalFiles::JournalFiles(const JournalParts& parts, const io::Op& batch_sync)
    : parts_(parts), batch_sync_(batch_sync) {
  close_op_.bind<&JournalFiles::on_close>(this);
  sync_op_.bind<&JournalFiles::on_sync>(this);
  sync_timer_.bind<&JournalFiles::on_sync_timer>(this);
}

JournalFiles::~JournalFiles() {
  parts_.loop->timers().cancel(sync_timer_);
  if (fd_ >= 0) parts_.disk->close(fd_);
}

void JournalFiles::enter(std::uint64_t segment, int fd) {
  CHECK(fd >= 0);
  CHECK(segment > segment_);
  segment_ = segment;
  const int before = std::exchange(fd_, fd);
  if (before < 0) return;
  left_.push_back({before, std::exchange(is_unsynced_, false), complete_});
  pump();
}

void JournalFiles::on_written(std::uint64_t complete) {
  complete_ = complete;
  if (parts_.sync == SyncMode::always) return;
  is_unsynced_ = true;
  if (parts_.sync == SyncMode::interval && !sync_timer_.armed())
    parts_.loop->timers().arm(sync_timer_, parts_.loop->now() + parts_.sync_interval);
  pump();
}

void JournalFiles::want_sync() {
  CHECK(parts_.sync != SyncMode::always);
  is_sync_wanted_ = true;
  pump();
}

void JournalFiles::on_sync_timer(io::Timer&) {
  if (is_unsynced_) want_sync();
}

/// Starts what is next.
void JournalFiles::pump() {
  if (close_op_.in_flight || sync_op_.in_flight || batch_sync_.in_flight) return;
  if (!left_.empty()) {
    LeftFile& oldest = left_.front();
    if (!std::exchange(oldest.is_unsynced, false)) return submit_close();
    return submit_sync(oldest.fd, oldest.complete);
  }
  if (!std::exchange(is_sync_wanted_, false) || !std::exchange(is_unsynced_, false)) return;
  submit_sync(fd_, complete_);
}

void JournalFiles::submit_close() {
  close_op_.kind = io::OpKind::close;
  close_op_.fd = left_.front().fd;
  left_.pop_front();
  parts_.loop->submit(close_op_);
}

void JournalFiles::on_close(io::Op&, const io::Completion&) { pump(); }

void JournalFiles::submit_sync(int fd, std::uint64_t complete) {
  CHECK(parts_.sync != SyncMode::always);
  syncing_ = complete;
  sync_op_.kind = io::OpKind::sync;
  sync_op_.fd = fd;
  parts_.loop->submit(sync_op_);
}

void JournalFiles::on_sync(io::Op&, const io::Completion& completion) {
  if (completion.result < 0) return fail_sync(parts_, -completion.result);
  const bool has_grown = syncing_ > synced_;
  synced_ = std::max(synced_, syncing_);
  if (has_grown && on_synced_.call != nullptr) on_synced_.call(on_synced_.owner);
  pump();
}

}  // namespace lepus::persist
