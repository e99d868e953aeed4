// The consumers of a stream: each reads on its own, from where it likes, as often as it likes. An
// acknowledgement means credit for its consumer and nothing to the message.
//
//   comes, settles, gets credit ---------> waits for its turn -> pump(): a share, then
//   a message was pushed ----^  ^            for a message (at the end of the stream)
//   something was read, written-+            for content (on disk, or not written yet)
//                                            for a settlement, credit, or to go on
//
// pump() looks at those who wait for their turn, no others.
#pragma once

#include <cstddef>

#include "core/base/intrusive_list.h"
#include "core/queue/consumer_set.h"
#include "core/queue/queue.h"
#include "core/queue/queue_ports.h"
#include "core/stream/offset_tracking.h"
#include "core/stream/stream_content.h"
#include "core/stream/stream_log.h"

namespace lepus::core {

class StreamReaders final : public QueueConsumers {
 public:
  /// What they read; all of it outlives this object.
  struct Parts {
    Queue& queue;
    QueueHost& host;
    StreamLog& log;
    StreamContent& content;
    OffsetTracking& tracking;
  };
  explicit StreamReaders(const Parts& parts);

  const ConsumerList& all() const override { return consumers_.all(); }
  StreamLog* log() override { return &parts_.log; }
  /// Those that anybody is told of.
  std::size_t client_count() const { return consumers_.all().size() - look_count_; }
  Consumer* subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                      DeliveryPort* local) override;
  void unsubscribe(Consumer& consumer) override;
  void set_flow(Consumer& consumer, const ConsumerFlow& flow) override;
  void grant_credit(Consumer& consumer, const Credit& credit) override;

  /// Lets those who wait for their turn read on, each a share. Returns true if there is more that
  /// only needs another turn.
  [[nodiscard]] bool pump();
  /// Credit for more, and progress of a consumer whose offset is kept. Null: it was cancelled.
  void settle(const Settle& settle, Consumer* consumer);
  /// The consumer reads on, as after any settlement.
  void redeliver(const Redeliver& request, Consumer& consumer);
  /// Returns true if some consumer could take a message of this size.
  bool can_take(std::uint64_t size);
  /// A message was pushed.
  void on_pushed() { resume(at_end_); }
  /// Something was read, written, or is lost that somebody may wait for.
  void on_content() { resume(awaiting_content_); }

 private:
  using Waits = StreamReader::Waits;
  enum class Offer : std::uint8_t { taken, skipped, retry_later, at_end, no_content, no_room };

  void resume(IntrusiveList<Consumer>& list);
  void make_ready(Consumer& consumer);
  bool serve(Consumer& consumer, std::size_t share);
  void wait(Consumer& consumer, Offer offer);
  Offer offer(Consumer& consumer);
  void deliver(Consumer& consumer, MessageRef message);

  Parts parts_;
  ConsumerSet consumers_;
  std::size_t look_count_ = 0;  ///< Consumers that are looks.
  IntrusiveList<Consumer> ready_;
  IntrusiveList<Consumer> at_end_;
  IntrusiveList<Consumer> awaiting_content_;
};

}  // namespace lepus::core
