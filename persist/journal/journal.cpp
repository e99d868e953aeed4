// The parts of a journal are put together, and take their turn in order.
#include "persist/journal/journal.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::persist {

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
          {parts_.loop, parts_.disk, parts_.log, &segments_, this, RecordSeed::of(parts_.store)}) {
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
    compactor_.turn({writer_.is_stuck(), batches_.pending_bytes()});
  fetcher_.turn();
  segments_.shrink();
}

bool Journal::is_behind() const {
  if (writer_.is_stuck() || batches_.pending_bytes() > core::limits::journal_pending_max)
    return true;
  return compactor_.is_late();
}

}  // namespace lepus::persist
