// Reads are planned when they are asked for and started as far as the bounds allow.
#include "persist/journal/fetcher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "persist/journal/message_record.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;
namespace limits = core::limits;

namespace {

/// Whether it is the message that the queue asked for, and not what somebody put into the file.
bool is_wanted(const RecordRead& read, const core::MessageLog::FetchRequest& item) {
  if (read.record.header().type != RecordType::message || read.length != item.place.size)
    return false;
  const auto queues = read.record.queues();
  return std::any_of(queues.begin(), queues.end(), [&item](const QueueRef& ref) {
    return ref.queue == item.at.queue.value && ref.sequence == item.at.sequence;
  });
}

}  // namespace

Fetcher::Fetcher(const Parts& parts) : parts_(parts) {
  retry_timer_.bind<&Fetcher::on_retry>(this);
}

Fetcher::~Fetcher() {
  parts_.loop->timers().cancel(retry_timer_);
  for (const auto& file : files_)
    if (file->fd >= 0) parts_.disk->close(file->fd);
}

// --- What is to be read

void Fetcher::fetch(std::span<const FetchRequest> wanted) {
  const core::RecordLocation written_end = parts_.message_log->written_end();
  sorted_.clear();
  for (const FetchRequest& item : wanted)
    (item.place < written_end ? sorted_ : unwritten_).push_back(item);
  std::sort(
      sorted_.begin(), sorted_.end(),
      [](const FetchRequest& left, const FetchRequest& right) { return left.place < right.place; });
  std::size_t first = 0;
  for (std::size_t i = 1; i <= sorted_.size(); ++i) {
    if (i < sorted_.size()) {
      const core::RecordLocation& begin = sorted_[first].place;
      const core::RecordLocation& before = sorted_[i - 1].place;
      const core::RecordLocation& next = sorted_[i].place;
      const std::uint64_t end = std::uint64_t{next.offset} + next.size;
      const bool joins =
          next.segment == begin.segment && end - begin.offset <= limits::fetch_size_max &&
          next.offset <= std::uint64_t{before.offset} + before.size + limits::fetch_gap_max;
      if (joins) continue;
    }
    add_read({sorted_.data() + first, i - first}, 0);
    first = i;
  }
  pump();
}

void Fetcher::add_read(std::span<const FetchRequest> items, std::uint32_t failures) {
  const std::uint64_t segment = items.front().place.segment;
  if (segment < parts_.segments->table().first()) {
    stale_.insert(stale_.end(), items.begin(), items.end());
    return;
  }
  auto read = std::make_unique<Read>();
  const core::RecordLocation& last = items.back().place;
  read->begin = block_of(items.front().place.offset);
  read->size = round_up(std::uint64_t{last.offset} + last.size, block_size) - read->begin;
  read->items.assign(items.begin(), items.end());
  read->fetcher = this;
  read->failures = failures;
  File& file = file_of(segment);
  read->file = &file;
  file.waiting.push_back(std::move(read));
}

Fetcher::File& Fetcher::file_of(std::uint64_t segment) {
  for (const auto& file : files_)
    if (file->segment == segment) return *file;
  files_.push_back(std::make_unique<File>());
  files_.back()->segment = segment;
  files_.back()->fetcher = this;
  return *files_.back();
}

// --- Files

/// Each file in turn gets one read.
void Fetcher::pump() {
  for (std::size_t idle = 0; idle < files_.size() && reading_.size() < limits::fetches_max;) {
    if (next_file_ >= files_.size()) next_file_ = 0;
    File& file = *files_[next_file_++];
    const bool is_waiting = !file.waiting.empty() && parts_.loop->now() >= file.retry_at;
    ++idle;
    if (is_waiting && file.state == File::State::closed) open(file);
    if (!is_waiting || file.state != File::State::open) continue;
    start(file);
    idle = 0;
  }
}

