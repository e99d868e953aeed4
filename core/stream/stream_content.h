// The contents of a stream's messages for those who read it: from memory, or read from disk into a
// cache before they get there.
//
// A message that is to be recorded is given out once that is written: an offset that a consumer has
// seen is never given to another message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/queue/queue_host.h"
#include "core/stream/stream_cache.h"
#include "core/stream/stream_log.h"
#include "core/stream/stream_reader.h"

namespace lepus::core {

class StreamContent {
 public:
  /// Both outlive this object.
  StreamContent(QueueId queue, QueueHost& host, StreamLog& log)
      : queue_(queue), host_(host), log_(log) {}

  /// The message at `reader.next`, which is there. Null: it is to be waited for; `reader_count`
  /// share what is read ahead.
  MessageRef find(StreamReader& reader, std::size_t reader_count);
  /// Readers had the chance to take what came.
  void note_served();
  /// Nobody reads.
  void drop_cache();

  /// The message log has written more. Returns true if there is more to wait for.
  [[nodiscard]] bool on_written();
  /// An answer of the message log. Returns true if the message cannot be read: readers pass it.
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message);
  /// Gives memory back.
  void shrink_cache(bool memory_pressure);

 private:
  void await(const RecordLocation& place);
  void read_ahead(StreamReader& reader, std::size_t reader_count);
  bool ask_page(Sequence from, std::uint64_t& bytes_left);

  QueueId queue_;
  QueueHost& host_;
  StreamLog& log_;
  StreamCache cache_;
  std::optional<RecordLocation> awaited_;  ///< A reader waits for this record to be written.
  std::uint64_t page_bytes_ = 0;           ///< Of the page asked for last, on disk.
};

}  // namespace lepus::core
