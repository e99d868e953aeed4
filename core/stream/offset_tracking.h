// Consumers whose offset the stream keeps under their name (x-stream-automatic-offset-tracking):
// where they begin, and how far they are. A consumer that was cancelled may still settle what it
// has: it is remembered until it did.
#pragma once

#include <deque>
#include <memory>

#include "core/queue/consumer.h"
#include "core/stream/stream_log.h"
#include "core/stream/stream_offsets.h"
#include "core/stream/stream_reader.h"

namespace lepus::core {

class OffsetTracking {
 public:
  /// Both outlive this object.
  OffsetTracking(QueueId queue, MessageLog& message_log, StreamLog& log)
      : log_(log), offsets_(queue, message_log) {}

  StreamOffsets& offsets() { return offsets_; }
  const StreamOffsets& offsets() const { return offsets_; }

  /// A reader with a name comes.
  void begin(StreamReader& reader);
  /// Puts the reader where it left off, once. Returns false if that has to be read first.
  [[nodiscard]] bool place(StreamReader& reader);
  /// Keeps how far it is, if it settled something since the last call.
  void keep(StreamReader& reader);
  /// The consumer leaves.
  void leave(Consumer& consumer);
  /// What a consumer had is settled, or given back, after it left.
  void settle_departed(const Settle& settle);

 private:
  struct Departed {
    ConsumerHandle handle;
    std::unique_ptr<ConsumerExtension> extension;  ///< A StreamReader.
    StreamReader& reader() const { return static_cast<StreamReader&>(*extension); }
  };

  StreamLog& log_;
  StreamOffsets offsets_;
  std::deque<Departed> departed_;  ///< That have not settled all.
};

}  // namespace lepus::core
