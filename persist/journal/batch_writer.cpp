// Each event leads to what may be started next.
#include "persist/journal/batch_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "core/limits/disk_full.h"
#include "persist/journal/segment_header.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

namespace {

SegmentHeader header_of(const Batch& batch, const BatchWriter::Parts& parts) {
  const SegmentTable& table = parts.segments->table();
  SegmentHeader header;
  header.number = batch.segment();
  header.first_sequence = batch.first_sequence();
  // Not first(): what moved the last message out of a segment may still be on its way to the disk.
  header.log_start = table.first_durable();
  header.size = table.size_of(batch.segment());
  header.created_ms = parts.clock->now_ms();
  header.store = parts.journal->store;
  header.shard = parts.journal->shard;
  header.writer = writer_version();
  return header;
}

}  // namespace

BatchWriter::BatchWriter(const Parts& parts)
    : parts_(parts),
      files_(*parts.journal, sync_op_),
      newest_file_(*parts.journal->loop, *parts.journal->disk, *parts.journal->log),
      indexes_(*parts.journal, parts.segments->table()) {
  write_op_.bind<&BatchWriter::on_write>(this);
  sync_op_.bind<&BatchWriter::on_sync>(this);
  retry_timer_.bind<&BatchWriter::on_retry>(this);
  hold_timer_.bind<&BatchWriter::on_hold_timer>(this);
  parts_.segments->spare().set_on_ready(
      [](void* self) { static_cast<BatchWriter*>(self)->on_spare(); }, this);
  files_.set_on_synced([](void* self) { static_cast<BatchWriter*>(self)->on_files_synced(); },
                       this);
}

BatchWriter::~BatchWriter() {
  parts_.journal->loop->timers().cancel(retry_timer_);
  parts_.journal->loop->timers().cancel(hold_timer_);
}

void BatchWriter::start(std::uint64_t newest_segment) {
  const JournalParts& journal = *parts_.journal;
  newest_file_.open(journal.directory, {journal.shard, journal.store}, newest_segment);
}

void BatchWriter::turn() {
  advance();
  if (state_ != State::waiting_for_file) return;
  parts_.segments->spare().use_reserve();
  if (parts_.segments->spare().error() == 0) return;
  // The current file is full, and the disk gives no other: that is no lack of room.
  fail_journal(
      *parts_.journal,
      fmt::format("cannot make another journal file in {}: {}; what was confirmed is safe, the "
                  "broker stops: check the disk, then start it again",
                  parts_.journal->directory, std::strerror(parts_.segments->spare().error())));
}

bool BatchWriter::has_work() const {
  if (state_ != State::idle || is_frozen_) return false;
  return (parts_.batches->can_close() && !may_wait()) || parts_.truncation->is_pending() ||
         parts_.batches->has_closed();
}

/// Nobody waits for what is in the open batch, and it would take room that there is not.
bool BatchWriter::may_wait() const {
  if (!parts_.segments->spare().lacks_room() || !parts_.batches->is_small_end()) return false;
  const core::Nanos now = parts_.journal->loop->now();
  return held_since_ == 0 || now - held_since_ < core::limits::settle_wait_max;
}

/// What may be started now, in any order of events.
void BatchWriter::advance() {
  if (state_ != State::idle || is_frozen_) return;
  if (!parts_.batches->has_closed()) {
    if (!parts_.batches->can_close()) return;
    if (may_wait()) {
      if (held_since_ != 0) return;
      held_since_ = parts_.journal->loop->now();
      return parts_.journal->loop->timers().arm(hold_timer_,
                                                held_since_ + core::limits::settle_wait_max);
    }
    held_since_ = 0;
    parts_.journal->loop->timers().cancel(hold_timer_);
    parts_.batches->close();
  }
  start_write();
}

void BatchWriter::start_write() {
  Batch& batch = parts_.batches->front();
  if (!batch.is_closed())
    batch.close(RecordSeed::of(parts_.journal->store), indexes_.batch_builder(batch));
  if (batch.segment() != files_.segment() && !enter_segment(batch)) return;
  state_ = State::writing;
  written_ = 0;
  write_rest();
}

/// False: there is no file yet; on_spare() goes on.
bool BatchWriter::enter_segment(Batch& batch) {
  CHECK(batch.offset() == 0);
  Segments& segments = *parts_.segments;
  if (!segments.spare().is_ready()) {
    state_ = State::waiting_for_file;
    segments.spare().prepare();
    return false;
  }
  files_.enter(batch.segment(), segments.begin(batch.segment(), batch.size()));
  batch.set_header(header_of(batch, parts_));
  indexes_.set_file(segments.table().file_of(batch.segment()));
  segments.spare().prepare();
  return true;
}

void BatchWriter::on_spare() {
  if (state_ != State::waiting_for_file) return;
  state_ = State::idle;
  advance();
}

