// The journal of one shard: core::MessageLog over files, through the shard's own loop.
//
//   append, settled, delivery_watermark -> open batch
//     -> flush(): closed -> one write at a time -> durable()
//
// While one batch is being written the next one fills, however many turns that takes: group commit
// without a timer under load, and no wait when idle. Settles and watermarks are gathered in the
// batch and written at its end, as ranges, so each follows the message it is about. A batch that
// fills its segment ends there with a seal and goes on in the next one; recovery takes the parts of
// a batch that spans segments together or not at all.
//
//   batches_:  | being written | closed, for the next segments ... | open |
//
// With SyncMode::always a batch is a direct write and then an fdatasync. O_DSYNC would do both in
// one, but finishes in a kernel worker that is bound to one CPU: with other work there a batch took
// 2 to 8 ms in place of 0.2 to 0.6. A write or sync that fails ends the process (Parts::fail): what
// the kernel still holds is not known then. No room on the disk is different: it is waited for, and
// publishers with it. What old messages keep of the disk is bounded by the compactor.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "io/disk.h"
#include "io/loop.h"
#include "persist/journal/batch.h"
#include "persist/journal/compaction/compactor.h"
#include "persist/journal/fetcher.h"
#include "persist/journal/message_record.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

/// What a confirm promises (journal.sync).
enum class SyncMode : std::uint8_t {
  always,    ///< The message is on the disk.
  interval,  ///< It is with the operating system, which is told to write it every interval.
  os,        ///< It is with the operating system, which writes it when it likes.
};

class Journal final : public core::MessageLog, private MoveTarget {
 public:
  struct Parts {
    io::Loop* loop;
    io::Disk* disk;
    core::Log* log;
    std::string directory;  ///< Of this shard; exists.
    core::ShardId shard = 0;
    std::uint64_t store = 0;  ///< Of the data directory.
    std::uint64_t segment_size = std::uint64_t{64} << 20;
    SyncMode sync = SyncMode::always;
    core::Nanos sync_interval = 200 * core::nanos_per_ms;  ///< SyncMode::interval.
    /// Nothing can be written any more: ends the process with this message. In tests it returns.
    void (*fail)(void* owner, const std::string& why) = nullptr;
    void* fail_owner = nullptr;
  };
  explicit Journal(Parts parts);
  ~Journal() override;

  /// Before the loop turns. The first record gets `sequence`. "" or what is wrong.
  std::string start(Segments::Found found, std::uint64_t sequence);

  core::RecordLocation append(const core::Message& message, std::uint32_t queue_count) override;
  /// The same for a message that was enqueued at another time: it is moved, not new.
  core::RecordLocation append_as_of(const core::Message& message, std::uint64_t enqueued_ms,
                                    std::uint32_t queue_count) {
    return append_with(make_head(message, enqueued_ms, 0), message, queue_count);
  }
  core::RecordLocation append_paged(const core::Message& message,
                                    const core::QueuePosition& position) override;
  core::RecordLocation written_end() const override { return written_end_; }
  void fetch(std::span<const FetchRequest> wanted) override { fetcher_.fetch(wanted); }
  void enqueued(const core::RecordLocation& place, std::uint32_t index,
                const core::QueuePosition& position) override;
  void refused(const core::RecordLocation& place) override { dropped(place); }
  void settled(const core::RecordLocation& place, const core::QueuePosition& position) override;
  void dropped(const core::RecordLocation& place) override;
  void delivery_watermark(const core::QueuePosition& below) override;
  /// Records that whatever the journal held of the queue at these positions is dead. Their bytes do
  /// not count as live any more.
  void append_tombstone(const SequenceRange& range);

  std::uint64_t open_batch() const override;
  void flush() override;
  void keep_batch_open(bool keep_open) override { is_batch_kept_open_ = keep_open; }
  std::uint64_t durable() const override { return durable_; }
  bool is_behind() const override;
  bool has_work() const override;
  std::uint64_t memory_bytes() const override;
  std::uint64_t watermarks_lost() const override { return watermarks_lost_; }
  void set_record_owner(core::RecordOwner* owner) override {
    compactor_.set_record_owner(owner);
    fetcher_.set_record_owner(owner);
  }
  void stop_moving() override { compactor_.stop(); }

