// The parts of a journal are put together, and take their turn in order.
#include "persist/journal/journal.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::persist {

namespace {

/// Bytes that can be written before a journal waits for room; UINT64_MAX: nothing is known to be in
/// the way.
std::uint64_t room_bytes(const Segments& segments, const BatchQueue& batches,
                         std::uint64_t segment_size) {
  if (!segments.spare().lacks_room()) return UINT64_MAX;
  const std::uint64_t used = batches.written_end().offset + batches.pending_bytes();
  const std::uint64_t reserve = segments.pool().has_reserve() ? segment_size : 0;
  return segment_size - std::min(segment_size, used) + reserve;
}

}  // namespace

Journal::Journal(Parts parts)
    : parts_(std::move(parts)),
      clock_(*parts_.loop),
      segments_({parts_.loop, parts_.disk, parts_.log, parts_.directory, parts_.segment_size}),
      truncation_(segments_),
      batches_({&segments_.table(), &truncation_, parts_.segment_size}),
      records_(batches_, segments_.table(), clock_, counts),
      writer_({&parts_, &segments_, &batches_, &truncation_, &clock_, &counts}),
      compactor_({parts_.loop, parts_.disk, parts_.log, &segments_, &records_, parts_.segment_size,
                  RecordSeed::of(parts_.store)}),
      fetcher_(
          {parts_.loop, parts_.disk, parts_.log, &segments_, this, RecordSeed::of(parts_.store)}),
      backup_({&parts_, &segments_, &batches_, &writer_}) {
  CHECK(parts_.segment_size <= UINT32_MAX);
}

std::string Journal::start(Segments::Found found, std::uint64_t sequence) {
  const std::uint64_t newest = found.next_number - 1;
  if (std::string error = segments_.start(std::move(found)); !error.empty()) return error;
  writer_.start(newest);
  batches_.start(sequence);
  return {};
}

void Journal::set_record_owner(core::RecordOwner* owner) {
  compactor_.set_record_owner(owner);
  fetcher_.set_record_owner(owner);
}

void Journal::flush() {
  const bool is_busy = has_work() || !compactor_.is_idle();
  const core::TurnScope scope(is_busy ? &parts_.loop->profile() : nullptr, core::TurnJob::journal);
  if (compactor_.has_record_owner()) truncation_.turn(batches_.front().segment());
  writer_.turn();
  if (compactor_.wants_turn(batches_.written_end().segment))
    compactor_.turn({writer_.is_stuck(), batches_.pending_bytes(),
                     room_bytes(segments_, batches_, parts_.segment_size)});
  fetcher_.turn();
  segments_.shrink();
  backup_.turn();
}

/// While no other file can be made, what is left of this one and the reserve are for
/// acknowledgements: so what waits to be written never fills them.
bool Journal::is_behind() const {
  if (writer_.is_stuck() || segments_.spare().lacks_room()) return true;
  const std::uint64_t pending_max =
      std::min(core::limits::journal_pending_max, parts_.segment_size);
  return batches_.pending_bytes() > pending_max || compactor_.is_late();
}

}  // namespace lepus::persist