/// The header of a segment goes first and alone: a torn write must not leave records that count
/// behind a header that does not.
void BatchWriter::write_rest() {
  const Batch& batch = parts_.batches->front();
  const core::Bytes rest = batch.bytes().subspan(written_);
  CHECK(!rest.empty());
  const bool is_header = batch.offset() == 0 && written_ == 0;
  const std::size_t size_max = is_header ? block_size : core::limits::journal_write_size_max;
  write_iov_ = {const_cast<std::uint8_t*>(rest.data()), std::min(rest.size(), size_max)};
  write_op_.kind = io::OpKind::write;
  write_op_.fd = files_.fd();
  write_op_.offset = batch.offset() + written_;
  write_op_.iov = &write_iov_;
  write_op_.iov_count = 1;
  parts_.journal->loop->submit(write_op_);
}

void BatchWriter::on_write(io::Op&, const io::Completion& completion) {
  CHECK(state_ == State::writing || state_ == State::waiting_for_room);
  if (completion.result < 0) return write_failed(-completion.result);
  if (completion.result >= static_cast<std::int32_t>(block_size) &&
      std::exchange(state_, State::writing) == State::waiting_for_room)
    parts_.journal->log->write(LogLevel::info, LogCategory::general,
                               "there is room for the journal again: publishers go on",
                               {{"file", parts_.segments->table().path_of(files_.segment())}});
  // Direct I/O goes on at a block: the part of one that was written is written again.
  const Batch& batch = parts_.batches->front();
  const auto size = static_cast<std::size_t>(completion.result);
  const bool was_header = batch.offset() == 0 && written_ == 0;
  written_ += size == batch.size() - written_ ? size : size / block_size * block_size;
  if (size < block_size) return write_failed(ENOSPC);
  if (written_ < batch.size() && !was_header) return write_rest();
  if (parts_.journal->sync != SyncMode::always && !was_header) return on_durable();
  sync_op_.kind = io::OpKind::sync;
  sync_op_.fd = files_.fd();
  sync_began_at_ = parts_.journal->loop->now();
  parts_.journal->loop->submit(sync_op_);
}

void BatchWriter::write_failed(int error) {
  if (error == EAGAIN || error == EINTR) return write_rest();
  const JournalParts& journal = *parts_.journal;
  const std::string path = parts_.segments->table().path_of(files_.segment());
  if (!is_no_room(error))
    return fail_journal(
        journal,
        fmt::format("writing the journal {} failed: {}; what was confirmed is safe, the broker "
                    "stops: check the disk, then start it again",
                    path, std::strerror(error)));
  if (std::exchange(state_, State::waiting_for_room) != State::waiting_for_room)
    journal.log->write(LogLevel::error, LogCategory::general,
                       "no room for the journal: publishers wait until there is some",
                       {{"file", path}, {"error", std::strerror(error)}});
  journal.loop->timers().arm(retry_timer_, journal.loop->now() + core::limits::journal_retry_wait);
}

void BatchWriter::on_retry(io::Timer&) {
  CHECK(state_ == State::waiting_for_room);
  const JournalParts& journal = *parts_.journal;
  if (is_frozen_)
    return journal.loop->timers().arm(retry_timer_,
                                      journal.loop->now() + core::limits::journal_retry_wait);
  write_rest();
}

void BatchWriter::on_sync(io::Op&, const io::Completion& completion) {
  CHECK(state_ == State::writing);
  if (completion.result < 0) return fail_sync(*parts_.journal, -completion.result);
  const core::Nanos length = parts_.journal->loop->now() - sync_began_at_;
  const Batch& batch = parts_.batches->front();
  core::JournalCounts& counts = *parts_.counts;
  ++counts.journal_syncs;
  counts.sync_latency_us.count(static_cast<std::uint64_t>(length / core::nanos_per_us), 4);
  if (written_ == batch.size())
    counts.sync_batch.count(batch.next_sequence() - batch.first_sequence());
  on_durable();
}

/// With a SyncMode other than always: a confirm promises less then, but what says that old segments
/// are dead must be on the disk, and what was moved out of them, before their files are used again.
void BatchWriter::on_files_synced() { parts_.truncation->on_durable(files_.synced()); }

/// What was written of the batch is as durable as it will be.
void BatchWriter::on_durable() {
  if (written_ < parts_.batches->front().size()) return write_rest();
  finish_write();
}

void BatchWriter::finish_write() {
  const std::unique_ptr<Batch> batch = parts_.batches->pop();
  state_ = State::idle;
  parts_.counts->journal_records += batch->next_sequence() - batch->first_sequence();
  parts_.counts->journal_bytes += batch->size();
  // In the other modes a power cut may take the segment, which is no loss that was not chosen.
  if (batch->offset() == 0 && parts_.journal->sync == SyncMode::always)
    newest_file_.note(batch->segment());
  parts_.batches->reuse(batch->take_buffer());
  files_.on_written(parts_.batches->durable());
  if (parts_.journal->sync == SyncMode::always)
    parts_.truncation->on_durable(parts_.batches->durable());
  else if (parts_.truncation->is_written())
    files_.want_sync();
  if (parts_.batches->has_closed()) advance();
}

}  // namespace lepus::persist
