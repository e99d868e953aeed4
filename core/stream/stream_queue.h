// A queue of type stream (RabbitMQ's streams, over AMQP 0-9-1): messages stay until a limit drops
// them, the position of a message is its offset, and each consumer reads on its own. This puts the
// parts together.
//
//   push -> StreamLog                      StreamReaders -> who reads what
//                    ^--- StreamContent <--^         |
//   message log <-> StreamStorage                    +--> OffsetTracking: where named ones stand
#pragma once

#include "core/queue/queue.h"
#include "core/queue/queue_timer.h"
#include "core/queue/residency.h"
#include "core/stream/offset_tracking.h"
#include "core/stream/stream_content.h"
#include "core/stream/stream_log.h"
#include "core/stream/stream_readers.h"
#include "core/stream/stream_storage.h"

namespace lepus::core {

class StreamQueue final : public Queue {
 public:
  /// Both outlive the queue.
  StreamQueue(const QueueInfo& info, QueueHost& host);

  std::optional<Sequence> push(MessageRef message) override;
  bool pump() override;
  void settle(const Settle& settle, Consumer* consumer) override {
    readers_.settle(settle, consumer);
  }
  void redeliver(const Redeliver& request, Consumer& consumer) override {
    readers_.redeliver(request, consumer);
  }
  /// Sessions refuse it. Messages are not taken out of a stream one by one: the answer is that of
  /// an empty queue.
  void get(const Get& request) override;
  const char* purge_refusal() const override {
    return "queue.purge not supported by stream queues";
  }
  bool purge(Purge&, std::size_t&) override { return false; }
  void catch_up() override;
  bool can_deliver_at_once(std::uint64_t size) override { return readers_.can_take(size); }
  /// It drops the oldest messages instead.
  bool surely_refuses(std::uint64_t, std::uint64_t) override { return false; }

  void on_policy_changed() override { drop_excess(); }
  /// A stream has no x-expires.
  void note_used() override {}
  void on_deadline(Nanos now) override;

  Counts counts() const override;
  void describe(QueueStats& row) override;
  QueueConsumers& consumers() override { return readers_; }
  QueueStorage& storage() override { return storage_; }
  QueueForwards& forwards() override { return forwards_; }

 private:
  void drop_excess();

  QueueHost& host_;
  QueueTimer timer_;
  StreamLog log_;
  Residency residency_;
  StreamContent content_;
  OffsetTracking tracking_;
  StreamReaders readers_;
  StreamStorage storage_;
  QueueForwards forwards_;  ///< It sends nothing elsewhere.
  Nanos made_at_;
  bool is_pumping_ = false;
};

}  // namespace lepus::core