void Fetcher::open(File& file) {
  CHECK(file.fd < 0);
  if (open_count_ >= limits::fetch_files_max) return;
  if (file.segment < parts_.segments->table().first()) return;  // turn() gives it up.
  ++open_count_;
  file.state = File::State::opening;
  file.path = parts_.segments->table().path_of(file.segment);
  file.op.kind = io::OpKind::open_file;
  file.op.path = file.path.c_str();
  file.op.mode = {.direct = parts_.segments->spare().is_direct()};
  file.op.owner = &file;
  file.op.done = &Fetcher::on_open;
  parts_.loop->submit(file.op);
}

void Fetcher::on_open(void* self, io::Op&, const io::Completion& completion) {
  File& file = *static_cast<File*>(self);
  Fetcher& fetcher = *file.fetcher;
  CHECK(file.state == File::State::opening);
  if (completion.result < 0) {
    file.state = File::State::closed;
    --fetcher.open_count_;
    if (!std::exchange(file.has_failed, true))
      fetcher.parts_.log->write(
          LogLevel::error, LogCategory::general,
          "cannot open a journal file: messages in it wait; it is tried again each second",
          {{"file", file.path}, {"error", std::strerror(-completion.result)}});
    fetcher.retry_later(file);
  } else {
    file.has_failed = false;
    file.state = File::State::open;
    file.fd = completion.result;
  }
  fetcher.pump();
}

void Fetcher::start(File& file) {
  std::unique_ptr<Read> read = std::move(file.waiting.front());
  file.waiting.pop_front();
  ++file.reading;
  read->buffer.reset(static_cast<std::uint8_t*>(std::aligned_alloc(block_size, read->size)));
  CHECK(read->buffer != nullptr);
  submit(*read);
  reading_.push_back(std::move(read));
}

/// What of it is not here yet.
void Fetcher::submit(Read& read) {
  CHECK(read.got < read.size);
  read.iov = {read.buffer.get() + read.got, static_cast<std::size_t>(read.size - read.got)};
  read.op.kind = io::OpKind::read;
  read.op.fd = read.file->fd;
  read.op.offset = read.begin + read.got;
  read.op.iov = &read.iov;
  read.op.iov_count = 1;
  read.op.owner = &read;
  read.op.done = &Fetcher::on_read;
  parts_.loop->submit(read.op);
}

/// Files that nobody reads are closed but for a few: their space could not be given back.
void Fetcher::turn() {
  for (const FetchRequest& item : std::exchange(stale_, {}))
    deliver_nothing(item, "it was given up");
  if (!unwritten_.empty()) fetch(std::exchange(unwritten_, {}));
  const std::uint64_t first = parts_.segments->table().first();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < files_.size();) {
    File& file = *files_[i];
    if (file.segment < first && file.state == File::State::closed) give_up(file);
    if (file.state == File::State::closed && file.is_idle()) {
      files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    if (file.state == File::State::open && file.is_idle() &&
        (file.segment < first || ++kept > limits::fetch_files_kept))
      close(file);
    ++i;
  }
  pump();
}

void Fetcher::give_up(File& file) {
  for (auto& read : std::exchange(file.waiting, {}))
    for (const FetchRequest& item : read->items) deliver_nothing(item, "it was given up");
}

void Fetcher::close(File& file) {
  CHECK(file.is_idle());
  file.state = File::State::closing;
  file.op.kind = io::OpKind::close;
  file.op.fd = std::exchange(file.fd, -1);
  file.op.owner = &file;
  file.op.done = &Fetcher::on_close;
  parts_.loop->submit(file.op);
}

void Fetcher::on_close(void* self, io::Op&, const io::Completion&) {
  File& file = *static_cast<File*>(self);
  CHECK(file.state == File::State::closing);
  file.state = File::State::closed;
  --file.fetcher->open_count_;
  file.fetcher->pump();
}

// --- What was read