  Segments& segments() { return segments_; }
  const Segments& segments() const { return segments_; }
  const Compactor& compactor() const { return compactor_; }
  /// All in the segments before this one is durable, and none is written again.
  std::uint64_t first_undurable() const { return written_end_.segment; }
  /// That was begun; 0: none since the start.
  std::uint64_t newest_segment() const { return current_; }
  RecordSeed record_seed() const { return RecordSeed::of(parts_.store); }
  /// A write waits for room or for a file.
  bool is_stuck() const { return is_stuck_; }
  /// Recorded and not yet written.
  std::uint64_t pending_bytes() const;

 private:
  core::RecordLocation move(const core::Message& message, const MessageHead& old,
                            const core::RecordLocation& from,
                            std::span<const core::QueuePosition> holders) override;
  core::RecordLocation append_with(const MessageHead& head, const core::Message& message,
                                   std::uint32_t queue_count);
  Batch& open() { return *batches_.back(); }
  const Batch& open() const { return *batches_.back(); }
  bool has_open_content() const;
  std::uint64_t end_size() const;
  std::uint64_t stamp_ms();
  void make_room(std::uint64_t size);
  void write_pending();
  void begin_batch(const Batch::Start& start);
  void roll_segment();
  void close_batch();
  void reclaim_segments();

  // journal_write.cpp
  void note_written();
  void advance();
  void start_write();
  bool enter_segment(Batch& batch);
  void on_spare();
  void write_rest();
  void on_write(io::Op& op, const io::Completion& completion);
  void write_failed(int error);
  void fail(const std::string& why);
  void fail_without_file();
  void on_retry(io::Timer& timer);
  void on_durable();
  void finish_write();
  void leave_segment();
  void close_left();
  void submit_close();
  void on_close(io::Op& op, const io::Completion& completion);
  void submit_sync(int fd);
  void on_sync_timer(io::Timer& timer);
  void on_sync(io::Op& op, const io::Completion& completion);

  Parts parts_;
  Segments segments_;
  Compactor compactor_;
  Fetcher fetcher_;
  NewestSegmentFile newest_file_;
  std::deque<std::unique_ptr<Batch>> batches_;  ///< The open one is the last.
  std::vector<SequenceRange> ranges_;           ///< Settled, not yet in a batch.
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> last_range_;  ///< By queue.
  std::vector<QueueRef> watermarks_;
  /// Becomes truncate_before_ with the next flush; 0: nothing.
  std::uint64_t pending_log_start_ = 0;
  std::uint64_t truncate_before_ = 0;   ///< To be recorded; 0: nothing.
  std::uint64_t truncate_batch_ = 0;    ///< The last recorded one is durable with this batch.
  std::uint64_t truncate_written_ = 0;  ///< And says so much.
  std::uint64_t durable_ = 0;
  core::Nanos stamp_ = 0;             ///< Of the last record.
  core::RecordLocation written_end_;  ///< Where the oldest batch begins that is not durable.
  std::uint64_t watermarks_lost_ = 0;

  std::uint64_t current_ = 0;  ///< Segment that fd_ is of; 0: none.
  int fd_ = -1;
  bool is_batch_kept_open_ = false;
  bool is_writing_ = false;
  bool is_stuck_ = false;     ///< The first batch waits for a file or for room.
  std::size_t written_ = 0;   ///< Of the batch under way.
  bool is_unsynced_ = false;  ///< SyncMode::interval: written since the last sync.
  io::Op write_op_;
  iovec write_iov_{};
  io::Op close_op_;
  io::Op sync_op_;        ///< Of the batch under way, or of what an interval wrote.
  std::deque<int> left_;  ///< Files of sealed segments, still open.
  io::Timer retry_timer_;
  io::Timer sync_timer_;
  BlockBuffer spare_buffer_;
};

}  // namespace lepus::persist
