// The journal of one shard: core::MessageLog over files, through the shard's own loop.
//
//   append, settled, delivery_watermark -> RecordAppender -> BatchQueue: the open batch
//     -> flush(): BatchWriter closes it, one write at a time -> durable()
//
// Settles and watermarks are gathered in the batch and written at its end, as ranges, so each
// follows the message it is about. What nobody needs any more becomes free by LogTruncation; what
// old messages keep of the disk is bounded by the Compactor; the Fetcher reads records back; the
// BackupHold lets somebody copy all of it while it goes on.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/broker/ports.h"
#include "persist/backup/backup_hold.h"
#include "persist/journal/batch_queue.h"
#include "persist/journal/batch_writer.h"
#include "persist/journal/compaction/compactor.h"
#include "persist/journal/fetcher.h"
#include "persist/journal/journal_parts.h"
#include "persist/journal/log_truncation.h"
#include "persist/journal/record_appender.h"
#include "persist/journal/record_clock.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class Journal final : public core::MessageLog {
 public:
  using Parts = JournalParts;
  explicit Journal(Parts parts);

  /// Before the loop turns. The first record gets `sequence`. "" or what is wrong.
  std::string start(Segments::Found found, std::uint64_t sequence);

  core::RecordLocation append(const core::Message& message, std::uint32_t queue_count) override {
    return records_.append(message, queue_count);
  }
  core::RecordLocation append_paged(const core::Message& message,
                                    const core::QueuePosition& position) override {
    return records_.append_paged(message, position);
  }
  core::RecordLocation written_end() const override { return batches_.written_end(); }
  void fetch(std::span<const FetchRequest> wanted) override { fetcher_.fetch(wanted); }
  void enqueued(const core::RecordLocation& place, std::uint32_t index,
                const core::QueuePosition& position) override {
    records_.enqueued(place, index, position);
  }
  void refused(const core::RecordLocation& place) override { records_.dropped(place); }
  void settled(const core::RecordLocation& place, const core::QueuePosition& position) override {
    records_.settled(place, position);
  }
  void dropped(const core::RecordLocation& place) override { records_.dropped(place); }
  void delivery_watermark(const core::QueuePosition& below) override {
    records_.delivery_watermark(below);
  }
  std::uint64_t open_batch() const override { return batches_.last_number(); }
  void flush() override;
  void keep_batch_open(bool keep_open) override { batches_.keep_open(keep_open); }
  std::uint64_t durable() const override { return batches_.durable(); }
  bool is_behind() const override;
  bool has_work() const override { return fetcher_.has_work() || writer_.has_work(); }
  std::uint64_t memory_bytes() const override {
    return batches_.memory_bytes() + writer_.indexes().memory_bytes();
  }
  std::uint64_t watermarks_lost() const override { return truncation_.watermarks_lost(); }
  void set_record_owner(core::RecordOwner* owner) override;
  void stop_moving() override { compactor_.stop(); }

  /// What only recovery records.
  RecordAppender& records() { return records_; }
  /// Parts to be looked at.
  struct View {
    const Segments& segments;
    const BatchWriter& writer;
    const Compactor& compactor;
  };
  View view() const { return {segments_, writer_, compactor_}; }
  BackupHold& backup() { return backup_; }

 private:
  Parts parts_;
  RecordClock clock_;
  Segments segments_;
  LogTruncation truncation_;
  BatchQueue batches_;
  RecordAppender records_;
  BatchWriter writer_;
  Compactor compactor_;
  Fetcher fetcher_;
  BackupHold backup_;
};

}  // namespace lepus::persist
