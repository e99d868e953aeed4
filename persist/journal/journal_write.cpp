// How a batch comes to the disk: one write at a time, segments entered and left on the way.
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "core/limits.h"
#include "persist/journal/journal.h"
#include "persist/journal/segment_header.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

/// What may be started now, in any order of events.
void Journal::advance() {
  if (is_writing_ || is_stuck_) return;
  if (batches_.size() == 1) {
    if (!has_open_content() || is_batch_kept_open_) return;
    close_batch();
  }
  start_write();
}

void Journal::start_write() {
  Batch& batch = *batches_.front();
  if (!batch.is_closed()) batch.close(record_seed());
  if (batch.segment() != current_ && !enter_segment(batch)) return;
  is_writing_ = true;
  written_ = 0;
  write_rest();
}

/// False: there is no file yet; on_spare() goes on.
bool Journal::enter_segment(Batch& batch) {
  CHECK(batch.offset() == 0);
  if (!segments_.spare().is_ready()) {
    is_stuck_ = true;
    segments_.spare().prepare();
    return false;
  }
  leave_segment();
  fd_ = segments_.begin(batch.segment(), batch.size());
  current_ = batch.segment();
  SegmentHeader header;
  header.number = batch.segment();
  header.first_sequence = batch.first_sequence();
  // Not first(): what moved the last message out of a segment may still be on its way to the disk.
  header.log_start = segments_.table().first_durable();
  header.size = segments_.table().size_of(batch.segment());
  header.created_ms = stamp_ms();
  header.store = parts_.store;
  header.shard = parts_.shard;
  batch.set_header(header);
  segments_.spare().prepare();
  return true;
}

void Journal::on_spare() {
  if (is_writing_ || !std::exchange(is_stuck_, false)) return;
  advance();
}

/// The header of a segment goes first and alone: a torn write must not leave records that count
/// behind a header that does not.
void Journal::write_rest() {
  const core::Bytes rest = batches_.front()->bytes().subspan(written_);
  CHECK(!rest.empty());
  const bool is_header = batches_.front()->offset() == 0 && written_ == 0;
  const std::size_t size_max = is_header ? block_size : core::limits::journal_write_size_max;
  write_iov_ = {const_cast<std::uint8_t*>(rest.data()), std::min(rest.size(), size_max)};
  write_op_.kind = io::OpKind::write;
  write_op_.fd = fd_;
  write_op_.offset = batches_.front()->offset() + written_;
  write_op_.iov = &write_iov_;
  write_op_.iov_count = 1;
  parts_.loop->submit(write_op_);
}

void Journal::on_write(io::Op&, const io::Completion& completion) {
  CHECK(is_writing_);
  if (completion.result < 0) return write_failed(-completion.result);
  if (completion.result >= static_cast<std::int32_t>(block_size) && std::exchange(is_stuck_, false))
    parts_.log->write(LogLevel::info, LogCategory::general,
                      "there is room for the journal again: publishers go on",
                      {{"file", segments_.table().path_of(current_)}});
  // Direct I/O goes on at a block: the part of one that was written is written again.
  const auto size = static_cast<std::size_t>(completion.result);
  const bool was_header = batches_.front()->offset() == 0 && written_ == 0;
  written_ += size == batches_.front()->size() - written_ ? size : size / block_size * block_size;
  if (size < block_size) return write_failed(ENOSPC);
  if (written_ < batches_.front()->size() && !was_header) return write_rest();
  if (parts_.sync == SyncMode::always) return submit_sync(fd_);
  on_durable();
}

/// What was written of the batch is as durable as it will be.
void Journal::on_durable() {
  if (written_ < batches_.front()->size()) return write_rest();
  finish_write();
}

