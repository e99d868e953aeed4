// Sealed files go one after the other.
#include "persist/journal/journal_files.h"

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
  left_.push_back(before);
  close_left();
}

void JournalFiles::on_written() {
  is_unsynced_ = true;
  if (parts_.sync == SyncMode::interval && !sync_op_.in_flight) arm_sync_timer();
}

void JournalFiles::arm_sync_timer() {
  if (!sync_timer_.armed())
    parts_.loop->timers().arm(sync_timer_, parts_.loop->now() + parts_.sync_interval);
}

void JournalFiles::close_left() {
  if (left_.empty() || close_op_.in_flight) return;
  if (sync_op_.in_flight || batch_sync_.in_flight) return;
  if (parts_.sync == SyncMode::interval) return submit_sync(left_.front());
  submit_close();
}

void JournalFiles::submit_close() {
  close_op_.kind = io::OpKind::close;
  close_op_.fd = left_.front();
  left_.pop_front();
  parts_.loop->submit(close_op_);
}

void JournalFiles::on_close(io::Op&, const io::Completion&) { close_left(); }

void JournalFiles::submit_sync(int fd) {
  sync_op_.kind = io::OpKind::sync;
  sync_op_.fd = fd;
  parts_.loop->submit(sync_op_);
}

void JournalFiles::on_sync_timer(io::Timer&) {
  if (fd_ < 0 || sync_op_.in_flight || !std::exchange(is_unsynced_, false)) return;
  submit_sync(fd_);
}

void JournalFiles::on_sync(io::Op&, const io::Completion& completion) {
  CHECK(parts_.sync == SyncMode::interval);
  if (completion.result < 0) return fail_sync(parts_, -completion.result);
  if (!left_.empty() && sync_op_.fd == left_.front() && !close_op_.in_flight) submit_close();
  close_left();
  if (is_unsynced_) arm_sync_timer();
}

}  // namespace lepus::persist
