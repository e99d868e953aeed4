// Which segment, how fast, and the walk through its records.
#include "persist/journal/compactor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "persist/journal/journal.h"
#include "persist/journal/message_record.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

Compactor::Compactor(Journal& journal, io::Loop& loop, core::Log& log)
    : journal_(journal), loop_(loop), log_(log) {}

void Compactor::stop() {
  is_stopped_ = true;
  round_end_ = 0;
}

// --- Whether and what

std::uint64_t Compactor::slack() const {
  return core::limits::journal_slack_segments * journal_.segment_size();
}

/// Of the segments in use, beyond what is allowed.
std::uint64_t Compactor::excess() const {
  const SegmentTable& segments = journal_.segments().table();
  const std::uint64_t allowed = 2 * segments.live_bytes() + slack();
  return segments.in_use_bytes() > allowed ? segments.in_use_bytes() - allowed : 0;
}

bool Compactor::wants() {
  SegmentTable& segments = journal_.segments().table();
  if (owner_ == nullptr || is_stopped_) return false;
  if (excess() == 0) {
    round_end_ = resume_above_ = 0;
    return false;
  }
  if (excess() <= resume_above_) return false;
  const std::uint64_t first = segments.first();
  // Another round at once could change nothing, for ever: messages may fit their segments badly.
  if (first >= round_end_ && round_end_ != 0) {
    round_end_ = 0;
    resume_above_ = excess() + slack();
    return false;
  }
  if (first >= round_end_) round_end_ = segments.next_number();
  if (first == stuck_segment_ && loop_.now() < stuck_until_) {
    round_end_ = 0;
    return false;
  }
  return first < journal_.first_undurable() && segments.live_bytes(first) > 0;
}

bool Compactor::may_read() const {
  if (journal_.is_stuck()) return false;
  const bool is_urgent = excess() > slack();
  const std::uint64_t pending_max = core::limits::journal_pending_max;
  return journal_.pending_bytes() <= (is_urgent ? 2 * pending_max : pending_max / 2);
}

void Compactor::turn() {
  if (op_.in_flight) return;
  if (phase_ == Phase::idle) {
    if (!wants()) return buffer_.reset();
    if (may_read()) open();
    return;
  }
  CHECK(phase_ == Phase::open);
  if (is_done()) return finish();
  if (may_read()) read();
}

bool Compactor::is_done() const {
  SegmentTable& segments = journal_.segments().table();
  if (is_stopped_ || is_sealed_) return true;
  if (segments.first() != segment_ || segments.live_bytes(segment_) == 0) return true;
  return offset_ + sizeof(RecordHeader) > size_;
}

// --- The file

void Compactor::open() {
  SegmentTable& segments = journal_.segments().table();
  CHECK(phase_ == Phase::idle);
  segment_ = segments.first();
  size_ = segments.size_of(segment_);
  path_ = segments.path_of(segment_);
  is_direct_ = journal_.segments().spare().is_direct();
  is_sealed_ = has_given_up_ = false;
  offset_ = block_size;
  wanted_ = 0;
  op_.kind = io::OpKind::open_file;
  op_.path = path_.c_str();
  op_.mode = {.direct = is_direct_};
  op_.bind<&Compactor::on_open>(this);
  phase_ = Phase::opening;
  loop_.submit(op_);
}

void Compactor::on_open(io::Op&, const io::Completion& completion) {
  CHECK(phase_ == Phase::opening);
  if (completion.result < 0) {
    phase_ = Phase::idle;
    return give_up(std::strerror(-completion.result));
  }
  fd_ = completion.result;
  phase_ = Phase::open;
}

