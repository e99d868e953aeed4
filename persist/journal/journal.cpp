// What is recorded, and where batches are closed. Writing them: journal_write.cpp.
#include "persist/journal/journal.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "persist/journal/message_record.h"
#include "persist/journal/record.h"

namespace lepus::persist {

namespace {

constexpr std::size_t seal_size = sizeof(RecordHeader);
constexpr std::size_t truncate_record_size = sizeof(RecordHeader) + sizeof(std::uint64_t);

template <class Item>
std::uint64_t list_size(std::size_t count) {
  return count == 0 ? 0 : sizeof(RecordHeader) + count * sizeof(Item);
}

}  // namespace

Journal::Journal(Parts parts)
    : parts_(std::move(parts)),
      segments_({parts_.loop, parts_.disk, parts_.log, parts_.directory, parts_.segment_size}),
      compactor_({parts_.loop, parts_.log, &segments_, this, parts_.segment_size, record_seed()}),
      fetcher_({parts_.loop, parts_.disk, parts_.log, &segments_, this, record_seed()}),
      newest_file_(*parts_.loop, *parts_.disk, *parts_.log) {
  CHECK(parts_.segment_size <= UINT32_MAX);
  write_op_.bind<&Journal::on_write>(this);
  close_op_.bind<&Journal::on_close>(this);
  sync_op_.bind<&Journal::on_sync>(this);
  retry_timer_.bind<&Journal::on_retry>(this);
  sync_timer_.bind<&Journal::on_sync_timer>(this);
  segments_.spare().set_on_ready([](void* self) { static_cast<Journal*>(self)->on_spare(); }, this);
}

Journal::~Journal() {
  parts_.loop->timers().cancel(retry_timer_);
  parts_.loop->timers().cancel(sync_timer_);
  if (fd_ >= 0) parts_.disk->close(fd_);
}

std::string Journal::start(Segments::Found found, std::uint64_t sequence) {
  CHECK(batches_.empty());
  const std::uint64_t newest = found.next_number - 1;
  if (std::string error = segments_.start(std::move(found)); !error.empty()) return error;
  newest_file_.open(parts_.directory, {parts_.shard, parts_.store}, newest);
  begin_batch({1, segments_.table().add(), 0, sequence, false});
  note_written();
  return {};
}

// --- What is recorded

/// Since 1970. The system's clock may be set back; a later record is never of an earlier time.
std::uint64_t Journal::stamp_ms() {
  stamp_ = std::max(stamp_, parts_.loop->now() + parts_.loop->wall_offset());
  return static_cast<std::uint64_t>(stamp_ / core::nanos_per_ms);
}

core::RecordLocation Journal::append(const core::Message& message, std::uint32_t queue_count) {
  return append_with(make_head(message, stamp_ms(), 0), message, queue_count);
}

core::RecordLocation Journal::append_paged(const core::Message& message,
                                           const core::QueuePosition& position) {
  const core::RecordLocation place =
      append_with(make_head(message, stamp_ms(), head_flag_paged), message, 1);
  enqueued(place, 0, position);
  return place;
}

core::RecordLocation Journal::append_with(const MessageHead& head, const core::Message& message,
                                          std::uint32_t queue_count) {
  const std::uint64_t size = message_record_size(head, queue_count);
  CHECK(size <= UINT32_MAX);
  make_room(size);
  const std::uint8_t* record = add_message_record(open(), head, queue_count, message);
  segments_.table().add_live(open().segment(), size * queue_count);
  return {static_cast<std::uint32_t>(open().segment()),
          static_cast<std::uint32_t>(open().offset_of(record)), static_cast<std::uint32_t>(size)};
}

core::RecordLocation Journal::move(const core::Message& message, const MessageHead& old,
                                   const core::RecordLocation& from,
                                   std::span<const core::QueuePosition> holders) {
  CHECK(!holders.empty());
  CHECK(from.segment < first_undurable());
  const auto count = static_cast<std::uint32_t>(holders.size());
  // One that the disk has damaged must not keep the message for ever.
  const std::uint64_t enqueued_ms = std::min(old.enqueued_ms, stamp_ms());
  const core::RecordLocation place =
      append_with(make_head(message, enqueued_ms, old.flags & head_flag_paged), message, count);
  for (std::uint32_t i = 0; i < count; ++i) enqueued(place, i, holders[i]);
  segments_.table().remove_live(from.segment, std::uint64_t{from.size} * count);
  return place;
}

/// The part of a batch that spans segments does not count before the rest is written.
void Journal::note_written() {
  const Batch& first = *batches_.front();
  written_end_ = {static_cast<std::uint32_t>(first.segment()),
                  static_cast<std::uint32_t>(first.offset()), 0};
}

void Journal::enqueued(const core::RecordLocation& place, std::uint32_t index,
                       const core::QueuePosition& position) {
  const auto holder = std::find_if(batches_.rbegin(), batches_.rend(), [&](const auto& batch) {
    return batch->contains(place.segment, place.offset);
  });
  CHECK(holder != batches_.rend());
  store_queue_ref((*holder)->at(place.offset), index, {position.queue.value, position.sequence});
}

void Journal::settled(const core::RecordLocation& place, const core::QueuePosition& position) {
  segments_.table().remove_live(place.segment, place.size);
  const std::uint64_t queue = position.queue.value;
  const auto follows = [&](const SequenceRange& range) {
    return range.queue == queue && range.last + 1 == position.sequence;
  };
  if (!ranges_.empty() && follows(ranges_.back())) {
    ranges_.back().last = position.sequence;
    return;
  }
  if (const auto last = last_range_.find(queue);
      last != last_range_.end() && follows(ranges_[last->second])) {
    ranges_[last->second].last = position.sequence;
    return;
  }
  make_room(sizeof(SequenceRange) + sizeof(RecordHeader));
  last_range_[queue] = static_cast<std::uint32_t>(ranges_.size());
  ranges_.push_back({queue, position.sequence, position.sequence});
}

void Journal::dropped(const core::RecordLocation& place) {
  segments_.table().remove_live(place.segment, place.size);
}

void Journal::append_tombstone(const SequenceRange& range) {
  CHECK(range.first <= range.last);
  make_room(sizeof(SequenceRange) + sizeof(RecordHeader));
  ranges_.push_back(range);
}

void Journal::delivery_watermark(const core::QueuePosition& below) {
  make_room(sizeof(QueueRef) + sizeof(RecordHeader));
  watermarks_.push_back({below.queue.value, below.sequence});
}

// --- Batches

void Journal::begin_batch(const Batch::Start& start) {
  batches_.push_back(std::make_unique<Batch>(start, std::exchange(spare_buffer_, {})));
}

bool Journal::has_open_content() const {
  return !open().is_empty() || !ranges_.empty() || !watermarks_.empty() || truncate_before_ != 0;
}

std::uint64_t Journal::open_batch() const {
  return has_open_content() ? open().number() : open().number() - 1;
}

/// What is to come at the end of the open batch.
std::uint64_t Journal::end_size() const {
  return list_size<SequenceRange>(ranges_.size()) + list_size<QueueRef>(watermarks_.size()) +
         truncate_record_size + seal_size;
}

/// A segment without any record takes one of any size.
void Journal::make_room(std::uint64_t size) {
  const std::uint64_t end = open().end_offset() + end_size() + size;
  const bool fresh = open().offset() == 0 && open().is_empty() && end_size() < block_size;
  if (end > parts_.segment_size && !fresh) roll_segment();
}

void Journal::write_pending() {
  if (!ranges_.empty()) {
    const std::size_t bytes = ranges_.size() * sizeof(SequenceRange);
    std::uint8_t* record =
        open().add(RecordType::settle, static_cast<std::uint32_t>(ranges_.size()),
                   sizeof(RecordHeader) + bytes);
    std::memcpy(record + sizeof(RecordHeader), ranges_.data(), bytes);
    ranges_.clear();
    last_range_.clear();
  }
  if (!watermarks_.empty()) {
    const std::size_t bytes = watermarks_.size() * sizeof(QueueRef);
    std::uint8_t* record =
        open().add(RecordType::delivered, static_cast<std::uint32_t>(watermarks_.size()),
                   sizeof(RecordHeader) + bytes);
    std::memcpy(record + sizeof(RecordHeader), watermarks_.data(), bytes);
    watermarks_.clear();
  }
  if (truncate_before_ != 0) {
    std::uint8_t* record = open().add(RecordType::truncate, 1, truncate_record_size);
    std::memcpy(record + sizeof(RecordHeader), &truncate_before_, sizeof truncate_before_);
    truncate_written_ = std::exchange(truncate_before_, 0);
    truncate_batch_ = open().number();
  }
}

/// In the middle of a turn the segment is full: what follows goes to the next one, and counts only
/// together with this.
void Journal::roll_segment() {
  write_pending();
  Batch& full = open();
  full.add(RecordType::seal, 0, seal_size);
  full.set_spans_segments();
  begin_batch({full.number() + 1, segments_.table().add(), 0, full.next_sequence(), true});
}

/// The open batch is to be written; the next one follows it.
void Journal::close_batch() {
  write_pending();
  Batch& done = open();
  const std::uint64_t end = round_up(done.end_offset(), block_size);
  const bool is_last =
      round_up(done.end_offset() + seal_size, block_size) + 2 * block_size > parts_.segment_size;
  if (is_last) done.add(RecordType::seal, 0, seal_size);
  begin_batch({done.number() + 1, is_last ? segments_.table().add() : done.segment(),
               is_last ? 0 : end, done.next_sequence(), false});
}

/// What died is said in the batch after the one in which the broker repeated its marks: a mark must
/// not be in a segment that is gone. So nothing is given up before the queues are there again with
/// their marks: a mark may lie before the message it is about, which was moved.
void Journal::reclaim_segments() {
  if (!compactor_.has_record_owner()) return;
  if (pending_log_start_ != 0) truncate_before_ = std::exchange(pending_log_start_, 0);
  if (!segments_.table().take_reclaimable(batches_.front()->segment())) return;
  pending_log_start_ = segments_.table().first();
  ++watermarks_lost_;
}

void Journal::flush() {
  const bool is_busy = has_work() || !compactor_.is_idle();
  const core::TurnScope scope(is_busy ? &parts_.loop->profile() : nullptr, core::TurnJob::journal);
  reclaim_segments();
  advance();
  if (is_stuck_ && !is_writing_ && segments_.spare().error() != 0) fail_without_file();
  compactor_.turn({is_stuck_, pending_bytes(), first_undurable()});
  fetcher_.turn();
  segments_.shrink();
}

bool Journal::has_work() const {
  if (fetcher_.has_work()) return true;
  if (is_writing_ || is_stuck_) return false;
  return (has_open_content() && !is_batch_kept_open_) || pending_log_start_ != 0 ||
         batches_.size() > 1;
}

std::uint64_t Journal::pending_bytes() const {
  std::uint64_t waiting = 0;
  for (const auto& batch : batches_) waiting += batch->size();
  return waiting;
}

bool Journal::is_behind() const {
  if (is_stuck_ || pending_bytes() > core::limits::journal_pending_max) return true;
  return compactor_.is_late();
}

std::uint64_t Journal::memory_bytes() const {
  std::uint64_t bytes = spare_buffer_.capacity() + ranges_.capacity() * sizeof(SequenceRange);
  for (const auto& batch : batches_) bytes += batch->memory_bytes();
  return bytes;
}

}  // namespace lepus::persist
