// The way through the records of a segment.
#include "persist/journal/compaction/compactor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/limits.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

Compactor::Compactor(const Parts& parts)
    : parts_(parts),
      rounds_(parts.segments->table(), parts.segment_size),
      reader_(*parts.loop, *parts.disk, *this),
      damaged_(*parts.disk, parts.segments->table().directory()),
      mover_(*parts.target, damaged_, *parts.log) {}

bool Compactor::may_read(const Load& load) const {
  if (load.is_stuck) return false;
  // Half of the room is left for acknowledgements.
  if (table().live_bytes(table().first()) > load.room_bytes / 2) return false;
  const std::uint64_t pending_max = core::limits::journal_pending_max;
  return load.pending_bytes <= (rounds_.is_urgent() ? 2 * pending_max : pending_max / 2);
}

bool Compactor::wants_turn(std::uint64_t first_undurable) {
  if (reader_.is_busy()) return false;
  if (!reader_.is_idle()) return true;
  if (mover_.has_record_owner() && rounds_.wants(parts_.loop->now(), first_undurable)) return true;
  reader_.release();
  return false;
}

void Compactor::turn(const Load& load) {
  CHECK(reader_.is_idle() || reader_.is_open());
  if (reader_.is_open() && is_done()) return finish();
  if (!may_read(load)) return;
  if (reader_.is_idle()) return open();
  read();
}

bool Compactor::is_done() const {
  if (rounds_.is_stopped() || is_sealed_) return true;
  if (table().first() != segment_ || table().live_bytes(segment_) == 0) return true;
  return offset_ + sizeof(RecordHeader) > size_;
}

// --- The file

void Compactor::open() {
  segment_ = table().first();
  size_ = table().size_of(segment_);
  is_sealed_ = has_given_up_ = false;
  damaged_offset_ = 0;
  offset_ = block_size;
  wanted_ = 0;
  reader_.open(table().path_of(segment_), size_, parts_.segments->spare().is_direct());
}

void Compactor::read() {
  const std::uint64_t piece =
      rounds_.is_urgent() ? core::limits::compaction_piece_late : core::limits::compaction_piece;
  reader_.read(offset_, std::max(piece, std::exchange(wanted_, 0)));
}

void Compactor::on_read_failed(const char* why) {
  give_up(why);
  if (reader_.is_open()) finish();
}

/// Of this segment, for now.
void Compactor::finish() {
  if (!rounds_.is_stopped() && !has_given_up_ && table().first() == segment_ &&
      table().live_bytes(segment_) > 0)
    give_up("no queue holds what is left in it");
  reader_.close();
}

void Compactor::give_up(std::string_view why) {
  has_given_up_ = true;
  if (table().first() != segment_ || !rounds_.set_stuck(segment_, parts_.loop->now())) return;
  parts_.log->write(LogLevel::warning, LogCategory::general,
                    "an old journal file cannot be emptied: it and all later ones stay for now",
                    {{"file", reader_.path()},
                     {"text", std::string(why)},
                     {"live_bytes", table().live_bytes(segment_)}});
}

// --- Its records

/// Goes on as far as the piece reaches; offset_ is where the next read begins.
void Compactor::on_piece(core::Bytes piece) {
  // Settled, or taken out, while it was read.
  if (is_done()) return finish();
  const std::uint64_t begin = reader_.piece_begin();
  CHECK(offset_ >= begin);
  while (!is_sealed_ && offset_ - begin + sizeof(RecordHeader) <= piece.size()) {
    const std::uint64_t length =
        take_record(piece.subspan(static_cast<std::size_t>(offset_ - begin)));
    if (has_given_up_) return finish();
    if (length == 0) return;
    offset_ += length;
    if (table().live_bytes(segment_) == 0) return;
  }
}

/// How far the next record is from here; 0: more must be read first. Where no record is, the next
/// can only begin at a block: what lies between is the end of a batch, or damage.
std::uint64_t Compactor::take_record(core::Bytes rest) {
  const RecordRead read = read_record(rest, parts_.seed);
  if (read.fault == RecordFault::crc || read.fault == RecordFault::cut) return take_unchecked(rest);
  if (read.fault != RecordFault::none) return block_of(offset_) + block_size - offset_;
  const RecordHeader& header = read.record.header();
  if (header.type == RecordType::seal) is_sealed_ = true;
  if (header.type == RecordType::message && mover_.find_holders(place_of(header), rest))
    mover_.move(rest, read.record);
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
  if (is_cut && (block_of(offset_) > reader_.piece_begin() || head_size > rest.size())) {
    wanted_ = offset_ - block_of(offset_) + head_size;
    return 0;
  }
  if (header.type != RecordType::message || !mover_.find_holders(place_of(header), rest))
    return is_cut ? header.length : next_block;
  if (!mover_.has_message() && is_cut) {
    wanted_ = offset_ - block_of(offset_) + header.length;
    return 0;
  }
  if (!mover_.has_message()) return set_aside(rest.first(header.length));
  mover_.move(rest, {});
  return header.length;
}

/// The second time; once it may have been the reading.
std::uint64_t Compactor::set_aside(core::Bytes record) {
  if (std::exchange(damaged_offset_, offset_) != offset_) {
    wanted_ = offset_ - block_of(offset_) + record.size();
    return 0;
  }
  const std::string error = mover_.set_aside(record, reader_.path());
  if (!error.empty()) give_up(error);
  return error.empty() ? record.size() : 0;
}

Place Compactor::place_of(const RecordHeader& header) const {
  return {static_cast<std::uint32_t>(segment_), static_cast<std::uint32_t>(offset_), header.length};
}

}  // namespace lepus::persist
