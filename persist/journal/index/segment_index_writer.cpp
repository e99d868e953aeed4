// One op after the other; each completion starts the next.
#include "persist/journal/index/segment_index_writer.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "core/limits/segment_index.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/segment_files.h"
#include "persist/journal/segments/spare_file.h"

namespace lepus::persist {

SegmentIndexWriter::SegmentIndexWriter(const JournalParts& parts, const SegmentTable& segments)
    : parts_(parts), segments_(segments) {
  op_.bind<&SegmentIndexWriter::on_op>(this);
}

SegmentIndexWriter::~SegmentIndexWriter() {
  if (fd_ >= 0) parts_.disk->close(fd_);
}

SegmentIndexBuilder& SegmentIndexWriter::batch_builder(const Batch& batch) {
  if (batch.offset() == 0) {
    if (builder_.is_begun()) finish_segment();
    builder_.begin({batch.segment(), parts_.store, batch.first_sequence(), parts_.shard});
  }
  CHECK(builder_.identity().number == batch.segment());
  return builder_;
}

/// Always sealed here: a segment is left with a seal.
void SegmentIndexWriter::finish_segment() {
  CHECK(builder_.is_begun());
  Index index{builder_.identity().number, file_, builder_.finish(UINT64_MAX)};
  if (index.bytes.empty() || waiting_.size() > core::limits::segment_indexes_waiting_max) return;
  waiting_.push_back(std::move(index));
  if (state_ == State::idle) write_next();
}

void SegmentIndexWriter::write_next() {
  CHECK(state_ == State::idle);
  // Its file may have another use soon, or be removed.
  while (!waiting_.empty() && waiting_.front().segment < segments_.first()) waiting_.pop_front();
  if (waiting_.empty()) return;
  written_ = 0;
  has_failed_ = false;
  const std::uint32_t file = waiting_.front().file;
  if (parts_.sync != SyncMode::always)
    return open_file(State::opening_segment, segment_file_path(parts_.directory, file),
                     {.write = true});
  open_file(State::opening, segment_index_path(parts_.directory, file),
            {.write = true, .create = true});
}

void SegmentIndexWriter::submit(State state, io::OpKind kind) {
  CHECK(!op_.in_flight);
  CHECK(state != State::idle);
  state_ = state;
  op_.kind = kind;
  op_.fd = fd_;
  if (kind == io::OpKind::close) fd_ = -1;
  parts_.loop->submit(op_);
}

void SegmentIndexWriter::open_file(State state, const std::string& path, const io::OpenMode& mode) {
  path_ = path;
  op_.path = path_.c_str();
  op_.mode = mode;
  submit(state, io::OpKind::open_file);
}

void SegmentIndexWriter::submit_write() {
  std::vector<std::uint8_t>& bytes = waiting_.front().bytes;
  CHECK(written_ < bytes.size());
  iov_ = {bytes.data() + written_, bytes.size() - written_};
  op_.offset = written_;
  op_.iov = &iov_;
  op_.iov_count = 1;
  submit(State::writing, io::OpKind::write);
}

void SegmentIndexWriter::on_op(io::Op&, const io::Completion& completion) {
  CHECK(!waiting_.empty());
  const std::int32_t result = completion.result;
  switch (state_) {
    case State::opening_segment:
    case State::opening:
      return result < 0 ? fail(-result) : on_opened(result);
    case State::syncing:
      return result < 0 ? fail(-result) : submit(State::closing, io::OpKind::close);
    case State::writing:
      return on_written(result);
    case State::closing:
      return on_closed();
    case State::removing:
      waiting_.pop_front();
      state_ = State::idle;
      return write_next();
    case State::idle:
      break;
  }
  CHECK(false);
}

void SegmentIndexWriter::on_opened(int fd) {
  CHECK(fd_ < 0);
  CHECK(fd >= 0);
  fd_ = fd;
  if (state_ == State::opening) return submit_write();
  submit(State::syncing, io::OpKind::sync);
}

void SegmentIndexWriter::on_written(std::int32_t size) {
  if (size < 0 && size != -EAGAIN && size != -EINTR) return fail(-size);
  if (size == 0) return fail(ENOSPC);
  written_ += static_cast<std::size_t>(std::max(size, 0));
  if (written_ < waiting_.front().bytes.size()) return submit_write();
  ++written_count_;
  submit(State::closing, io::OpKind::close);
}

/// The segment's file, when it was synced; else that of the index.
void SegmentIndexWriter::on_closed() {
  CHECK(fd_ < 0);
  CHECK(!waiting_.empty());
  const std::string path = segment_index_path(parts_.directory, waiting_.front().file);
  if (has_failed_) {
    path_ = path;
    op_.path = path_.c_str();
    return submit(State::removing, io::OpKind::unlink);
  }
  if (written_ == 0) return open_file(State::opening, path, {.write = true, .create = true});
  waiting_.pop_front();
  state_ = State::idle;
  write_next();
}

/// What is there of the file only takes room.
void SegmentIndexWriter::fail(int error) {
  CHECK(error > 0);
  has_failed_ = true;
  if (!is_no_room(error) && !std::exchange(was_logged_, true))
    parts_.log->write(core::LogLevel::warning, core::LogCategory::general,
                      "cannot write the index of a journal file: the next start reads the file",
                      {{"file", path_}, {"error", std::strerror(error)}});
  if (fd_ >= 0) return submit(State::closing, io::OpKind::close);
  on_closed();
}

std::uint64_t SegmentIndexWriter::memory_bytes() const {
  std::uint64_t bytes = builder_.memory_bytes();
  for (const Index& index : waiting_) bytes += index.bytes.capacity();
  return bytes;
}

}  // namespace lepus::persist
