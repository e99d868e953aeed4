// A queue of type stream: what it does otherwise than a queue whose consumers compete. Messages
// stay until a limit drops them, consumers read on their own, and some of its records are positions
// of named consumers. Reading is core/stream/stream.h.
#pragma once

#include "core/queue/queue.h"
#include "core/stream/stream.h"

namespace lepus::core {

class StreamQueue final : public Queue {
 public:
  StreamQueue(const QueueInfo& info, QueueHost& host);

  std::optional<Sequence> push(MessageRef message) override;
  /// It drops the oldest messages instead.
  bool surely_refuses(std::uint64_t, std::uint64_t) override { return false; }
  bool drop_records(std::size_t& budget) override;
  bool can_deliver_at_once(std::uint64_t size, bool hopes) override;

  void settle(const Settle& settle, Consumer* consumer) override;
  /// The consumer reads on, as after any settlement.
  void redeliver(const Redeliver& request, Consumer& consumer) override;
  Consumer* subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                      DeliveryPort* local) override;
  void unsubscribe(Consumer& consumer) override;
  void consumer_changed(Consumer& consumer) override;
  void grant_credit(Consumer& consumer, const Credit& credit) override;

  bool evict(bool memory_pressure) override;
  bool on_written() override { return stream_.on_written(); }
  std::optional<LocatedRecord> locate(Sequence sequence) const override;
  void on_moved(Sequence sequence, const RecordLocation& place) override;
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) override;
  void lose(Sequence sequence) override;

 private:
  bool deliver_share() override { return stream_.pump(); }
  void restore_run(const RestoredRun& run) override;
  void restore_positions(const RestoredQueue& restored) override;
  /// Time to live and deduplication mean nothing to a stream.
  void load_limits() override {}
  void apply_policy() override { stream_.drop_excess(); }
  Nanos next_due() const override { return stream_.next_deadline(); }
  bool run_due(Nanos now) override;

  Stream stream_;
};

}  // namespace lepus::core