void Compactor::read() {
  CHECK(phase_ == Phase::open);
  CHECK(offset_ < size_);
  begin_ = block_of(offset_);
  const std::uint64_t piece =
      excess() > slack() ? core::limits::compaction_piece_late : core::limits::compaction_piece;
  const std::uint64_t size =
      std::min(round_up(std::max(piece, std::exchange(wanted_, 0)), block_size), size_ - begin_);
  if (!buffer_ || capacity_ < size) {
    capacity_ = round_up(size, block_size);
    buffer_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(block_size, capacity_)));
    CHECK(buffer_);
  }
  iov_ = {buffer_.get(), static_cast<std::size_t>(size)};
  op_.kind = io::OpKind::read;
  op_.fd = fd_;
  op_.offset = begin_;
  op_.iov = &iov_;
  op_.iov_count = 1;
  op_.bind<&Compactor::on_read>(this);
  phase_ = Phase::reading;
  loop_.submit(op_);
}

void Compactor::on_read(io::Op&, const io::Completion& completion) {
  CHECK(phase_ == Phase::reading);
  phase_ = Phase::open;
  if (completion.result < 0) {
    give_up(std::strerror(-completion.result));
    return finish();
  }
  const auto size = static_cast<std::uint64_t>(completion.result) / block_size * block_size;
  if (size == 0) {
    give_up("the file ends too early");
    return finish();
  }
  // Settled, or taken out, while it was read.
  if (is_done()) return finish();
  take({buffer_.get(), static_cast<std::size_t>(size)});
}

/// Of this segment, for now.
void Compactor::finish() {
  CHECK(phase_ == Phase::open);
  SegmentTable& segments = journal_.segments().table();
  if (!is_stopped_ && !has_given_up_ && segments.first() == segment_ &&
      segments.live_bytes(segment_) > 0)
    give_up("no queue holds what is left in it");
  op_.kind = io::OpKind::close;
  op_.fd = std::exchange(fd_, -1);
  op_.bind<&Compactor::on_close>(this);
  phase_ = Phase::closing;
  loop_.submit(op_);
}

void Compactor::give_up(const char* why) {
  has_given_up_ = true;
  if (journal_.segments().table().first() != segment_) return;
  stuck_until_ = loop_.now() + core::limits::compaction_retry;
  if (std::exchange(stuck_segment_, segment_) == segment_) return;
  log_.write(LogLevel::warning, LogCategory::general,
             "an old journal file cannot be emptied: it and all later ones stay for now",
             {{"file", path_},
              {"text", why},
              {"live_bytes", journal_.segments().table().live_bytes(segment_)}});
}

void Compactor::on_close(io::Op&, const io::Completion&) {
  CHECK(phase_ == Phase::closing);
  phase_ = Phase::idle;
}

// --- Its records

/// Goes on as far as the piece reaches; offset_ is where the next read begins.
void Compactor::take(core::Bytes piece) {
  CHECK(offset_ >= begin_);
  while (!is_sealed_ && offset_ - begin_ + sizeof(RecordHeader) <= piece.size()) {
    const std::uint64_t length =
        take_record(piece.subspan(static_cast<std::size_t>(offset_ - begin_)));
    if (length == 0) return;
    offset_ += length;
    if (journal_.segments().table().live_bytes(segment_) == 0) return;
  }
}

/// How far the next record is from here; 0: more must be read first. Where no record is, the next
/// can only begin at a block: what lies between is the end of a batch, or damage.
std::uint64_t Compactor::take_record(core::Bytes rest) {
  const RecordRead read = read_record(rest, journal_.record_seed());
  if (read.fault == RecordFault::crc || read.fault == RecordFault::cut) return take_unchecked(rest);
  if (read.fault != RecordFault::none) return block_of(offset_) + block_size - offset_;
  const RecordHeader& header = read.record.header();
  if (header.type == RecordType::seal) is_sealed_ = true;
  if (header.type == RecordType::message && find_holders(header, rest)) {
    move(header, rest, read.record);
  }
  return header.length;
}