void Fetcher::on_read(void* self, io::Op&, const io::Completion& completion) {
  Read* read = static_cast<Read*>(self);
  Fetcher& fetcher = *read->fetcher;
  if (fetcher.goes_on(*read, completion.result)) return fetcher.submit(*read);
  const auto found = std::find_if(fetcher.reading_.begin(), fetcher.reading_.end(),
                                  [&](const auto& one) { return one.get() == read; });
  CHECK(found != fetcher.reading_.end());
  std::unique_ptr<Read> owned = std::move(*found);
  fetcher.reading_.erase(found);
  --owned->file->reading;
  if (completion.result < 0) {
    fetcher.read_failed(std::move(owned), -completion.result);
  } else {
    fetcher.finish(std::move(owned), "the file ends too early");
  }
  fetcher.pump();
}

/// It was short: direct I/O goes on at a block.
bool Fetcher::goes_on(Read& read, std::int32_t result) {
  if (result == -EAGAIN || result == -EINTR) return true;
  if (result <= 0) return false;
  const auto size = static_cast<std::uint64_t>(result);
  read.got += size == read.size - read.got ? size : block_of(size);
  return size >= block_size && read.got < read.size;
}

/// In the end each record is tried alone: only those that lie where the disk is damaged are lost.
void Fetcher::read_failed(std::unique_ptr<Read> read, int error) {
  File& file = *read->file;
  if (++read->failures >= limits::fetch_failures_max) {
    if (read->items.size() == 1) return finish(std::move(read), std::strerror(error));
    for (const FetchRequest& item : read->items)
      add_read({&item, 1}, limits::fetch_failures_max - 1);
    return;
  }
  file.waiting.push_front(std::move(read));
  retry_later(file);
}

void Fetcher::retry_later(File& file) {
  file.retry_at = parts_.loop->now() + limits::fetch_retry_wait;
  if (!retry_timer_.armed()) parts_.loop->timers().arm(retry_timer_, file.retry_at);
}

void Fetcher::on_retry(io::Timer&) {
  core::Nanos next = core::never;
  for (const auto& file : files_)
    if (file->retry_at > parts_.loop->now()) next = std::min(next, file->retry_at);
  if (next != core::never) parts_.loop->timers().arm(retry_timer_, next);
  pump();
}

/// A record that is not right is read once more, alone: it may have been the reading.
void Fetcher::finish(std::unique_ptr<Read> read, std::string_view why) {
  const bool is_last = read->failures + 1 >= limits::fetch_failures_max;
  for (const FetchRequest& item : read->items) {
    const std::uint64_t begin = item.place.offset - read->begin;
    std::string_view fault = why;
    if (begin + item.place.size <= read->got)
      fault = deliver(item, {read->buffer.get() + begin, item.place.size});
    if (fault.empty()) continue;
    if (is_last) {
      deliver_nothing(item, fault);
    } else {
      add_read({&item, 1}, limits::fetch_failures_max - 1);
    }
  }
}

/// "" or what is wrong with the record.
std::string_view Fetcher::deliver(const FetchRequest& item, core::Bytes window) {
  const RecordRead read = read_record(window, parts_.seed);
  if (read.fault != RecordFault::none) return text_of(read.fault);
  if (!is_wanted(read, item)) return "another record lies there";
  ++parts_.message_log->counts.journal_reads;
  parts_.message_log->counts.journal_read_bytes += item.place.size;
  (void)owner_->on_fetched(item.at, item.place,
                           make_message(read.record, owner_->memory_of_fetched()));
  return {};
}

void Fetcher::deliver_nothing(const FetchRequest& item, std::string_view why) {
  if (!owner_->on_fetched(item.at, item.place, {})) return;
  parts_.log->write(
      LogLevel::error, LogCategory::general,
      "the record of a message cannot be read: its queue goes on without it, the record stays; "
      "lepusctl list_unreadable shows it",
      {{"directory", parts_.segments->table().directory()},
       {"segment", item.place.segment},
       {"offset", item.place.offset},
       {"queue_id", item.at.queue.value},
       {"position", item.at.sequence},
       {"text", std::string(why)}});
}

}  // namespace lepus::persist
