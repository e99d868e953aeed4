// What makes a queue of type stream one: messages stay until a limit drops them, the position of a
// message is its offset, and each consumer reads on its own, from where it likes, as often as it
// likes (RabbitMQ's streams, over AMQP 0-9-1).
//
//   backlog:   first ............................................. end
//              | on disk only, some in the cache     | in memory   |
//   readers:        ^ next                  ^ next             ^ next
//
// An acknowledgement means credit for its consumer and nothing to the message. A message that is
// to be recorded is delivered once that is written: an offset that a consumer has seen is never
// given to another message. The queue keeps the backlog; this is the part that reads it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "core/queue/delivery.h"
#include "core/queue/queue_host.h"
#include "core/queue/queue_records.h"
#include "core/stream/stream_cache.h"
#include "core/stream/stream_offsets.h"
#include "core/stream/stream_reader.h"
#include "core/stream/stream_times.h"

namespace lepus::core {

class Stream {
 public:
  /// What a stream reads, of the queue that owns it.
  struct Parts {
    RunnableQueue& queue;
    const QueueInfo& info;
    QueueHost& host;
    PriorityBacklog& backlog;
    QueueRecords& records;
    Delivery& delivery;
  };
  explicit Stream(const Parts& parts);

  Sequence push(MessageRef message);
  /// What was found after a restart.
  void restore(const RestoredRun& run);
  /// Lets every consumer read on, each a share. True: there is more that only needs another turn.
  [[nodiscard]] bool pump();
  /// The consumer begins to read.
  void add_reader(Consumer& consumer, const StreamSpec& spec);
  /// A consumer leaves.
  void reader_leaves(Consumer& consumer);
  /// After the last one left.
  void readers_left();
  /// Credit for more, and progress of a consumer whose offset is kept. Null: it was cancelled.
  void settle(const Settle& settle, Consumer* consumer);
  StreamOffsets& offsets() { return offsets_; }
  const StreamOffsets& offsets() const { return offsets_; }
  /// See Queue::on_fetched().
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message);
  /// The message log has written more. True: there is more to wait for.
  [[nodiscard]] bool on_written();
  /// Drops what is too much or too old, a piece at a time.
  void drop_excess();
  /// When drop_excess() has to be called next; core::never when time changes nothing.
  Nanos next_deadline() const;
  /// Gives memory back.
  void shrink_cache(bool memory_pressure);

 private:
  enum class Turn : std::uint8_t { delivered, skipped, waits, reads, retry_later };
  struct Departed {
    ConsumerHandle handle;
    std::unique_ptr<StreamReader> reader;
  };

  std::uint64_t wall_clock_ms() const;
  Sequence first() const;
  Sequence end() const;
  Sequence start_of(const StreamStart& start) const;
  bool serve(Consumer& consumer, std::size_t share);
  Turn offer(Consumer& consumer);
  MessageRef content(Consumer& consumer);
  void deliver(Consumer& consumer, MessageRef message);
  void await(const RecordLocation& place);
  void read_ahead(StreamReader& reader);
  bool ask_page(Sequence from, std::uint64_t& bytes_left);
  bool is_over_limit() const;

  // stream_named.cpp
  void begin_named(StreamReader& reader);
  bool place(StreamReader& reader);
  void settle_departed(const Settle& settle);
  void keep_offset(StreamReader& reader);

  RunnableQueue& queue_;
  const QueueInfo& info_;
  QueueHost& host_;
  PriorityBacklog& backlog_;
  QueueRecords& records_;
  Delivery& delivery_;
  StreamCache cache_;
  StreamTimes times_;
  StreamOffsets offsets_;
  std::optional<RecordLocation> awaited_;  ///< A consumer waits for this record to be written.
  std::deque<Departed> departed_;          ///< Whose offset is kept, and that have not settled all.
  std::uint64_t page_bytes_ = 0;           ///< Of the page asked for last, on disk.
};

}  // namespace lepus::core