/// A record that is damaged, or reaches beyond the piece: its head may do, as a message that says
/// it lies here proves it.
std::uint64_t Compactor::take_unchecked(core::Bytes rest) {
  const std::uint64_t next_block = block_of(offset_) + block_size - offset_;
  RecordHeader header;
  std::memcpy(&header, rest.data(), sizeof header);
  const bool is_possible = header.length >= sizeof header &&
                           header.length % record_alignment == 0 &&
                           offset_ + header.length <= size_;
  if (!is_possible) return next_block;
  const bool is_cut = header.length > rest.size();
  const std::uint64_t head_size =
      header.type == RecordType::message
          ? sizeof header + sizeof(MessageHead) + std::uint64_t{header.count} * sizeof(QueueRef)
          : sizeof header;
  if (head_size > header.length) return next_block;
  // Once from its own block; then it is larger than a piece and its head is enough.
  if (is_cut && (block_of(offset_) > begin_ || head_size > rest.size())) {
    wanted_ = offset_ - block_of(offset_) + head_size;
    return 0;
  }
  if (header.type != RecordType::message || !find_holders(header, rest))
    return is_cut ? header.length : next_block;
  if (warm_ == nullptr && is_cut) {
    wanted_ = offset_ - block_of(offset_) + header.length;
    return 0;
  }
  move(header, rest, {});
  return header.length;
}

/// True: a queue says that its record is this one.
bool Compactor::find_holders(const RecordHeader& header, core::Bytes head) {
  const Place place = place_of(header);
  positions_.clear();
  warm_ = nullptr;
  const std::uint8_t* refs = head.data() + sizeof header + sizeof(MessageHead);
  for (std::uint32_t i = 0; i < header.count; ++i) {
    QueueRef ref;
    std::memcpy(&ref, refs + i * sizeof ref, sizeof ref);
    if (ref.queue == 0) continue;
    const core::QueuePosition position{core::QueueId{ref.queue}, ref.sequence};
    const std::optional<core::LocatedRecord> held = owner_->locate(position);
    if (!held || held->place != place) continue;
    positions_.push_back(position);
    if (held->message != nullptr) warm_ = held->message;
  }
  drop_repeated_positions();
  return !positions_.empty();
}

/// A damaged record may name a position twice; the message would be taken out of the segment twice.
void Compactor::drop_repeated_positions() {
  const auto key_of = [](const core::QueuePosition& position) {
    return std::pair{position.queue.value, position.sequence};
  };
  std::sort(positions_.begin(), positions_.end(),
            [&](const auto& left, const auto& right) { return key_of(left) < key_of(right); });
  positions_.erase(std::unique(positions_.begin(), positions_.end(),
                               [&](const auto& left, const auto& right) {
                                 return key_of(left) == key_of(right);
                               }),
                   positions_.end());
}

Place Compactor::place_of(const RecordHeader& header) const {
  return {static_cast<std::uint32_t>(segment_), static_cast<std::uint32_t>(offset_), header.length};
}

/// For those that find_holders() found. `record`: nothing when it is damaged; then a message in
/// memory is needed.
void Compactor::move(const RecordHeader& header, core::Bytes head,
                     const std::optional<RecordView>& record) {
  const Place place = place_of(header);
  if (warm_ == nullptr && !record) return lose(place);
  MessageHead fields;
  std::memcpy(&fields, head.data() + sizeof header, sizeof fields);
  core::MessageRef message =
      warm_ != nullptr ? core::MessageRef::share(warm_) : make_message(*record, account_);
  const Place moved = journal_.move(*message, fields, place, positions_);
  for (const core::QueuePosition& position : positions_) owner_->on_moved(position, moved);
  ++moved_count_;
}

void Compactor::lose(const Place& place) {
  log_.write(LogLevel::error, LogCategory::general, "a message is lost: its record is damaged",
             {{"file", path_}, {"offset", place.offset}, {"size", place.size}});
  for (const core::QueuePosition& position : positions_) owner_->on_lost(position);
}

}  // namespace lepus::persist
