// The first spare is made by blocking calls, all others by ops of the loop.
#include "persist/journal/segments/spare_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "persist/journal/format.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

SpareFile::SpareFile(const SegmentFileParts& parts, FilePool& pool) : parts_(parts), pool_(pool) {
  CHECK(parts_.segment_size % block_size == 0);
  CHECK(parts_.segment_size >= 4 * block_size);
  retry_timer_.bind<&SpareFile::on_retry>(this);
}

SpareFile::~SpareFile() {
  parts_.loop->timers().cancel(retry_timer_);
  if (fd_ >= 0) parts_.disk->close(fd_);
}

std::string SpareFile::start() {
  CHECK(state_ == State::none);
  file_ = pool_.has_reserve() ? pool_.take_reserve() : pool_.take();
  path_ = segment_file_path(parts_.directory, file_.number);
  io::OpenMode mode{true, true, is_direct_, false};
  fd_ = parts_.disk->open(path_, mode);
  if (fd_ == -EINVAL) {
    is_direct_ = mode.direct = false;
    parts_.log->write(LogLevel::warning, LogCategory::general,
                      "the file system has no direct I/O: the journal goes through the page cache",
                      {{"directory", parts_.directory}});
    fd_ = parts_.disk->open(path_, mode);
  }
  int code = std::min(fd_, 0);
  if (code == 0 && file_.size < parts_.segment_size) {
    code = parts_.disk->fill(fd_, parts_.segment_size);
    if (code == 0) pool_.add_disk_bytes(parts_.segment_size - file_.size);
    if (code == 0) file_.size = parts_.segment_size;
  }
  // What is there can be read; what is to be written waits.
  if (is_no_room(-code)) {
    fail(-code);
    return {};
  }
  if (code < 0)
    return fmt::format("cannot make the journal file {} of {} bytes: {}; make room or set data_dir",
                       path_, parts_.segment_size, std::strerror(-code));
  state_ = State::ready;
  return {};
}

/// Whoever asks again needs what is being made now.
void SpareFile::prepare() {
  if (state_ != State::none) {
    if (use_ == Use::next_reserve) use_ = Use::spare;
    return;
  }
  use_ = pool_.has_reserve() ? Use::spare : Use::next_reserve;
  open(pool_.take());
}

void SpareFile::use_reserve() {
  if (state_ != State::waiting || !pool_.has_reserve()) return;
  parts_.loop->timers().cancel(retry_timer_);
  use_ = Use::last_reserve;
  parts_.log->write(LogLevel::warning, LogCategory::general,
                    "the reserve of the journal is in use: acknowledgements are written, nothing "
                    "new is taken until there is room for another file",
                    {{"directory", parts_.directory}, {"bytes", parts_.segment_size}});
  open(pool_.take_reserve());
}

void SpareFile::open(const FreeFile& file) {
  file_ = file;
  path_ = segment_file_path(parts_.directory, file_.number);
  op_.kind = io::OpKind::open_file;
  op_.path = path_.c_str();
  op_.mode = {true, true, is_direct_, false};
  op_.bind<&SpareFile::on_open>(this);
  state_ = State::opening;
  parts_.loop->submit(op_);
}

void SpareFile::on_open(io::Op&, const io::Completion& completion) {
  CHECK(state_ == State::opening);
  if (completion.result < 0) return fail(-completion.result);
  fd_ = completion.result;
  if (file_.size >= parts_.segment_size) return become_ready();
  state_ = State::filling;
  zeros_.start(parts_.segment_size);
  fill_more();
}

void SpareFile::fill_more() {
  zeros_.set_write(op_);
  op_.fd = fd_;
  op_.bind<&SpareFile::on_fill>(this);
  parts_.loop->submit(op_);
}

void SpareFile::on_fill(io::Op&, const io::Completion& completion) {
  CHECK(state_ == State::filling);
  if (completion.result <= 0) return fail(completion.result == 0 ? EIO : -completion.result);
  zeros_.on_written(static_cast<std::uint64_t>(completion.result));
  if (completion.result < static_cast<std::int32_t>(block_size)) return fail(ENOSPC);
  if (!zeros_.is_done()) return fill_more();
  op_.kind = io::OpKind::sync;
  op_.bind<&SpareFile::on_sync>(this);
  state_ = State::syncing;
  parts_.loop->submit(op_);
}

void SpareFile::on_sync(io::Op&, const io::Completion& completion) {
  CHECK(state_ == State::syncing);
  // Nothing was promised about this file yet: it is given up, and another one tried.
  if (completion.result < 0) return fail(-completion.result);
  pool_.add_disk_bytes(parts_.segment_size - file_.size);
  file_.size = parts_.segment_size;
  become_ready();
}

void SpareFile::become_ready() {
  failures_ = {};
  if (use_ == Use::next_reserve) {
    parts_.disk->close(std::exchange(fd_, -1));
    pool_.put(file_);
    state_ = State::none;
    return prepare();
  }
  state_ = State::ready;
  zeros_.release();
  if (use_ == Use::spare && std::exchange(is_full_, false))
    parts_.log->write(LogLevel::info, LogCategory::general,
                      "there is room for journal files again: publishers go on", {{"file", path_}});
  if (on_ready_.call != nullptr) on_ready_.call(on_ready_.owner);
}

void SpareFile::fail(int error) {
  failures_ = is_no_room(error) ? Failures{} : Failures{error, failures_.count + 1};
  zeros_.release();
  if (fd_ >= 0) parts_.disk->close(fd_);
  fd_ = -1;
  CHECK(file_.size == 0 || file_.size == parts_.segment_size);
  pool_.put(file_);
  if (file_.size == 0) pool_.remove_next();
  state_ = State::waiting;
  if (!std::exchange(is_full_, true))
    parts_.log->write(LogLevel::error, LogCategory::general,
                      "cannot make another journal file: publishers wait, consumers go on",
                      {{"file", path_}, {"error", std::strerror(error)}});
  parts_.loop->timers().arm(retry_timer_, parts_.loop->now() + core::limits::journal_retry_wait);
}

void SpareFile::on_retry(io::Timer&) {
  CHECK(state_ == State::waiting);
  state_ = State::none;
  prepare();
}

void SpareFile::try_free_file() {
  if (state_ != State::waiting || !pool_.has_free()) return;
  parts_.loop->timers().cancel(retry_timer_);
  state_ = State::none;
  prepare();
}

SpareFile::Opened SpareFile::take() {
  CHECK(state_ == State::ready);
  CHECK(fd_ >= 0);
  state_ = State::none;
  return {file_, std::exchange(fd_, -1)};
}

}  // namespace lepus::persist