void Journal::write_failed(int error) {
  if (error == EAGAIN || error == EINTR) return write_rest();
  const std::string path = segments_.table().path_of(current_);
  if (!is_no_room(error))
    return fail(fmt::format(
        "writing the journal {} failed: {}; what was confirmed is safe, the broker stops: check "
        "the disk, then start it again",
        path, std::strerror(error)));
  if (!std::exchange(is_stuck_, true))
    parts_.log->write(LogLevel::error, LogCategory::general,
                      "no room for the journal: publishers wait until there is some",
                      {{"file", path}, {"error", std::strerror(error)}});
  parts_.loop->timers().arm(retry_timer_, parts_.loop->now() + core::limits::journal_retry_wait);
}

void Journal::fail(const std::string& why) {
  parts_.log->write(LogLevel::critical, LogCategory::general, "the journal cannot go on",
                    {{"text", why}});
  parts_.fail(parts_.fail_owner, why);
}

/// The current file is full, and the disk gives no other: that is no lack of room.
void Journal::fail_without_file() {
  fail(
      fmt::format("cannot make another journal file in {}: {}; what was confirmed is safe, the "
                  "broker stops: check the disk, then start it again",
                  parts_.directory, std::strerror(segments_.spare().error())));
}

void Journal::on_retry(io::Timer&) {
  CHECK(is_writing_);
  CHECK(is_stuck_);
  write_rest();
}

void Journal::finish_write() {
  const std::unique_ptr<Batch> batch = std::move(batches_.front());
  batches_.pop_front();
  is_writing_ = false;
  is_unsynced_ = true;
  // In the other modes a power cut may take the segment, which is no loss that was not chosen.
  if (batch->offset() == 0 && parts_.sync == SyncMode::always) newest_file_.note(batch->segment());
  if (!batch->spans_segments()) {
    durable_ = batch->number();
    note_written();
    if (truncate_batch_ != 0 && truncate_batch_ <= durable_) {
      truncate_batch_ = 0;
      segments_.free_before(truncate_written_);
    }
  }
  spare_buffer_ = batch->take_buffer();
  spare_buffer_.clear(core::limits::journal_buffer_kept);
  if (parts_.sync == SyncMode::interval && !sync_timer_.armed() && !sync_op_.in_flight)
    parts_.loop->timers().arm(sync_timer_, parts_.loop->now() + parts_.sync_interval);
  if (batches_.size() > 1) advance();
}

// --- Sealed files are closed, those of SyncMode::interval synced before

void Journal::leave_segment() {
  if (fd_ < 0) return;
  left_.push_back(std::exchange(fd_, -1));
  close_left();
}

void Journal::close_left() {
  if (left_.empty() || close_op_.in_flight || sync_op_.in_flight) return;
  if (parts_.sync == SyncMode::interval) return submit_sync(left_.front());
  submit_close();
}

void Journal::submit_close() {
  close_op_.kind = io::OpKind::close;
  close_op_.fd = left_.front();
  left_.pop_front();
  parts_.loop->submit(close_op_);
}

void Journal::on_close(io::Op&, const io::Completion&) { close_left(); }

void Journal::submit_sync(int fd) {
  sync_op_.kind = io::OpKind::sync;
  sync_op_.fd = fd;
  parts_.loop->submit(sync_op_);
}

void Journal::on_sync_timer(io::Timer&) {
  if (fd_ < 0 || sync_op_.in_flight || !std::exchange(is_unsynced_, false)) return;
  submit_sync(fd_);
}

void Journal::on_sync(io::Op&, const io::Completion& completion) {
  if (completion.result < 0)
    return fail(
        fmt::format("syncing the journal in {} failed: {}; the broker stops: check the disk",
                    parts_.directory, std::strerror(-completion.result)));
  if (parts_.sync == SyncMode::always) return on_durable();
  if (!left_.empty() && sync_op_.fd == left_.front() && !close_op_.in_flight) submit_close();
  close_left();
  if (is_unsynced_ && !sync_timer_.armed())
    parts_.loop->timers().arm(sync_timer_, parts_.loop->now() + parts_.sync_interval);
}

}  // namespace lepus::persist
