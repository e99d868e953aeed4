// Where the messages of a stream are, and its other records (core/stream/stream_offsets.h), as the
// message log and the eviction list see it. Messages that were evicted do not come back into the
// backlog: readers get them from the cache of StreamContent.
#pragma once

#include <cstdint>
#include <optional>

#include "core/queue/queue.h"
#include "core/queue/queue_description.h"
#include "core/queue/queue_ports.h"
#include "core/queue/queue_timer.h"
#include "core/queue/residency.h"
#include "core/stream/offset_tracking.h"
#include "core/stream/stream_content.h"
#include "core/stream/stream_log.h"
#include "core/stream/stream_readers.h"

namespace lepus::core {

class StreamStorage final : public QueueStorage {
 public:
  /// The parts of the queue; all of them outlive this object.
  struct Parts {
    Queue& queue;
    QueueHost& host;
    QueueTimer& timer;
    StreamLog& log;
    StreamContent& content;
    OffsetTracking& tracking;
    StreamReaders& readers;
    Residency& residency;
  };
  explicit StreamStorage(const Parts& parts) : parts_(parts) {}

  void restore(const RestoredQueue& restored) override;
  bool drop_records(std::size_t& budget) override;
  std::uint64_t resident_count() const override { return parts_.log.backlog().resident_count(); }
  bool evict(bool memory_pressure) override;
  void on_eviction_done() override { parts_.residency.on_eviction_done(); }
  bool on_written() override;
  std::optional<LocatedRecord> locate(Sequence sequence) const override;
  void on_moved(Sequence sequence, const RecordLocation& place) override;
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) override;
  void lose(Sequence sequence) override;
  std::size_t resolve_unreadable(const UnreadableOrder& order, std::size_t count) override;
  void describe_unreadable(std::size_t count, std::vector<UnreadableStats>& out) const override {
    append_unreadable(parts_.queue.info().id, parts_.log.backlog(), count, out);
  }
  /// Deliveries of a stream are not announced.
  void repeat_watermarks() override {}

 private:
  void resume_readers();

  Parts parts_;
};

}  // namespace lepus::core
