// A look at a piece of a stream: a consumer that begins where the request says, settles nothing and
// leaves when it has as much as it may show, or has come to where the stream ended when it began.
//
//   work(): where it begins -> subscribe -> deliveries, some a turn -> collect(): done
//                          \-> nothing is there yet: done
#pragma once

#include <cstddef>
#include <memory>

#include "core/session/job/session_job.h"
#include "core/stream/stream_log.h"

namespace lepus::core {

class BrowseJob final : private DeliveryPort, public SessionJob {
 public:
  /// The broker outlives it. The request's queue is homed on this shard, unless it is gone.
  BrowseJob(Broker& broker, std::unique_ptr<MessageRequest> request);
  ~BrowseJob() override;

  void work() override;
  bool has_work() const override;
  void collect() override;

 private:
  enum class Phase : std::uint8_t {
    waiting,      ///< For its first turn.
    subscribing,  ///< The queue was asked.
    reading,
    enough,  ///< Nothing more is shown.
  };

  void begin();
  /// At offset next_.
  Refusal subscribe();
  void finish();
  /// The queue is gone, or no stream.
  AmqpError missing() const;
  /// Null: missing().
  StreamLog* find_log();

  void on_answer(const PendingAnswer::Origin& origin, const Answer& answer) override;
  bool on_deliver(const Deliver& delivery, MessageRef message) override;
  void on_consumer_cancelled(std::uint32_t number) override;

  Phase phase_ = Phase::waiting;
  QueueId queue_;
  Sequence next_ = 0;           ///< What is below was shown, or is not there.
  Sequence end_ = 0;            ///< Of the stream when it began.
  std::size_t turn_bytes_ = 0;  ///< Shown in this turn.
  bool is_paused_ = false;      ///< It has shown enough for this turn.
  bool has_news_ = false;       ///< Since collect(), or there is to be more.
  bool is_skipping_ = false;    ///< More is missing behind next_ than one turn passes.
};

}  // namespace lepus::core
