// Each step takes what the one before it has left.
#include "persist/journal/log_truncation.h"

#include <cstring>
#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

void LogTruncation::turn(std::uint64_t first_written) {
  if (pending_log_start_ != 0) due_log_start_ = std::exchange(pending_log_start_, 0);
  if (!segments_.table().take_reclaimable(first_written)) return;
  pending_log_start_ = segments_.table().first();
  ++watermarks_lost_;
}

void LogTruncation::write_to(Batch& batch) {
  if (due_log_start_ == 0) return;
  CHECK(!batch.is_closed());
  std::uint8_t* record = batch.add(RecordType::truncate, 1, record_size);
  std::memcpy(record + sizeof(RecordHeader), &due_log_start_, sizeof due_log_start_);
  written_log_start_ = std::exchange(due_log_start_, 0);
  written_batch_ = batch.number();
}

void LogTruncation::on_durable(std::uint64_t batch) {
  if (written_batch_ == 0 || written_batch_ > batch) return;
  written_batch_ = 0;
  segments_.free_before(written_log_start_);
}

}  // namespace lepus::persist
