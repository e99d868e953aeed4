// Freezing is the writer's business, keeping files that of the segments; this decides when.
#include "persist/backup/backup_hold.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits/backup.h"

namespace lepus::persist {

BackupHold::BackupHold(const Parts& parts) : parts_(parts) {
  freeze_timer_.bind<&BackupHold::on_freeze_end>(this);
}

BackupHold::~BackupHold() { parts_.journal->loop->timers().cancel(freeze_timer_); }

bool BackupHold::begin() {
  if (state_ != State::none) return false;
  CHECK(lost_reason_.empty());
  state_ = State::frozen;
  parts_.writer->freeze(true);
  parts_.segments->hold_files();
  io::Loop& loop = *parts_.journal->loop;
  loop.timers().arm(freeze_timer_, loop.now() + core::limits::backup_freeze_max);
  return true;
}

/// A segment that was begun by a batch that is not durable does not count, nor does the part of
/// such a batch in an older one.
JournalSnapshot BackupHold::snapshot() const {
  CHECK(is_at_rest());
  const JournalParts& journal = *parts_.journal;
  const core::RecordLocation& end = parts_.batches->written_end();
  JournalSnapshot snapshot{journal.shard, journal.store, journal.directory, {}};
  parts_.segments->table().for_each([&](const Segment& segment) {
    if (segment.file == no_file || segment.number > end.segment) return;
    const std::uint64_t bytes = segment.number < end.segment ? segment.size : end.offset;
    if (bytes > 0) snapshot.segments.push_back({segment.number, segment.file, segment.size, bytes});
  });
  return snapshot;
}

void BackupHold::thaw() {
  if (state_ != State::frozen) return;
  state_ = State::holding;
  parts_.writer->freeze(false);
  parts_.journal->loop->timers().cancel(freeze_timer_);
}

void BackupHold::end(std::span<const std::uint32_t> linked) {
  thaw();
  if (state_ != State::none) parts_.segments->release_files(linked);
  CHECK(state_ != State::frozen);
  state_ = State::none;
  lost_reason_.clear();
}

void BackupHold::turn() {
  if (state_ == State::holding && parts_.segments->spare().lacks_room())
    lose("the disk has no room for the files that the backup keeps from being used again");
}

void BackupHold::lose(std::string reason) {
  CHECK(state_ == State::frozen || state_ == State::holding);
  CHECK(!reason.empty());
  thaw();
  parts_.segments->release_files({});
  state_ = State::lost;
  lost_reason_ = std::move(reason);
}

void BackupHold::on_freeze_end(io::Timer&) {
  CHECK(state_ == State::frozen);
  lose("the journals of all shards did not come to rest in time: one of them waits for its disk");
}

}  // namespace lepus::persist
